"""Whether to use compiled kernels. They need the extra ``fast`` and cost a start; the values are the same."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

_MODULE: Final = "pipeline.dedup.kernels"
_WORTH_LOADING: Final = 20_000_000  # bytes of UTF-8: where NumPy's time exceeds that of loading compiled code
_WORTH_CALLING: Final = 50_000  # the same, once they are loaded
_END: Final = object()

Block = TypeVar("Block")


def kernels_for(size: int) -> ModuleType | None:
    """Return the kernels if they pay for texts of ``size`` bytes in all and can be had, else None: NumPy then."""
    if size < (_WORTH_CALLING if _MODULE in sys.modules else _WORTH_LOADING):
        return None
    try:
        return import_module(_MODULE) if sys.byteorder == "little" else None
    except ImportError:
        return None


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
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()
