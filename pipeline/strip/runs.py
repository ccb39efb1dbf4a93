"""Runs of headline-shaped lines: where they stand, what marks they show, how far they speak of the article.

A *run* is a series of standing lines of one shape that no other standing line interrupts; a heading begins a new one,
a rank on a line of its own does not count.
"""

from __future__ import annotations

import polars as pl

from pipeline.strip.shapes import (
    headline_like,
    headline_mark,
    itemised,
    link_like,
    listed,
    neighbour,
    only,
    ranked,
    runs_on,
    signed,
    strong_mark,
)

LIST_CLASSES = ("related", "recommend", "ranking", "trend")
# Furniture that may stand between a list's heading and its lines.
BETWEEN = ("ui", "outlink", "translation", "reaction", "subscribe", "headlines")
# What is gone without saying that the article has ended.
INSIDE = ("title", "caption", "repeat", "marker", "headlines", "byline", "press_tag", "date", "series_tag")
HEADING = (
    r"^[\s\[(<【▶☞*#|\-]*(?:[^\s,.]{1,12}\s)?(?:관련|주요|추천|인기|많이\s?본|가장\s?많이\s?(?:본|읽은)|랭킹|실시간|최신|핫|HOT)\s?"
    r"(?:뉴스|기사|클릭|이슈|영상|콘텐츠)\s*(?:더\s?보기|TOP\s?\d*|\d+선|BEST)?[\s\])>】:|*]*$"
    r"|^[\s\[(<【▶☞*#|]*(?:핫클릭|이\s?시각\s?(?:추천|주요|많이\s?본)\s?뉴스|함께\s?(?:본|보면\s?좋은|읽으면\s?좋은)\s?(?:뉴스|기사)"
    r"|(?:이\s?)?기자의\s?다른\s?(?:기사|뉴스)|관련\s?(?:기사|뉴스)\s?보기)[\s\])>】:|*]*$"
)
HEADING_CHARS = 30
SEAL = "copyright"  # the class of the notice below which no article goes on, and its words: a bare ⓒ may be a photo's
NOTICE = r"무단|금지|저작권|(?i:copyright|reserved)"
MIN_SEVERAL = 2  # headlines below the first paragraph, before a document without a heading is looked at

_WORD = r"[가-힣]{2,}|[A-Za-z]{2,}|\d{2,}"
RUN = ["doc", "run"]


def told_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of documents that may hold a list, each with what its shape and its place tell."""
    text, stands = pl.col("text"), pl.col("gone").is_null()
    short = only(stands & (pl.col("chars") <= HEADING_CHARS), text)
    told = lines.lazy().with_columns(
        stands=stands,
        body=stands & pl.col("body"),
        heading=short.str.contains(HEADING),
        rank=stands & ranked(text),
    )
    shaped = told.with_columns(headline=stands & ~pl.col("body") & headline_like(text)).collect()
    return _placed(shaped.join(_with_lists(shaped), on="doc", how="semi", maintain_order="left"))


def _with_lists(shaped: pl.DataFrame) -> pl.DataFrame:
    """Return the documents with a heading, with headlines below the first paragraph, or one below the copyright."""
    headed = shaped.filter(pl.col("heading") | pl.col("gone").is_in(LIST_CLASSES)).select("doc")
    first = shaped.filter("body").group_by("doc").agg(first=pl.col("line").min())
    seal = shaped.filter(pl.col("gone") == SEAL).group_by("doc").agg(seal=pl.col("line").max())
    below = shaped.filter("headline").select("doc", "line").join(first, on="doc")
    below = below.filter(pl.col("line") > pl.col("first")).join(seal, on="doc", how="left")
    counts = below.group_by("doc").agg(
        several=pl.len() >= MIN_SEVERAL, sealed=(pl.col("line") > pl.col("seal")).any()
    )
    return pl.concat([headed, counts.filter(pl.col("several") | pl.col("sealed")).select("doc")]).unique()


def _below_removed() -> pl.Expr:
    """Tell whether the last line before this one, passing furniture aside, is a removed heading or list line."""
    gone = pl.col("gone")
    other = (gone.is_null() & ~pl.col("rank")) | ~gone.is_in(BETWEEN)
    telling = pl.when(gone.is_in(LIST_CLASSES)).then(1).when(other).then(0)
    return telling.shift().forward_fill().over("doc").fill_null(0) == 1


def _placed(shaped: pl.DataFrame) -> pl.DataFrame:
    """Add each line's place around the body, and whether the article had ended above it."""
    line, stands, gone = pl.col("line"), pl.col("stands"), pl.col("gone")
    below = only(stands & (line > pl.col("last")), pl.col("text"))
    ended = pl.when(stands).then(signed(below)).otherwise(~gone.is_in(INSIDE))
    notice = only((gone == SEAL).fill_null(value=False), pl.col("text")).str.contains(NOTICE)
    place = (
        pl.when(line > pl.col("last")).then(pl.lit("tail")).when(line < pl.col("first")).then(pl.lit("head"))
    )
    return shaped.with_columns(
        listing=stands & _below_removed(),
        above=pl.when(gone.is_in(LIST_CLASSES)).then("text").shift().forward_fill().over("doc"),
        bodies=pl.col("body").sum().over("doc"),
        first=line.filter(pl.col("body")).min().over("doc"),
        last=line.filter(pl.col("body")).max().over("doc"),
    ).with_columns(
        place=place.otherwise(pl.lit("middle")),
        closed=(ended & (line > pl.col("last"))).cum_max().over("doc"),
        sealed=(notice & (line > pl.col("last"))).fill_null(value=False).cum_max().over("doc"),
        link=stands & (line > pl.col("last")) & link_like(below),
    )


