"""Chrome: the lines and spans that rule packs take, and the credits (press, byline, time) they show."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import polars as pl

from pipeline.rules import CREDITS, RuleTable, fits_host, match_lines
from pipeline.schema import FOUND


class Chrome(NamedTuple):
    """What the rules found, and ``credits[doc, line, press, byline, published]`` as printed on those lines."""

    found: pl.DataFrame
    credits: pl.DataFrame


def hits_of(lines: pl.DataFrame, documents: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
    """Return what every rule that fits a document's host matches in its ``lines[SHAPED]``, wherever the line stands.

    One row a line and rule: ``doc, line, text, number, rule, where, gone, start, end, evidence`` and the credits.
    """
    return _fitting(_hits(lines.filter(pl.col("gone").is_null()).drop("gone"), table), documents, table)


def chrome(lines: pl.DataFrame, hits: pl.DataFrame) -> Chrome:
    """Return which ``hits`` stand in the place that their rule names, on ``lines[SHAPED]`` that no stage touched yet.

    A whole line goes by the first rule in pack order; spans of one line never overlap (the earlier start wins,
    then the longer), and spans that leave nothing but signs take the line whole.
    """
    standing = lines.filter(pl.col("gone").is_null()).drop("gone")
    now = standing.select("doc", "line", now="text")
    untouched = hits.join(now, on=["doc", "line"], maintain_order="left").filter(
        pl.col("text") == pl.col("now")
    )
    hits = _in_place(untouched.drop("now"), standing)
    whole = hits.filter(pl.col("start").is_null()).unique(["doc", "line"], keep="first", maintain_order=True)
    spans = hits.filter(pl.col("start").is_not_null()).join(whole, on=["doc", "line"], how="anti")
    found = pl.concat([whole, _whole_if_nothing_left(_apart(spans))])
    return Chrome(
        found.with_columns(pl.lit(None).alias(name) for name in ("score", "same_as"))
        .sort("doc", "line", "start")
        .select(pl.col(name).cast(dtype) for name, dtype in FOUND.items()),
        hits.select("doc", "line", *CREDITS).filter(pl.any_horizontal(pl.col(CREDITS).is_not_null())),
    )


def _hits(lines: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
    """Return one row a line and rule that matches it, in the order of lines, then of rules."""
    distinct = lines.select("text").unique(maintain_order=True).with_row_index("key")
    matches = match_lines(distinct, table).join(distinct, on="key").drop("key")
    traits = pl.DataFrame(
        [(p.id, p.rule.kind, p.rule.where, f"{p.rule.kind}: {p.rule.description}") for p in table.rules],
        schema=dict.fromkeys(("id", "gone", "where", "evidence"), pl.String),
        orient="row",
    ).with_row_index("rule")
    found = lines.join(matches, on="text").join(traits, on="rule")
    return found.sort("doc", "line", "rule").rename({"rule": "number", "id": "rule"})


def _fitting(hits: pl.DataFrame, documents: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
    """Keep the hits of packs that fit the document's host; every pack fits a document of unknown host."""
    packs = {pack.id: number for number, pack in enumerate(table.packs)}
    owner = pl.Series([packs[placed.pack.id] for placed in table.rules], dtype=pl.UInt32)
    hosts = documents["host"].unique(maintain_order=True)
    fits = pl.DataFrame(
        [(host, n) for host in hosts for n, pack in enumerate(table.packs) if fits_host(host, pack.hosts)],
        schema={"host": pl.String, "pack": pl.UInt32},
        orient="row",
    )
    placed = hits.with_columns(pack=owner.gather(hits["number"])).join(
        documents.select("doc", "host"), on="doc", maintain_order="left"
    )
    kept = placed.join(fits, on=["host", "pack"], how="semi", nulls_equal=True, maintain_order="left")
    return kept.drop("host", "pack")


def _in_place(hits: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Keep the hits that stand where their rule says.

    The head ends with the first body-like line, the tail begins with the last one.
    """
    taken = hits.filter((pl.col("where") == "anywhere") & pl.col("start").is_null())
    bounds = (
        lines.lazy()
        .filter("body")
        .join(taken.lazy(), on=["doc", "line"], how="anti")
        .group_by("doc")
        .agg(first=pl.col("line").min(), last=pl.col("line").max())
        .collect()
    )
    where, line = pl.col("where"), pl.col("line")
    in_place = (
        (where == "anywhere")
        | ((where == "head") & (line <= pl.col("first")).fill_null(value=True))
        | ((where == "tail") & (line >= pl.col("last")).fill_null(value=True))
    )
    return (
        hits.join(bounds, on="doc", how="left", maintain_order="left").filter(in_place).drop("first", "last")
    )


def _apart(spans: pl.DataFrame) -> pl.DataFrame:
    """Drop a span that begins before an earlier one of its line has ended."""
    by_start = spans.sort(
        ["doc", "line", "start", "end", "number"], descending=[False, False, False, True, False]
    )
    ended = pl.col("end").cum_max().shift().over("doc", "line")
    return by_start.filter((pl.col("start") >= ended).fill_null(value=True))


def _whole_if_nothing_left(spans: pl.DataFrame) -> pl.DataFrame:
    """Widen spans over blanks at the ends of their line; where no letter or digit is left, take the line."""
    rows = [
        row
        for _, part in groupby(spans.iter_rows(named=True), key=itemgetter("doc", "line"))
        for row in _tidy(list(part))
    ]
    return pl.DataFrame(rows, schema=spans.schema, orient="row")


def _tidy(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    text: str = spans[0]["text"]
    rest, end = "", 0
    for span in spans:
        start, stop = span["start"], span["end"]
        span["start"] = 0 if not text[:start].strip() else start
        span["end"] = len(text) if not text[stop:].strip() else stop
        rest, end = rest + text[end:start], stop
    if any(sign.isalnum() for sign in rest + text[end:]):
        return spans
    return [{**spans[0], "start": None, "end": None}]
