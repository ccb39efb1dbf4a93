"""Arrow files mapped into memory, whose pages are let go before they fill it."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from pipeline.errors import CorpusError
from pipeline.schema import conform
from pipeline.store.files import damaged, whole_file

_PAGES: Final = Path("/proc/self/statm")  # Linux: how many pages of files are in this process's memory, third


class Mapped:
    """An Arrow file, uncompressed and mapped: its batches take memory only as far as they were read of late.

    Raises OSError, ValueError or ArrowException for a file that cannot be read or is none.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.reader: pa.RecordBatchFileReader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map)))

    def forget(self) -> None:
        """Let the file's pages go. What was read stays valid: it comes back from the file when it is read again."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def frame(self) -> pl.DataFrame:
        """Return all batches as one frame, whose strings lie in the file."""
        batches = [self.reader.get_batch(number) for number in range(self.reader.num_record_batches)]
        return pl.DataFrame(pl.from_arrow(pa.Table.from_batches(batches, self.reader.schema)))


def mapped_table(path: Path, schema: pl.Schema) -> tuple[pl.DataFrame, Mapped]:
    """Return what ``stage_table`` wrote, without reading its strings; raises CorpusError for what is no such file."""
    try:
        file = Mapped(path)
        return conform(file.frame(), schema), file
    except (OSError, ValueError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise CorpusError(damaged(path, str(error) or type(error).__name__)) from error


def forgetting(files: Sequence[Mapped], limit: int) -> Callable[[], None]:
    """Return a function that lets the pages of ``files`` go whenever ``limit`` bytes have come into memory since."""
    before = _resident()

    def forget() -> None:
        nonlocal before
        now = _resident()
        before = min(before, now)
        if now - before >= limit:
            for file in files:
                file.forget()
            before = _resident()

    return forget


@contextmanager
def shelved(parts: Iterable[pl.Series], path: Path) -> Iterator[tuple[pl.Series, Mapped]]:
    """Write columns of texts to a file at ``path``, give them as one that lies there, and remove the file at the end.

    Raises StorageError.
    """
    fields = pa.schema([pa.field("text", pa.string_view())])
    try:
        with (
            whole_file(path) as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, fields) as out,
        ):
            for part in parts:
                out.write_batch(
                    pa.record_batch([part.to_arrow(compat_level=pl.CompatLevel.newest())], schema=fields)
                )
        shelf = Mapped(path)
        yield shelf.frame()["text"], shelf
        shelf.forget()
    finally:
        path.unlink(missing_ok=True)


def _resident() -> int:
    """Return how many bytes of files are in this process's memory, 0 where the system does not say."""
    try:
        return int(_PAGES.read_bytes().split()[2]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, LookupError, ValueError):
        return 0
