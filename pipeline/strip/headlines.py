"""Lists of headlines of other articles: structure first, neighbours second, words last.

A *run* is a series of standing lines of headline shape that no other standing line interrupts. A run goes when it
stands under a heading such as 관련기사, behind the article's end, or between two paragraphs, when it looks like a
list of links and when its words hardly occur in the article. Sub-headlines and lists of the article look the
same, but stand elsewhere and speak of the same things. The thresholds and their sources: docs/headlines.md.
"""

from __future__ import annotations

import polars as pl

from pipeline.schema import FOUND
from pipeline.strip.shapes import (
    body_like,
    headline_like,
    headline_mark,
    link_like,
    listed,
    only,
    section_sign,
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
# A paragraph that announces a list of the article.
INTRO = r"[:：]\s*$|다음과\s?같|다음은|아래(?:와\s?같|는)|이렇다|순이다|명단|목록|일정은"

MIN_BODY = 3  # body-like lines a document needs before runs without a removed heading are judged
MIN_CLOSED, MIN_OPEN = 2, 3  # lines of a run: behind the article's end, elsewhere
MIN_HEADED = 2  # the same under a standing heading, or above the article
CLOSED_RELATED, OPEN_RELATED = 0.4, 0.3  # share of a run's words that occur in the article
LINE_RELATED, TOUCHING_RELATED, HEAD_RELATED = 0.5, 0.2, 0.2  # the same of one line, under a heading
CLOSED_MARKED, OPEN_MARKED, OPEN_STRONG = 1 / 2, 2 / 3, 1 / 3  # share of a run's lines with marks
MIN_WORDS = 3  # a line, on average over a run
MIN_BLOCK = 4  # headlines found at the tail, before what stands between them goes with them

_WORD = r"[가-힣]{2,}|[A-Za-z]{2,}|\d{2,}"
_RUN = ["doc", "run"]


def headlines(lines: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``FOUND`` rows for the lines of ``lines[LINES]`` that are headlines of other articles.

    ``documents`` is not needed: the stage has the signature of all stages. ``score`` is one less the share of the
    run's words that occur in the article; rules are headlines/tail, headlines/under-heading and headlines/middle.
    """
    del documents
    told = _told(lines.rechunk())  # a pattern is compiled once a chunk
    under = _under_heading(told)
    loose = _without_heading(told.join(under, on=["doc", "line"], how="anti"))
    found = pl.concat([under, loose])
    filled = pl.concat([found, _between(told, found)]).with_columns(
        pl.lit(None).alias("start"),
        pl.lit(None).alias("end"),
        pl.lit(None).alias("same_as"),
        gone=pl.lit("headlines"),
    )
    return filled.sort("doc", "line").select(pl.col(name).cast(dtype) for name, dtype in FOUND.items())


def _told(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of documents that may hold a list, each with what its shape and its place tell."""
    text, stands, gone = pl.col("text"), pl.col("gone").is_null(), pl.col("gone")
    short = only(stands & (text.str.len_chars() <= HEADING_CHARS), text)
    told = lines.lazy().with_columns(
        stands=stands,
        body=stands & body_like(text),
        heading=short.str.contains(HEADING),
        listing=stands & _below_removed(),
        above=pl.when(gone.is_in(LIST_CLASSES)).then(text).shift().forward_fill().over("doc"),
    )
    shaped = told.with_columns(
        headline=stands & ~pl.col("body") & headline_like(text),
        first=pl.col("line").filter(pl.col("body")).min().over("doc"),
    )
    announced = (pl.col("heading") | pl.col("listing")).any().over("doc")
    several = (pl.col("headline") & (pl.col("line") > pl.col("first"))).sum().over("doc") >= MIN_CLOSED
    return _placed(shaped.filter(announced | several).collect())


def _below_removed() -> pl.Expr:
    """Tell whether the last line before this one, passing furniture aside, is a removed heading or list line."""
    gone = pl.col("gone")
    telling = pl.when(gone.is_in(LIST_CLASSES)).then(1).when(gone.is_null() | ~gone.is_in(BETWEEN)).then(0)
    return telling.shift().forward_fill().over("doc").fill_null(0) == 1


def _placed(shaped: pl.DataFrame) -> pl.DataFrame:
    """Add each line's place around the body, and whether the article had ended above it."""
    line, stands, gone = pl.col("line"), pl.col("stands"), pl.col("gone")
    ended = pl.when(stands).then(signed(pl.col("text"))).otherwise(~gone.is_in(INSIDE))
    place = (
        pl.when(line > pl.col("last")).then(pl.lit("tail")).when(line < pl.col("first")).then(pl.lit("head"))
    )
    return shaped.with_columns(
        bodies=pl.col("body").sum().over("doc"),
        last=line.filter(pl.col("body")).max().over("doc"),
    ).with_columns(
        place=place.otherwise(pl.lit("middle")),
        closed=(ended & (line > pl.col("last"))).cum_max().over("doc"),
        link=stands & (line > pl.col("last")) & link_like(pl.col("text")),
    )


def _runs(told: pl.DataFrame, shape: str) -> pl.DataFrame:
    """Return standing lines of ``shape`` with their run's number; a heading, removed or standing, begins a new run."""
    standing = told.filter("stands")
    breaks = ~pl.col(shape) | pl.col("heading") | pl.col("listing")
    numbered = standing.with_columns(
        run=breaks.cum_sum().over("doc"),
        before=pl.col("text").shift().over("doc"),
        touching=pl.col("body").shift(-1).over("doc").fill_null(value=False),
    )
    members = numbered.filter(pl.col(shape) | pl.col("heading"))
    leads = [
        pl.col(name).first().over(_RUN).alias(f"run_{name}")
        for name in ("heading", "listing", "before", "closed", "above", "text")
    ]
    return members.with_columns(leads)


def _measured(runs: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
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
        listed=listed(text),
    )


def _stems() -> pl.Expr:
    """Return the stems of a line: the first two characters of Hangul words, Latin words, numbers."""
    word = pl.element()
    hangul = word.str.contains(r"^[가-힣]")
    return (
        pl.col("text")
        .str.extract_all(_WORD)
        .list.eval(
            pl.when(hangul).then(word.str.slice(0, 2)).otherwise(only(~hangul, word).str.to_lowercase())
        )
    )


def _under_heading(told: pl.DataFrame) -> pl.DataFrame:
    """Return the lines under a heading: at the tail all that may be links, elsewhere headlines about other things."""
    tail = _runs(told, "link").filter(pl.col("place") == "tail")
    inside = _runs(told, "headline").filter(pl.col("place") != "tail")
    headed = pl.concat([tail, inside]).filter(pl.col("run_heading") | pl.col("run_listing"))
    runs = _measured(headed, told)
    own = runs.filter(_of_the_list().cast(pl.UInt8).cum_min().over(_RUN) == 1)
    title = pl.when(pl.col("run_heading")).then(pl.col("run_text")).otherwise(pl.col("run_above"))
    evidence = pl.format("below “{}”", title.str.strip_chars().str.slice(0, HEADING_CHARS))
    return _found(own.filter(_headed_list()), "headlines/under-heading", evidence)


def _of_the_list() -> pl.Expr:
    """Tell of a line below a heading whether it still belongs to the list, not to the article that goes on."""
    place, related, listed_ = pl.col("place"), pl.col("related"), pl.col("listed")
    touching = pl.col("touching") & ~listed_ & (related > TOUCHING_RELATED)
    return (
        pl.when(pl.col("heading") | (pl.col("run_listing") & (place == "tail")))
        .then(statement=True)
        .when(place == "head")
        .then(related <= HEAD_RELATED)
        .otherwise((related < LINE_RELATED) & ~touching)
    )


def _headed_list() -> pl.Expr:
    lines = (~pl.col("heading")).sum().over(_RUN)
    removed = pl.col("run_listing") & (
        lines >= pl.when(pl.col("place") == "head").then(MIN_HEADED).otherwise(1)
    )
    standing = pl.col("run_heading") & (lines >= MIN_HEADED) & (pl.col("bodies") >= MIN_BODY)
    return (pl.col("bodies") > 0) & (removed | standing)


def _related() -> pl.Expr:
    return (pl.col("hits").sum() / pl.col("words").sum()).over(_RUN).fill_nan(0.0)


def _without_heading(told: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of runs that no heading announces, behind the article's end, at its tail or in its middle."""
    enough = told.filter((pl.col("bodies") >= MIN_BODY) & (pl.col("line") > pl.col("first")))
    runs = _runs(enough, "headline").filter(~pl.col("run_heading") & (pl.len().over(_RUN) >= MIN_CLOSED))
    judged = _measured(runs, enough).filter(_other_articles())
    place = pl.col("place")
    rule = pl.format("headlines/{}", place)
    where = pl.when(place == "tail").then(pl.lit("at the tail")).otherwise(pl.lit("between paragraphs"))
    evidence = pl.format("{} headline-shaped lines in a row {}", pl.len().over(_RUN), where)
    return _found(judged, rule, evidence)


def _other_articles() -> pl.Expr:
    """Tell of a run without a heading whether it lists other articles."""
    lines, related = pl.len().over(_RUN), _related()
    marked, strong = (pl.col(name).mean().over(_RUN) for name in ("mark", "strong"))
    closed = pl.col("run_closed") & (related < CLOSED_RELATED) & (marked >= CLOSED_MARKED)
    announced = pl.col("run_before").str.contains(INTRO) | section_sign(pl.col("run_before"))
    signs = (marked >= OPEN_MARKED) & (strong >= OPEN_STRONG)
    open_ = (lines >= MIN_OPEN) & (related < OPEN_RELATED) & signs & ~announced
    return (pl.col("words").mean().over(_RUN) >= MIN_WORDS) & (closed | open_)


def _found(runs: pl.DataFrame, rule: pl.Expr | str, evidence: pl.Expr) -> pl.DataFrame:
    """Return the lines with their rule, the evidence, and one less the run's relatedness as the score."""
    percent = (100 * pl.col("shared")).round(0).cast(pl.Int64)
    told = pl.format("{}, {} % of their words occur in the article", evidence, percent)
    return runs.with_columns(shared=_related()).select(
        "doc",
        "line",
        rule=pl.lit(rule) if isinstance(rule, str) else rule,
        evidence=told,
        score=1 - pl.col("shared"),
    )


def _between(told: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return short lines that stand between headlines found at the tail: names of sections, buttons."""
    tail = told.join(found, on=["doc", "line"], how="semi").filter(pl.col("place") == "tail")
    blocks = tail.group_by("doc").agg(top=pl.col("line").min(), end=pl.col("line").max(), lines=pl.len())
    rest = told.filter("link").join(found, on=["doc", "line"], how="anti")
    inside = rest.join(blocks.filter(pl.col("lines") >= MIN_BLOCK), on="doc").filter(
        pl.col("line").is_between("top", "end")
    )
    return inside.select(
        "doc",
        "line",
        rule=pl.lit("headlines/tail"),
        evidence=pl.format("between {} headlines of other articles", pl.col("lines")),
        score=pl.lit(1.0),
    )
