"""Cases of stages as data: what each line of a document is expected to become."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.schema import LINES, conform
from pipeline.strip.shapes import shaped

CASES = Path(__file__).parent / "cases"
LINE = re.compile(r"^(?:(?P<stays>=)|x(?P<same>\d+ )?|~(?P<gone>\w+) )(?P<text>.*)$")


class Case(NamedTuple):
    """One document, and the lines that a stage must take from it with the lines that they repeat."""

    name: str
    lines: pl.DataFrame
    takes: dict[int, int | None]
    rules: list[str]


def cases(stage: str, kind: str) -> list[Case]:
    """Return the cases of a kind (wild, negative, known_failure) of one stage."""
    data = tomllib.loads((CASES / f"{stage}.toml").read_text("utf-8"))
    return [_case(entry, data["paragraphs"]) for entry in data[kind]]


def _case(entry: dict[str, object], paragraphs: list[str]) -> Case:
    rows, takes = [], {}
    for number, written in enumerate(str(entry["lines"]).strip().splitlines(), start=1):
        match = LINE.match(written)
        assert match, written
        text = re.sub(r"@(\d)", lambda found: paragraphs[int(found[1]) - 1], match["text"])
        rows.append({"doc": 0, "line": number, "text": text, "gone": match["gone"]})
        if not match["stays"] and not match["gone"]:
            takes[number] = int(match["same"]) if match["same"] else None
    frame = pl.DataFrame(
        rows, schema={"doc": pl.UInt32, "line": pl.UInt32, "text": pl.String, "gone": pl.String}
    )
    rules = entry.get("rules") or [entry.get("rule")] * len(takes)
    return Case(str(entry["name"]), shaped(conform(frame, LINES)), takes, list(rules))
