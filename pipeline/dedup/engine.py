"""Whether to use compiled kernels. They need the extra ``fast`` and cost a start; the values are the same."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

_MODULE: Final = "pipeline.dedup.kernels"
_WORTH_LOADING: Final = 20_000_000  # bytes of UTF-8: where NumPy's time exceeds that of loading compiled code
_WORTH_CALLING: Final = 50_000  # the same, once they are loaded

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
    """Call ``function`` for each block, on all cores that this process may use; kernels leave Python's lock."""
    with ThreadPoolExecutor(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    ) as pool:
        for _ in pool.map(function, blocks):
            pass
