"""Plain text: one line of it is one paragraph; blank lines are none."""

from __future__ import annotations

import polars as pl

from pipeline.extract.shape import MOST_LINES, TOO_LARGE
from pipeline.schema import LINES, conform

FAILED = pl.Schema({"doc": pl.UInt32(), "reason": pl.String(), "detail": pl.String()})


def text_lines(pages: pl.DataFrame) -> pl.DataFrame:
    """Return ``LINES`` of text ``pages[doc, content]``: stripped of blanks at both ends, numbered from 1."""
    split = (
        pages.lazy()
        .select("doc", text=pl.col("content").str.split("\n"))
        .explode("text")
        .with_columns(pl.col("text").str.strip_chars())
        .filter(pl.col("text") != "")
        .with_columns(line=pl.int_range(1, pl.len() + 1).over("doc"))
        .collect()
    )
    return conform(split, LINES)


def crowded(pages: pl.DataFrame) -> pl.DataFrame:
    """Return ``FAILED`` rows of the text ``pages[doc, content]`` that have too many lines."""
    counted = pages.select("doc", count=pl.col("content").str.count_matches("\n", literal=True) + 1)
    detail = pl.format(TOO_LARGE, "count", pl.lit("lines"), MOST_LINES)
    many = counted.filter(pl.col("count") > MOST_LINES)
    return many.select("doc", reason=pl.lit("too_large"), detail=detail).cast(FAILED)
