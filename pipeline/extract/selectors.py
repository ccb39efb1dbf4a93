"""Portal selectors: the article where a pack's ``[extract]`` says that its portal keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.walk import paragraphs
from pipeline.rules import Extract, Pack, fits_host

MIN_CHARS = 60  # below, an element holds no article: a photo's caption, an empty frame that a script fills
LINKED_SHARE = 0.5  # of an element's characters in links; an article's own links are a few words


def layouts_of(host: str | None, packs: Iterable[Pack]) -> list[Extract]:
    """Return what the packs that fit ``host`` say of where things are, in the packs' order."""
    return [
        pack.extract
        for pack in packs
        if (pack.extract.body or pack.extract.title) and fits_host(host, pack.hosts)
    ]


def titles_of(layouts: Sequence[Extract]) -> list[str]:
    """Return the selectors of a headline, in order."""
    return list(chain.from_iterable(layout.title for layout in layouts))


def selected_lines(tree: LexborHTMLParser, layouts: Sequence[Extract]) -> list[str]:
    """Return the paragraphs of the first selected element that holds an article; none when none does."""
    for layout in layouts:
        for selector in layout.body:
            for node in tree.css(selector):
                lines = _article_lines(node, layout.drop)
                if lines:
                    return lines
    return []


def _article_lines(node: LexborNode, drop: Sequence[str]) -> list[str]:
    unwanted = {part.mem_id for selector in drop for part in node.css(selector)} - {node.mem_id}
    lines = paragraphs(node, unwanted)
    chars = sum(map(len, lines))
    if chars < MIN_CHARS:
        return []
    linked = sum(len(link.text()) for link in node.css("a"))
    return lines if linked <= LINKED_SHARE * chars else []
