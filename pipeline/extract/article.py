"""What extraction goes by, what it gives of one HTML page, and the error that says why it gives nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from pipeline.extract.templates import Template
from pipeline.extract.walk import Paragraph
from pipeline.rules import Pack


class Guide(NamedTuple):
    """What says where an article is: selectors of ``packs``, and ``templates`` learned by host (None: none is good).

    ``wait``: a page that no selector fits, of a host without a template, is not extracted yet.
    ``texts``: main texts that trafilatura has found already, by a hash of their page (html.content_key).
    """

    packs: tuple[Pack, ...] = ()
    templates: Mapping[str, Template | None] = {}
    wait: bool = False
    texts: Mapping[str, list[str]] = {}


class Head(NamedTuple):
    """What a page says of its article beside the text."""

    title: str | None = None
    press: str | None = None
    published: datetime | None = None
    byline: list[str] | None = None
    section: str | None = None


class Article(NamedTuple):
    """An article's paragraphs in reading order, with those of parts that are none of it, and its head.

    ``way``: selectors, template, trafilatura or script. ``audit``: of a template's page that was also given to
    trafilatura, how far both agree (token F1). ``note``: what was unusual in reading the page.
    """

    lines: list[Paragraph]
    head: Head
    way: str
    audit: float | None = None
    note: str | None = None


class PageError(Exception):
    """A page gives no article. ``reason`` is one of ``schema.REASONS``; ``detail`` says why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class WaitingError(Exception):
    """A page is to be extracted when the template of its host has been learned."""
