"""The text of an element, paragraph by paragraph: what a reader sees as separate lines is a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    """
    names = parts or {}
    lines: list[Paragraph] = []
    texts: list[str] = []
    part, owner = None, None
    for node, ends in _steps(root):
        tag, own = node.tag, node.mem_id
        if tag == "-text":
            texts.append(node.text_content or "")
            continue
        begins = owner is None and not ends and own in names
        if tag in BREAKS or begins or own == owner:
            _close(texts, part, lines)
        if begins:
            part, owner = names[own], own
        elif ends and own == owner:
            part, owner = None, None
        if ends and tag in CELLS and node.next is not None:
            texts.append(CELL_GAP)
    _close(texts, part, lines)
    return lines


def own_texts(lines: list[Paragraph]) -> list[str]:
    """Return the texts that are the article's own."""
    return [line.text for line in lines if line.part is None]


def _steps(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Give every node under ``root`` that shows text, and each element once more where it ends.

    No recursion: pages nest as deep as they like.
    """
    node = root
    while True:
        shown = node.tag not in HIDDEN
        if shown:
            yield node, False
        child = node.child if shown else None
        if child is not None:
            node = child
            continue
        while True:
            if shown and node.tag != "-text":
                yield node, True
            if node.mem_id == root.mem_id:
                return
            following, parent = node.next, node.parent
            if following is not None:
                node = following
                break
            if parent is None:
                return
            node, shown = parent, True


def _close(texts: list[str], part: str | None, lines: list[Paragraph]) -> None:
    text = " ".join("".join(texts).split()).strip(" |")
    if text:
        lines.append(Paragraph(text, part))
    texts.clear()
