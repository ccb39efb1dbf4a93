"""The declared tables."""

import polars as pl

from pipeline.schema import CORPUS, REMOVALS, SKIPPED, conform


def test_empty_frame_conforms_to_every_table():
    """A table without rows still has every column with its declared type."""
    for schema in (CORPUS, REMOVALS, SKIPPED):
        assert conform(pl.DataFrame(), schema).schema == schema


def test_conform_drops_what_is_not_declared_and_orders_the_rest():
    """A stray column never reaches a file, and the column order is the declared one."""
    frame = pl.DataFrame({"detail": ["x"], "stray": [1], "source": ["a.txt"], "reason": ["no_text"]})

    assert conform(frame, SKIPPED).columns == list(SKIPPED)
