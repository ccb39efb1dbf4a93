"""What a search may take of memory, and the band keys, which lie in a file where they would take more."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pipeline.errors import disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    I64 = npt.NDArray[np.int64]
    U64 = npt.NDArray[np.uint64]

_BYTES_A_KEY: Final = 40  # that finding equal keys takes: the keys, the same spread, rows, and what is found
_READ: Final = 1 << 30  # bytes asked of the system at once; it gives 2 GiB at most


class Room(NamedTuple):
    """What a search may take beside its texts and a few numbers for each of them.

    ``memory``: bytes for band keys, and for finding those that are equal. Keys beyond it go to a file without a name
    in ``folder`` (None: the system's for such files). ``forget``: called whenever some more texts were read, to let
    go what a mapped file holds of them. None of it decides what is found.
    """

    memory: int = 1 << 29
    folder: Path | None = None
    forget: Callable[[], None] | None = None

    def abreast(self, texts: int, bands: int) -> int:
        """Return how many of the bands may be searched for equal keys at once; at least one."""
        return max(1, min(bands, self.memory // max(1, texts * _BYTES_A_KEY)))


class BandKeys:
    """The band keys of texts, shape (bands, texts): put in by blocks of texts, taken out band by band.

    ``space`` (u64 a text) is mixed in, so that no key of one space equals one of another. Raises StorageError.
    """

    def __init__(self, bands: int, space: U64, room: Room) -> None:
        self._shape = bands, len(space)
        self._space = space if space.any() else None
        self._rows: I64 | None = None
        self._held = self._file = None
        if bands * len(space) * 8 <= room.memory:
            self._held = np.empty(self._shape, np.uint64)
            return
        self._where = room.folder or Path(tempfile.gettempdir())
        with disk_errors(self._where):
            self._file = tempfile.TemporaryFile(dir=self._where)  # noqa: SIM115 - it ends with this object
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        """Return the number of bands."""
        return self._shape[0]

    @property
    def texts(self) -> int:
        """The number of texts."""
        return self._shape[1] if self._rows is None else len(self._rows)

    def __iter__(self) -> Iterator[U64]:
        """Give the keys of each band, one after the other."""
        return (self.band(number) for number in range(len(self)))

    def put(self, first: int, keys: U64) -> None:
        """Put in the keys, shape (bands, …), of the texts from number ``first`` on."""
        if self._held is not None:
            self._held[:, first : first + keys.shape[1]] = keys
            return
        assert self._file is not None
        with disk_errors(self._where):
            for number, row in enumerate(keys):
                rest, at = (
                    memoryview(row.tobytes()),
                    8 * (number * self._shape[1] + first),
                )
                while rest:
                    written = os.pwrite(self._file.fileno(), rest, at)
                    rest, at = rest[written:], at + written

    def band(self, number: int) -> U64:
        """Return the keys of one band."""
        keys = self._read(number) if self._held is None else self._held[number]
        keys = keys if self._space is None else keys ^ self._space
        return keys if self._rows is None else keys[self._rows]

    def only(self, rows: I64) -> BandKeys:
        """Return the same of some texts."""
        some = object.__new__(BandKeys)
        some.__dict__ |= {**self.__dict__, "_whole": self}  # whose file it reads
        some._rows = rows if self._rows is None else self._rows[rows]
        return some

    def _read(self, number: int) -> U64:
        assert self._file is not None
        keys = np.empty(self._shape[1], np.uint64)
        rest, at = keys.data.cast("B"), 8 * number * self._shape[1]
        with disk_errors(self._where):
            while rest:
                size = os.preadv(self._file.fileno(), [rest[:_READ]], at)
                if not size:
                    raise OSError(f"{self._where}: band keys were cut off")
                rest, at = rest[size:], at + size
        return keys
