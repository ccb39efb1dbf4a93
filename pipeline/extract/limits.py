"""Limits on the processor time and the memory that one page may take, so that no page can hang or fill a worker.

Both are nets: what a page may be is said in things that do not depend on the machine (extract/shape.py), and the nets
lie far outside of that.
"""

from __future__ import annotations

import ctypes
import gc
import math
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NoReturn

from selectolax.lexbor import SelectolaxError

from pipeline.extract.article import PageError

GRACE_SECONDS = 1.0
CPU_SECONDS = 20.0  # a page, far beyond what an ordinary one takes
AGAIN_SECONDS = 0.5  # of processor time, until the limit is told once more to code that did not heed it
MEMORY_BYTES = 96 << 20  # above what the process holds when a page begins
NEAR = 0.9  # of the memory: a library that came to its end may have gone on without a word, with another text
LIBC = ctypes.CDLL(None)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
KEPT_BYTES = 16 << 20  # of the heap's end, as much as pages need that are not given back (give_back)
STATM, STATUS, CLEAR_REFS = (Path("/proc/self", name) for name in ("statm", "status", "clear_refs"))


class _OutOfTimeError(BaseException):
    """No Exception: libraries catch those, and would go on with another text."""


@contextmanager
def page_limits() -> Iterator[None]:
    """Raise PageError in the block when it takes the processor time or the memory of more than one page."""
    with cpu_limit(CPU_SECONDS), memory_limit():
        yield


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise PageError (cpu_limit) in the block after ``seconds`` of this process's processor time.

    Processor time, not the clock: a busy machine must not decide what a corpus holds. Where C code keeps Python
    from stopping the page, the kernel ends the process a few seconds later. A no-op outside the main thread, which
    alone can take signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    spent = False

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        nonlocal spent
        spent = True
        raise _OutOfTimeError

    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    last = math.ceil(time.process_time() + seconds + GRACE_SECONDS)
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, AGAIN_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (last if hard < 0 else min(last, hard), hard))
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except _OutOfTimeError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
    if spent:
        raise PageError("cpu_limit", f"used {seconds:g} seconds of processor time; the page is not read")


@contextmanager
def memory_limit(most: int = MEMORY_BYTES) -> Iterator[None]:
    """Raise PageError (too_large) when the block needs ``most`` bytes of memory more than the process has.

    Allocations beyond fail. Where a library goes on after that, the peak of the memory tells it. A no-op but on Linux.
    """
    if sys.platform != "linux":
        yield
        return
    _settle()
    pages = STATM.read_text().split()
    resident, data = (int(pages[place]) * resource.getpagesize() for place in (1, 5))
    if _held_more_than(resident + NEAR * most / 2):  # of a page before: begin to count anew
        CLEAR_REFS.write_text("5")
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    end = data + most
    resource.setrlimit(resource.RLIMIT_DATA, (end if hard < 0 else min(end, hard), hard))
    failed = False
    try:
        yield
    except (MemoryError, SelectolaxError):  # of lexbor, which knows no other
        failed = True
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    if failed or _held_more_than(resident + NEAR * most):
        raise PageError("too_large", f"needs more than {most >> 20} MiB of memory; the page is not read")


@cache
def _settle() -> None:
    """Let large blocks lie apart, once and for all: they go back when they are freed, and leave no holes.

    The heap keeps what a common page needs: to give it back and to ask for it again takes as long as to parse the page.
    """
    if hasattr(LIBC, "mallopt"):
        LIBC.mallopt(M_MMAP_THRESHOLD, 1 << 20)
        LIBC.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def give_back() -> None:
    """Give the memory of a large page back: else it stays with the process, beside what the next one needs."""
    gc.collect()  # an error and the frames it came through hold each other
    if hasattr(LIBC, "malloc_trim"):
        LIBC.malloc_trim(0)


def _held_more_than(size: float) -> bool:
    """Tell whether this process has held more than ``size`` bytes since the count began.

    The system's cheaper figure also knows what the parent held when this process began, so it only clears.
    """
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 <= size:
        return False
    high = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(high.split()[1]) << 10 > size
