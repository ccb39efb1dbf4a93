"""Extraction: the pages, newsieve under the same clock as its peers, and the scores of what all of them found."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.extractors import timed
from benchmarks.measure import clocked
from benchmarks.portal import portal_pages
from pipeline.evaluate.gold import read_gold
from pipeline.extract.article import Article, Guide, PageError, WaitingError
from pipeline.extract.html import read_article
from pipeline.extract.limits import TOGETHER_BYTES, Room
from pipeline.extract.pages import outcome
from pipeline.extract.walk import own_texts
from pipeline.read.batch import InputFile
from pipeline.read.html import declared_url, html_page
from pipeline.rules import load_packs
from pipeline.run.learn import teach, teachers_of
from pipeline.schema import PAGES, conform

SHARED = Path(__file__).parents[2] / "shared"
BENCH = Path(os.environ.get("NEWSIEVE_BENCH", SHARED / "bench"))
GOLD = Path(os.environ.get("NEWSIEVE_GOLD", SHARED / "gold"))
LANGUAGES = {
    "www.express.gr": "Greek", "www2.rizospastis.gr": "Greek", "www.biolog.pl": "Polish", "www.regnum.ru": "Russian",
    "www.bbc.co.uk": "English", "www.dailymail.co.uk": "English",
}  # fmt: skip
Page = dict[str, Any]


def prepare(folder: str, portal: int, seed: int) -> dict[str, Any]:
    """Write the pages of every set whose data is here as JSONL; return of each its pages, and why one is left out."""
    sets = {"aeb": _aeb, "hosts": _hosts, "gold": _gold, "portal": lambda: _portal(portal, seed)}
    counts, missing = {}, {}
    for name, read in sets.items():
        try:
            pages = list(read())
        except FileNotFoundError as error:
            missing[name] = f"{Path(error.filename).name} is not here"
            continue
        with (Path(folder) / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(page)}\n" for page in pages)
        counts[name] = len(pages)
    return {"pages": counts, "missing": missing}


def _page(name: str, html: str, url: str | None, truth: Any, **more: Any) -> Page:  # noqa: ANN401 - by set
    host = re.sub(r"^\w+://([^/]+).*", r"\1", url) if url else None
    given = {"id": name, "html": html, "url": url, "host": host, "truth": truth, "group": "all"}
    return {**given, "language": "English", **more}


def _aeb() -> Iterator[Page]:
    folder = BENCH / "aeb"
    truths = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    for name, truth in truths.items():
        html = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()).decode()
        yield _page(name, html, truth["url"], truth["articleBody"])


def _hosts() -> Iterator[Page]:
    for path in sorted((BENCH / "hosts" / "gold").iterdir()):
        html = html_page(_input(path.parent.parent / "html" / f"{path.stem}.html.gz"))
        host = path.stem.split("_")[1]
        truth = re.sub(r"</?p>", "\n", path.read_text("utf-8", "replace"))
        given = {"host": host, "group": host, "language": LANGUAGES.get(host, "none")}
        yield _page(path.stem, html["content"].decode(), None, truth, **given)


def _input(path: Path) -> InputFile:
    return InputFile(path, path.name, path.stat().st_size)


def _gold() -> Iterator[Page]:
    if not GOLD.is_dir():
        raise FileNotFoundError(2, "no such folder", str(GOLD))
    rows = read_gold(GOLD, "html").pages.select("doc_id", "content", "url", "host")
    for name, html, url, host in rows.iter_rows():
        yield _page(name, html, url, None, host=host, language="Korean", group=name)


def _portal(count: int, seed: int) -> Iterator[Page]:
    for page in portal_pages(count, seed):
        yield _page(
            page["id"],
            page["html"],
            declared_url(page["html"].encode()),
            "\n".join(page["body"]),
            language="Korean",
        )


def newsieve(pages: str, answers: str) -> dict[str, Any]:
    """Let newsieve extract ``pages`` as a run does, with all it says of an article beside its text.

    Templates are learned before the clock starts; ``learning`` are the CPU seconds of that, ``ways`` of each group
    how many pages came by which way, ``taught`` how many pages each host with a template was learned from.
    """
    packs = load_packs().packs
    with Path(pages).open(encoding="utf-8") as file:
        given = [json.loads(line) for line in file]
    templates, learning = clocked(
        _learned, given, Guide(packs, {}, wait=True), Path(pages).with_suffix(".parquet")
    )
    guide, room = Guide(packs, templates), Room(TOGETHER_BYTES)
    ways: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def one(page: dict[str, Any]) -> list[str]:
        article = _outcome(page, guide, room)
        if not isinstance(article, Article):
            raise article
        ways[page["group"]][page["id"]] = article.way
        return own_texts(article.lines)

    taught = {host: template.pages for host, template in templates.items() if template}
    done = timed(one, pages, answers, _in_bytes)
    groups = {group: Counter(found.values()) for group, found in ways.items() if group in done["cpu"]}
    return {**done, "learning": learning, "ways": groups, "taught": taught}


def _in_bytes(page: dict[str, Any]) -> dict[str, Any]:
    """Return a page as a run holds it, in UTF-8."""
    return {**page, "html": page["html"].encode()}


def _outcome(page: dict[str, Any], guide: Guide, room: Room) -> Article | PageError | WaitingError:
    """Return what extraction gives of a page in bytes, within its limits."""
    return outcome(partial(read_article, page["html"], page["id"], page["host"], guide), page["html"], room)


def _learned(pages: Sequence[dict[str, Any]], guide: Guide, path: Path) -> dict[str, Any]:
    room = Room(TOGETHER_BYTES)
    waiting = [
        page
        for page in pages
        if page["host"] and isinstance(_outcome(_in_bytes(page), guide, room), WaitingError)
    ]
    rows = [{"doc_id": page["id"], "host": page["host"], "content": page["html"]} for page in waiting]
    frame = (
        conform(pl.DataFrame(rows, schema=["doc_id", "host", "content"]), PAGES) if rows else PAGES.to_frame()
    )
    frame.write_parquet(path)
    return {host: teach(host, ids, [path]).template for host, ids in teachers_of([path])}
