"""Floors: counts that an evaluation must not exceed, in a file that is only ever made stricter."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import read_toml
from pipeline.errors import ConfigError, FloorError
from pipeline.evaluate.gold import KINDS
from pipeline.evaluate.score import COUNTS

Counts = dict[str, dict[str, int]]
FLOORED = tuple(name for name in COUNTS if not name.endswith("_lines"))
HEAD = (
    "# Counts that an evaluation must not exceed. They only ever go down: newsieve evaluate --raise-floors.\n"
)


def read_floors(path: Path) -> Counts:
    """Return the floors of ``path``: tables ``[text]`` and ``[html]`` of counts. Raises ConfigError."""
    floors: Counts = read_toml(path, "floors")
    for kind, counts in floors.items():
        for name, most in counts.items() if isinstance(counts, dict) else [("", None)]:
            if kind not in KINDS or name not in FLOORED or not isinstance(most, int):
                known = f"known are [{'] ['.join(KINDS)}] with {', '.join(FLOORED)} as whole numbers"
                raise ConfigError(f"{path}: unknown floor [{kind}] {name}; {known}. Nothing was measured.")
    return floors


def check_floors(totals: Counts, floors: Counts, path: Path) -> None:
    """Raise FloorError when a count of ``totals`` is above its floor."""
    fallen = [
        f"[{kind}] {name} is {totals[kind][name]}, allowed are {most}"
        for kind, counts in floors.items()
        for name, most in counts.items()
        if kind in totals and totals[kind][name] > most
    ]
    if fallen:
        raise FloorError(f"{path}: below the floors: {'; '.join(fallen)}. The lines are listed above.")


def raised(totals: Counts, floors: Counts) -> str:
    """Return the file's new text: of every count the lower one of ``totals`` and ``floors``."""
    rows = [HEAD]
    for kind in KINDS:
        if kind in totals or kind in floors:
            rows.append(f"[{kind}]\n")
        for name in FLOORED:
            found = [counts[kind][name] for counts in (totals, floors) if name in counts.get(kind, {})]
            rows += [f"{name} = {min(found)}\n"] if found else []
    return "".join(rows)
