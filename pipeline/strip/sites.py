"""What is known of sites: on how many pages of a host a template stands, and where; tables that runs hand on."""

from __future__ import annotations

import polars as pl

from pipeline.schema import conform
from pipeline.strip.shapes import sentence_end

STORED_SHARE = 0.05  # of a run's pages of a host: what is rarer is not worth keeping for later runs

_COUNTS = {
    "host": pl.String,  # "" for pages of unknown host
    "template": pl.String,  # null: the row counts the host's pages of different text, as ``head``
    "head": pl.UInt32,  # pages on which it stands above the article only
    "tail": pl.UInt32,  # below it, and nowhere inside
    "middle": pl.UInt32,  # inside it
    "example": pl.String,
}
COUNTS = pl.Schema(_COUNTS)

PLACES = ("head", "tail", "middle")


def counted(lines: pl.DataFrame) -> pl.DataFrame:
    """Return ``COUNTS`` of the lines that are ``known``, and each host's pages.

    ``lines[doc, host, text, template, chars, own, place, known]``. Documents whose longest sentence of their own is
    the same count as one page, however often an article was published; a document without any counts as none.
    """
    own = lines.filter(pl.col("own") & (pl.col("place") == "middle"))
    longest = own.select("doc", "host", "chars", "text").sort(
        "doc", "chars", "text", descending=[False, True, False]
    )
    keys = longest.unique("doc", keep="first").select("doc", "host", page="text")
    pages = keys.group_by("host").agg(head=pl.col("page").n_unique())
    held = (
        lines.filter("known")
        .join(keys.drop("host"), on="doc")
        .group_by("host", "page", "template")
        .agg(*((pl.col("place") == name).any().alias(name) for name in PLACES), example=pl.col("text").min())
    )
    middle = pl.col("middle")
    apart = held.with_columns(tail=pl.col("tail") & ~middle, head=pl.col("head") & ~pl.col("tail") & ~middle)
    counts = apart.group_by("host", "template").agg(pl.col(PLACES).sum(), pl.col("example").min())
    rows = pl.concat([conform(pages, COUNTS), conform(counts, COUNTS)])
    return rows.with_columns(pl.col(PLACES).fill_null(0)).sort("host", "template")


def summed(counts: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """Return ``host, template, head, tail, middle`` over several runs' ``counts`` for what ``wanted`` has of them."""
    held = counts.join(wanted, on=["host", "template"], how="semi")
    return held.group_by("host", "template").agg(pl.col(PLACES).sum())


def documents_of() -> pl.Expr:
    """Return on how many pages a template stands."""
    return pl.sum_horizontal(PLACES)


def pages_of(counts: pl.DataFrame) -> pl.DataFrame:
    """Return ``host, pages`` over several runs' ``counts[COUNTS]``."""
    return counts.filter(pl.col("template").is_null()).group_by("host").agg(pages=pl.col("head").sum())


def worth_keeping(counts: pl.DataFrame) -> pl.DataFrame:
    """Drop what later runs hardly need: templates on a twentieth of a host's pages, and sentences on one page."""
    told = counts.join(pages_of(counts), on="host", how="left", maintain_order="left")
    once = (documents_of() == 1) & sentence_end(pl.col("example"))
    rare = (documents_of() < STORED_SHARE * pl.col("pages")) | once
    return told.filter(pl.col("template").is_null() | ~rare).select(COUNTS.names())
