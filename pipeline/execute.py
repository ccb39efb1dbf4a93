"""The executor: tasks run in this process, or in worker processes that may die without taking others along.

Workers are spawned, never forked: polars and the HTML parsers hold threads and locks that a fork would copy. Each
has a pipe of its own, so that a worker's death names the task it died of.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple, Self

from pipeline.memory import footprint, give_back, set_ceiling

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_SECONDS = 5.0
CEILING_BYTES = 368 << 20  # of a worker's memory: pages are read elsewhere before they take it further
WORN_BYTES = 288 << 20  # a worker that holds more of memory after a task is replaced: nothing of it is needed
# One thread of Polars each: there is a worker a core already. Memory that Polars freed goes back soon: left alone, it
# keeps it for seconds, beside what the next batch needs.
MODEST = {"POLARS_MAX_THREADS": "1", "_RJEM_MALLOC_CONF": "dirty_decay_ms:100,muzzy_decay_ms:0"}


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

    One worker is this very process, unless ``isolate`` asks for processes. A worker imports ``modules`` when it starts.
    Workers last as long as a ``with`` block of this, or else as long as a call of ``run``.
    """

    def __init__(self, workers: int = 0, *, isolate: bool = False, modules: Sequence[str] = ()) -> None:
        self.workers = workers or len(os.sched_getaffinity(0))
        self.isolate = isolate
        self.modules = modules
        self._crew: list[_Worker] = []
        self._stays = False

    def __enter__(self) -> Self:
        """Let workers last until the block ends."""
        self._stays = True
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        self._stays = False
        self.stop()

    def start(self, tasks: int) -> None:
        """Start the workers that so many tasks will need, so that they are ready when the tasks are known."""
        if self.isolate or (self.workers > 1 and tasks > 1):
            missing = min(self.workers, tasks) - len(self._crew)
            self._crew += [_Worker(self.modules) for _ in range(missing)]
            for worker in self._crew:
                worker.start()

    def stop(self) -> None:
        """End the workers, which hold nothing that is not written: a half-done task is done again."""
        while self._crew:
            self._crew.pop().stop()

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[str, Any]]:
        """Give the name and the result of every task as it is done; ``Crashed`` where its worker died of it.

        An exception of a task is raised here, and the other workers are stopped.
        """
        waiting = deque(tasks)
        if not self.isolate and (self.workers == 1 or len(waiting) < 2):
            yield from ((task.name, task.function(*task.arguments)) for task in waiting)
            return
        try:
            self.start(len(waiting))
            for worker in self._crew[: len(waiting)]:
                worker.take(waiting.popleft())
            while busy := {id(worker.pipe): worker for worker in self._crew if worker.task}:
                for pipe in wait([worker.pipe for worker in busy.values() if worker.pipe]):
                    worker = busy[id(pipe)]
                    yield worker.result()
                    if waiting:
                        worker.take(waiting.popleft())
        finally:
            if not self._stays or any(worker.task for worker in self._crew):
                self.stop()


class _Worker:
    """One worker process and the task it is on; started anew with its next task after a death."""

    def __init__(self, modules: Sequence[str]) -> None:
        self.modules = modules
        self.task: Task | None = None
        self.pipe: Connection[Any, Any] | None = None

    def take(self, task: Task) -> None:
        """Send ``task`` to the process."""
        self.start()
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
        """End the process."""
        if self.pipe is None:
            return
        self.pipe.close()
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

    def start(self) -> None:
        """Start the process where there is none."""
        if self.pipe is not None:
            return
        context = get_context("spawn")
        pipe, end = context.Pipe()
        self.process = context.Process(target=_serve, args=(end, os.getpid(), self.modules), daemon=False)
        resource_tracker.ensure_running()  # which lets a stop through when it is started among the deaf
        with _modest(), deaf():
            self.process.start()
        end.close()
        self.pipe = pipe  # last: a signal may come at any line, and only what is started can be stopped


@contextmanager
def _modest() -> Iterator[None]:
    """Let processes started inside live in ``MODEST``, an environment that Polars reads when it is loaded."""
    before = {name: os.environ.get(name) for name in MODEST}
    os.environ.update(MODEST)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def deaf() -> Iterator[None]:
    """Let processes and threads started inside hear no stop at the terminal, not even while they load.

    A process is ended by this one. A thread that heard it would have this one raise, also where it must not.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection[Any, Any], parent: int, modules: Sequence[str]) -> None:
    """Do tasks until the pipe closes or this process is worn.

    A stop at the terminal reaches the parent, which ends its workers.
    """
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_ceiling(CEILING_BYTES)
    for module in modules:
        import_module(module)
    gc.freeze()  # what is loaded is no garbage: to look through it after a large page takes as long as to read another
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
