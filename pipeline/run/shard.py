"""The first pass: one shard of input files read, extracted and stripped, its tables left in the staging folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl
from msgspec import Struct

from pipeline.config import FieldNames, Strip
from pipeline.errors import NewsieveError
from pipeline.extract import Extracted, extract, joined
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
STRIP_CHARS = 8 << 20  # of documents that are stripped together
HTML_WEIGHT = 2  # of their characters where they came in HTML: what parses it needs room in the same worker
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
    """What a shard left in its folder: ``batches`` of tables, and pages that wait.

    ``waiting``: the numbers of the batches of pages in which there are some.
    """

    batches: int
    waiting: tuple[int, ...] = ()


def map_shard(shard: Shard) -> Done:
    """Read, extract and strip a shard, and set aside the pages of hosts whose template is not known yet.

    A shard that was done before is not done again. Raises NewsieveError when the law does not hold.
    """
    done = shard.folder / f"{shard.number:06d}.json"
    if done.is_file():
        return msgspec.json.decode(done.read_bytes(), type=Done)
    waiting: list[int] = []

    def parts() -> Iterator[Extracted]:
        for number, batch in enumerate(full_batches(read_files(shard.files, shard.fields))):
            part = _extracted(shard, batch.pages, wait=True)
            if part.waiting.height:
                waiting.append(number)
                write_table(part.waiting, staged_path(shard.folder, shard.number, number, "waiting"), PAGES)
            yield part._replace(skipped=pl.concat([batch.skipped, part.skipped]))

    count = _strip_all(shard, parts(), 0)
    return finished(done, Done(count, tuple(waiting)))


def map_waiting(shard: Shard, first: Done) -> Done:
    """Extract and strip the pages that the shard set aside, by ``shard.templates`` or else by trafilatura.

    Their tables follow those of the first time. Done again for other templates only.
    """
    name = hashlib.sha256(msgspec.json.encode(shard.templates, order="sorted")).hexdigest()[:16]
    done = shard.folder / f"{shard.number:06d}-{name}.json"
    if done.is_file():
        return msgspec.json.decode(done.read_bytes(), type=Done)
    paths = (staged_path(shard.folder, shard.number, number, "waiting") for number in first.waiting)
    parts = (_extracted(shard, read_table(path, PAGES), wait=False) for path in paths)
    return finished(done, Done(_strip_all(shard, parts, first.batches)))


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


def _extracted(shard: Shard, pages: pl.DataFrame, *, wait: bool) -> Extracted:
    guide = Guide(shard.table.packs, shard.templates, wait, found_texts(shard, pages))
    return extract(pages, guide, one_by_one=shard.alone)


def _strip_all(shard: Shard, parts: Iterable[Extracted], number: int) -> int:
    """Strip what was extracted and write its tables, as batches from ``number`` on; return the number behind the last.

    Pages in HTML are far larger than their text, and few at a time are held; to strip few at a time would cost as much
    again, for every time all patterns are compiled anew.
    """
    waiting: list[Extracted] = []
    chars = 0
    for part in chain(parts, [None]):
        if part:
            waiting.append(part)
            weight = pl.when(pl.col("way").is_null()).then(1).otherwise(HTML_WEIGHT)
            chars += part.documents.select((pl.col("chars_in") * weight).sum()).item()
        if waiting and (part is None or chars >= STRIP_CHARS):
            _write(shard, number, _stripped(shard, joined(waiting)))
            number, waiting, chars = number + 1, [], 0
    return number


def found_texts(shard: Shard, pages: pl.DataFrame) -> dict[str, list[str]]:
    """Return the main texts that were found already of pages of the hosts of ``pages``."""
    if shard.texts is None:
        return {}
    of_hosts = pl.scan_parquet(shard.texts).filter(pl.col("host").is_in(pages["host"].unique().implode()))
    return dict(of_hosts.select("page", "lines").collect().iter_rows())


def _stripped(shard: Shard, extracted: Extracted) -> dict[str, pl.DataFrame]:
    documents, lines, removed = strip(extracted.lines, extracted.documents, shard.table, shard.strip)
    check_law(extracted.lines, lines, removed)
    return {
        "documents": documents,
        "lines": lines.filter(pl.col("gone").is_null()),
        "removed": removed,
        "skipped": extracted.skipped,
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
