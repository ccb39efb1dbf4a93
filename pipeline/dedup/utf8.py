"""Texts as Arrow keeps them: buffers of UTF-8, and where in them each text is. No Python string a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    U8 = npt.NDArray[np.uint8]
    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]
    I64 = npt.NDArray[np.int64]


class Texts(NamedTuple):
    """A column of strings without null, and Polars' own buffers of it, for kernels to read where they are.

    Row i of ``views`` is Arrow's string view: size, first four bytes, number of a buffer, place in it; or size and
    the text itself if it has no more than 12 bytes. ``addresses`` are those of the buffers, held by ``owner``.
    ``forget`` is to be called when some of them were read: see ``Room``.
    """

    column: pl.Series
    views: U32
    addresses: U64
    owner: pa.Array
    forget: Callable[[], None] | None

    def sizes(self, rows: I64 | slice) -> I64:
        """Return how many bytes of UTF-8 each text of some rows has."""
        return self.views[rows, 0].astype(np.int64)

    def reading_order(self, rows: I64) -> I64:
        """Return the order in which to read some rows: as they come, or as they lie where that spares pages."""
        if self.forget is None or not len(self.addresses):
            return np.arange(len(rows))
        inside = self.views[rows, 0] <= 12
        place = self.addresses[np.where(inside, 0, self.views[rows, 2])]
        place += self.views[rows, 3]
        place[inside] = 0
        return np.argsort(place, kind="stable")


class Utf8(NamedTuple):
    """Texts end to end: text i is ``data[offsets[i]:offsets[i + 1]]``."""

    data: U8
    offsets: I64


def texts_of(column: pl.Series, forget: Callable[[], None] | None = None) -> Texts:
    """Return a column and its buffers, without copying them."""
    column = column.rechunk()
    array = column.to_arrow(compat_level=pl.CompatLevel.newest())
    rows, buffers = slice(array.offset, array.offset + len(array)), array.buffers()
    flat = np.frombuffer(buffers[1], np.uint32) if len(array) else np.empty(0, np.uint32)
    addresses = np.array([buffer.address for buffer in buffers[2:]], np.uint64)
    return Texts(column, flat.reshape(-1, 4)[rows], addresses, array, forget)


def utf8_of(column: pl.Series) -> Utf8:
    """Return the texts of a column end to end."""
    array = column.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    offsets, data = array.buffers()[1:]
    starts = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return Utf8(np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), starts)


def series_of(texts: Utf8) -> pl.Series:
    """Return the texts as a column of strings."""
    data, offsets = pa.py_buffer(texts.data), pa.py_buffer(np.ascontiguousarray(texts.offsets))
    return pl.Series(
        _Handed(pa.LargeStringArray.from_buffers(len(texts.offsets) - 1, offsets, data)), dtype=pl.String
    )


class _Handed:
    """An array that Polars takes over by Arrow's C interface: for one of pyarrow's it imports pyarrow.compute."""

    def __init__(self, array: pa.Array) -> None:
        self.__arrow_c_array__ = array.__arrow_c_array__
