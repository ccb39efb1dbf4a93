"""Extractors beside newsieve, in environments of their own, and the clock that all of them are under.

Imports nothing of newsieve: it also runs in the peers' environments.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Extract = Callable[[dict[str, Any]], list[str]]
Ready = Callable[[dict[str, Any]], dict[str, Any]]

LEAST_CPU = 0.5  # seconds: pages are gone over again until so much is spent, or it is too little to measure
WARM = {"html": f"<html><body><article>{'<p>One sentence after the other.</p>' * 9}</article></body></html>"}
WARM |= {
    "id": "warm",
    "url": "http://news.example/a",
    "host": "news.example",
    "language": "English",
    "group": "",
}
BLOCKS = (
    "p",
    "div",
    "br",
    "li",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "section",
    "pre",
    "table",
)


def peer(tool: str, pages: str, answers: str) -> dict[str, Any]:
    """Let a peer extract every page of the JSONL file ``pages``, and write its lines to ``answers``."""
    return timed(TOOLS[tool](), pages, answers)


def timed(extract: Extract, pages: str, answers: str, ready: Ready = dict) -> dict[str, Any]:
    """Return the CPU seconds a pass of each group of ``pages``, and how many pages raised an error.

    Pages are made ``ready`` before. ``answers`` gets the lines of every page, one JSON list a line, in the order of
    the pages.
    """
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    with Path(pages).open(encoding="utf-8") as file:
        for page in map(ready, map(json.loads, file)):
            groups[page["group"]].append(page)
    extract(ready(WARM))
    least = LEAST_CPU / len(groups)
    cpu, found, errors = {}, {}, 0
    for name, group in groups.items():
        passes, start = 0, time.process_time()
        while not passes or time.process_time() - start < least:
            lines, failed = _once(extract, group)
            passes += 1
        cpu[name] = (time.process_time() - start) / passes
        found |= lines
        errors += failed
    Path(answers).write_text(
        "".join(f"{json.dumps([name, lines])}\n" for name, lines in found.items()), "utf-8"
    )
    return {"cpu": cpu, "errors": errors}


def _once(extract: Extract, pages: Iterable[dict[str, Any]]) -> tuple[dict[str, list[str]], int]:
    found, failed = {}, 0
    for page in pages:
        try:
            found[page["id"]] = extract(page)
        except Exception:  # noqa: BLE001 - whatever a peer raises, it has no answer for the page
            found[page["id"]] = []
            failed += 1
    return found, failed


def _trafilatura(**options: Any) -> Extract:  # noqa: ANN401 - trafilatura's own
    from trafilatura import bare_extraction  # noqa: PLC0415

    def extract(page: dict[str, Any]) -> list[str]:
        given = {"with_metadata": False, "include_comments": False, **options}
        found = bare_extraction(page["html"], url=page["url"], **given)
        return _lines(getattr(found, "text", None))

    return extract


def _resiliparse() -> Extract:
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415

    return lambda page: _lines(extract_plain_text(page["html"], main_content=True))


def _readability() -> Extract:
    from lxml.html import fromstring  # noqa: PLC0415
    from readability import Document  # noqa: PLC0415

    def extract(page: dict[str, Any]) -> list[str]:
        tree = fromstring(Document(page["html"]).summary(html_partial=True))
        for node in tree.iter(*BLOCKS):  # it returns HTML; its text is read as a browser would break it
            node.text = f"\n{node.text or ''}"
            node.tail = f"\n{node.tail or ''}"
        return _lines(tree.text_content())

    return extract


def _newspaper() -> Extract:
    from newspaper import Article  # noqa: PLC0415

    def extract(page: dict[str, Any]) -> list[str]:
        # Its Korean needs data that PyPI has not; told that the page is English it reads it at least.
        language = {"language": "en"} if page["language"] == "Korean" else {}
        article = Article(page["url"] or "http://news.example/a", fetch_images=False, **language)
        article.download(input_html=page["html"])
        article.parse()
        return _lines(article.text)

    return extract


def _justext() -> Extract:
    from justext import get_stoplist, get_stoplists, justext  # noqa: PLC0415

    known = {name: get_stoplist(name) for name in get_stoplists()}

    def extract(page: dict[str, Any]) -> list[str]:
        words = known.get(page["language"], frozenset())
        # Without a list of the language it goes by length alone.
        rules = {} if words else {"stopwords_low": 0, "stopwords_high": 0}
        return [part.text for part in justext(page["html"], words, **rules) if not part.is_boilerplate]

    return extract


def _lines(text: str | None) -> list[str]:
    return [line for line in (" ".join(part.split()) for part in (text or "").split("\n")) if line]


TOOLS: dict[str, Callable[[], Extract]] = {
    "trafilatura": _trafilatura,
    "trafilatura, fast": lambda: _trafilatura(fast=True),
    "trafilatura, with metadata": lambda: _trafilatura(with_metadata=True),
    "resiliparse": _resiliparse,
    "readability-lxml": _readability,
    "newspaper4k": _newspaper,
    "jusText": _justext,
}
