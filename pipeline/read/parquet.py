"""Parquet: each row a page, streamed by row group.

Read through pyarrow and not through Polars, which takes a page whose checksum does not fit for good (2.1.0).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import FieldNames
from pipeline.read.batch import Batch, InputFile, UnusableError, first_line
from pipeline.read.charset import decode, is_binary
from pipeline.read.compression import plain_file
from pipeline.read.fields import check_fields, matched
from pipeline.read.html import declared_charset
from pipeline.read.records import RAW, as_text, batches
from pipeline.schema import conform

ROWS = 1024  # a step; pages of a megabyte each, seldom as they are, make it a gigabyte
MAGIC = b"PAR1"
VALUE = pl.Struct({"value": pl.String, "charset": pl.String, "reason": pl.String})
PLAIN = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Decimal, pl.Date, pl.Time)


def read_parquet(file: InputFile, fields: FieldNames) -> Iterator[Batch]:
    """Give the pages of a Parquet file; row n, counted from 1, has the source ``<file>#<n>``.

    The whole file is proved readable first. Raises UnusableError (truncated, damaged, no_text, missing_text).
    """
    with plain_file(file.path) as path:
        _check_ends(path)
        try:
            holding = _holding(path, fields)
            columns = list(dict.fromkeys(column for group in holding.values() for column in group))
            if not sum(frame.height for frame in _frames(path, columns)):
                raise UnusableError("no_text", "the file holds no record")
            number = 1
            for frame in _frames(path, columns):
                yield from batches(_raw(frame, holding, number), file.source)
                number += frame.height
        except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
            raise UnusableError("damaged", first_line(error, file._replace(path=path))) from None


def _check_ends(path: Path) -> None:
    with path.open("rb") as raw:
        head, size = raw.read(4), raw.seek(0, 2)
        raw.seek(max(size - 4, 0))
        tail = raw.read(4)
    if not size:
        raise UnusableError("no_text", "the file is empty")
    if head != MAGIC:
        raise UnusableError("damaged", "not a Parquet file, or an encrypted one")
    if tail != MAGIC or size < 12:
        raise UnusableError("truncated", f"Parquet without its footer, {size} bytes")


def _holding(path: Path, fields: FieldNames) -> dict[str, tuple[str, ...]]:
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        rows = file.metadata.num_rows
    if rows:
        check_fields(fields, names)
    return matched(fields, names)


def _frames(path: Path, columns: list[str]) -> Iterator[pl.DataFrame]:
    """Give the rows of ``columns``, a step at a time, every page checksum verified that there is."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(batch_size=ROWS, columns=columns):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame


def _raw(frame: pl.DataFrame, holding: dict[str, tuple[str, ...]], number: int) -> pl.DataFrame:
    """Return rows as a ``RAW`` frame, numbered from ``number``; of a field's columns the first not blank counts."""
    read = pl.DataFrame([_values(frame[name]) for name in frame.columns])
    content = _first([name for field in ("text", "html") for name in holding[field]])
    rows = read.select(
        *(_first(names).struct.field("value").alias(field) for field, names in holding.items()),
        content.struct.field("charset"),
        content.struct.field("reason"),
        number=pl.int_range(number, number + pl.len(), dtype=pl.UInt64),
    )
    detail = pl.when(pl.col("reason").is_not_null()).then(pl.lit("bytes that are not text"))
    return conform(rows.with_columns(detail=detail), RAW)


def _first(columns: Sequence[str]) -> pl.Expr:
    """Return, of columns of ``VALUE``, the first whose value is not blank, else the first of them."""
    if not columns:
        return pl.lit(None, dtype=VALUE)
    filled = [
        pl.when(pl.col(name).struct.field("value").str.contains(r"\S")).then(pl.col(name)) for name in columns
    ]
    return pl.coalesce(*filled, columns[0])


def _values(column: pl.Series) -> pl.Series:
    """Return a column as ``VALUE``: its text, how that was decoded, and why it is none."""
    if column.dtype == pl.Binary:
        return pl.Series(column.name, [_decoded(data) for data in column], dtype=VALUE)
    texts = pl.DataFrame({"value": _texts(column), "charset": None, "reason": None}, schema=dict(VALUE))
    return texts.to_struct(column.name)


def _decoded(data: bytes | None) -> dict[str, str | None] | None:
    if data is None:
        return None
    if is_binary(data):
        return {"value": None, "charset": None, "reason": "binary"}
    text, note, _ = decode(data, declared_charset(data))
    return {"value": text, "charset": note, "reason": None}


def _texts(column: pl.Series) -> pl.Series:
    """Return a column of any type but binary as strings; a list's items one a line, an object is null."""
    if isinstance(column.dtype, pl.Datetime):
        zoned = column if column.dtype.time_zone is None else column.dt.convert_time_zone("UTC")
        return zoned.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f" + ("" if column.dtype.time_zone is None else "Z"))
    if column.dtype.is_integer() or column.dtype in PLAIN:
        return column.cast(pl.String)
    return pl.Series(column.name, [as_text(value) for value in column.to_list()], dtype=pl.String)
