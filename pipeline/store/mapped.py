"""Arrow files mapped into memory, whose pages are let go before they fill it."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from pipeline.store.files import whole_file

_PAGES: Final = Path("/proc/self/statm")  # Linux: how many pages of files are in this process's memory, third


class Mapped:
    """An Arrow file, uncompressed and mapped: its batches take memory only as far as they were read of late.

    Raises OSError, ValueError or ArrowException for a file that cannot be read or is none.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.reader: pa.RecordBatchFileReader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map)))
        self._before = _resident()

    def forget(self, limit: int = 0) -> None:
        """Let the file's pages go if more than ``limit`` bytes came into memory since it was opened.

        What was read stays valid: it comes back from the file when it is read again.
        """
        if hasattr(mmap, "MADV_DONTNEED") and _resident() - self._before >= limit:
            self._map.madvise(mmap.MADV_DONTNEED)


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
        batches = [shelf.reader.get_batch(number) for number in range(shelf.reader.num_record_batches)]
        yield pl.concat([pl.Series("text", batch["text"], pl.String) for batch in batches]), shelf
    finally:
        path.unlink(missing_ok=True)


def _resident() -> int:
    """Return how many bytes of files are in this process's memory, 0 where the system does not say."""
    try:
        return int(_PAGES.read_bytes().split()[2]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, LookupError, ValueError):
        return 0
