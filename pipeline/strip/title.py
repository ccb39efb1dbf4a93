"""The title: a line that only repeats the title moves to the title column, and only on evidence.

A crawled text often begins with a sub-headline or with the article itself, and both look like a title. So a first
line is the title only where the page says so, or where portal furniture (a summary notice, a date line, a text-size
notice) or a broadcaster's anchor mark follows it at once: those stand between a title and its article.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from pipeline.schema import FOUND
from pipeline.strip.shapes import body_like

FirstLine = Literal["auto", "title", "body"]
# Classes of chrome that portals put between the title and the article.
BELOW_TITLE = (
    "autosummary", "ai_summary", "fontsize", "press_tag", "date", "tts", "translation", "share_print",
    "section_notice", "reaction", "subscribe", "comment_ui", "source", "ui",
)  # fmt: skip
# [앵커], 【 앵커멘트 】, [뉴스데스크]◀ 앵커 ▶, ▶<홍길동 / 진행자>
ANCHOR_MARK = (
    r"^(\[[^\]]{2,12}\]\s*)?[【◀▶■\[<]\s*<?\s*(앵커|앵커멘트|[^<>\s]{2,5} / 진행자)\s*>?\s*[】▶\]>]?$"
)
MIN_TITLE_CHARS, MAX_TITLE_CHARS = 8, 120  # shorter first lines are a press, a section, a button

_LETTER = r"([\p{L}\p{N}])"


def title(lines: pl.DataFrame, documents: pl.DataFrame, first_line: FirstLine = "auto") -> pl.DataFrame:
    """Return ``FOUND`` rows for the lines that are the document's title.

    ``first_line``: ``title`` takes the first standing line of every document without a given title, ``body`` none,
    ``auto`` those with evidence.
    """
    known = documents.select("doc", "title")
    found = [_given(lines, known)]
    if first_line != "body":
        found.append(_first(lines, known.filter(pl.col("title").is_null()), sure=first_line == "title"))
    rows = pl.concat(found).with_columns(gone=pl.lit("title"))
    missing = [name for name in FOUND if name not in rows.columns]
    filled = rows.with_columns(pl.lit(None).alias(name) for name in missing).sort("doc", "line")
    return filled.select(pl.col(name).cast(dtype) for name, dtype in FOUND.items())


def _given(lines: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the first line before any body-like line that equals the given title, blanks and marks aside."""
    standing = lines.filter(pl.col("gone").is_null()).join(known.drop_nulls("title"), on="doc")
    alike = standing.filter(pl.col("text").str.extract(_LETTER) == pl.col("title").str.extract(_LETTER))
    same = alike.filter(_letters("text") == _letters("title"))
    beside = standing.join(same, on="doc", how="semi")
    body = beside.filter(body_like(pl.col("text"))).group_by("doc").agg(body=pl.col("line").min())
    early = same.join(body, on="doc", how="left").filter(
        (pl.col("line") <= pl.col("body")).fill_null(value=True)
    )
    rows = early.group_by("doc").agg(pl.col("line").min())
    return rows.with_columns(rule=pl.lit("title/given"), evidence=pl.lit("equal to the page's title"))


def _letters(column: str) -> pl.Expr:
    letters = pl.col(column).str.replace_all(r"[^\p{L}\p{N}]", "")
    return pl.when(letters != "").then(letters)


def _first(lines: pl.DataFrame, untitled: pl.DataFrame, *, sure: bool) -> pl.DataFrame:
    own = lines.join(untitled.select("doc"), on="doc", how="semi").sort("doc", "line")
    after = own.with_columns(
        next_gone=pl.col("gone").shift(-1).over("doc"), next_text=pl.col("text").shift(-1).over("doc")
    )
    standing = after.filter(pl.col("gone").is_null())
    long_enough = sure or pl.col("text").str.len_chars() >= MIN_TITLE_CHARS
    first = standing.filter(long_enough).group_by("doc", maintain_order=True).first()
    if sure:
        return first.select(
            "doc", "line", rule=pl.lit("title/first-line"), evidence=pl.lit("the first line, as configured")
        )
    body = (
        own.filter(pl.col("gone").is_null() & body_like(pl.col("text")))
        .group_by("doc")
        .agg(body=pl.col("line").max())
    )
    furniture = pl.col("next_gone").is_in(BELOW_TITLE)
    anchor = pl.col("next_text").str.contains(ANCHOR_MARK)
    shaped = (pl.col("text").str.len_chars() <= MAX_TITLE_CHARS) & ~body_like(pl.col("text"))
    hit = first.join(body, on="doc").filter(shaped & (furniture | anchor) & (pl.col("body") > pl.col("line")))
    evidence = (
        pl.when(anchor)
        .then(pl.lit("an anchor's mark follows: ") + pl.col("next_text"))
        .otherwise(pl.col("next_gone") + pl.lit(" follows: ") + pl.col("next_text").str.slice(0, 40))
    )
    return hit.select("doc", "line", rule=pl.lit("title/first-line"), evidence=evidence)
