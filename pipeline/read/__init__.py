"""Reading: any file of a supported format into batches of pages, and every page that cannot be read on record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.config import FieldNames
from pipeline.read.batch import (
    BATCH_BYTES,
    BATCH_PAGES,
    Batch,
    InputFile,
    OnePage,
    Reader,
    Row,
    UnusableError,
    page_rows,
    skipped_rows,
)
from pipeline.read.files import reader_of

__all__ = ["Batch", "read_files"]

Skipped = tuple[str, str, str]  # source, reason, detail


def read_files(files: Iterable[InputFile], fields: FieldNames) -> Iterator[Batch]:
    """Give the pages of files and what was skipped, at least one row a file, the same on every call.

    A batch has at most 4096 pages and, but for a single larger one, 16 MiB of content; files of one page share
    batches. What is wrong with a file as a whole is a skipped row whose source is the file's own, without ``#`` and
    a record number.
    """
    rows: list[Row] = []
    skipped: list[Skipped] = []
    size = 0
    for file in files:
        reader = reader_of(file.path.name)
        if not isinstance(reader, OnePage):
            yield from _joined(rows, skipped)
            rows, skipped, size = [], [], 0
            yield from _records(file, fields, reader)
            continue
        try:
            row = reader.read(file)
        except (UnusableError, OSError) as error:
            skipped.append(_why(file, error))
            continue
        added = len(row["content"])
        if len(rows) + len(skipped) >= BATCH_PAGES or size + added > BATCH_BYTES:
            yield from _joined(rows, skipped)
            rows, skipped, size = [], [], 0
        rows.append(row)
        size += added
    yield from _joined(rows, skipped)


def _joined(rows: list[Row], skipped: list[Skipped]) -> Iterator[Batch]:
    if rows or skipped:
        yield Batch(page_rows(rows), skipped_rows(skipped))


def _records(file: InputFile, fields: FieldNames, reader: Reader | None) -> Iterator[Batch]:
    """Give the pages of a file that may hold many."""
    if reader is None:
        why = (file.source, "unknown_format", "no reader for a name like this")
        yield Batch(page_rows([]), skipped_rows([why]))
        return
    try:
        yield from reader(file, fields)
    except (UnusableError, OSError) as error:
        yield Batch(page_rows([]), skipped_rows([_why(file, error)]))


def _why(file: InputFile, error: UnusableError | OSError) -> Skipped:
    if isinstance(error, UnusableError):
        return file.source, error.reason, error.detail
    return file.source, "unreadable", error.strerror or type(error).__name__
