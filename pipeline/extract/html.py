"""HTML pages: a pack's selectors first, trafilatura for everything else. The only module that imports it."""

from __future__ import annotations

import xxhash
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.utils import load_html

from pipeline.extract.article import Article, Guide, PageError, WaitingError
from pipeline.extract.dates import found_day, written_time
from pipeline.extract.limits import cpu_limit
from pipeline.extract.metadata import read_head
from pipeline.extract.page import Page, parsed
from pipeline.extract.payload import payload_text
from pipeline.extract.selectors import layouts_of, selected_lines
from pipeline.extract.templates import agreement, read
from pipeline.extract.walk import Paragraph, own_texts

BLOCKS = ("p", "div", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "article", "section")
AUDIT_EACH = 64
CPU_SECONDS = 20.0  # a page, far beyond what an ordinary one takes


def read_article(content: bytes, doc_id: str, host: str | None, guide: Guide) -> Article:
    """Return the article of a page in UTF-8, by selectors, its host's template, trafilatura, or out of its scripts.

    Raises PageError when it gives none or takes too long, WaitingError as ``guide`` says.
    """
    with cpu_limit(CPU_SECONDS):
        page = parsed(content)
        layouts = layouts_of(host, guide.packs)
        (lines, layout), way, audit = selected_lines(page, layouts), "selectors", None
        if not lines:
            lines, way = _templated(page, host, guide), "template"
            audit = _audit(content, doc_id, own_texts(lines)) if lines else None
        # Without a host all packs are tried: then the one that fits speaks for the head as well, alone.
        head = read_head(page, [layout] if layout and host is None else layouts)
        if head.published is None:
            head = head._replace(published=written_time(page, head.title))
        tree = None if lines and head.published else load_html(content.decode())
        if head.published is None and tree is not None:
            head = head._replace(published=found_day(tree))
        if not lines:
            texts, way = _tree_text(tree), "trafilatura"
            hidden = payload_text(page, texts)
            lines, way = [Paragraph(text) for text in hidden or texts], "script" if hidden else way
        if not lines:
            raise PageError("no_text", "no main text was found in the page")
        return Article(lines, head, way, audit)


def _templated(page: Page, host: str | None, guide: Guide) -> list[Paragraph]:
    if host is None:
        return []
    if host not in guide.templates and guide.wait:
        raise WaitingError
    template = guide.templates.get(host)
    return read(page, template) if template else []


def _audit(content: bytes, doc_id: str, lines: list[str]) -> float | None:
    """Return how far trafilatura agrees with a template, on one page of ``AUDIT_EACH`` whatever their order."""
    if xxhash.xxh3_64_intdigest(doc_id.encode()) % AUDIT_EACH:
        return None
    return agreement(lines, main_text(content.decode()))


def main_text(content: str) -> list[str]:
    """Return the paragraphs that trafilatura takes for the main text of a page."""
    return _tree_text(load_html(content))


def _tree_text(tree: HtmlElement | None) -> list[str]:
    """Return trafilatura's paragraphs of a tree, which it uses up.

    ``deduplicate`` stays off: its cache of lines seen on other pages makes a result depend on their order.
    """
    if tree is None:
        return []
    unframe(tree)
    found = bare_extraction(tree, include_comments=False, with_metadata=False, deduplicate=False)
    text = getattr(found, "text", None) or ""
    folded = (" ".join(line.split()) for line in text.split("\n"))
    return [line for line in folded if line]


def unframe(tree: HtmlElement) -> None:
    """Turn tables that lay out a page into plain blocks: a row of theirs holds columns of the page, not figures."""
    for table in list(tree.iter("table")):
        parts = list(table.iterchildren("tbody", "thead", "tfoot"))
        rows = [row for part in (table, *parts) for row in part.iterchildren("tr")]
        cells = [cell for row in rows for cell in row.iterchildren("td", "th")]
        if len(rows) == 1 or any(next(cell.iter(*BLOCKS), None) is not None for cell in cells):
            for part in (table, *parts, *rows, *cells):
                part.tag = "div"
