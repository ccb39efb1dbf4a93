"""A limit on the processor time that one page may take, so that no page can hang a run."""

from __future__ import annotations

import math
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from pipeline.extract.article import PageError

GRACE_SECONDS = 1.0


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

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise PageError("cpu_limit", f"used {seconds:g} seconds of processor time; the page is not read")

    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    last = math.ceil(time.process_time() + seconds + GRACE_SECONDS)
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (last if hard < 0 else min(last, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
