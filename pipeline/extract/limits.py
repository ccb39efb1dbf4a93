"""A limit on the processor time that one page may take, so that no page can hang a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from pipeline.extract.article import PageError


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise PageError (cpu_limit) in the block after ``seconds`` of this process's processor time.

    Processor time, not the clock: a busy machine must not decide what a corpus holds. A no-op outside the main
    thread, which alone can take signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise PageError("cpu_limit", f"used {seconds:g} seconds of processor time; the page is not read")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
