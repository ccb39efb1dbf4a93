"""The stages of stripping in their order: one list, and one function that runs it."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import polars as pl

from pipeline.config import Strip
from pipeline.read.times import parse_time
from pipeline.rules import RuleTable
from pipeline.schema import DOCUMENTS, TIME
from pipeline.strip.apply import apply
from pipeline.strip.chrome import chrome, hits_of
from pipeline.strip.dropped import dropped
from pipeline.strip.enclosed import enclosed
from pipeline.strip.guard import keep_whole
from pipeline.strip.headlines import headlines
from pipeline.strip.repeats import repeats
from pipeline.strip.shapes import shaped
from pipeline.strip.title import title


class Stripped(NamedTuple):
    """Documents with what their chrome told about them, their lines, and the record of all removals."""

    documents: pl.DataFrame
    lines: pl.DataFrame
    removed: pl.DataFrame


def strip(lines: pl.DataFrame, documents: pl.DataFrame, table: RuleTable, settings: Strip) -> Stripped:
    """Run every stage on ``lines[LINES]`` of ``documents[DOCUMENTS]``.

    Chrome goes first, because its classes are evidence for the title and for headline lists, and so that no
    stage takes furniture for text. It is looked for again when the copies in a summary are gone: a summary above
    the article reads like its first paragraphs, and hides that the furniture below it stands at the head.
    """
    lines = shaped(lines)
    hits = hits_of(lines, documents, table)
    credits_: list[pl.DataFrame] = []

    def furniture(standing: pl.DataFrame, _documents: pl.DataFrame) -> pl.DataFrame:
        found = chrome(standing, hits)
        credits_.append(found.credits)
        return found.found

    stages = (
        ("chrome", furniture),
        ("chrome", dropped),
        ("title", partial(title, first_line=settings.first_line)),
        ("repeat", repeats),
        ("chrome", furniture),
        ("chrome", enclosed),
        ("headlines", headlines),
    )
    standing, records = lines, []
    for name, stage in stages:
        standing, removed = apply(standing, stage(standing, documents), name)
        records.append(removed)
    record = pl.concat(records).sort("doc", "line", pl.col("span").struct.field("start"))
    credited = _credited(documents, pl.concat(credits_), record)
    guarded = keep_whole(lines, standing, record)
    flagged = credited.drop("kept_whole").join(guarded.spared, on="doc", how="left", maintain_order="left")
    return Stripped(flagged.select(DOCUMENTS.names()), guarded.lines, guarded.removed)


def _credited(documents: pl.DataFrame, credits_: pl.DataFrame, record: pl.DataFrame) -> pl.DataFrame:
    """Fill what a page did not say about itself from its lines: title, press, byline, time."""
    line = pl.col("text").str.replace(r"^\s*[-·•]\s+", "")
    moved = record.filter(pl.col("stage") == "title").unique("doc", keep="first", maintain_order=True)
    moved = moved.select("doc", moved=line)
    seen = credits_.group_by("doc").agg(
        pl.col("press").drop_nulls().first().alias("seen_press"),
        pl.col("byline").drop_nulls().unique(maintain_order=True).alias("seen_byline"),
        pl.col("published").drop_nulls().first().alias("seen_published"),
    )
    seen = seen.with_columns(
        pl.when(pl.col("seen_byline").list.len() > 0).then("seen_byline"),
        pl.col("seen_published").map_elements(parse_time, return_dtype=TIME),
    )
    joined = documents.join(moved, on="doc", how="left", maintain_order="left").join(
        seen, on="doc", how="left", maintain_order="left"
    )
    return joined.with_columns(
        title=pl.coalesce("title", "moved"),
        press=pl.coalesce("press", "seen_press"),
        byline=pl.coalesce("byline", "seen_byline"),
        published=pl.coalesce("published", "seen_published"),
    ).select(DOCUMENTS.names())
