"""What was unusual in reading pages, for the manifest: the pages of each note, and those that may have lost text."""

from __future__ import annotations

from typing import Any

import polars as pl

KINDS = 50  # of notes told: what pages declare is in them, and may be anything
TOLD = 20  # pages named
LOSSY = "replaced|encoded twice|nested too deep"


def notes_of(documents: pl.DataFrame) -> dict[str, Any]:
    """Return ``notes``, the number of pages by note, and ``noted``, the first pages by id whose text may be wrong.

    A note on a number of characters counts without its number.
    """
    noted = documents.drop_nulls("note").select("doc_id", "note").sort("doc_id")
    single = noted.select(note=pl.col("note").str.split("; ").list.explode()).with_columns(
        pl.col("note").str.replace(r"\d+ characters?", "characters")
    )
    counts = single.group_by("note").len().sort("len", "note", descending=[True, False])
    return {
        "notes": dict(counts.head(KINDS).sort("note").rows()),
        "noted": dict(noted.filter(pl.col("note").str.contains(LOSSY)).head(TOLD).rows()),
    }
