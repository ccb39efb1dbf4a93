"""A parsed page beside its source."""

from __future__ import annotations

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser


class Page(NamedTuple):
    """The parsed ``tree`` of a page, and its ``source`` in UTF-8."""

    tree: LexborHTMLParser
    source: bytes


def parsed(content: str | bytes) -> Page:
    """Return a page of HTML; bytes are UTF-8."""
    source = content.encode() if isinstance(content, str) else content
    return Page(LexborHTMLParser(source), source)
