"""The last pass: the tables of a generation, written in order of ``doc_id``, equal bytes for equal content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.run.dedupe import Deduped
from pipeline.run.gather import SEEN, Forget, Gathered
from pipeline.schema import CORPUS, REMOVALS, SKIPPED, conform
from pipeline.store.files import sha256_of, write_pieces, write_table
from pipeline.store.index import index_name
from pipeline.store.manifest import Output

PART_DOCUMENTS = 100_000
GROUP_DOCUMENTS = 10_000  # whose texts are put together at once


class Tables(NamedTuple):
    """The tables of one generation, sorted; of the corpus ``documents`` without their texts, and their ``lines``.

    ``lines`` has ``place, line, text``: ``place`` is the row of the document. ``forget``: see ``Gathered``.
    """

    documents: pl.DataFrame
    lines: pl.DataFrame
    removals: pl.DataFrame
    skipped: pl.DataFrame
    seen: pl.DataFrame
    forget: Forget | None


def tables_of(gathered: Gathered, deduped: Deduped, run: int, *, byline: bool) -> Tables:
    """Return the tables of generation ``run``; a document of which no line is left is on record as skipped."""
    standing = deduped.lines.select("doc").unique()
    number = pl.lit(run, pl.UInt32).alias("run")
    documents = (
        gathered.documents.join(standing, on="doc", how="semi")
        .join(deduped.copies, on="doc", how="left")
        .with_columns(
            number,
            pl.col("cluster_size").fill_null(1),
            pl.col("byline") if byline else pl.lit(None).alias("byline"),
        )
        .sort("doc_id")
        .with_row_index("place")
    )
    whole = deduped.taken.filter(pl.col("stage") == "document").select("doc").unique()
    empty = gathered.documents.join(pl.concat([standing, whole]), on="doc", how="anti")
    left = empty.select(
        "source",
        "doc_id",
        reason=pl.lit("nothing_left"),
        detail=pl.format("all {} lines were removed; newsieve explain shows why", "lines_in"),
    )
    skipped = pl.concat([gathered.skipped, conform(left, SKIPPED)]).with_columns(number)
    lines = deduped.lines.rechunk().join(documents.select("doc", "place"), on="doc")
    return Tables(
        documents,
        lines.select("place", "line", "text").sort("place", "line"),
        conform(deduped.taken.with_columns(number), REMOVALS).sort(
            "doc_id", "line", pl.col("span").struct.field("start"), nulls_last=True
        ),
        conform(skipped, SKIPPED).sort("source", "doc_id", "reason", "detail", nulls_last=True),
        conform(gathered.documents.sort("doc_id"), SEEN),
        gathered.forget,
    )


def _corpus(tables: Tables, start: int) -> Iterator[pl.DataFrame]:
    """Give the rows of a part of the corpus, some documents at a time."""
    stop = min(start + PART_DOCUMENTS, tables.documents.height)
    for first in range(start, stop, GROUP_DOCUMENTS):
        last = min(first + GROUP_DOCUMENTS, stop)
        begin, end = (tables.lines["place"].search_sorted(place, side="left") for place in (first, last))
        lines = tables.lines[begin:end]
        texts = lines.group_by("place", maintain_order=True).agg(
            pl.col("text").str.join("\n"), line_numbers="line"
        )
        yield tables.documents[first:last].join(texts, on="place", maintain_order="left")
        if tables.forget is not None:
            tables.forget()


def write_generation(
    tables: Tables, index: Mapping[str, Path], staging: Path, run: int
) -> list[tuple[Path, Output]]:
    """Write the tables into ``staging``; return each file there with its place in the corpus folder.

    ``index`` maps the index's levels to their files, written already.
    """
    written = []
    for part, start in enumerate(range(0, max(tables.documents.height, 1), PART_DOCUMENTS), start=1):
        name = f"corpus/{run:08d}-{part:04d}.parquet"
        path = staging / "out" / name
        write_pieces(_corpus(tables, start), path, CORPUS)
        rows = min(PART_DOCUMENTS, tables.documents.height - start)
        written.append((path, Output(name, rows, sha256_of(path))))
    others = (
        (f"removals/{run:08d}-0001.parquet", tables.removals, REMOVALS),
        (f"skipped/{run:08d}-0001.parquet", tables.skipped, SKIPPED),
        (index_name("seen", run, ".parquet"), tables.seen, SEEN),
    )
    for name, frame, schema in others:
        path = staging / "out" / name
        write_table(frame, path, schema)
        written.append((path, Output(name, frame.height, sha256_of(path))))
    for level, path in sorted(index.items()):
        table = pl.scan_ipc(path) if path.suffix == ".arrow" else pl.scan_parquet(path)
        rows = table.select(pl.len()).collect().item()  # written already, with what tells how it was made
        name = index_name(level, run, path.suffix)
        written.append((path, Output(name, rows, sha256_of(path))))
    return sorted(written, key=lambda pair: pair[1].path)
