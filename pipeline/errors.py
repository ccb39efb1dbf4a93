"""Errors a user can act on.

Each class carries its exit code; each message says what, where, the effect and the next step.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar


class NewsieveError(Exception):
    """Base of every expected failure; the command line prints the message and exits with ``exit_code``."""

    exit_code: ClassVar[int] = 1


class StoppedError(KeyboardInterrupt):
    """SIGTERM: stop as at the terminal, and say so by the exit code."""

    exit_code: ClassVar[int] = 128 + signal.SIGTERM


class FloorError(NewsieveError):
    """An evaluation fell below its floors."""


class ConfigError(NewsieveError):
    """Usage, config or rules are wrong; nothing was started."""

    exit_code = 2


class PackError(ConfigError):
    """A rule pack cannot be used; the message names file, rule and text."""


class SkippedError(NewsieveError):
    """The run is done and committed, but more pages were skipped than allowed."""

    exit_code = 3


class InputError(NewsieveError):
    """No input could be read; nothing was committed."""

    exit_code = 4


class CorpusError(NewsieveError):
    """A corpus or its index is damaged, or another version wrote it."""

    exit_code = 5


class LockedError(NewsieveError):
    """Another run holds the corpus folder."""

    exit_code = 6


class StorageError(NewsieveError):
    """No space is left, or the disk refused a read or a write."""

    exit_code = 7


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses at ``path`` into a StorageError that says what happened to the run."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StorageError(
            f"{path}: {reason}. The run is not committed and the corpus is as it was; "
            "make room or mend the disk, then start the same command again: it goes on where it stopped."
        ) from error
