"""What extraction gives of one HTML page, and the error that says why it gives nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Head(NamedTuple):
    """What a page says of its article beside the text."""

    title: str | None = None
    press: str | None = None
    published: datetime | None = None
    byline: list[str] | None = None
    section: str | None = None


class Article(NamedTuple):
    """An article's paragraphs in reading order, none empty, and its head."""

    lines: list[str]
    head: Head


class PageError(Exception):
    """A page gives no article. ``reason`` is one of ``schema.REASONS``; ``detail`` says why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
