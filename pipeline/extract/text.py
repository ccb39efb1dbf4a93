"""Plain text: one line of it is one paragraph; blank lines are none."""

from __future__ import annotations

import polars as pl

from pipeline.schema import LINES, conform


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
