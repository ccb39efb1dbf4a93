"""What a page may be, counted in things that do not depend on the machine: its tags, elements and text.

The limits lie far above the largest of ordinary article pages, and below what takes a parser minutes or fills a worker.
"""

from __future__ import annotations

import numpy as np
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.article import PageError
from pipeline.read.batch import HTML_BYTES

MOST_TAGS = 30_000  # signs "<", before parsing: parsers can take time in proportion to their square
MOST_ELEMENTS = 20_000  # after parsing: tags left open are made anew in every paragraph that follows
MOST_TEXT_BYTES = 1 << 20  # of a page's text without markup and scripts, in UTF-8
MOST_LINES = 50_000  # of a document
# Below these nothing is parsed to be counted: no such page has too much text, and what it makes of open tags is bounded
# by the memory that a page may take.
FEW_TAGS, FEW_BYTES = 4_000, 1 << 20
TOO_LARGE = "{} {}; a page may have {}"


def check_shape(content: bytes) -> bool:
    """Raise PageError (too_large) for a page of HTML in UTF-8 that has too many tags or elements, or too much text.

    Return what ``is_small`` does.
    """
    if is_small(content):
        return True
    _check(len(content), HTML_BYTES, "bytes")
    _check(_tags(content), MOST_TAGS, "tags")
    tree = LexborHTMLParser(content)
    _check(len(tree.css("*")), MOST_ELEMENTS, "elements")
    tree.strip_tags(["script", "style"])
    text = tree.body.text() if tree.body else ""
    _check(len(text.encode()), MOST_TEXT_BYTES, "bytes of text")
    return False


def is_small(content: bytes) -> bool:
    """Tell whether a page of HTML in UTF-8 is no larger than all but the rarest are."""
    return len(content) <= FEW_BYTES and _tags(content) <= FEW_TAGS


def _tags(content: bytes) -> int:
    # Faster than bytes.count, which looks for each alone.
    return int(np.count_nonzero(np.frombuffer(content, np.uint8) == ord("<")))


def check_lines(count: int) -> None:
    """Raise PageError (too_large) for a document of too many lines."""
    _check(count, MOST_LINES, "lines")


def _check(count: int, most: int, what: str) -> None:
    if count > most:
        raise PageError("too_large", TOO_LARGE.format(count, what, most))
