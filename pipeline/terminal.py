"""The one module that prints: data to stdout, talk and progress to stderr, errors as one clear message."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.errors import NewsieveError

LOG_SECONDS = 5.0
INTERRUPTED = 128 + signal.SIGINT


def tell(data: str | bytes, *, nl: bool = True) -> None:
    """Print data to stdout, with a line end unless ``nl`` is false."""
    click.echo(data, nl=nl)


def talk(text: str) -> None:
    """Print a message to stderr."""
    click.echo(text, err=True)


@contextmanager
def watching(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that shows progress: bars on a terminal, a line every few seconds elsewhere."""
    if quiet:
        yield lambda _name, _done, _total: None
    elif sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            tasks: dict[str, Any] = {}

            def show_bar(name: str, done: int, total: int) -> None:
                tasks.setdefault(name, bars.add_task(name, total=total) if name not in tasks else None)
                bars.update(tasks[name], completed=done, total=total)

            yield show_bar
    else:
        yield _logged()


def _logged() -> Callable[[str, int, int], None]:
    start = said = time.monotonic()

    def log(name: str, done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if done == total or now - said > LOG_SECONDS:
            said = now
            talk(f"[{now - start:7.1f} s] {name}: {done} of {total}")

    return log


def guarded(command: Callable[[], Any]) -> int:
    """Return the exit code of ``command``, its error said in words; a traceback only with ``--debug``."""
    try:
        command()
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except click.ClickException as error:
        error.show()
        return 2
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last place where a bug can be told in words
        code, text = _in_words(error)
        if "--debug" in sys.argv:
            traceback.print_exception(error)
        talk(f"newsieve: {text}")
        return code
    return 0


def _in_words(error: BaseException) -> tuple[int, str]:
    if isinstance(error, NewsieveError):
        return error.exit_code, str(error)
    if isinstance(error, MemoryError):
        return 8, "out of memory. Nothing was committed; use fewer workers or smaller files."
    if isinstance(error, OSError):
        return 7, f"{error}. Nothing was committed; mend the disk or the path, then run again."
    if not isinstance(error, KeyboardInterrupt | click.Abort):
        return 1, (
            f"a bug: {type(error).__name__}: {error}. Nothing was committed; "
            "please report what --debug before the command shows."
        )
    told = "stopped. Nothing was committed; the same command goes on where this one stopped."
    return getattr(error.__cause__ or error, "exit_code", INTERRUPTED), told
