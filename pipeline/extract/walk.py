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
_Part = tuple[int, str]  # an element's ``mem_id`` and its name
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
    for texts, part, unlinked in _runs(root, parts or {}):
        text = " ".join("".join(texts).split()).strip(" |")
        if text:
            lines.append(Paragraph(text, part))
            plain.append(unlinked)
    return _listed(lines, plain, links) if links else lines


def _runs(  # noqa: C901 - one loop over all nodes: to call anything for each would cost as much as the rest
    root: LexborNode, names: Mapping[int, str]
) -> Iterator[tuple[list[str], str | None, bool]]:
    """Give the texts of each paragraph under ``root``, in reading order, its part, and whether some of it is no link.

    Goes from an element to its first child or its next neighbour: to ask every text for its parent takes longer.
    """
    texts: list[str] = []
    unlinked = False
    part: _Part | None = None
    place, linked = 0, False
    of = place, part  # the paragraph that is open
    above: list[tuple[LexborNode, bool, _Part | None, bool]] = []  # open elements, and what they stand in
    node: LexborNode | None = root
    while node is not None:
        tag, child = node.tag, None
        if tag == "-text":
            text = node.text_content or ""
            if (place, part) != of:
                if texts:
                    yield texts, of[1] and of[1][1], unlinked
                texts, unlinked, of = [], False, (place, part)
            blank = text.isspace()
            if texts or not blank:
                texts.append(text)
                unlinked = unlinked or not (linked or blank)
        elif tag not in HIDDEN:
            child = node.first_child
            breaks = tag in BREAKS
            place += breaks
            if tag in CELLS and (place, part) == of:
                texts.append(CELL_GAP)
        if child is not None:
            above.append((node, breaks, part, linked))
            if names and part is None and (own := node.mem_id) in names:
                part = own, names[own]
            linked = linked or (tag == "a" and "href" in node.attributes)
            node = child
            continue
        while above and (child := node.next) is None:
            node, breaks, part, linked = above.pop()
            place += breaks
        node = child
    if texts:
        yield texts, of[1] and of[1][1], unlinked


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


def captions_of(root: LexborNode, name: str) -> dict[int, str]:
    """Return the captions of figures under ``root``, as ``paragraphs`` takes parts of that ``name``."""
    return {node.mem_id: name for node in root.css("figcaption")}


def own_texts(lines: list[Paragraph]) -> list[str]:
    """Return the texts that are the article's own."""
    return [line.text for line in lines if line.part is None]
