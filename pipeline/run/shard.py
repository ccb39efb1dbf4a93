"""The first pass: one shard of input files read, extracted and stripped, its tables left in the staging folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from pipeline.config import FieldNames, Strip
from pipeline.errors import NewsieveError
from pipeline.extract import Extracted, extract, extract_alone
from pipeline.read import Batch, read_file
from pipeline.read.files import InputFile
from pipeline.rules import RuleTable
from pipeline.schema import DOCUMENTS, LINES, PAGES, REMOVED, SKIPPED, conform
from pipeline.store.files import whole_file, write_table
from pipeline.strip.apply import rebuild
from pipeline.strip.stages import strip

BATCH_PAGES = 16384
BATCH_BYTES = 32 << 20
STAGED = {"documents": DOCUMENTS, "lines": LINES, "removed": REMOVED, "skipped": SKIPPED}


class Shard(NamedTuple):
    """One task of the first pass: files to read, and all that decides what comes of them.

    ``alone``: extract each page in a process of its own, after a page has killed the shard's worker.
    """

    number: int
    files: list[InputFile]
    folder: Path
    fields: FieldNames
    strip: Strip
    table: RuleTable
    alone: bool = False


def map_shard(shard: Shard) -> int:
    """Read, extract and strip a shard; return how many batches of tables it left in ``shard.folder``.

    A shard that was done before is not done again. Raises NewsieveError when the law does not hold.
    """
    done = shard.folder / f"{shard.number:06d}.json"
    if done.is_file():
        return int(msgspec.json.decode(done.read_bytes()))
    count = 0
    for batch in full_batches(batch for file in shard.files for batch in read_file(file, shard.fields)):
        _write(shard, count, _stripped(shard, batch))
        count += 1
    with whole_file(done) as temporary:
        temporary.write_bytes(msgspec.json.encode(count))
    return count


def staged_path(folder: Path, shard: int, batch: int, table: str) -> Path:
    """Return where a batch's table lies in the staging folder."""
    return folder / f"{shard:06d}-{batch:06d}-{table}.parquet"


def full_batches(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Join small batches, such as files of one page, into ones worth a stage's call."""
    waiting: list[Batch] = []
    pages = size = 0
    for batch in batches:
        waiting.append(batch)
        pages += batch.pages.height + batch.skipped.height
        size += int(batch.pages["content"].str.len_bytes().sum())
        if pages >= BATCH_PAGES or size >= BATCH_BYTES:
            yield _joined(waiting)
            waiting, pages, size = [], 0, 0
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[Batch]) -> Batch:
    return Batch(
        pl.concat([conform(batch.pages, PAGES) for batch in batches]),
        pl.concat([conform(batch.skipped, SKIPPED) for batch in batches]),
    )


def _stripped(shard: Shard, batch: Batch) -> dict[str, pl.DataFrame]:
    extracted: Extracted = (extract_alone if shard.alone else extract)(batch.pages, shard.table.packs)
    documents, lines, removed = strip(extracted.lines, extracted.documents, shard.table, shard.strip)
    check_law(extracted.lines, lines, removed)
    return {
        "documents": documents,
        "lines": lines.filter(pl.col("gone").is_null()),
        "removed": removed,
        "skipped": pl.concat([batch.skipped, conform(extracted.skipped, SKIPPED)]),
    }


def check_law(extracted: pl.DataFrame, lines: pl.DataFrame, removed: pl.DataFrame) -> None:
    """Raise NewsieveError unless kept lines and removals are exactly the lines extracted."""
    rebuilt = rebuild(lines.filter(pl.col("gone").is_null()), removed)
    if not rebuilt.equals(extracted.select("doc", "line", "text")):
        raise NewsieveError(
            "kept lines and removals do not add up to the lines extracted: a bug in a stage. "
            "Nothing was committed; please report it with the input."
        )


def _write(shard: Shard, batch: int, tables: dict[str, pl.DataFrame]) -> None:
    for name, frame in tables.items():
        write_table(frame, staged_path(shard.folder, shard.number, batch, name), STAGED[name])
