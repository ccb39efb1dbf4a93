"""The text of an element, paragraph by paragraph: what a reader sees as separate lines is a line."""

from __future__ import annotations

from collections.abc import Mapping
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


class Paragraph(NamedTuple):
    """One line of text, and in which part that is no article it stands; None for the article's own."""

    text: str
    part: str | None = None


def paragraphs(root: LexborNode, parts: Mapping[int, str] | None = None) -> list[Paragraph]:
    """Return the paragraphs under ``root`` in reading order, blanks folded, none empty.

    A block element and ``<br>`` end a paragraph; cells of a table row are set apart by a bar. ``parts`` names
    elements by their ``mem_id``; what stands in one of them says so.

    Two texts are of one paragraph when they stand in the same block and part, and no block began between them.
    """
    names = parts or {}
    lines: list[Paragraph] = []
    texts: list[str] = []
    places: dict[
        int, tuple[int, str | None]
    ] = {}  # of every shown element, by its mem_id: its block, its part
    place: tuple[int, str | None] = (root.mem_id, None)
    begun = False
    for node in root.traverse(include_text=True):
        tag, parent = node.tag, node.parent
        around = places.get(parent.mem_id) if parent is not None and places else place
        if around is None:
            continue
        if tag == "-text":
            if begun or around != place:
                _close(texts, place[1], lines)
                place, begun = around, False
            texts.append(node.text_content or "")
        elif tag not in HIDDEN:
            own = node.mem_id
            if around[1] is None and own in names:
                around = (own, names[own])
            elif tag in BREAKS:
                around, begun = (own, around[1]), True
            elif tag in CELLS and texts:
                texts.append(CELL_GAP)
            places[own] = around
    _close(texts, place[1], lines)
    return lines


def own_texts(lines: list[Paragraph]) -> list[str]:
    """Return the texts that are the article's own."""
    return [line.text for line in lines if line.part is None]


def _close(texts: list[str], part: str | None, lines: list[Paragraph]) -> None:
    text = " ".join("".join(texts).split()).strip(" |")
    if text:
        lines.append(Paragraph(text, part))
    texts.clear()