def runs_of(told: pl.DataFrame, shape: str) -> pl.DataFrame:
    """Return standing lines of ``shape`` with their run's number; a heading, removed or standing, begins a new run."""
    standing = told.filter(pl.col("stands") & ~pl.col("rank"))
    breaks = ~pl.col(shape) | pl.col("heading") | pl.col("listing")
    numbered = standing.with_columns(
        run=breaks.cum_sum().over("doc"),
        before=neighbour(pl.col("text")),
        below_body=neighbour(pl.col("body")).fill_null(value=False),
        touching=neighbour(pl.col("body"), -1).fill_null(value=False),
    )
    members = numbered.filter(pl.col(shape) | pl.col("heading"))
    leads = [
        pl.col(name).first().over(RUN).alias(f"run_{name}")
        for name in ("heading", "listing", "before", "below_body", "closed", "sealed", "above", "text")
    ]
    return members.with_columns(leads)


def measure(runs: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Add to the lines of runs their marks, and how many of their words occur in the article."""
    body = told.filter("body").join(runs, on="doc", how="semi").select("doc", stem=_stems()).explode("stem")
    words = runs.filter(~pl.col("heading")).select("doc", "line", stem=_stems()).explode("stem")
    seen = words.drop_nulls().unique()
    shared = body.join(seen, on=["doc", "stem"], how="semi").unique().with_columns(hit=pl.lit(1))
    found = seen.join(shared, on=["doc", "stem"], how="left")
    counts = found.group_by("doc", "line").agg(words=pl.len(), hits=pl.col("hit").sum())
    text = pl.col("text")
    return runs.join(counts, on=["doc", "line"], how="left", maintain_order="left").with_columns(
        pl.col("words", "hits").cast(pl.Int64).fill_null(0),
        related=(pl.col("hits") / pl.col("words")).fill_null(0.0),
        mark=headline_mark(text),
        strong=strong_mark(text),
        runs_on=runs_on(text),
        itemised=itemised(text),
        listed=listed(text),
    )


def _stems() -> pl.Expr:
    """Return the stems of a line: the first two characters of Hangul words, Latin words, numbers."""
    word = pl.element()
    hangul = (word >= "가") & (word < "\ud7a4")  # by its first letter, in the order of code points
    return (
        pl.col("text")
        .str.extract_all(_WORD)
        .list.eval(
            pl.when(hangul).then(word.str.slice(0, 2)).otherwise(only(~hangul, word).str.to_lowercase())
        )
    )


def relatedness() -> pl.Expr:
    """Return the share of a run's words that occur in the article; 0 for a run without words."""
    return (pl.col("hits").sum() / pl.col("words").sum()).over(RUN).fill_nan(0.0)
