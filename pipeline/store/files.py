"""Files that are either whole or not there: written beside their place, synced, then renamed into it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import CorpusError, disk_errors
from pipeline.schema import conform

ROW_GROUP_ROWS = 50_000


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success what was written there takes its place at once."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            sync(temporary)
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make what was written to a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_table(
    frame: pl.DataFrame, path: Path, schema: pl.Schema, metadata: Mapping[str, str] | None = None
) -> None:
    """Write ``frame`` as Parquet with the columns of ``schema``: zstd, page checksums, equal bytes for equal rows.

    ``metadata`` goes into the file's key-value pairs. Raises StorageError.
    """
    write_pieces(frame.iter_slices(ROW_GROUP_ROWS), path, schema, metadata)


def write_pieces(
    frames: Iterable[pl.DataFrame], path: Path, schema: pl.Schema, metadata: Mapping[str, str] | None = None
) -> None:
    """Do the same with a table that comes piece by piece, so that it need not be in memory: each is a row group."""
    fields = schema.to_frame().to_arrow().schema.with_metadata(dict(metadata) if metadata else None)
    with (
        whole_file(path) as temporary,
        pq.ParquetWriter(temporary, fields, compression="zstd", write_page_checksum=True) as out,
    ):
        for frame in frames:
            out.write_table(conform(frame, schema).to_arrow(), ROW_GROUP_ROWS)


def read_table(path: Path, schema: pl.Schema) -> pl.DataFrame:
    """Return a table's rows, every page's checksum verified; raises CorpusError when it is damaged or missing."""
    try:
        table = pq.read_table(path, page_checksum_verification=True, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(damaged(path, str(error))) from error
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return conform(frame, schema)


def stage_table(frame: pl.DataFrame, path: Path, schema: pl.Schema) -> None:
    """Write ``frame`` with the columns of ``schema`` for this run alone, which reads it once: Arrow, not compressed.

    Raises StorageError.
    """
    with whole_file(path) as temporary:
        conform(frame, schema).write_ipc(temporary)


def staged_table(path: Path, schema: pl.Schema) -> pl.DataFrame:
    """Return what ``stage_table`` wrote; raises CorpusError when it is damaged or missing."""
    try:
        frame = pl.read_ipc(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CorpusError(damaged(path, str(error))) from error
    return conform(frame, schema)


def damaged(path: Path, reason: str) -> str:
    """Return the message for a file of the corpus that cannot be used."""
    return (
        f"{path}: damaged or missing ({reason.splitlines()[0]}). Nothing was changed; restore this file from a "
        'copy, or build the corpus anew. "newsieve verify" checks every file.'
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
