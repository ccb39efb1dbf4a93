"""Lists of headlines of other articles: structure first, neighbours second, words last.

A *run* is a series of standing lines of headline shape that no other standing line interrupts. A run goes when it
stands under a heading such as 관련기사, behind the article's end, or between two paragraphs, when it looks like a
list of links and when its words hardly occur in the article. Sub-headlines and lists of the article look the
same, but stand elsewhere and speak of the same things. The thresholds and their sources: docs/headlines.md.
"""

from __future__ import annotations

import polars as pl

from pipeline.schema import FOUND
from pipeline.strip.runs import HEADING_CHARS, RUN, measure, relatedness, runs_of, told_lines
from pipeline.strip.shapes import LINK_CHARS, bulleted, neighbour, section_sign

# A paragraph that announces a list of the article.
INTRO = (
    r"[:：]\s*$|다음과\s?같|다음은|아래(?:와\s?같|는)|이렇다|순이다|명단|목록|일정은|수상[작자]|당선[작자]|선정[작됐했]|추천[작했]"
    r"|(?:[뽑꼽]았|소개했|골랐)다|(?:명|편|곳|가지|개|건|팀|종|권)(?:이다|입니다|이었다|이었습니다)\W*$|누리꾼|네티즌|댓글|반응"
)

MIN_BODY = 3  # body-like lines a document needs before runs without a removed heading are judged
MIN_CLOSED, MIN_OPEN = 2, 3  # lines of a run: behind the article's end, elsewhere
MIN_HEADED = 2  # the same under a standing heading, or above the article
CLOSED_RELATED, OPEN_RELATED = 0.4, 0.3  # share of a run's words that occur in the article
LINE_RELATED, TOUCHING_RELATED, HEAD_RELATED = 0.5, 0.2, 0.2  # the same of one line, under a heading
CLOSED_MARKED, OPEN_MARKED, OPEN_STRONG = 1 / 2, 2 / 3, 1 / 3  # share of a run's lines with marks
MIN_WORDS = 3  # a line, on average over a run
MAX_OWN = 1 / 2  # share of a run's lines that run on like verse, or have tags that no desk writes
LOOSE_LINES, LOOSE_RELATED, LOOSE_WORDS = 4, 0.1, 5  # a run between paragraphs with hardly a mark
SEALED_WORDS = 4  # below the copyright notice, where relatedness is not asked for
MIN_BLOCK = 4  # headlines found at the tail, before what stands between them goes with them


