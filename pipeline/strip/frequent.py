"""Frequent text: lines that a site prints on many of its pages, found from the pages themselves.

A line's *template* is its text with dates, numbers, addresses and reporters' names masked. A template that stands
around the articles of many different pages of one host is furniture, and every copy that stands around an article
goes. Inside an article nothing goes for being frequent: sub-headings, interview marks and syndicated paragraphs are
frequent too. The thresholds and their sources: docs/frequent.md.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from pipeline.schema import FOUND
from pipeline.strip.shapes import neighbour, only
from pipeline.strip.sites import STORED_SHARE, counted, documents_of, pages_of, summed, worth_keeping
from pipeline.strip.templates import MASKED_CHARS, with_template

MIN_HOST_PAGES = 30  # pages of different text; with fewer, a series of articles looks like a layout
MIN_PAGES = 10  # of them, that a template must stand on
SHARE = 0.3  # of the host's pages
PROSE_SHARE = 0.6  # the same for a line that reads like a sentence of an article
MAX_MIDDLE = 0.25  # share of a template's pages where it stands inside the article
MIN_PLACE = 0.1  # share of a template's pages where it stands in the same place as the line in question
MIN_SENTENCE = 12  # characters; shorter sentences are answers in interviews
MAX_CHARS = 300  # of a line; longer ones are never looked at
BETWEEN_CHARS = 20  # of a line that goes for standing between furniture: a press, a section, a name
FEW = 3  # pages that hold a template before it stops counting as an article's own text
SENTENCE_WEIGHT = (
    100  # what a sentence weighs at most, where an article's bounds are sought: else its characters
)
FREQUENT_WEIGHT = -20  # what a shared line weighs there: some of them outweigh a short sentence

UNKNOWN_HOST = "unknown host"
AFTER = " ⏎ "  # parts a bare number's template from the line above it

# Marks of an article's own structure, wherever they stand: [앵커], ◆ 홍길동> …, Q. …
_MARK = (
    r"^\s*[▶▷-]?\s*[\[<【〈(（]\s?[가-힣A-Z·/ ]{1,10}\s?[\]>】〉)）]\s*$"
    r"|^\s*(?:[◇◆■□△▲○●▷▶☆★-]\s*[가-힣 ]{2,10}\s?|[가-힣]{2,6})[>＞][^>＞]*$|^\s*(?:[QA]\d*|문|답|질문|답변)\s?[.:)>]"
)
_SECTION_SIGN = r"^\s*[◇◆■□○●△▲]"
_PLAIN = r"[^니]다[.。?!]?[\s\"'”’」』)\]》〉]*$"  # newspapers write plain endings, furniture asks politely
_HANGUL = r"[가-힣]"


class Frequent(NamedTuple):
    """What goes (``FOUND``), ``counts[COUNTS]`` of the run alone, and ``small[host, pages]`` with too few pages."""

    found: pl.DataFrame
    counts: pl.DataFrame
    small: pl.DataFrame


def frequent(lines: pl.DataFrame, documents: pl.DataFrame, earlier: pl.DataFrame) -> Frequent:
    """Return what is furniture of its site among the standing lines of ``lines[SHAPED]``.

    ``documents`` says each document's host; those of unknown host count as one site. ``earlier[COUNTS]`` is what
    earlier runs counted. Documents that were kept whole are counted, and stay whole.
    """
    standing = _described(lines, documents, earlier)
    standing = _placed(_shared(standing, earlier))
    counts = counted(standing)
    every = pl.concat([earlier, counts])
    pages = pages_of(every)
    judged = _judged(standing, summed(every, standing.filter("known")), pages)
    small = documents.select(host=_host()).unique().join(pages, on="host", how="left")
    small = small.with_columns(pl.col("pages").fill_null(0)).filter(pl.col("pages") < MIN_HOST_PAGES)
    return Frequent(_found(judged), worth_keeping(counts), small.sort("host"))


def _host() -> pl.Expr:
    return pl.col("host").fill_null("")


def _described(lines: pl.DataFrame, documents: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc, line, host, text, template, chars, sentence, share`` of the standing lines, in order.

    ``share`` is what part of the host's pages must hold the line before it may go; null: it never goes. A line that
    is nowhere else has neither ``share`` nor ``template``.
    """
    hosts = documents.select("doc", host=_host(), whole=pl.col("kept_whole").is_not_null())
    standing = lines.filter(pl.col("gone").is_null()).select(
        "doc", "line", "text", "chars", sentence=pl.col("sentence") | pl.col("body")
    )
    whole = standing.join(hosts, on="doc").sort("doc", "line").with_row_index("row")
    likely = whole.filter(_likely(earlier)).select("row", "text", "chars", "sentence")
    texts = with_template(likely.drop("row").unique("text")).with_columns(_traits()).with_columns(_share())
    told = likely.select("row", "text").join(texts.drop("chars", "sentence"), on="text").drop("text")
    whole = whole.join(told, on="row", how="left", maintain_order="left").drop("row")
    worded = pl.when(pl.col("template").str.contains(r"\p{L}")).then("template")
    above = only(pl.col("template").str.len_chars() <= MASKED_CHARS, worded).forward_fill().over("doc")
    bare = pl.concat_str(above.fill_null(""), "template", separator=AFTER)
    return whole.with_columns(template=pl.coalesce(worded, bare))


