"""Errors a user can act on.

Each class carries its exit code; each message says what, where, the effect and the next step.
"""

from __future__ import annotations

import signal
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
