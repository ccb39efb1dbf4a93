"""The text of an element, paragraph by paragraph: what a reader sees as separate lines is a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from selectolax.lexbor import LexborNode

# fmt: off
BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
    "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
})
HIDDEN = frozenset({
    "audio", "button", "canvas", "embed", "head", "iframe", "input", "link", "meta", "noscript", "object", "option",
    "script", "select", "style", "svg", "template", "textarea", "video", "-comment",
})
# fmt: on
CELLS = frozenset({"td", "th"})
CELL_GAP = " | "
LIST_LINES, LINK_CHARS = 3, 120  # of a list of links; a longer line is no headline


class Paragraph(NamedTuple):
    """One line of text, and in which part that is no article it stands; None for the article's own."""

    text: str
    part: str | None = None


def paragraphs(
    root: LexborNode, parts: Mapping[int, str] | None = None, links: str | None = None
) -> list[Paragraph]:
    """Return the paragraphs under ``root`` in reading order, blanks folded, none empty.

    A block element and ``<br>`` end a paragraph; cells of a table row are set apart by a bar. ``parts`` names
    elements by their ``mem_id``; what stands in one of them says so. ``links`` names the part that lists of links are:
    ``LIST_LINES`` or more short lines one after the other with no word outside a link.
    """
    lines: list[Paragraph] = []
    plain: list[bool] = []  # of each line: some of it is no link
    texts: list[str] = []
    place, unlinked = 0, False
    part: str | None = None
    for text, own_place, own_part, linked in _texts(root, parts or {}):
        if own_place != place:
            _close(texts, part, lines, plain, unlinked)
            place, part, unlinked = own_place, own_part, False
        texts.append(text)
        unlinked = unlinked or not linked
    _close(texts, part, lines, plain, unlinked)
    return _listed(lines, plain, links) if links else lines


def _texts(root: LexborNode, names: Mapping[int, str]) -> Iterator[tuple[str, int, str | None, bool]]:
    """Give every text that is shown, with a number for its paragraph, its part, and whether it is a link's or blank.

    Two texts are of one paragraph when they stand in the same block and part, and no block began between them.
    """
    blocks: dict[
        int, tuple[int, str | None]
    ] = {}  # of every shown element, by its mem_id: its block, its part
    links: set[int] = set()
    paragraph = 1
    last: tuple[int, str | None] = (root.mem_id, None)
    begun = False
    for node in root.traverse(include_text=True):
        tag, parent = node.tag, node.parent
        above = parent.mem_id if parent is not None else 0
        around = blocks.get(above) if blocks else last
        if around is None:
            continue
        if tag == "-text":
            if begun or around != last:
                paragraph, last, begun = paragraph + 1, around, False
            text = node.text_content or ""
            yield text, paragraph, around[1], above in links or text.isspace()
        elif tag not in HIDDEN:
            own = node.mem_id
            if around[1] is None and own in names:
                around = (own, names[own])
            elif tag in BREAKS:
                around, begun = (own, around[1]), True
            elif tag in CELLS and not begun and around == last:
                yield CELL_GAP, paragraph, around[1], True
            if above in links or (tag == "a" and "href" in node.attributes):
                links.add(own)
            blocks[own] = around


def _listed(lines: list[Paragraph], plain: list[bool], name: str) -> list[Paragraph]:
    """Return ``lines``, with those of lists of links in the part ``name``."""
    listed: list[Paragraph] = []
    marked = zip(lines, plain, strict=True)
    for is_link, run in groupby(marked, lambda pair: not pair[1] and len(pair[0].text) <= LINK_CHARS):
        group = [line for line, _ in run]
        whole = is_link and len(group) >= LIST_LINES
        listed += [line._replace(part=line.part or name) for line in group] if whole else group
    return listed


def listed_texts(root: LexborNode | None) -> set[str]:
    """Return the texts that stand in lists of links under ``root`` and nowhere else."""
    lines = paragraphs(root, None, "links") if root is not None else []
    return {line.text for line in lines if line.part} - set(own_texts(lines))


def own_texts(lines: list[Paragraph]) -> list[str]:
    """Return the texts that are the article's own."""
    return [line.text for line in lines if line.part is None]


def _close(
    texts: list[str], part: str | None, lines: list[Paragraph], plain: list[bool], unlinked: bool
) -> None:
    text = " ".join("".join(texts).split()).strip(" |")
    if text:
        lines.append(Paragraph(text, part))
        plain.append(unlinked)
    texts.clear()
