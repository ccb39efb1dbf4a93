"""The title: a line that only repeats the title moves to the title column, and only on evidence.

A crawled text often begins with a sub-headline or with the article itself, and both look like a title. So a first
line is the title only where the page says so, where portal furniture (a summary notice, a date line, a text-size
notice) or a broadcaster's anchor mark follows it at once, which stand between a title and its article, or where it
stands alone below the form of a press release. A dateline or a reporter's name below it tells nothing: sub-headlines
have them below too.
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
SERIES_MARK = r"^[■▣●]\s?[^\s.]{2,8}$"  # may stand between the title and the anchor's mark
DATED = (
    r"\d{4}\s?[.\-/]\s?\d{1,2}"  # a line with a name and a date stands below titles, one with a name anywhere
)
FORM = "press_release_form"
BODY_OF_RELEASE = r"^\s*[-□◇■○ㅇ※]"
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
    """Return the lines above the first body-like line that equal the given title, blanks and marks aside."""
    standing = lines.filter(pl.col("gone").is_null())
    body = standing.filter("body").group_by("doc").agg(first=pl.col("line").min())
    early = standing.join(body, on="doc", how="left").filter(
        (pl.col("line") <= pl.col("first")).fill_null(value=True)
    )
    told = early.join(known.drop_nulls("title"), on="doc")
    alike = told.filter(pl.col("text").str.extract(_LETTER) == pl.col("title").str.extract(_LETTER))
    same = alike.filter(_letters("text") == _letters("title"))
    rows = same.select("doc", "line")
    return rows.with_columns(rule=pl.lit("title/given"), evidence=pl.lit("equal to the page's title"))


def _letters(column: str) -> pl.Expr:
    letters = pl.col(column).str.replace_all(r"[^\p{L}\p{N}]", "")
    return pl.when(letters != "").then(letters)


def _first(lines: pl.DataFrame, untitled: pl.DataFrame, *, sure: bool) -> pl.DataFrame:
    own = lines.join(untitled.select("doc"), on="doc", how="semi").sort("doc", "line").with_row_index("row")
    standing = own.filter(pl.col("gone").is_null())
    long_enough = sure or pl.col("chars") >= MIN_TITLE_CHARS
    first = standing.filter(long_enough).group_by("doc", maintain_order=True).first()
    if sure:
        return first.select(
            "doc", "line", rule=pl.lit("title/first-line"), evidence=pl.lit("the first line, as configured")
        )
    body = standing.filter("body").group_by("doc").agg(last=pl.col("line").max())
    text = pl.col("text")
    shaped = (pl.col("chars") <= MAX_TITLE_CHARS) & ~pl.col("body") & ~text.str.contains(ANCHOR_MARK)
    above_body = first.join(body, on="doc").filter(shaped & (pl.col("last") > pl.col("line")))
    told = _beside(_beside(_beside(above_body, own, -1), own, 1), own, 2)
    evidence = pl.coalesce(_furniture(), _anchor(), _release())
    hit = told.with_columns(evidence=evidence).filter(pl.col("evidence").is_not_null())
    return hit.select("doc", "line", rule=pl.lit("title/first-line"), evidence="evidence")


def _beside(first: pl.DataFrame, own: pl.DataFrame, step: int) -> pl.DataFrame:
    """Add ``gone`` and ``text`` of the line ``step`` rows below a document's first line, as ``gone_1``, ``text_1``."""
    other = own.select(
        "doc",
        pl.col("gone").alias(f"gone_{step}"),
        pl.col("text").alias(f"text_{step}"),
        row=pl.col("row").cast(pl.Int64) - step,
    )
    return first.with_columns(pl.col("row").cast(pl.Int64)).join(other, on=["doc", "row"], how="left")


def _furniture() -> pl.Expr:
    gone, text = pl.col("gone_1"), pl.col("text_1")
    dated = (gone == "byline") & text.str.contains(DATED)
    return pl.when(gone.is_in(BELOW_TITLE) | dated).then(
        pl.format("right above what portals put below titles ({}): “{}”", gone, text.str.slice(0, 40))
    )


def _anchor() -> pl.Expr:
    near, far = pl.col("text_1"), pl.col("text_2")
    mark = pl.when(near.str.contains(SERIES_MARK)).then(far).otherwise(near)
    return pl.when(mark.str.contains(ANCHOR_MARK)).then(pl.format("above an anchor's mark: “{}”", mark))


def _release() -> pl.Expr:
    below = pl.col("text_1")
    alone = pl.col("gone_1").is_null() & (body_like(below) | below.str.contains(BODY_OF_RELEASE))
    return pl.when((pl.col("gone_-1") == FORM) & alone).then(
        pl.format(
            "between the form of a press release (“{}”) and its text",
            pl.col("text_-1").str.slice(0, 20),
        )
    )
