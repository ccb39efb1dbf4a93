"""Texts as Arrow keeps them: one buffer of UTF-8 and where each text starts. No Python string a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

    U8 = npt.NDArray[np.uint8]
    I64 = npt.NDArray[np.int64]


class Utf8(NamedTuple):
    """Text i is ``data[offsets[i]:offsets[i + 1]]``."""

    data: U8
    offsets: I64


def utf8_of(texts: pl.Series) -> Utf8:
    """Return the buffers of a column of strings without null."""
    column = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    offsets, data = column.buffers()[1:]
    starts = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    return Utf8(np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), starts)


def series_of(texts: Utf8) -> pl.Series:
    """Return the texts as a column of strings."""
    data, offsets = pa.py_buffer(texts.data), pa.py_buffer(np.ascontiguousarray(texts.offsets))
    return pl.Series(pa.LargeStringArray.from_buffers(len(texts.offsets) - 1, offsets, data), dtype=pl.String)


def concat(parts: list[Utf8]) -> Utf8:
    """Lay texts end to end."""
    data = np.concatenate([part.data[part.offsets[0] : part.offsets[-1]] for part in parts])
    sizes = np.concatenate([np.diff(part.offsets) for part in parts])
    return Utf8(data, np.concatenate([[0], np.cumsum(sizes)]))
