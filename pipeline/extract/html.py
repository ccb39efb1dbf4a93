"""HTML pages: a pack's selectors first, trafilatura for everything else.

The only module that imports trafilatura, and only for a page that needs it: on a portal's pages none does.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import xxhash

from pipeline.extract.article import Article, Guide, PageError, WaitingError
from pipeline.extract.dates import found_day, written_time
from pipeline.extract.depth import FLATTENED, flat, is_cut
from pipeline.extract.glued import unglued
from pipeline.extract.learning import Lesson
from pipeline.extract.metadata import read_head
from pipeline.extract.page import Page, parsed
from pipeline.extract.payload import payload_text
from pipeline.extract.selectors import layouts_of, selected_lines
from pipeline.extract.templates import Template, agreement, read, shown_day
from pipeline.extract.walk import Paragraph, listed_texts, own_texts

if TYPE_CHECKING:
    from lxml.html import HtmlElement

BLOCKS = ("p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "article", "section")
LISTED = "trafilatura/drop a list of links"
TABLE_RULE = re.compile(r"[-|]*---\|---[-|]*")  # what trafilatura puts below the head of a table
AUDIT_EACH = 64
RESCUED_ELEMENTS = (
    5_000  # a larger page is not given to trafilatura's other extractors: jusText squares their number
)


def read_article(content: bytes, doc_id: str, host: str | None, guide: Guide) -> Article:
    """Return the article of a page in UTF-8, by selectors, its host's template, trafilatura, or out of its scripts.

    Raises PageError when it gives none, WaitingError as ``guide`` says.
    """
    page = parsed(content)
    layouts = layouts_of(host, guide.packs)
    lines, layout = selected_lines(page, layouts)
    if layout:  # it speaks for the head as well, beside its host's other packs; without a host all were tried
        layouts = tuple(it for it in layouts if it is layout or (it.hosts and host is not None))
    head = read_head(page, layouts)
    template = None if lines else _template(host, guide)
    if template:
        lines = read(page, template)
    taught = bool(lines and template and template.day is not None)
    time = head.published or (
        shown_day(page, template) if template and taught else written_time(page, head.title)
    )
    tree, note = (None, None) if lines and (time or taught) else loaded(content.decode())
    head = head._replace(published=time or _day(tree))
    if lines:
        audit = _audit(page, content, doc_id, own_texts(lines)) if template else None
        return Article(lines, head, "template" if template else "selectors", audit)
    texts = guide.texts.get(content_key(content)) if guide.texts else None
    texts = _tree_text(tree) if texts is None else texts
    hidden = payload_text(page, texts)
    if not texts and not hidden:
        raise PageError("no_text", "no main text was found in the page")
    if hidden:
        return Article([Paragraph(text) for text in hidden], head, "script")
    return Article(_told_apart(page, texts), head, "trafilatura", note=note)


def _template(host: str | None, guide: Guide) -> Template | None:
    if host is None:
        return None
    if host not in guide.templates and guide.wait:
        raise WaitingError
    return guide.templates.get(host)


def content_key(content: bytes) -> str:
    """Return what a page's content goes by in ``Guide.texts``."""
    return xxhash.xxh3_128_hexdigest(content)


def _told_apart(page: Page, texts: list[str]) -> list[Paragraph]:
    """Return what trafilatura found as paragraphs, with those of parts that are none of the article."""
    lines = unglued(page, texts)
    links = unlisted(page, [line.text for line in lines])
    apart = [line._replace(part=line.part or link.part) for line, link in zip(lines, links, strict=True)]
    return apart if own_texts(apart) else links


def unlisted(page: Page, texts: list[str]) -> list[Paragraph]:
    """Return paragraphs of a page, those in its lists of links as a part of their own.

    Where they are most of the text, they are the article: an overview, a list of documents.
    """
    plain = {text.removeprefix("- ") for text in texts}
    links = (" ".join(node.text().split()) for node in page.tree.css("a[href]"))
    if plain.isdisjoint(links):  # as on most pages; to walk them all would cost far more
        return [Paragraph(text) for text in texts]
    listed = listed_texts(page.tree.body)
    lines = [Paragraph(text, LISTED if text.removeprefix("- ") in listed else None) for text in texts]
    most = 2 * sum(len(line.text) for line in lines if line.part) > sum(map(len, texts))
    return [Paragraph(text) for text in texts] if most else lines


def _audit(page: Page, content: bytes, doc_id: str, lines: list[str]) -> float | None:
    """Return how far trafilatura agrees with a template, on one page of ``AUDIT_EACH`` whatever their order."""
    if xxhash.xxh3_64_intdigest(doc_id.encode()) % AUDIT_EACH:
        return None
    return agreement(lines, own_texts(unlisted(page, main_text(content.decode()))))


def lesson(content: str) -> Lesson:
    """Return what a page teaches about its host."""
    page, (tree, _) = parsed(content), loaded(content)
    head = read_head(page)
    asked = head.published is None and written_time(page, head.title) is None
    day = _day(tree) if asked else None  # before trafilatura, which uses the tree up
    return Lesson(content, _tree_text(tree), day, asked)


def main_text(content: str) -> list[str]:
    """Return the paragraphs that trafilatura takes for the main text of a page."""
    return _tree_text(loaded(content)[0])


def loaded(content: str) -> tuple[HtmlElement | None, str | None]:
    """Return the tree of a page for trafilatura, and a note if that is a flatter copy's."""
    from trafilatura.utils import load_html  # noqa: PLC0415

    tree = load_html(content)
    return (load_html(flat(content)), FLATTENED) if tree is not None and is_cut(tree) else (tree, None)


def _tree_text(tree: HtmlElement | None) -> list[str]:
    """Return trafilatura's paragraphs of a tree, which it uses up.

    ``deduplicate`` stays off: its cache of lines seen on other pages makes a result depend on their order.
    """
    from trafilatura import bare_extraction  # noqa: PLC0415
    from trafilatura.utils import line_processing, trim  # noqa: PLC0415

    if tree is None:
        return []
    unframe(tree)
    large = sum(1 for _ in tree.iter()) > RESCUED_ELEMENTS
    found = bare_extraction(tree, fast=large, include_comments=False, with_metadata=False, deduplicate=False)
    for remembered in (line_processing, trim):  # the last thousand lines, of whatever length
        remembered.cache_clear()
    text = getattr(found, "text", None) or ""
    folded = (" ".join(line.split()) for line in text.split("\n"))
    rows = (line.strip("| ") if line.startswith("|") else line for line in folded)
    return [line for line in rows if line and not TABLE_RULE.fullmatch(line)]


def _day(tree: HtmlElement | None) -> datetime | None:
    return found_day(tree) if tree is not None else None


def unframe(tree: HtmlElement) -> None:
    """Turn tables that lay out a page into plain blocks: a row of theirs holds columns of the page, not figures."""
    for table in list(tree.iter("table")):
        parts = list(table.iterchildren("tbody", "thead", "tfoot"))
        rows = [row for part in (table, *parts) for row in part.iterchildren("tr")]
        cells = [cell for row in rows for cell in row.iterchildren("td", "th")]
        if len(rows) == 1 or any(next(cell.iter(*BLOCKS), None) is not None for cell in cells):
            for part in (table, *parts, *rows, *cells):
                part.tag = "div"
