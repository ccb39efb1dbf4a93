"""What the finders of repeats share: lines in their matching form, and pairs of lines as findings."""

from __future__ import annotations

import polars as pl

from pipeline.dedup.normalise import matching_form

ID = ["doc", "line"]
KEY_CHARS = 10  # letters that two lines must share at their beginning before their forms are compared
CAPTION = (
    r"^.{8,}(?:사진\s?[=:/]|사진\s?제공|[ⓒ©]|\[사진|\(사진|/사진)|"
    r"^.{25,}(?:제공|연합뉴스|뉴시스|뉴스1|AP|AFP|로이터|EPA|게티이미지\S*)[.\])\s]*$"
)

_DATELINE = r"[=\])】>]$"


def formed(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines with ``form``, their matching form, and its ``size`` in characters."""
    form = matching_form(pl.col("text"))
    return lines.with_columns(form=form).with_columns(size=pl.col("form").str.len_chars())


def as_repeats(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return pairs of ``line`` and ``other`` line with rule and evidence in words.

    ``part`` is what the other line holds of this one's ``form``; ``cut``: an ellipsis ends the line; ``spans``: it
    runs on in the lines below the other one. The last two may be missing, then they are false.
    """
    marks = [pl.lit(value=False).alias(name) for name in ("cut", "spans") if name not in pairs.columns]
    equal = pl.col("form") == pl.col("other_form")
    before = pl.col("other_form").str.splitn(pl.col("part"), 2).struct.field("field_0")
    kind = (
        pl.when(pl.col("cut"))
        .then(pl.lit("cut off from"))
        .when(pl.col("spans"))
        .then(pl.lit("made of"))
        .when(before == "")
        .then(pl.lit("the first sentence of"))
        .when(before.str.contains(_DATELINE))
        .then(pl.lit("the first sentence, after the dateline, of"))
        .otherwise(pl.lit("part of"))
    )
    words = pl.when(equal).then(pl.lit("equal to")).otherwise(kind)
    below = pl.when(pl.col("spans")).then(pl.lit(" and the lines below it")).otherwise(pl.lit(""))
    return pairs.with_columns(marks).select(
        "doc",
        "line",
        rule=pl.when(equal).then(pl.lit("repeat/equal")).otherwise(pl.lit("repeat/contained")),
        evidence=pl.format("{} line {}{}", words, pl.col("other"), below),
        score=(pl.col("part").str.len_chars() / pl.col("other_size")).clip(0, 1).cast(pl.Float32),
        same_as="other",
    )
