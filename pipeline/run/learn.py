"""Templates of the hosts of a run: learned between the two halves of the first pass, checked after it, and kept.

What is learned depends on the pages alone: those that teach are chosen by a hash of their id, whatever shard or
worker they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import xxhash
from msgspec import structs

from pipeline.extract.templates import CHECK_PAGES, LEARN_PAGES, LEAST_PAGES, Template, learn
from pipeline.schema import Columns
from pipeline.store.files import read_table

LEAST_AUDIT, LEAST_AUDITED = 0.8, 3  # a template that fewer audited pages than this judge stays
_TEMPLATES: Columns = {
    "host": pl.String,
    "body": pl.String,
    "drop": pl.List(pl.String),
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


def teach(host: str, ids: Sequence[str], paths: list[Path]) -> Template | None:
    """Return the template of a host, learned from its pages ``ids`` among the waiting ones in ``paths``."""
    from pipeline.extract.html import main_text  # noqa: PLC0415 - in the worker

    rows = pl.scan_parquet(paths).filter((pl.col("host") == host) & pl.col("doc_id").is_in(list(ids)))
    contents = dict(rows.select("doc_id", "content").sort("doc_id", "content").collect().iter_rows())
    return learn([contents[doc_id] for doc_id in ids], main_text)


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
                found[row["host"]] = Template(row["body"], tuple(row["drop"]), row["agreement"], row["pages"])
    return found


def templates_table(templates: Templates) -> pl.DataFrame:
    """Return ``TEMPLATES`` rows by host; a host without a template has a row of nulls, so that it learns anew."""
    rows: list[dict[str, Any]] = [
        {"host": host, **(structs.asdict(template) if template else {})}
        for host, template in sorted(templates.items())
    ]
    return pl.DataFrame(rows, schema=TEMPLATES)