def _likely(earlier: pl.DataFrame) -> pl.Expr:
    """Tell of a line whether it may stand on other pages too, or has few pages beside its own: most have neither.

    A line too long for a template must stand there as it is. (Its hash is enough: a collision costs a look, no more.)
    """
    again = pl.col("text").hash().is_duplicated()
    known = pl.col("text").is_in(earlier["template"].drop_nulls().unique().implode())
    few = pl.col("doc").n_unique().over("host") * STORED_SHARE <= 1
    return (pl.col("chars") <= MASKED_CHARS) | again | known | few


def _traits() -> list[pl.Expr]:
    text = pl.col("text")
    short = only(pl.col("chars") <= MAX_CHARS, text)
    return [
        short.str.contains(_MARK).alias("mark"),
        (short.str.contains(_PLAIN) | ~short.str.contains(_HANGUL)).alias("plain"),
        short.str.contains(_SECTION_SIGN).alias("signed"),
    ]


def _share() -> pl.Expr:
    answer = pl.col("sentence") & (pl.col("chars") < MIN_SENTENCE)
    never = pl.col("mark") | answer | (pl.col("chars") > MAX_CHARS)
    prose = pl.col("sentence") & pl.col("plain")
    return pl.when(~never).then(pl.when(prose).then(PROSE_SHARE).otherwise(SHARE)).alias("share")


