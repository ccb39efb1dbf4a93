"""Templates of the hosts of a run: learned between the two halves of the first pass, checked after it, and kept.

What is learned depends on the pages alone: those that teach are chosen by a hash of their id, whatever shard or
worker they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import xxhash
from msgspec import structs

from pipeline.execute import Local, Task
from pipeline.extract.learning import CHECK_PAGES, LEARN_PAGES, LEAST_PAGES, learn
from pipeline.extract.limits import (
    ALONE_BYTES,
    TOGETHER_BYTES,
    MemoryLimitError,
    Room,
    cpu_limit,
    memory_limit,
)
from pipeline.extract.pages import FIRST
from pipeline.extract.shape import is_small
from pipeline.extract.templates import Template
from pipeline.run.shard import TEXTS
from pipeline.schema import Columns
from pipeline.store.files import read_table

TEACH_SECONDS = 60.0  # of processor time for a host, of which ordinary pages take two
LEAST_AUDIT, LEAST_AUDITED = 0.8, 3  # a template that fewer audited pages than this judge stays
_TEMPLATES: Columns = {
    "host": pl.String,
    "body": pl.String,
    "drop": pl.List(pl.String),
    "lines": pl.List(pl.String),
    "day": pl.String,
    "agreement": pl.Float64,
    "pages": pl.UInt32,
}
TEMPLATES = pl.Schema(_TEMPLATES)
Templates = Mapping[str, Template | None]


def teachers_of(paths: list[Path]) -> list[tuple[str, tuple[str, ...]]]:
    """Return every host with enough waiting pages in ``paths``, and the ids of those that are to teach, in order."""
    pages = pl.scan_parquet(paths).select("host", "doc_id").unique().collect()
    order = pl.Series(
        [xxhash.xxh3_64_intdigest(doc_id.encode()) for doc_id in pages["doc_id"]], dtype=pl.UInt64
    )
    ranked = pages.with_columns(order=order).sort("host", "order", "doc_id")
    chosen = ranked.group_by("host", maintain_order=True).agg(
        pl.col("doc_id").head(LEARN_PAGES + CHECK_PAGES)
    )
    rows = chosen.filter(pl.col("doc_id").list.len() >= LEAST_PAGES).iter_rows()
    return [(host, tuple(ids)) for host, ids in rows]


class Taught(NamedTuple):
    """What a host's pages taught: its template, and without one their main ``texts`` (``TEXTS``), found in vain."""

    template: Template | None
    texts: pl.DataFrame


def teach(host: str, ids: Sequence[str], paths: list[Path]) -> Taught | None:
    """Return what is learned of a host from its pages ``ids`` among the waiting ones in ``paths``.

    Uncommonly large pages teach nothing, and where pages exhaust or break a parser nothing is learned. Where they need
    much memory they teach once more in a process that has read no page, and what comes of it there counts.
    """
    try:
        return _teach(host, ids, paths, TOGETHER_BYTES)
    except MemoryLimitError:
        ((_, taught),) = Local(1, isolate=True).run([Task(host, teach_alone, (host, ids, paths))])
        return taught if isinstance(taught, Taught) else None


def teach_alone(host: str, ids: Sequence[str], paths: list[Path]) -> Taught | None:
    """Do what ``teach`` does in a process that has read no page."""
    from pipeline.extract.html import main_text  # noqa: PLC0415 - in the child

    main_text(FIRST)
    try:
        return _teach(host, ids, paths, ALONE_BYTES)
    except MemoryLimitError:
        return None


def _teach(host: str, ids: Sequence[str], paths: list[Path], memory: int) -> Taught | None:
    rows = pl.scan_parquet(paths).filter((pl.col("host") == host) & pl.col("doc_id").is_in(list(ids)))
    contents = dict(rows.select("doc_id", "content").sort("doc_id", "content").collect().iter_rows())
    teachers = [contents[doc_id] for doc_id in ids if is_small(contents[doc_id].encode())]
    try:
        with cpu_limit(TEACH_SECONDS), memory_limit(Room(memory)):
            template, texts = _learned(teachers)
    except MemoryLimitError:
        raise
    except Exception:  # noqa: BLE001 - a PageError, or what a parser raises on markup made to hurt
        return None
    found = [
        (host, *text) for text in texts
    ]  # a frame is made outside of the limit, of which Polars would die
    return Taught(template, pl.DataFrame(found, schema=TEXTS, orient="row"))


def _learned(contents: Sequence[str]) -> tuple[Template | None, list[tuple[str, list[str]]]]:
    from pipeline.extract.html import content_key, lesson  # noqa: PLC0415 - in the worker

    lessons = [lesson(content) for content in contents]
    template = learn(lessons)
    return template, [(content_key(it.content.encode()), it.lines) for it in lessons if template is None]


def disproved(documents: pl.DataFrame) -> set[str]:
    """Return the hosts whose audited pages ``documents[host, audit]`` disagree with trafilatura."""
    audits = documents.drop_nulls("audit").group_by("host").agg(pl.col("audit").mean(), pages=pl.len())
    wrong = audits.filter((pl.col("pages") >= LEAST_AUDITED) & (pl.col("audit") < LEAST_AUDIT))
    return set(wrong["host"])


def known_templates(paths: Sequence[Path]) -> dict[str, Template | None]:
    """Return the templates that earlier runs kept, of each host what the newest run says."""
    found: dict[str, Template | None] = {}
    for path in sorted(paths):
        for row in read_table(path, TEMPLATES).iter_rows(named=True):
            found.pop(row["host"], None)
            if row["body"] is not None:
                found[row["host"]] = Template(
                    row["body"],
                    tuple(row["drop"]),
                    tuple(row["lines"]),
                    row["day"],
                    row["agreement"],
                    row["pages"],
                )
    return found


def templates_table(templates: Templates) -> pl.DataFrame:
    """Return ``TEMPLATES`` rows by host; a host without a template has a row of nulls, so that it learns anew."""
    rows: list[dict[str, Any]] = [
        {"host": host, **(structs.asdict(template) if template else {})}
        for host, template in sorted(templates.items())
    ]
    return pl.DataFrame(rows, schema=TEMPLATES)
