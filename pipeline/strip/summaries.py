"""A summary above the article: sentences of the head that the lines below say again."""

from __future__ import annotations

import polars as pl

from pipeline.strip.same import CAPTION, ID, KEY_CHARS, as_repeats, formed

MIN_CHARS = 32  # of the matching form: 40 characters of press text without their blanks
MIN_NOTICED = 20  # the same, where a notice says that there is a summary
MAX_SUMMARY = 8  # lines; more repeated paragraphs than this are an article extracted twice
NEAR_LEAD = 2  # paragraphs from the end of the head to the nearest copy of a sentence of the summary
SPANNED = 4  # paragraphs that one line of a summary may run over

CUT = r"\s*(?:…|\.{2,})\s*$"
_WORDS = r"([\p{L}\p{N}][\p{L}\p{N} ]{3,9})"  # no quotes: copies write them differently


def summaries(standing: pl.DataFrame, noticed: pl.DataFrame) -> pl.DataFrame:
    """Return the sentences of the head that the article below repeats, each with the line that stays.

    ``standing`` has the traits of ``repeats.py``; ``noticed`` names the documents with a notice of a summary.
    """
    told = (
        _suspects(standing)
        .join(noticed, on="doc", how="left", maintain_order="left")
        .with_columns(
            pl.col("noticed").fill_null(value=False), paragraph=pl.col("body").cum_sum().over("doc")
        )
    )
    pairs = _pairs(told)
    below = (pl.col("line") < pl.col("end")) & (pl.col("other") >= pl.col("end"))
    inside = pairs.join(_head_ends(told, pairs), on="doc").filter(below)
    first = inside.sort("doc", "line", "other").unique(ID, keep="first", maintain_order=True)
    near = pl.col("other_paragraph").min().over("doc") <= pl.col("end_paragraph") + NEAR_LEAD
    short = pl.len().over("doc") <= MAX_SUMMARY
    return as_repeats(first.filter((pl.col("noticed") | near) & short))


def _suspects(standing: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of documents whose head holds the beginning of a later line: few, so forms are made of them.

    The head's sentences end with the first paragraph; its first words, written alike, must occur in a later line.
    """
    sentence = (pl.col("sentence") | pl.col("cut")) & pl.col("key").is_not_null()
    opening = (pl.col("body").cum_sum().over("doc") - pl.col("body").cast(pl.UInt32)) == 0
    heads = standing.filter(opening & sentence).select(
        "doc", "key", head="line", words=pl.col("text").str.slice(0, 4 * KEY_CHARS).str.extract(_WORDS)
    )
    later = standing.select("doc", "line", "text", other_key="key")
    pairs = heads.join(later, on="doc").filter(pl.col("line") > pl.col("head"))
    same = pl.col("text").str.contains(pl.col("words"), literal=True) | (pl.col("key") == pl.col("other_key"))
    docs = pairs.filter(same).select("doc").unique()
    return formed(standing.join(docs, on="doc", how="semi", maintain_order="left"))


def _pairs(told: pl.DataFrame) -> pl.DataFrame:
    """Return ``line`` and every later ``other`` line that equals or contains it; lines are sentences near the top.

    A line that runs over several paragraphs below is paired with the first of them, and ``spans`` it.
    """
    enough = pl.col("size") >= pl.when(pl.col("noticed")).then(MIN_NOTICED).otherwise(MIN_CHARS)
    caption = pl.col("text").str.contains(CAPTION)
    sentences = told.filter((pl.col("sentence") | pl.col("cut")) & enough & ~caption)
    top = sentences.filter(pl.col("line").cum_count().over("doc") <= MAX_SUMMARY + 1).with_columns(
        part=pl.when(pl.col("cut")).then(pl.col("form").str.replace(CUT, "")).otherwise(pl.col("form"))
    )
    later = told.select(
        "doc",
        other="line",
        other_form="form",
        other_size="size",
        other_paragraph="paragraph",
        below=_below(),
    )
    begun = (
        top.join(later, on="doc")
        .filter(pl.col("other") > pl.col("line"))
        .filter(pl.col("other_form").str.contains(pl.col("part").str.head(KEY_CHARS), literal=True))
    )
    inside, later_on, across = (
        text.str.contains(pl.col("part"), literal=True)
        for text in (pl.col("other_form"), pl.col("below"), pl.concat_str("other_form", "below"))
    )
    return begun.with_columns(spans=~inside).filter(inside | (across & ~later_on)).drop("below")


def _below() -> pl.Expr:
    """Return the forms of the lines below a line, run together."""
    forms = [pl.col("form").shift(-step).over("doc") for step in range(1, SPANNED)]
    return pl.concat_str(forms, ignore_nulls=True)


def _head_ends(told: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return ``end`` and ``end_paragraph`` of each document: its first paragraph that nothing below repeats."""
    paragraphs = told.filter(pl.col("body") & ~pl.col("text").str.contains(CAPTION))
    own = paragraphs.join(pairs, on=ID, how="anti").group_by("doc")
    return own.agg(end=pl.col("line").min(), end_paragraph=pl.col("paragraph").min())
