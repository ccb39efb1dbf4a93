"""The executor: results, errors and deaths of workers."""

import os
import signal
import sys
import time

import pytest

from pipeline.errors import ConfigError
from pipeline.execute import Crashed, Local, Task
from pipeline.memory import sizes


def double(number):
    """Return twice a number."""
    return 2 * number


def die_of(number, deadly):
    """Kill the own process when the number is the deadly one."""
    if number == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse():
    """Raise what a task may raise."""
    raise ConfigError("no such thing")


def unheard():
    """Return the signals that this process has not heard since it began."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


def threads():
    """Return how many threads Polars uses here, and this process's id."""
    import polars as pl  # noqa: PLC0415 - in the worker

    return pl.thread_pool_size(), os.getpid()


def held_after():
    """Return how many MB of what Polars freed this process still holds half a second later."""
    import polars as pl  # noqa: PLC0415 - in the worker

    before = sizes()[0]
    column = pl.select(pl.lit("가나다라" * 10).repeat_by(600_000).explode()).to_series().str.to_uppercase()
    most = sizes()[0]
    del column
    time.sleep(0.5)
    return (most - before) >> 20, (sizes()[0] - before) >> 20


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux tells a process what it holds")
def test_a_worker_gives_back_what_polars_freed(monkeypatch):
    """Soon after Polars has freed memory a worker holds it no more; the environment of this process is as it was."""
    monkeypatch.delenv("_RJEM_MALLOC_CONF", raising=False)

    ((_, (most, left)),) = Local(1, isolate=True).run([Task("", held_after, ())])

    assert most > 100
    assert left < most / 4
    assert "_RJEM_MALLOC_CONF" not in os.environ


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_gives_its_result(workers):
    """Results come back under the names of their tasks, in this process or in others."""
    tasks = [Task(str(n), double, (n,)) for n in range(5)]

    assert dict(Local(workers).run(tasks)) == {str(n): 2 * n for n in range(5)}


def test_a_death_takes_no_other_task_along():
    """The task that kills its worker is named with the signal; all others are done."""
    tasks = [Task(str(n), die_of, (n, 2)) for n in range(5)]

    results = dict(Local(2, isolate=True).run(tasks))

    assert results == {"0": 0, "1": 1, "2": Crashed(-signal.SIGKILL), "3": 3, "4": 4}


def test_an_error_of_a_task_is_raised_here():
    """An exception crosses the pipe with its class, its message and where it came from."""
    with pytest.raises(ConfigError, match="no such thing") as raised:
        list(Local(1, isolate=True).run([Task("x", refuse, ())]))

    assert "in refuse" in raised.value.__notes__[0]


def test_a_worker_is_another_process_with_one_polars_thread():
    """An isolated task does not run here, and does not take the cores of the other workers."""
    ((_, (size, pid)),) = Local(1, isolate=True).run([Task("x", threads, ())])

    assert size == 1
    assert pid != os.getpid()


def whereabouts(module):
    """Return this process's id, and whether it has imported a module."""
    return os.getpid(), module in sys.modules


def test_workers_start_early_and_last_for_a_block():
    """Workers are there before the first task, with what they need; they do one list of tasks after the other."""
    tasks = [Task(str(n), whereabouts, ("tabnanny",)) for n in range(4)]
    with Local(2, isolate=True, modules=["tabnanny"]) as local:
        local.start(3)
        early = [worker.process for worker in local._crew]  # noqa: SLF001 - to count
        found = [*local.run(tasks), *local.run(tasks[:1])]
        again = [pid for _, (pid, _) in local.run(tasks)]

    assert len(early) == 2
    assert {pid for _, (pid, _) in found} | set(again) <= {process.pid for process in early}
    assert all(imported for _, (_, imported) in found)
    assert "tabnanny" not in sys.modules
    assert not any(process.is_alive() for process in early)


def test_what_a_task_raises_stops_the_workers_of_a_block():
    """A task that was half done is no answer to the next list of tasks."""
    with Local(2, isolate=True) as local:
        with pytest.raises(ConfigError):
            list(local.run([Task("x", refuse, ()), Task("y", time.sleep, (5,))]))

        assert dict(local.run([Task("z", double, (3,))])) == {"z": 6}


def test_a_stop_at_the_terminal_reaches_no_worker_while_it_loads():
    """Workers are started with the signal held back, and this process hears it again."""
    assert signal.SIGINT in dict(Local(1, isolate=True).run([Task("x", unheard, ())]))["x"]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