def _shared(standing: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Add ``shared``: so many documents have the line that it is not an article's own text.

    And ``known``: it is worth counting. Most lines are not, and from here on no template of theirs is looked at.
    """
    held = standing.drop_nulls("share").group_by("host", "template").agg(here=pl.col("doc").n_unique())
    docs = standing.group_by("host").agg(docs=pl.col("doc").n_unique())
    before = summed(earlier, held)
    past = pages_of(earlier).select("host", past="pages")
    held = (
        held.join(
            before.select("host", "template", before=documents_of()), on=["host", "template"], how="left"
        )
        .join(docs.join(past, on="host", how="left"), on="host")
        .with_columns(pl.col("before", "past").fill_null(0))
        .with_columns(holding=pl.col("here") + pl.col("before"), known=pl.lit(value=True))
    )
    enough = (pl.col("holding") >= FEW) | (pl.col("here") >= STORED_SHARE * pl.col("docs"))
    held = held.filter(enough).select(
        "host", "template", "holding", "known", all=pl.col("docs") + pl.col("past")
    )
    told = standing.join(held, on=["host", "template"], how="left", maintain_order="left")
    shared = (pl.col("holding") >= FEW) & (pl.col("holding") >= pl.col("share") * pl.col("all"))
    return told.with_columns(
        shared.alias("shared").fill_null(value=False), pl.col("known").fill_null(value=False)
    )


def _placed(standing: pl.DataFrame) -> pl.DataFrame:
    """Add ``own``, a sentence of the article, and ``place``: head, middle, tail; null in a document without any.

    The middle is the stretch of lines with the most text in sentences and the fewest shared lines: the maximum
    sum of weights. So a sentence below a page's foot does not draw the foot into the article.
    """
    own = pl.col("sentence") & ~pl.col("shared")
    size = pl.min_horizontal("chars", pl.lit(SENTENCE_WEIGHT)).cast(pl.Int64)
    weight = pl.when("shared").then(FREQUENT_WEIGHT).when(own).then(size).otherwise(0)
    weighed = standing.with_columns(own=own, weight=weight)
    weighed = weighed.with_columns(total=pl.col("weight").cum_sum().over("doc"))
    weighed = weighed.with_columns(before=pl.col("total") - pl.col("weight"))
    weighed = weighed.with_columns(low=pl.col("before").cum_min().over("doc"))
    gained = weighed.filter("own").with_columns(gain=pl.col("total") - pl.col("low"))
    best = gained.filter(pl.col("gain") == pl.col("gain").max().over("doc"))
    ends = best.group_by("doc").agg(pl.col("line", "low").sort_by("line").last()).rename({"line": "end"})
    starts = weighed.filter("own").select("doc", "line", "before").join(ends, on="doc")
    starts = starts.filter((pl.col("before") == pl.col("low")) & (pl.col("line") <= pl.col("end")))
    bounds = starts.group_by("doc").agg(pl.col("line").min().alias("start"), pl.col("end").first())
    place = (
        pl.when(pl.col("line") < pl.col("start"))
        .then(pl.lit("head"))
        .when(pl.col("line") > pl.col("end"))
        .then(pl.lit("tail"))
        .when(pl.col("start").is_not_null())
        .then(pl.lit("middle"))
    )
    return (
        weighed.join(bounds, on="doc", how="left", maintain_order="left")
        .with_columns(place=place)
        .drop("weight", "total", "before", "low", "start", "end")
    )


def _judged(standing: pl.DataFrame, totals: pl.DataFrame, pages: pl.DataFrame) -> pl.DataFrame:
    """Add what is known of each line's template, and ``furniture``: it is the site's, where it stands around text."""
    known = totals.with_columns(documents=documents_of())
    told = standing.join(known, on=["host", "template"], how="left", maintain_order="left").join(
        pages, on="host", how="left", maintain_order="left"
    )
    around = pl.col("head") + pl.col("tail")
    furniture = (
        (pl.col("pages") >= MIN_HOST_PAGES)
        & (around >= pl.max_horizontal(pl.lit(MIN_PAGES), pl.col("share") * pl.col("pages")))
        & (pl.col("middle") <= MAX_MIDDLE * pl.col("documents"))
    )
    return told.with_columns(furniture=furniture.fill_null(value=False))


def _going(judged: pl.DataFrame) -> pl.DataFrame:
    """Add ``rule``, null for lines that stay: furniture around the article, what it encloses, and runs of it inside."""
    place, held = pl.col("place"), pl.col("documents")
    usual = pl.when(place == "head").then("head").when(place == "tail").then("tail").otherwise(held)
    opening = neighbour(pl.col("own"), -1).fill_null(value=False) & pl.col("signed")
    inside = (place == "middle").fill_null(value=False)
    around = pl.col("furniture") & ~inside & (usual >= MIN_PLACE * held) & ~opening
    before, after = (neighbour(pl.col("furniture"), rows) for rows in (1, -1))
    run = pl.col("furniture") & inside & (before | after)
    seldom = (held >= FEW) & (pl.col("middle") <= MAX_MIDDLE * held) & pl.col("share").is_not_null()
    name = seldom & ~pl.col("sentence") & (pl.col("chars") <= BETWEEN_CHARS) & ~inside
    between = name & before.fill_null(value=True) & after.fill_null(value=True) & (before | after)
    rule = pl.when(around).then(pl.lit("frequent/line")).when(run).then(pl.lit("frequent/run"))
    return judged.with_columns(rule=rule.when(between).then(pl.lit("frequent/between")))


def _found(judged: pl.DataFrame) -> pl.DataFrame:
    """Return the lines that go as ``FOUND``, in order."""
    place = pl.col("place")
    where = (
        pl.when(pl.col("rule") == "frequent/between")
        .then(pl.lit("between lines of the site"))
        .when(place == "head")
        .then(pl.lit("above the article"))
        .when(place == "tail")
        .then(pl.lit("below the article"))
        .when(place == "middle")
        .then(pl.lit("in a run of such lines"))
        .otherwise(pl.lit("on a page without an article"))
    )
    site = pl.when(pl.col("host") == "").then(pl.lit(UNKNOWN_HOST)).otherwise("host")
    rows = _going(judged).filter(pl.col("rule").is_not_null() & ~pl.col("whole"))
    rows = rows.with_columns(
        evidence=pl.format("on {} of {} pages of {}, {}", "documents", "pages", site, where),
        score=(pl.col("documents") / pl.col("pages")).cast(pl.Float32),
        gone=pl.lit("frequent"),
        **{name: pl.lit(None) for name in ("start", "end", "same_as")},
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in FOUND.items())
