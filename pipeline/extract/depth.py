"""Pages that nest deeper than libxml2 reads: noticed, and read from a flatter copy.

At 256 elements inside one another libxml2 stops, and all that follows is gone; of that nothing but its list of errors
tells, and not when a hundred others came before. But then the last element that it made is the deepest: to follow the
last children from the root finds out. lexbor, which makes the copy, nests as deep as a page does.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.walk import own_texts, paragraphs

if TYPE_CHECKING:
    from lxml.html import HtmlElement

CUT_DEPTH = 250  # a little below libxml2's own limit: a copy too many does no harm
FLAT_DEPTH = 64  # deeper than pages nest that anyone has written on purpose
# Parts of a table can hold no paragraphs; their cells can.
TABLE_PARTS = frozenset({"table", "tbody", "thead", "tfoot", "tr", "colgroup"})
FLATTENED = "nested too deep for the parser, read from a flatter copy"


def is_cut(tree: HtmlElement) -> bool:
    """Tell whether libxml2 stopped in the middle of a page for its depth."""
    node, depth = tree, 0
    while len(node):
        node, depth = node[-1], depth + 1
    return depth >= CUT_DEPTH


def flat(content: str) -> str:
    """Return a page in which what nests deeper than ``FLAT_DEPTH`` stands as paragraphs: its text and its breaks."""
    tree = LexborHTMLParser(content)
    for node in tree.css("template"):  # shown nowhere, and as deep as it likes
        node.decompose()
    for node in _at_depth(tree.root):
        node.inner_html = "".join(f"<p>{escape(text)}</p>" for text in own_texts(paragraphs(node)))
    return tree.html or ""


def _at_depth(root: LexborNode | None) -> list[LexborNode]:
    """Return the elements at ``FLAT_DEPTH``; of parts of a table the first descendants that are none."""
    found, depth, node = [], 0, root
    while node is not None:
        deep = depth >= FLAT_DEPTH and node.tag not in TABLE_PARTS and node.is_element_node
        if deep:
            found.append(node)
        child = None if deep else node.child
        if child is not None:
            node, depth = child, depth + 1
            continue
        while node is not None and node.next is None:
            node, depth = node.parent, depth - 1
        node = node.next if node is not None else None
    return found
