"""What every reader takes and gives: an input file in, batches of pages and of skipped rows out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import polars as pl
import xxhash

from pipeline.config import FieldNames
from pipeline.schema import PAGES, SKIPPED, conform

BATCH_PAGES = 4096
BATCH_BYTES = 16 << 20
RECORDS_BYTES = (
    4 << 20
)  # of records read at once: what is made of them on the way to pages is many times as large
PAGE_BYTES = 8 << 20  # of one page's content; the longest real article pages stay below 3 MB
HTML_BYTES = 4 << 20  # of a page in HTML, in UTF-8
DETAIL_CHARS = 300
# The host of an address, its scheme optional: what stands before a port, a path or a query.
HOST = r"^(?i)(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^/?#@\s]*@)?([^/?#:@\s]+\.[^/?#:@\s]+)"


class InputFile(NamedTuple):
    """One file to read: where it is, the name it goes by in every table, and its size in bytes as it lies there."""

    path: Path
    source: str
    size: int


class Batch(NamedTuple):
    """Some of a file's pages (``PAGES``) and what gave none (``SKIPPED``, run null), both in the file's order."""

    pages: pl.DataFrame
    skipped: pl.DataFrame


Reader = Callable[[InputFile, FieldNames], Iterator[Batch]]
T = TypeVar("T")
Row = dict[str, Any]  # of ``PAGES``, but for the content in UTF-8; a column it lacks is null


class OnePage(NamedTuple):
    """The reader of a format that holds one page a file: what ``read`` gives is that page."""

    read: Callable[[InputFile], Row]


class UnusableError(Exception):
    """A file as a whole, or a record of it, gives no page.

    ``reason`` is one of ``schema.REASONS``; ``detail`` says where and why.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def grouped(records: Iterable[tuple[T, int]]) -> Iterator[list[T]]:
    """Give records, each of which comes with its bytes, in groups of a bounded number and size."""
    groups: list[list[T]] = [[]]
    size = 0
    for record, added in records:
        groups[0].append(record)
        size += added
        if len(groups[0]) == BATCH_PAGES or size >= RECORDS_BYTES:
            yield groups.pop()  # which none but the caller holds then
            groups, size = [[]], 0
    if groups[0]:
        yield groups.pop()


def page_rows(rows: list[Row]) -> pl.DataFrame:
    """Return pages of ``rows``; the host comes from the URL."""
    types = PAGES | {"content": pl.Binary()}  # to make a column of bytes costs half of one of texts
    columns = [pl.Series(name, [row.get(name) for row in rows], dtype=dtype) for name, dtype in types.items()]
    return conform(pl.DataFrame(columns).with_columns(host=host_of(pl.col("url"))), PAGES)


def skipped_rows(rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    """Return ``SKIPPED`` rows for (source, reason, detail); document and run are not known yet."""
    return conform(pl.DataFrame(rows, schema=["source", "reason", "detail"], orient="row"), SKIPPED)


def content_id(source: str, content: bytes) -> str:
    """Return the id of a page with neither id nor URL: a hash of its file (no record number) and content in UTF-8."""
    return xxhash.xxh3_128_hexdigest(b"%b\0%b" % (source.encode(), content))


def host_of(url: pl.Expr) -> pl.Expr:
    """Return the host of each address in lower case, without user, port or final dot; null if it has none."""
    return url.str.extract(HOST).str.to_lowercase().str.strip_chars_end(".")


def first_line(error: BaseException, file: InputFile) -> str:
    """Return what an error says, in one line that names the file as tables do and no place on this machine."""
    words = " ".join(str(error).split()) or type(error).__name__
    return words.replace(str(file.path), file.source)[:DETAIL_CHARS]
