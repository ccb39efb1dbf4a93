"""The one place where text leaves a document: removals are applied to lines and recorded as they go."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from pipeline.schema import REMOVED, SHAPED
from pipeline.strip.shapes import shaped


class Applied(NamedTuple):
    """Lines after a stage, and the record of what it took."""

    lines: pl.DataFrame
    removed: pl.DataFrame


def apply(lines: pl.DataFrame, found: pl.DataFrame, stage: str) -> Applied:
    """Take what ``found[FOUND]`` names out of the standing ``lines[SHAPED]`` and record it as ``REMOVED`` rows.

    A whole line keeps its text and is marked ``gone``; a span is cut out of its line's text. Spans of one line
    do not overlap and count characters of the line as it stood before any of them was cut.
    """
    if found.is_empty():
        return Applied(lines, REMOVED.to_frame())
    hits = found.join(
        lines.filter(pl.col("gone").is_null()).drop("gone"), on=["doc", "line"], maintain_order="left"
    )
    whole = pl.col("start").is_null()
    marks = hits.filter(whole).select("doc", "line", taken="gone")
    marked = lines.join(marks, on=["doc", "line"], how="left", maintain_order="left")
    left = marked.with_columns(gone=pl.coalesce("gone", "taken")).select(SHAPED.names())
    return Applied(_cut(left, hits.filter(~whole)), _record(hits, stage))


def _cut(lines: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Return ``lines`` with ``spans`` cut out of their texts, and what is left of these measured anew."""
    if spans.is_empty():
        return lines
    cuts = spans.group_by("doc", "line").agg(pl.col("text").first(), cut=pl.struct("start", "end"))
    rests = [
        (doc, line, without(text, [(span["start"], span["end"]) for span in cut]))
        for doc, line, text, cut in cuts.iter_rows()
    ]
    rest = pl.DataFrame(rests, schema={"doc": pl.UInt32, "line": pl.UInt32, "rest": pl.String}, orient="row")
    cut = shaped(lines.join(rest, on=["doc", "line"]).with_columns(text="rest"))
    # Put together and sorted, rows keep their texts where they are; to update a column copies every text.
    return pl.concat([lines.join(rest, on=["doc", "line"], how="anti"), cut]).sort("doc", "line")


def without(text: str, spans: list[tuple[int, int]]) -> str:
    """Return ``text`` with the characters of ``spans`` cut out."""
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text


def within(rest: str, spans: list[tuple[int, str]]) -> str:
    """Return ``rest`` with every ``(start, text)`` back in its place: what ``without`` was given."""
    for start, text in sorted(spans):
        rest = rest[:start] + text + rest[start:]
    return rest


def _record(hits: pl.DataFrame, stage: str) -> pl.DataFrame:
    span = pl.when(pl.col("start").is_not_null()).then(pl.struct("start", "end"))
    taken = (
        pl.when(pl.col("start").is_null())
        .then(pl.col("text"))
        .otherwise(pl.col("text").str.slice(pl.col("start"), pl.col("end") - pl.col("start")))
    )
    rows = hits.with_columns(span=span, text=taken, stage=pl.lit(stage))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in REMOVED.items())


def rebuild(standing: pl.DataFrame, removed: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc, line, text`` of the extracted lines, from the lines that stand and the record of removals.

    The law (docs/design.md) is that this equals what was extracted. ``standing`` has ``doc, line, text``; ``removed``
    has ``doc, line, span, text``; ``doc`` may be a number or an id.
    """
    columns = ["doc", "line", "text"]
    whole = removed.filter(pl.col("span").is_null()).select(columns)
    rests = pl.concat([standing.select(columns), whole], rechunk=True)  # of many pieces a join copies texts
    spans = removed.filter(pl.col("span").is_not_null()).select(
        "doc", "line", part=pl.struct(pl.col("span").struct.field("start"), "text")
    )
    cut = rests.join(spans.group_by("doc", "line").agg("part"), on=["doc", "line"])
    texts = [
        within(text, [(p["start"], p["text"]) for p in part])
        for text, part in cut.select("text", "part").iter_rows()
    ]
    mended = cut.select("doc", "line", text=pl.Series(texts, dtype=pl.String))
    uncut = rests.join(mended, on=["doc", "line"], how="anti")
    return pl.concat([uncut, mended]).sort("doc", "line")
