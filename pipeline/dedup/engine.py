"""Whether to use compiled kernels. They need the extra ``fast`` and cost a start; the values are the same."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from pipeline.dedup.compiled import Kernels, kernels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from pipeline.dedup.utf8 import Utf8

_WORTH_MAKING: Final = (
    20_000_000  # bytes of UTF-8 from which to wait for kernels to be compiled, once on a machine
)
_WORTH_LOADING: Final = 1_500_000  # where NumPy's time exceeds that of loading compiled code
_AHEAD: Final = 16  # values beyond a text that a kernel may write to
_END: Final = object()

Block = TypeVar("Block")


def kernels_for(size: int) -> Kernels | None:
    """Return the kernels if they pay for texts of ``size`` bytes in all and can be had, else None: NumPy then."""
    if size < _WORTH_LOADING or sys.byteorder != "little":
        return None
    return kernels(make=size >= _WORTH_MAKING)


def work_space(texts: Utf8, size: int) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
    """Return the work space of a kernel that goes from text to text, for shingles of ``size`` characters."""
    room = int(np.diff(texts.offsets).max(initial=0)) + size + _AHEAD
    return np.empty(room, np.uint32), np.empty(room, np.uint64)


def spread(function: Callable[[Block], None], blocks: Iterable[Block]) -> None:
    """Call ``function`` for each block, on all cores that this process may use; kernels leave Python's lock.

    Each thread takes the next block itself, which costs less than handing them out.
    """
    waiting, taking = iter(blocks), Lock()

    def work() -> None:
        while True:
            with taking:
                block = next(waiting, _END)
            if block is _END:
                return
            function(block)  # type: ignore[arg-type]

    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads == 1:
        work()
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()
