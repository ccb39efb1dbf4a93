"""Portal selectors: the article where a pack's ``[extract]`` says that its portal keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.page import Page
from pipeline.extract.templates import MIN_CHARS
from pipeline.extract.walk import Paragraph, own_texts, paragraphs
from pipeline.rules import Pack, fits_host

LINKED_SHARE = 0.5  # of an element's characters in links; an article's own links are a few words


@lru_cache(1 << 10)  # asked for every page
def layouts_of(host: str | None, packs: tuple[Pack, ...]) -> tuple[Pack, ...]:
    """Return the packs that fit ``host`` and say where things are: those of the host, then those of any."""
    fitting = (
        pack for pack in packs if (pack.extract.body or pack.extract.title) and fits_host(host, pack.hosts)
    )
    return tuple(sorted(fitting, key=lambda pack: not pack.hosts))


def selected_lines(page: Page, layouts: Sequence[Pack]) -> tuple[list[Paragraph], Pack | None]:
    """Return the paragraphs of the first selected element that holds an article, and the pack that selects it.

    No paragraphs when none does. What stands in a part that a pack drops comes too, under the pack's name and the
    selector.
    """
    for layout in layouts:
        for nodes in selected(page.tree, layout.extract.body):
            for node in nodes:
                lines = _article_lines(node, layout)
                if lines:
                    return lines, layout
    return [], None


def selected(tree: LexborHTMLParser, selectors: Sequence[str]) -> Iterator[Iterator[LexborNode]]:
    """Give the elements of each of ``selectors`` in turn, in the order of the page.

    A page of the newest layout needs the first alone. The others are asked for at once before each is: a page is walked
    from end to end for every selector that fits nothing.
    """
    if selectors:
        yield _nodes(tree, selectors[0])
    others = selectors[1:]
    if others and tree.css_first(", ".join(others)) is not None:
        yield from (_nodes(tree, selector) for selector in others)


def _nodes(tree: LexborHTMLParser, selector: str) -> Iterator[LexborNode]:
    first = tree.css_first(selector)  # often it is all that is wanted, and the walk ends there
    if first is not None:
        yield first
        yield from tree.css(selector)[1:]


def _article_lines(node: LexborNode, layout: Pack) -> list[Paragraph]:
    drop = layout.extract.drop
    unwanted = {
        part.mem_id: f"{layout.id}/drop {selector}"
        for selector in (reversed(drop) if drop and node.css_first(", ".join(drop)) else ())
        for part in node.css(selector)
        if part.mem_id != node.mem_id
    }
    lines = paragraphs(node, unwanted, f"{layout.id}/drop a list of links")
    chars = sum(map(len, own_texts(lines)))
    if chars < MIN_CHARS:
        return []
    linked = sum(len(link.text()) for link in node.css("a"))
    return lines if linked <= LINKED_SHARE * sum(len(line.text) for line in lines) else []
