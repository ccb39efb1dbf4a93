"""Lines in parts of a page that a selector drops: extracted all the same, so that they go on record like any other."""

from __future__ import annotations

import polars as pl

from pipeline.schema import FOUND, conform


def dropped(lines: pl.DataFrame, _documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``FOUND`` rows for the standing ``lines[SHAPED]`` that stand in a part which is no article."""
    inside = lines.filter(pl.col("gone").is_null() & pl.col("part").is_not_null())
    name = pl.col("part").str.splitn(" ", 2).struct
    found = inside.with_columns(
        rule=name[0],
        evidence=pl.format("inside {}, which is no part of the article", name[1]),
        gone=pl.lit("dropped"),
    )
    return conform(found, FOUND)
