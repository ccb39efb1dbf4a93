"""Limits on the processor time and the memory that one page may take, so that no page can hang or fill a worker.

Both are nets: what a page may be is said in things that do not depend on the machine (extract/shape.py), and the nets
lie far outside of that. What a process holds besides, or has freed and not returned, is no room for a page.
"""

from __future__ import annotations

import math
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from selectolax.lexbor import SelectolaxError

from pipeline.extract.article import PageError
from pipeline.memory import KEPT_BYTES, freed, give_back, left, settle, sizes, trim

GRACE_SECONDS = 1.0
CPU_SECONDS = 20.0  # a page, far beyond what an ordinary one takes
AGAIN_SECONDS = 0.5  # of processor time, until the limit is told once more to code that did not heed it
# Memory above what the process holds when a page begins. In a process with others a page has so much less that what is
# enough for it there, what others left behind included, is enough for it alone.
TOGETHER_BYTES, ALONE_BYTES = 64 << 20, 96 << 20
# Of the memory: a library that came to its end may have gone on without a word, with another text, while Polars gave
# back what it had freed before the page.
NEAR = 0.75
LEAST_NEW = 1 / 4  # of the memory is there in any case: what is free may lie in pieces too small for a page
EACH = 16  # pages, for which the memory is measured once
MUCH_BYTES = 4 << 20  # more or less of memory than was measured
STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class MemoryLimitError(PageError):
    """A page needs more memory than it may have."""


class _OutOfTimeError(BaseException):
    """No Exception: libraries catch those, and would go on with another text."""


class Room:
    """The memory that pages have which are read one after the other, ``most`` bytes each.

    What the process holds is measured before the first, after one that took much, before every ``EACH``-th, and when it
    has shrunk: to ask anew for each takes time beside a small page. Between, one has less by what others left behind.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.pages = 0  # that may still be read before it is measured again
        self.held = self.data = self.end = 0
        self.high = 0.0

    def measure(self) -> None:
        """Find how far the data of this process may grow, and what it may hold; raises MemoryLimitError for no room."""
        settle()
        free, least = freed(), int(LEAST_NEW * self.most)
        if free > self.most / 2:  # so much could be used again unseen
            trim()
        if (space := left()) < least or 0 < self.held < sizes()[0] - KEPT_BYTES:
            give_back()
            space = left()
        self.held, self.data = sizes()
        room = int(min(max(self.most - free, least), space))
        if room < least:
            raise _too_large(self.most)
        self.end, self.high = self.data + room, self.held + NEAR * room
        if _held_more_than(self.held + MUCH_BYTES / 2):  # of a page before: begin to count anew
            CLEAR_REFS.write_text("5")
        self.pages = EACH

    def is_known(self) -> bool:
        """Tell whether what was measured holds: what has been freed since would be more room than a page may have."""
        if not self.pages:
            return False
        held, data = sizes()
        return held > self.held - MUCH_BYTES and data > self.data - MUCH_BYTES

    def forget(self) -> None:
        """Measure again before the next page."""
        self.pages = 0


@contextmanager
def page_limits(room: Room) -> Iterator[None]:
    """Raise PageError in the block when it takes the processor time or the memory of more than one page."""
    with cpu_limit(CPU_SECONDS), memory_limit(room):
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
        raise out_of_time(seconds)


def out_of_time(seconds: float = CPU_SECONDS) -> PageError:
    """Return the error of a page that used more processor time than it may."""
    return PageError("cpu_limit", f"used {seconds:g} seconds of processor time; the page is not read")


@contextmanager
def memory_limit(room: Room) -> Iterator[None]:
    """Raise MemoryLimitError (too_large) when the block needs more memory than ``room`` has for a page.

    Allocations beyond fail. Where a library goes on after that, the peak of the memory tells it. Memory that the heap
    kept of what was freed counts as the block's, and a process near its ceiling gives it no room at all. A no-op but
    on Linux.
    """
    if sys.platform != "linux":
        yield
        return
    if not room.is_known():
        room.measure()
    room.pages -= 1
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (room.end if hard < 0 else min(room.end, hard), hard))
    failed = False
    try:
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    except (MemoryError, SelectolaxError):  # of lexbor, which knows no other
        failed = True
    except Exception:
        if not _held_more_than(room.high):
            raise
        failed = True
    if failed or _held_more_than(room.high):
        room.forget()
        raise _too_large(room.most)
    if _held_more_than(room.held + MUCH_BYTES):  # it may have left as much behind
        room.forget()


def _too_large(most: int) -> MemoryLimitError:
    return MemoryLimitError("too_large", f"needs more than {most >> 20} MiB of memory; the page is not read")


def _held_more_than(size: float) -> bool:
    """Tell whether this process has held more than ``size`` bytes since the count began.

    The system's cheaper figure also knows what the parent held when this process began, so it only clears.
    """
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 <= size:
        return False
    high = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(high.split()[1]) << 10 > size
