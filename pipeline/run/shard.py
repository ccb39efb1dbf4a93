"""The first pass: one shard of input files read, extracted and stripped, its tables left in the staging folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl
from msgspec import Struct

from pipeline.config import FieldNames, Strip
from pipeline.errors import NewsieveError
from pipeline.extract import Extracted, extract
from pipeline.extract.article import Guide
from pipeline.extract.templates import Template
from pipeline.read import Batch, read_files
from pipeline.read.files import InputFile
from pipeline.rules import RuleTable
from pipeline.schema import DOCUMENTS, PAGES, REMOVED, SHAPED, SKIPPED, Columns, conform
from pipeline.store.files import read_table, stage_table, whole_file, write_table
from pipeline.strip.apply import rebuild
from pipeline.strip.stages import strip

BATCH_PAGES = 16384
BATCH_BYTES = 16 << 20
_TEXTS: Columns = {
    "host": pl.String,
    "page": pl.String,  # html.content_key
    "lines": pl.List(pl.String),
}
TEXTS = pl.Schema(_TEXTS)
STAGED = {"documents": DOCUMENTS, "lines": SHAPED, "removed": REMOVED, "skipped": SKIPPED}


class Shard(NamedTuple):
    """One task of the first pass: files to read, and all that decides what comes of them.

    ``alone``: extract each page in a process of its own, after a page has killed the shard's worker.
    ``texts``: where the main texts (``TEXTS``) lie that were found while templates were learned.
    """

    number: int
    files: list[InputFile]
    folder: Path
    fields: FieldNames
    strip: Strip
    table: RuleTable
    templates: Mapping[str, Template | None]
    alone: bool = False
    texts: Path | None = None


class Done(Struct, frozen=True):
    """What a shard left in its folder: ``batches`` of tables, and for some of them (by number) ``waiting`` pages."""

    batches: int
    waiting: tuple[int, ...] = ()


def map_shard(shard: Shard) -> Done:
    """Read, extract and strip a shard, and set aside the pages of hosts whose template is not known yet.

    A shard that was done before is not done again. Raises NewsieveError when the law does not hold.
    """
    done = shard.folder / f"{shard.number:06d}.json"
    if done.is_file():
        return msgspec.json.decode(done.read_bytes(), type=Done)
    count, waiting = 0, []
    for batch in full_batches(read_files(shard.files, shard.fields)):
        pages = extract_batch(shard, count, batch, wait=True)
        waiting += [count] if pages.height else []
        write_table(pages, staged_path(shard.folder, shard.number, count, "waiting"), PAGES)
        count += 1
    return finished(done, Done(count, tuple(waiting)))


def map_waiting(shard: Shard, first: Done) -> Done:
    """Extract and strip the pages that the shard set aside, by ``shard.templates`` or else by trafilatura.

    Their tables follow those of the first time. Done again for other templates only.
    """
    name = hashlib.sha256(msgspec.json.encode(shard.templates, order="sorted")).hexdigest()[:16]
    done = shard.folder / f"{shard.number:06d}-{name}.json"
    if done.is_file():
        return msgspec.json.decode(done.read_bytes(), type=Done)
    for place, number in enumerate(first.waiting):
        pages = read_table(staged_path(shard.folder, shard.number, number, "waiting"), PAGES)
        extract_batch(shard, first.batches + place, Batch(pages, SKIPPED.to_frame()), wait=False)
    return finished(done, Done(first.batches + len(first.waiting)))


def finished(path: Path, done: Done) -> Done:
    """Write down what a task has done, as its last step, and return it."""
    with whole_file(path) as temporary:
        temporary.write_bytes(msgspec.json.encode(done))
    return done


def staged_path(folder: Path, shard: int, batch: int, table: str) -> Path:
    """Return where a batch's table lies in the staging folder; the HTML of pages that wait is compressed."""
    suffix = "parquet" if table == "waiting" else "arrow"
    return folder / f"{shard:06d}-{batch:06d}-{table}.{suffix}"


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


def extract_batch(shard: Shard, number: int, batch: Batch, *, wait: bool) -> pl.DataFrame:
    """Extract and strip a batch and write its tables; return the pages that wait."""
    guide = Guide(shard.table.packs, shard.templates, wait, found_texts(shard, batch.pages))
    extracted = extract(batch.pages, guide, one_by_one=shard.alone)
    _write(shard, number, _stripped(shard, batch, extracted))
    return extracted.waiting


def found_texts(shard: Shard, pages: pl.DataFrame) -> dict[str, list[str]]:
    """Return the main texts that were found already of pages of the hosts of ``pages``."""
    if shard.texts is None:
        return {}
    of_hosts = pl.scan_parquet(shard.texts).filter(pl.col("host").is_in(pages["host"].unique().implode()))
    return dict(of_hosts.select("page", "lines").collect().iter_rows())


def _stripped(shard: Shard, batch: Batch, extracted: Extracted) -> dict[str, pl.DataFrame]:
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
        stage_table(frame, staged_path(shard.folder, shard.number, batch, name), STAGED[name])