def headlines(lines: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``FOUND`` rows for the lines of ``lines[SHAPED]`` that are headlines of other articles.

    ``documents`` is not needed: the stage has the signature of all stages. ``score`` is one less the share of the
    run's words that occur in the article; rules are headlines/tail, headlines/under-heading and headlines/middle.
    """
    del documents
    told = told_lines(lines.rechunk())  # a pattern is compiled once a chunk
    under = _under_heading(told)
    loose = _without_heading(told.join(under, on=["doc", "line"], how="anti"))
    found = pl.concat([under, loose])
    found = pl.concat([found, _between(told, found), _edges(told, found)])
    filled = pl.concat([found, _ranks(told, found)]).with_columns(
        pl.lit(None).alias("start"),
        pl.lit(None).alias("end"),
        pl.lit(None).alias("same_as"),
        gone=pl.lit("headlines"),
    )
    return filled.sort("doc", "line").select(pl.col(name).cast(dtype) for name, dtype in FOUND.items())


def _under_heading(told: pl.DataFrame) -> pl.DataFrame:
    """Return the lines under a heading: at the tail all that may be links, elsewhere headlines about other things."""
    tail = runs_of(told, "link").filter(pl.col("place") == "tail")
    inside = runs_of(told, "headline").filter(pl.col("place") != "tail")
    headed = pl.concat([tail, inside]).filter(pl.col("run_heading") | pl.col("run_listing"))
    runs = measure(headed, told)
    own = runs.filter(_of_the_list().cast(pl.UInt8).cum_min().over(RUN) == 1)
    title = pl.when(pl.col("run_heading")).then(pl.col("run_text")).otherwise(pl.col("run_above"))
    evidence = pl.format("in a list of links below “{}”", title.str.strip_chars().str.slice(0, HEADING_CHARS))
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
    lines = (~pl.col("heading")).sum().over(RUN)
    removed = pl.col("run_listing") & (
        lines >= pl.when(pl.col("place") == "head").then(MIN_HEADED).otherwise(1)
    )
    standing = pl.col("run_heading") & (lines >= MIN_HEADED) & (pl.col("bodies") >= MIN_BODY)
    return (pl.col("bodies") > 0) & (removed | standing)


def _without_heading(told: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of runs that no heading announces, behind the article's end, at its tail or in its middle."""
    enough = told.filter((pl.col("bodies") >= MIN_BODY) & (pl.col("line") > pl.col("first")))
    links_only = (~(pl.col("stands") & pl.col("sealed")) | pl.col("link") | pl.col("rank")).all().over("doc")
    runs = runs_of(enough.with_columns(links_only=links_only), "headline").filter(
        ~pl.col("run_heading") & (pl.col("run_sealed") | (pl.len().over(RUN) >= MIN_CLOSED))
    )
    judged = measure(runs, enough).filter(
        (pl.col("words").mean().over(RUN) >= MIN_WORDS) & (_closed() | _open() | _loose() | _sealed())
    )
    lines, place = pl.len().over(RUN), pl.col("place")
    where = (
        pl.when(place != "tail")
        .then(pl.lit("between paragraphs"))
        .when("run_sealed")
        .then(pl.lit("below the copyright notice"))
        .otherwise(pl.lit("at the tail"))
    )
    row = pl.when(lines > 1).then(pl.lit("lines in a row")).otherwise(pl.lit("line"))
    evidence = pl.format("{} headline-shaped {} {}", lines, row, where)
    return _found(judged, pl.format("headlines/{}", place), evidence)


def _marked(mark: str) -> pl.Expr:
    """Return the share of a run's lines that show a mark."""
    return pl.col(mark).mean().over(RUN)


def _closed() -> pl.Expr:
    """Tell of a run behind the article's end whether it lists other articles."""
    signs = (_marked("mark") >= CLOSED_MARKED) & (_marked("runs_on") < MAX_OWN)
    return (
        (pl.len().over(RUN) >= MIN_CLOSED) & pl.col("run_closed") & (relatedness() < CLOSED_RELATED) & signs
    )


def _announced() -> pl.Expr:
    return pl.col("run_before").str.contains(INTRO) | section_sign(pl.col("run_before"))


def _open() -> pl.Expr:
    """Tell the same of a run anywhere, on more marks: nothing says that the article has ended."""
    signs = (_marked("mark") >= OPEN_MARKED) & (_marked("strong") >= OPEN_STRONG)
    spared = (_marked("runs_on") < MAX_OWN) & (_marked("itemised") < MAX_OWN) & ~_announced()
    return (pl.len().over(RUN) >= MIN_OPEN) & (relatedness() < OPEN_RELATED) & signs & spared


def _loose() -> pl.Expr:
    """Tell the same of a run between two paragraphs with one strong mark: long lines that have nothing in common."""
    text = pl.col("text")
    between = pl.col("run_below_body") & pl.col("touching").last().over(RUN) & ~_announced()
    unlike = text.str.strip_chars_end(" \"'”’)]").str.tail(2).n_unique().over(RUN) == pl.len().over(RUN)
    item = bulleted(text) | pl.col("itemised") | text.str.contains(r"^\s*\d+\D{0,2}\s") | pl.col("runs_on")
    long = (pl.len().over(RUN) >= LOOSE_LINES) & (pl.col("words").mean().over(RUN) >= LOOSE_WORDS)
    other = (relatedness() <= LOOSE_RELATED) & pl.col("strong").any().over(RUN)
    return between & unlike & long & other & ~item.any().over(RUN)


def _sealed() -> pl.Expr:
    """Tell the same of a run below the copyright notice, with nothing but links below it: related or not."""
    signs = (_marked("mark") >= CLOSED_MARKED) & pl.col("strong").any().over(RUN)
    words = pl.col("words").mean().over(RUN) >= SEALED_WORDS
    return pl.col("run_sealed") & pl.col("links_only") & words & signs


def _found(runs: pl.DataFrame, rule: pl.Expr | str, evidence: pl.Expr) -> pl.DataFrame:
    """Return the lines with their rule, the evidence, and one less the run's relatedness as the score."""
    percent = (100 * pl.col("shared")).round(0).cast(pl.Int64)
    told = pl.format("{}, {} % of their words occur in the article", evidence, percent)
    return runs.with_columns(shared=relatedness()).select(
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


def _edges(told: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return bulleted lines right below bulleted headlines at the tail: a list goes to its end."""
    tail = told.join(found, on=["doc", "line"], how="semi").filter(pl.col("place") == "tail")
    blocks = tail.group_by("doc").agg(
        end=pl.col("line").max(), lines=pl.len(), bulleted=bulleted(pl.col("text")).all()
    )
    below = told.join(blocks.filter("bulleted"), on="doc").filter(
        pl.col("stands") & (pl.col("line") > pl.col("end"))
    )
    item = bulleted(pl.col("text")) & ~pl.col("body") & (pl.col("text").str.len_chars() <= LINK_CHARS[1])
    own = below.filter((~item).cum_sum().over("doc") == 0)
    return own.select(
        "doc",
        "line",
        rule=pl.lit("headlines/tail"),
        evidence=pl.format("bulleted like the {} headlines of other articles above", pl.col("lines")),
        score=pl.lit(1.0),
    )


def _ranks(told: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the ranks that stand on lines of their own above headlines found."""
    below = [neighbour(pl.col(name), -1).alias(f"{name}_below") for name in ("line", "gone")]
    above = told.with_columns(below).filter(pl.col("rank") & pl.col("gone_below").is_null())
    of = found.select("doc", "rule", "score", line_below="line")
    return above.join(of, on=["doc", "line_below"]).select(
        "doc",
        "line",
        "rule",
        evidence=pl.format("the rank of line {}", pl.col("line_below")),
        score="score",
    )
