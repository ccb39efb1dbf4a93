"""The page of figures: each part stands behind a marker of its own, so that one can be measured again alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

INTRO = """# Benchmarks

Written by `make bench`; what each figure means: benchmarks/README.md. All text is generated and the same for the
same seed. A figure is the median of interleaved rounds (least–greatest).
"""
MARKER = re.compile(r"^<!-- part: (\w+) -->\n", re.MULTILINE)


def parts_of(page: str) -> dict[str, str]:
    """Return the Markdown of each part of ``page`` by the name in its marker, in order.

    Raises ValueError when figures stand before the first marker: they would be lost.
    """
    intro, *pieces = MARKER.split(page)
    if "\n## " in intro:
        raise ValueError("the page of benchmarks has figures outside of its parts; put a marker before them")
    return {name: text.strip("\n") for name, text in zip(pieces[::2], pieces[1::2], strict=True)}


def write_parts(path: Path, parts: dict[str, str], order: Sequence[str]) -> None:
    """Put ``parts`` into the page at ``path`` in the given order of names; what it says of other parts stays.

    Behind ``name`` come its parts ``name_…`` by the alphabet, and last of all what is in no order.
    """
    kept = parts_of(path.read_text("utf-8")) if path.exists() else {}
    known = {**kept, **{name: text.strip("\n") for name, text in parts.items()}}

    def place(name: str) -> tuple[int, str]:
        family = name.partition("_")[0]
        return (order.index(family), name) if family in order else (len(order), "")

    told = [f"<!-- part: {name} -->\n{known[name]}\n" for name in sorted(known, key=place)]
    path.write_text("\n".join([INTRO, *told]), "utf-8")
