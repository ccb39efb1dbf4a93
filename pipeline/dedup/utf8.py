"""Texts as Arrow keeps them: buffers of UTF-8, and where in them each text is. No Python string a text."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    import pyarrow as pa

    U8 = npt.NDArray[np.uint8]
    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]
    I64 = npt.NDArray[np.int64]


_ADDRESS_OF: Final = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class Texts(NamedTuple):
    """A column of strings without null, and Polars' own buffers of it, for kernels to read where they are.

    Row i of ``views`` is Arrow's string view: size, first four bytes, number of a buffer, place in it; or size and
    the text itself if it has no more than 12 bytes. ``addresses`` are those of the buffers, held by ``owner``.
    ``forget`` is to be called when some of them were read: see ``Room``.
    """

    column: pl.Series
    views: U32
    addresses: U64
    owner: _Array
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
    array = _array_of(column)
    if not len(column):
        return Texts(column, np.empty((0, 4), np.uint32), np.empty(0, np.uint64), array, forget)
    place = array.buffers[1] + 16 * array.offset
    views = np.ctypeslib.as_array((ctypes.c_uint32 * (4 * len(column))).from_address(place))
    others = [
        array.buffers[number] for number in range(2, array.n_buffers - 1)
    ]  # the last one has their sizes
    return Texts(column, views.reshape(-1, 4), np.array(others, np.uint64), array, forget)


def utf8_of(column: pl.Series) -> Utf8:
    """Return the texts of a column end to end."""
    offsets = np.zeros(len(column) + 1, np.int64)
    np.cumsum(column.str.len_bytes().to_numpy(), out=offsets[1:])
    return Utf8(np.frombuffer(bytes(column.str.join("").cast(pl.Binary).item()), np.uint8), offsets)


def series_of(texts: Utf8) -> pl.Series:
    """Return the texts as a column of strings."""
    import pyarrow as pa  # noqa: PLC0415 - kernels do without, and need not wait for it

    data, offsets = pa.py_buffer(texts.data), pa.py_buffer(np.ascontiguousarray(texts.offsets))
    return pl.Series(
        _Handed(pa.LargeStringArray.from_buffers(len(texts.offsets) - 1, offsets, data)), dtype=pl.String
    )


class _Array(ctypes.Structure):
    """ArrowArray of Arrow's C data interface. It is let go with this object."""

    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("private_data", ctypes.c_void_p),
    )

    def __del__(self, reference: Callable[[_Array], object] = ctypes.byref) -> None:
        """Let the buffers go; when the program ends too, and its modules are empty."""
        if self.release:
            self.release(reference(self))


class _Stream(ctypes.Structure):
    """As much of ArrowArrayStream as is called here."""

    _fields_ = (
        ("get_schema", ctypes.c_void_p),
        ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
    )


def _array_of(column: pl.Series) -> _Array:
    """Return the buffers of a column of one chunk, without pyarrow, which takes a while to import."""
    capsule, found = column.__arrow_c_stream__(), _Array()
    address = _ADDRESS_OF(capsule, b"arrow_array_stream")
    if _Stream.from_address(address).get_next(address, ctypes.byref(found)):
        raise MemoryError("polars: a column of text could not be handed over")
    return found


class _Handed:
    """An array that Polars takes over by Arrow's C interface: for one of pyarrow's it imports pyarrow.compute."""

    def __init__(self, array: pa.Array) -> None:
        self.__arrow_c_array__ = array.__arrow_c_array__
