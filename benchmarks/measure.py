"""Measuring: every figure comes from a process of its own, so that none inherits memory or warm caches.

This module imports nothing large: on Linux a child's peak memory counts what its parent held when it started.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from importlib import import_module
from typing import Any, NamedTuple


class Usage(NamedTuple):
    """What a process and those it waited for used. ``peak_mb``: the largest of them, in MB of 10^6 bytes."""

    cpu: float
    wall: float
    peak_mb: float


def run(command: list[str]) -> tuple[Usage, bytes]:
    """Run ``command`` to its end; return what it used and what it wrote to stdout. Raises RuntimeError if it fails."""
    start = time.perf_counter()
    # Installed programs have their bytecode, so let a first run keep it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)  # noqa: S603 - our own commands
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}: {' '.join(command)}")
    wall = time.perf_counter() - start
    return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024 / 1e6), output


def call(function: str, **arguments: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return what ``function`` (``module:name``, of this package) returns for ``arguments``, called in a child."""
    return measured(function, sys.executable, **arguments)[1]


def measured(function: str, python: str, **arguments: Any) -> tuple[Usage, Any]:  # noqa: ANN401 - any JSON value
    """Do what ``call`` does in another ``python``, and return what the child used as well."""
    usage, answer = run([python, "-m", "benchmarks.measure", function, json.dumps(arguments)])
    return usage, json.loads(answer)


def clocked(function: Any, *arguments: Any) -> tuple[Any, float]:  # noqa: ANN401 - any callable
    """Return the result of a call, and its CPU seconds in all threads and children of this process."""
    start = _cpu()
    result = function(*arguments)
    return result, _cpu() - start


def _cpu() -> float:
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in both)


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "w") as stdout:
        os.dup2(2, 1)  # what a library prints is no answer
        module, _, name = sys.argv[1].partition(":")
        answer = getattr(import_module(f"benchmarks.{module}"), name)(**json.loads(sys.argv[2]))
        stdout.write(json.dumps(answer))
