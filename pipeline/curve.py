"""What the bands of the search for duplicates propose: the chance of a pair to be compared, by its similarity."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from pipeline.config import Dedup
from pipeline.dedup.bands import recall_at
from pipeline.run.dedupe import settings_of

LOWEST: Final = 0.5  # Jaccard; below it pairs hardly have a passage in common
BAR: Final = 40  # characters of a chance of 1
PAIRS: Final = 100_000


class Point(Struct, frozen=True):
    """A Jaccard similarity, and the chance that a pair of it is proposed."""

    jaccard: float
    proposed: float


class Curve(Struct, frozen=True):
    """The bands that ``[dedup]`` chooses, and what they propose.

    ``proposed_from``: the Jaccard similarity from which the ``recall`` wanted is reached.
    """

    rule: str
    threshold: float
    recall: float
    proposed_from: float
    num_perm: int
    bands: int
    rows: int
    points: list[Point]


def curve_of(config: Dedup) -> Curve:
    """Return the curve of the settings; documents and paragraphs have the same."""
    settings = settings_of(config, "paragraphs")
    bands, rows = settings.bands()
    start = settings.proposed_from()
    steps = {percent / 100 for percent in range(0, 101, 5) if percent / 100 >= min(LOWEST, start)}
    points = [Point(step, recall_at(step, bands, rows)) for step in sorted({*steps, start})]
    return Curve(
        settings.rule, settings.threshold, settings.recall, start, settings.num_perm, bands, rows, points
    )


def as_text(curve: Curve) -> str:
    """Return the curve for people: a line a similarity, with the candidates expected of so many pairs."""
    return "\n".join(
        [
            f"rule     {curve.rule} of at least {curve.threshold:g}, computed exactly for every candidate pair",
            f"bands    {curve.bands} of {curve.rows} rows, of {curve.num_perm} permutations",
            f"recall   {curve.recall:g} wanted from a Jaccard similarity of {curve.proposed_from:g} on",
            "",
            f"Jaccard  candidates expected of {PAIRS:,} pairs",
            *(_told(point, point.jaccard == curve.proposed_from) for point in curve.points),
        ]
    )


def _told(point: Point, start: bool) -> str:
    bar = "█" * round(point.proposed * BAR)
    return f"{point.jaccard:>7.3g}  {round(point.proposed * PAIRS):>8,}  {bar}{' ◀' if start else ''}"
