"""Peers: other people's programs, each set in a virtual environment of its own, made when it is first asked for."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / ".peers"  # git-ignored
SECONDS = 900


class PeerError(Exception):
    """A peer cannot be installed here; the text says why."""


def python_of(name: str, requirements: Sequence[str]) -> str:
    """Return the Python of the environment ``name`` with ``requirements`` in it; raise PeerError if that fails.

    An environment is made once, and again when its requirements change.
    """
    home = FOLDER / name
    python, ready = home / "bin" / "python", home / "ready.txt"
    wanted = "\n".join([sys.version, *requirements])
    if ready.is_file() and ready.read_text("utf-8") == wanted:
        return str(python)
    venv.create(home, with_pip=True, clear=True)
    _install(python, ["--upgrade", "pip"])  # the one that comes with Python 3.11 fails on newer extras
    _install(python, requirements)
    ready.write_text(wanted, "utf-8")
    return str(python)


def _install(python: Path, packages: Sequence[str]) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise PeerError(f"pip took more than {SECONDS} seconds") from None
    if done.returncode:
        raise PeerError((done.stderr.strip().splitlines() or ["pip failed"])[-1])
