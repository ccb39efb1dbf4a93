"""The executor: tasks run in this process, or in worker processes that may die without taking others along.

Workers are spawned, never forked: polars and the HTML parsers hold threads and locks that a fork would copy. Each
has a pipe of its own, so that a worker's death names the task it died of.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from pipeline.memory import footprint, give_back

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_SECONDS = 5.0
WORN_BYTES = 288 << 20  # a worker that holds more of memory after a task is replaced: nothing of it is needed


class Task(NamedTuple):
    """A call to be made by a worker: ``function`` and ``arguments`` must be picklable."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Crashed(NamedTuple):
    """The result of a task whose worker died: the exit code, negative for a signal."""

    exit_code: int | None


class Local:
    """Runs tasks on this machine, ``workers`` at a time (0: one a core).

    One worker is this very process, unless ``isolate`` asks for processes.
    """

    def __init__(self, workers: int = 0, *, isolate: bool = False) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))
        self.isolate = isolate

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[str, Any]]:
        """Give the name and the result of every task as it is done; ``Crashed`` where its worker died of it.

        An exception of a task is raised here, and the other workers are stopped.
        """
        waiting = deque(tasks)
        if not self.isolate and (self.workers == 1 or len(waiting) < 2):
            yield from ((task.name, task.function(*task.arguments)) for task in waiting)
            return
        crew = [_Worker() for _ in range(min(self.workers, len(waiting)))]
        try:
            for worker in crew:
                worker.take(waiting.popleft())
            while busy := {id(worker.pipe): worker for worker in crew if worker.task}:
                for pipe in wait([worker.pipe for worker in busy.values() if worker.pipe]):
                    worker = busy[id(pipe)]
                    yield worker.result()
                    if waiting:
                        worker.take(waiting.popleft())
        finally:
            for worker in crew:
                worker.stop()


class _Worker:
    """One worker process and the task it is on; started with its first task, and again after a death."""

    def __init__(self) -> None:
        self.task: Task | None = None
        self.pipe: Connection[Any, Any] | None = None

    def take(self, task: Task) -> None:
        """Send ``task`` to the process."""
        if self.pipe is None:
            self._start()
        assert self.pipe is not None
        self.task = task
        self.pipe.send((task.function, task.arguments))

    def result(self) -> tuple[str, Any]:
        """Return the name and result of the task that is done, or died of; raises what the task raised."""
        assert self.task is not None
        assert self.pipe is not None
        name, self.task = self.task.name, None
        try:
            value, error, worn = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self._leave()
            return name, Crashed(self.process.exitcode)
        if worn:
            self._leave()
        if error is not None:
            raise error
        return name, value

    def stop(self) -> None:
        """End the process, which holds nothing that is not written: a half-done task is done again."""
        if self.pipe is None:
            return
        self.pipe.close()
        if self.task is not None:
            self.process.terminate()
        self.process.join(STOP_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def _leave(self) -> None:
        """Let go of a process that ends by itself: the next task starts another."""
        assert self.pipe is not None
        self.process.join()
        self.pipe.close()
        self.pipe = None

    def _start(self) -> None:
        context = get_context("spawn")
        pipe, end = context.Pipe()
        self.process = context.Process(target=_serve, args=(end, os.getpid()), daemon=False)
        with _one_thread():
            self.process.start()
        end.close()
        self.pipe = pipe  # last: a signal may come at any line, and only what is started can be stopped


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes started inside use one Polars thread each: there is a worker a core already."""
    before = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = before


def _serve(pipe: Connection[Any, Any], parent: int) -> None:
    """Do tasks until the pipe closes or this process is worn.

    A stop at the terminal reaches the parent, which ends its workers.
    """
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worn = False
    while not worn:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        value, failed = None, None
        try:
            value = function(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent raises it
            error.add_note(f"in a worker:\n{''.join(traceback.format_tb(error.__traceback__))}")
            failed = error
        if footprint() > WORN_BYTES:
            give_back()
        worn = footprint() > WORN_BYTES
        pipe.send((value, failed, worn))


def _die_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent is gone, however it went (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was gone before the kernel had been asked
            os._exit(1)
