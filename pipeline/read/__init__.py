"""Reading: any file of a supported format into batches of pages, and every page that cannot be read on record."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.config import FieldNames
from pipeline.read.batch import Batch, InputFile, UnusableError, skipped_file
from pipeline.read.files import reader_of

__all__ = ["Batch", "read_file"]


def read_file(file: InputFile, fields: FieldNames) -> Iterator[Batch]:
    """Give the pages of a file and what was skipped, at least one row in all, the same on every call.

    A batch has at most 4096 pages and, but for a single larger one, 32 MiB of content. What is wrong with the file as
    a whole is a skipped row whose source is the file's own, without ``#`` and a record number.
    """
    reader = reader_of(file.path.name)
    if reader is None:
        yield skipped_file(file.source, "unknown_format", "no reader for a name like this")
        return
    try:
        yield from reader(file, fields)
    except UnusableError as error:
        yield skipped_file(file.source, error.reason, error.detail)
    except OSError as error:
        yield skipped_file(file.source, "unreadable", error.strerror or type(error).__name__)
