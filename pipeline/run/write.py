"""The last pass: the tables of a generation, written in order of ``doc_id``, equal bytes for equal content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.run.dedupe import Deduped
from pipeline.run.gather import SEEN, Gathered
from pipeline.schema import CORPUS, REMOVALS, SKIPPED, conform
from pipeline.store.files import sha256_of, write_table
from pipeline.store.index import index_name
from pipeline.store.manifest import Output

PART_DOCUMENTS = 100_000


class Tables(NamedTuple):
    """The tables of one generation, sorted."""

    corpus: pl.DataFrame
    removals: pl.DataFrame
    skipped: pl.DataFrame
    seen: pl.DataFrame


def tables_of(gathered: Gathered, deduped: Deduped, run: int, *, byline: bool) -> Tables:
    """Return the tables of generation ``run``; a document of which no line is left is on record as skipped."""
    kept = (
        deduped.lines.sort("doc", "line")
        .group_by("doc", maintain_order=True)
        .agg("text", line_numbers="line")
        .with_columns(pl.col("text").list.join("\n"))
    )
    documents = gathered.documents.join(kept, on="doc", how="left").join(deduped.copies, on="doc", how="left")
    empty = documents.filter(pl.col("text").is_null()).join(
        deduped.taken.filter(pl.col("stage") == "document").select("doc").unique(), on="doc", how="anti"
    )
    number = pl.lit(run, pl.UInt32).alias("run")
    corpus = documents.filter(pl.col("text").is_not_null()).with_columns(
        number,
        pl.col("cluster_size").fill_null(1),
        pl.col("byline") if byline else pl.lit(None).alias("byline"),
    )
    left = empty.select(
        "source",
        "doc_id",
        reason=pl.lit("nothing_left"),
        detail=pl.format("all {} lines were removed; newsieve explain shows why", "lines_in"),
    )
    skipped = pl.concat([gathered.skipped, conform(left, SKIPPED)]).with_columns(number)
    return Tables(
        conform(corpus.sort("doc_id"), CORPUS),
        conform(deduped.taken.with_columns(number), REMOVALS).sort(
            "doc_id", "line", pl.col("span").struct.field("start"), nulls_last=True
        ),
        conform(skipped, SKIPPED).sort("source", "doc_id", "reason", "detail", nulls_last=True),
        conform(gathered.documents.sort("doc_id"), SEEN),
    )


def write_generation(
    tables: Tables, index: Mapping[str, Path], staging: Path, run: int
) -> list[tuple[Path, Output]]:
    """Write the tables into ``staging``; return each file there with its place in the corpus folder.

    ``index`` maps the index's levels to their files, written already.
    """
    starts = range(0, max(tables.corpus.height, 1), PART_DOCUMENTS)
    parts = [(part, tables.corpus.slice(start, PART_DOCUMENTS)) for part, start in enumerate(starts, start=1)]
    named = [(f"corpus/{run:08d}-{part:04d}.parquet", frame, CORPUS) for part, frame in parts]
    named += [(f"removals/{run:08d}-0001.parquet", tables.removals, REMOVALS)]
    named += [(f"skipped/{run:08d}-0001.parquet", tables.skipped, SKIPPED)]
    named += [(index_name("seen", run, ".parquet"), tables.seen, SEEN)]
    written = []
    for name, frame, schema in named:
        path = staging / "out" / name
        write_table(frame, path, schema)
        written.append((path, Output(name, frame.height, sha256_of(path))))
    for level, path in sorted(index.items()):
        table = pl.scan_ipc(path) if path.suffix == ".arrow" else pl.scan_parquet(path)
        rows = table.select(pl.len()).collect().item()  # written already, with what tells how it was made
        name = index_name(level, run, path.suffix)
        written.append((path, Output(name, rows, sha256_of(path))))
    return sorted(written, key=lambda pair: pair[1].path)
