"""A parsed page, and the elements of it that a CSS selector names, found without walking where that can be seen.

To walk all elements of a page costs a good part of parsing it, to search its source for a name far less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

NAMED = re.compile(r"[.#]([\w-]+)|\[([\w-]+)(?:\W?=\s*['\"]([^'\"]+)['\"])?[^\]]*\]")
FUNCTION = re.compile(
    r":(?:not|is|where|has)\(|\\"
)  # what these name need not be there; what is escaped is spelled otherwise


class Page(NamedTuple):
    """The parsed ``tree`` of a page, and its ``source`` in UTF-8 with ASCII letters in lower case."""

    tree: LexborHTMLParser
    source: bytes


def parsed(content: str | bytes) -> Page:
    """Return a page of HTML; bytes are UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    return Page(LexborHTMLParser(data), data.lower())


def fitting(page: Page, selector: str) -> Iterator[LexborNode]:
    """Give the elements that fit a CSS selector in the order of the page; a caller may be content with the first."""
    names = _names(selector)
    if names and not any(all(name in page.source for name in each) for each in names):
        return
    first = page.tree.css_first(selector)
    if first is None:
        return
    yield first
    alone = len(names) == 1 and any(page.source.count(name) == 1 for name in names[0])
    yield from () if alone else page.tree.css(selector)[1:]


def spelled(page: Page, selector: str, word: bytes) -> list[LexborNode]:
    """Return the elements that fit a CSS selector, each of which has ``word`` in its source.

    Where the head has as many as the source has words there are no others.
    """
    wanted = page.source.count(word)
    head = page.tree.head
    found = head.css(selector) if wanted and head is not None else []
    return found if len(found) >= wanted else page.tree.css(selector)


@cache
def _names(selector: str) -> tuple[tuple[bytes, ...], ...]:
    """Return of each alternative of a selector what the source of a page that it fits must hold; none if unknown."""
    if FUNCTION.search(selector):
        return ()
    return tuple(
        tuple(name.lower().encode() for found in NAMED.findall(each) for name in found if name)
        for each in selector.split(",")
    )
