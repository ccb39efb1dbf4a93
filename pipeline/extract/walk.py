"""The text of an element, paragraph by paragraph: what a reader sees as separate lines is a line."""

from __future__ import annotations

from collections.abc import Collection

from selectolax.lexbor import LexborNode

# fmt: off
BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
    "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
})
HIDDEN = frozenset({
    "audio", "button", "canvas", "embed", "head", "iframe", "input", "link", "meta", "noscript", "object", "option",
    "script", "select", "style", "svg", "template", "textarea", "video",
})
# fmt: on
CELLS = frozenset({"td", "th"})
CELL_GAP = " | "


def paragraphs(root: LexborNode, dropped: Collection[int] = ()) -> list[str]:
    """Return the paragraphs under ``root`` in reading order, blanks folded, none empty.

    A block element and ``<br>`` end a paragraph; cells of a table row are set apart by a bar. Elements whose
    ``mem_id`` is in ``dropped`` are passed over. No recursion: pages nest as deep as they like.
    """
    lines: list[str] = []
    parts: list[str] = []
    node: LexborNode | None = root
    while node is not None:
        tag = node.tag
        entered = False
        if tag == "-text":
            parts.append(node.text_content or "")
        elif tag not in HIDDEN and tag != "-comment" and node.mem_id not in dropped:
            if tag in BREAKS:
                _close(parts, lines)
            entered = node.child is not None
        node = node.child if entered else _after(node, root, parts, lines)
    _close(parts, lines)
    return lines


def _after(node: LexborNode, root: LexborNode, parts: list[str], lines: list[str]) -> LexborNode | None:
    """Return the node that follows ``node``'s subtree, closing the elements that end on the way."""
    while node.mem_id != root.mem_id:
        if node.next is not None:
            if node.tag in CELLS:
                parts.append(CELL_GAP)
            return node.next
        parent = node.parent
        if parent is None:
            return None
        node = parent
        if node.tag in BREAKS:
            _close(parts, lines)
    return None


def _close(parts: list[str], lines: list[str]) -> None:
    text = " ".join("".join(parts).split()).strip(" |")
    if text:
        lines.append(text)
    parts.clear()
