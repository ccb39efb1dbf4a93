"""The memory that this process holds, as the kernel and the allocator tell it."""

from __future__ import annotations

import ctypes
import gc
import math
import os
import resource
import sys
from functools import cache

LIBC = ctypes.CDLL(None)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
KEPT_BYTES = 16 << 20  # of the heap's end, as much as pages need that are not given back (give_back)


class _Heap(ctypes.Structure):
    """What glibc tells of its heap: struct mallinfo2 of malloc.h."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
        )
    )  # fmt: skip


def sizes() -> tuple[int, int]:
    """Return how many bytes of memory this process holds, and how many it has for data; both 0 but on Linux."""
    if sys.platform != "linux":
        return 0, 0
    pages = os.pread(_statm(os.getpid()), 256, 0).split()
    return int(pages[1]) * _page_bytes(), int(pages[5]) * _page_bytes()


def freed() -> int:
    """Return how many bytes of its heap the allocator has free: the next that are asked for come out of these."""
    return int(LIBC.mallinfo2().fordblks) if _known() else 0


def footprint() -> int:
    """Return the bytes that this process holds, and may hold again without asking for them."""
    return sizes()[0] + freed()


def set_ceiling(size: int) -> None:
    """Say how many bytes this process should hold at most; it and its limits are to see to that.

    Kept as RLIMIT_RSS, which says just this, and which Linux keeps without holding anyone to it.
    """
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_RSS, (size, resource.getrlimit(resource.RLIMIT_RSS)[1]))


def left() -> float:
    """Return how many bytes there are to the ceiling from what is held or may be held again; without one infinity."""
    if sys.platform != "linux":
        return math.inf
    ceiling = resource.getrlimit(resource.RLIMIT_RSS)[0]
    return math.inf if ceiling == resource.RLIM_INFINITY else ceiling - footprint()


def trim() -> None:
    """Give what the heap has free back to the system, but for the addresses."""
    if hasattr(LIBC, "malloc_trim"):
        LIBC.malloc_trim(0)


def give_back() -> None:
    """Give the memory of a large page back: else it stays with the process, beside what the next one needs."""
    gc.collect()  # an error and the frames it came through hold each other
    trim()


@cache
def settle() -> None:
    """Let large blocks lie apart, once and for all: they go back when they are freed, and leave no holes.

    The heap keeps what a common page needs: to give it back and to ask for it again takes as long as to parse the page.
    """
    if hasattr(LIBC, "mallopt"):
        LIBC.mallopt(M_MMAP_THRESHOLD, 1 << 20)
        LIBC.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


@cache
def _statm(_process: int) -> int:
    """Return the open file in which this process reads what it holds: to open it for every page takes longer."""
    return os.open("/proc/self/statm", os.O_RDONLY)


@cache
def _known() -> bool:
    if not hasattr(LIBC, "mallinfo2"):
        return False
    LIBC.mallinfo2.restype = _Heap
    return True


@cache
def _page_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE")
