"""Arrow files of an index: uncompressed, mapped, with a fingerprint, and a digest for each batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

from pipeline.errors import ConfigError, CorpusError
from pipeline.store.files import damaged, whole_file
from pipeline.store.mapped import Mapped

Fingerprint = Mapping[str, str | int | float]


def write_batches(
    path: Path,
    fields: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    rows: int,
    fingerprint: Fingerprint,
) -> None:
    """Write batches to a file that appears whole or not at all; raises StorageError. ``rows``: for ``Batches``."""
    about = json.dumps({"fingerprint": dict(fingerprint), "rows": rows}, sort_keys=True).encode()
    schema = fields.with_metadata({"about": about, "digest": _digest(about, 0, ())})
    with (
        whole_file(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, schema) as out,
    ):
        for number, batch in enumerate(batches):
            out.write_batch(batch, custom_metadata={"digest": _digest(about, number, batch.columns)})


class Batches:
    """A file of batches, each of which is proved to be what was written when it is read.

    ``rows``: as the writer said. ``starts``: the number of each batch's first row, and of the row after the last.
    Raises CorpusError for a file that is missing or damaged, ConfigError for one of another fingerprint.
    """

    def __init__(self, path: Path, fields: pa.Schema, fingerprint: Fingerprint) -> None:
        self._path = path
        with _damage(path):
            self._file = Mapped(path)
            reader = self._file.reader
            self._about = reader.schema.metadata[b"about"]
            about = json.loads(self._about)
            sizes = [reader.get_batch(number).num_rows for number in range(reader.num_record_batches)]
            self.rows = int(about["rows"])
            self.starts = np.cumsum([0, *sizes])
            whole = reader.schema.metadata[b"digest"] == _digest(self._about, 0, ()) and reader.schema.equals(
                fields
            )
        if not whole:
            raise CorpusError(damaged(path, "its rows are not those that were written"))
        _compare(path, about["fingerprint"], fingerprint)

    @property
    def count(self) -> int:
        """The number of batches."""
        return len(self.starts) - 1

    def batch(self, number: int) -> pa.RecordBatch:
        """Return a batch; it stays valid when the file is told to forget."""
        with _damage(self._path):
            batch, metadata = self._file.reader.get_batch_with_custom_metadata(number)
            batch.validate()
            whole = metadata[b"digest"] == _digest(self._about, number, batch.columns)
        if not whole:
            raise CorpusError(damaged(self._path, "its rows are not those that were written"))
        return batch

    def forget(self) -> None:
        """Let what was read go out of memory."""
        self._file.forget()


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn what a file that was not written so raises into a CorpusError."""
    try:
        yield
    except (OSError, LookupError, TypeError, ValueError, OverflowError, pa.ArrowException) as error:
        raise CorpusError(damaged(path, str(error) or type(error).__name__)) from error


def _compare(path: Path, written: Fingerprint, wanted: Fingerprint) -> None:
    """Refuse an index whose keys were made under other settings."""
    keys = sorted(written.keys() | wanted.keys())
    differing = [
        f"{key} {written.get(key, 'absent')} there, {wanted.get(key, 'absent')} here"
        for key in keys
        if written.get(key) != wanted.get(key)
    ]
    if differing:
        raise ConfigError(
            f"{path}: the index was written under other dedup settings ({'; '.join(differing)}), so its keys "
            "cannot be compared with this run's; nothing was started. Run with the corpus's own settings, or "
            "write to a new folder."
        )


def _digest(about: bytes, number: int, columns: Iterable[pa.Array]) -> bytes:
    """Return the 128-bit xxh3 of what a file is about and of the values of one of its batches, hexadecimal."""
    digest = xxhash.xxh3_128(about + f"\n{number}\n".encode())
    for column in columns:
        if column.null_count:
            return b"null is no value of an index"
        if column.type == pa.large_string():
            offsets, data = column.buffers()[1:]
            starts = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
            digest.update((starts - starts[:1]).data)
            digest.update(data.slice(int(starts[0]), int(starts[-1] - starts[0])) if data else b"")
        else:
            digest.update(column.to_numpy().data)
    return digest.hexdigest().encode()
