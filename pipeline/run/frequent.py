"""The pass between stripping and dedup: text that a site repeats, told by this run's pages and earlier runs' counts.

It stands before dedup, so that furniture never makes unrelated articles look alike. Its counts lie in the index,
``index/frequent-*.parquet``, one file a run; a run without a manifest has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.run.gather import Gathered
from pipeline.run.shard import check_law
from pipeline.store.corpus import paths_of
from pipeline.store.files import read_table
from pipeline.store.manifest import Manifest
from pipeline.strip.apply import apply
from pipeline.strip.frequent import MIN_HOST_PAGES, UNKNOWN_HOST, frequent
from pipeline.strip.sites import COUNTS

SAID = 5  # hosts named on the terminal; the manifest has them all


class Cleaned(NamedTuple):
    """What the pass leaves, the run's own ``counts[COUNTS]``, and the pages of hosts that have too few."""

    gathered: Gathered
    counts: pl.DataFrame
    too_small: dict[str, int]


def remove_frequent(gathered: Gathered, earlier: pl.DataFrame) -> Cleaned:
    """Take the frequent text out of the standing lines; ``earlier[COUNTS]`` is what earlier runs counted.

    Raises NewsieveError when the law does not hold.
    """
    found, counts, small = frequent(gathered.lines, gathered.documents, earlier)
    lines, removed = apply(gathered.lines, found, "frequent")
    check_law(gathered.lines, lines, removed)
    record = pl.concat([gathered.removed, removed]).sort(
        "doc", "line", pl.col("span").struct.field("start"), nulls_last=True
    )
    left = gathered._replace(lines=lines.filter(pl.col("gone").is_null()), removed=record)
    named = small.with_columns(pl.col("host").replace("", UNKNOWN_HOST))
    return Cleaned(left, counts, dict(named.iter_rows()))


def earlier_counts(folder: Path, manifests: Sequence[Manifest]) -> pl.DataFrame:
    """Return the counts of every committed run; raises CorpusError when a file is damaged or missing."""
    paths = paths_of(folder, manifests, "index/frequent")
    return pl.concat([COUNTS.to_frame(), *(read_table(path, COUNTS) for path in paths)])


def in_words(too_small: dict[str, int]) -> str:
    """Return as one line which hosts have too few pages."""
    largest = sorted(too_small.items(), key=lambda pair: (-pair[1], pair[0]))
    named = ", ".join(f"{host} {pages}" for host, pages in largest[:SAID])
    more = f" and {len(largest) - SAID} more" if len(largest) > SAID else ""
    return f"frequent text: a site needs {MIN_HOST_PAGES} pages of different text; fewer: {named}{more}"
