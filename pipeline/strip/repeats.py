"""Repeats inside a document: summaries, pull quotes and captions that say a second time what the article says.

A portal prints sentences of the article above it as a summary; the summary's copy goes and the article's own line
stays in its place. Elsewhere the later of two equal paragraphs goes. Refrains, questions put to several people,
short answers and rows of figures are repeated on purpose: they are short, are questions, or come more than twice.
The thresholds and their sources: docs/repeats.md.
"""

from __future__ import annotations

import polars as pl

from pipeline.dedup.normalise import matching_form
from pipeline.schema import FOUND
from pipeline.strip.shapes import body_like, sentence_end

NOTICES = ("autosummary", "ai_summary")  # classes of chrome that announce a summary
MIN_CHARS = 32  # of the matching form: 40 characters of press text without their blanks
MIN_NOTICED = 20  # the same, where a notice says that there is a summary
MIN_QUOTE = 25  # of the matching form of a pull quote
MAX_QUOTE = 120
MAX_SUMMARY = 8  # lines; more repeated paragraphs than this are an article extracted twice
NEAR_LEAD = 2  # paragraphs from the end of the head to the nearest copy of a sentence of the summary
QUOTE_REACH = 2  # standing lines between a pull quote and its paragraph

_KEY_CHARS = 10
_LETTER = r"[^\p{L}\p{N}]"
_WORDS = r"([\p{L}\p{N}][\p{L}\p{N} ]{3,9})"  # no quotes: copies write them differently
_CUT = r"\s*(?:…|\.{2,})\s*$"
_QUESTION = r"(?:[?？]|까요?\.?|나요\.?|[는은]지\.?|달라\.?)[\s\"'”’)\]]*$|^\s*(?:Q|문|질문|[-▶▷◆◇■□●○△▲※])"
_QUOTATION = r"^\s*(?:\"[^\"]+[.!?]\"|“[^”]+[.!?]”)\s*$"
_CAPTION = (
    r"^.{8,}(?:사진\s?[=:/]|사진\s?제공|[ⓒ©]|\[사진|\(사진|/사진)|"
    r"^.{25,}(?:제공|연합뉴스|뉴시스|뉴스1|AP|AFP|로이터|EPA|게티이미지\S*)[.\])\s]*$"
)
_DATELINE = r"[=\])】>]$"
_ID = ["doc", "line"]


def repeats(lines: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``FOUND`` rows for the standing lines of ``lines[LINES]`` that repeat a line which stays.

    ``documents`` is not needed: the stage has the signature of all stages. ``same_as`` is the line that stays,
    ``score`` the share of that line which this one repeats; rules are repeat/equal, /contained and /caption.
    """
    del documents
    whole = lines.rechunk().lazy()  # a pattern compiles once a chunk
    standing = whole.filter(pl.col("gone").is_null()).drop("gone").with_columns(_traits()).collect()
    noticed = (
        lines.filter(pl.col("gone").is_in(NOTICES))
        .select("doc")
        .unique()
        .with_columns(noticed=pl.lit(value=True))
    )
    found = _summaries(_suspects(standing), noticed)
    for stage in (_equal, _captions, _quotes):
        rest = standing.join(found, on=_ID, how="anti", maintain_order="left")
        found = pl.concat([found, stage(rest)])
    return _lasting(found)


def _traits() -> list[pl.Expr]:
    text = pl.col("text")
    start = text.str.slice(0, 4 * _KEY_CHARS).str.replace_all(_LETTER, "").str.slice(0, _KEY_CHARS)
    return [
        body_like(text).alias("body"),
        sentence_end(text).alias("sentence"),
        text.str.tail(6).str.contains(_CUT).alias("cut"),
        pl.when(text.str.len_chars() >= MIN_NOTICED).then(start.str.to_lowercase()).alias("key"),
    ]


def _lasting(found: pl.DataFrame) -> pl.DataFrame:
    """Return the repeats whose other line is not a repeat itself, as ``FOUND``."""
    taken = found.select("doc", same_as="line")
    filled = found.join(taken, on=["doc", "same_as"], how="anti").with_columns(
        pl.lit(None).alias("start"), pl.lit(None).alias("end"), gone=pl.lit("repeat")
    )
    return filled.sort(_ID).select(pl.col(name).cast(dtype) for name, dtype in FOUND.items())


def _formed(lines: pl.DataFrame) -> pl.DataFrame:
    form = matching_form(pl.col("text"))
    return lines.with_columns(form=form).with_columns(size=pl.col("form").str.len_chars())


def _suspects(standing: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of documents whose head holds the beginning of a later line: few, so forms are made of them.

    The head's sentences end with the first paragraph; its first words, written alike, must occur in a later line.
    """
    sentence = (pl.col("sentence") | pl.col("cut")) & pl.col("key").is_not_null()
    opening = (pl.col("body").cum_sum().over("doc") - pl.col("body").cast(pl.UInt32)) == 0
    heads = standing.filter(opening & sentence).select(
        "doc", "key", head="line", words=pl.col("text").str.slice(0, 4 * _KEY_CHARS).str.extract(_WORDS)
    )
    later = standing.select("doc", "line", "text", other_key="key")
    pairs = heads.join(later, on="doc").filter(pl.col("line") > pl.col("head"))
    same = pl.col("text").str.contains(pl.col("words"), literal=True) | (pl.col("key") == pl.col("other_key"))
    docs = pairs.filter(same).select("doc").unique()
    return _formed(standing.join(docs, on="doc", how="semi", maintain_order="left"))


def _summaries(lines: pl.DataFrame, noticed: pl.DataFrame) -> pl.DataFrame:
    """Return the sentences of the head that the article below repeats, each with the line that stays."""
    told = lines.join(noticed, on="doc", how="left", maintain_order="left").with_columns(
        pl.col("noticed").fill_null(value=False), paragraph=pl.col("body").cum_sum().over("doc")
    )
    pairs = _pairs(told)
    below = (pl.col("line") < pl.col("end")) & (pl.col("other") >= pl.col("end"))
    inside = pairs.join(_head_ends(told, pairs), on="doc").filter(below)
    first = inside.sort("doc", "line", "other").unique(_ID, keep="first", maintain_order=True)
    near = pl.col("other_paragraph").min().over("doc") <= pl.col("end_paragraph") + NEAR_LEAD
    short = pl.len().over("doc") <= MAX_SUMMARY
    return _as_repeats(first.filter((pl.col("noticed") | near) & short))


def _pairs(told: pl.DataFrame) -> pl.DataFrame:
    """Return ``line`` and every later ``other`` line that equals or contains it; lines are sentences near the top."""
    enough = pl.col("size") >= pl.when(pl.col("noticed")).then(MIN_NOTICED).otherwise(MIN_CHARS)
    sentences = told.filter((pl.col("sentence") | pl.col("cut")) & enough)
    top = sentences.filter(pl.col("line").cum_count().over("doc") <= MAX_SUMMARY + 1).with_columns(
        part=pl.when(pl.col("cut")).then(pl.col("form").str.replace(_CUT, "")).otherwise(pl.col("form"))
    )
    later = told.select(
        "doc", other="line", other_form="form", other_size="size", other_paragraph="paragraph"
    )
    pairs = top.join(later, on="doc").filter(pl.col("other") > pl.col("line"))
    return pairs.filter(pl.col("other_form").str.contains(pl.col("part"), literal=True))


def _head_ends(told: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return ``end`` and ``end_paragraph`` of each document: its first paragraph that nothing below repeats."""
    own = told.filter("body").join(pairs, on=_ID, how="anti").group_by("doc")
    return own.agg(end=pl.col("line").min(), end_paragraph=pl.col("paragraph").min())


def _as_repeats(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return pairs of ``line`` and ``other`` line with rule and evidence in words."""
    equal = pl.col("form") == pl.col("other_form")
    before = pl.col("other_form").str.splitn(pl.col("part"), 2).struct.field("field_0")
    kind = (
        pl.when(pl.col("cut"))
        .then(pl.lit("cut off from"))
        .when(before == "")
        .then(pl.lit("the first sentence of"))
        .when(before.str.contains(_DATELINE))
        .then(pl.lit("the first sentence, after the dateline, of"))
        .otherwise(pl.lit("part of"))
    )
    words = pl.when(equal).then(pl.lit("equal to")).otherwise(kind)
    return pairs.select(
        "doc",
        "line",
        rule=pl.when(equal).then(pl.lit("repeat/equal")).otherwise(pl.lit("repeat/contained")),
        evidence=pl.format("{} line {}", words, pl.col("other")),
        score=(pl.col("part").str.len_chars() / pl.col("other_size")).cast(pl.Float32),
        same_as="other",
    )


def _copies(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines that have equals in their document, with the first of them as ``other`` and their number."""
    shared = lines.filter(pl.col("key").is_not_null() & (pl.len().over("doc", "key") > 1))
    same = ["doc", "form"]
    return (
        _formed(shared)
        .with_columns(
            copies=pl.len().over(same),
            other=pl.col("line").min().over(same),
            part="form",
            cut=pl.lit(value=False),
        )
        .with_columns(other_form="form", other_size="size")
        .filter(pl.col("line") > pl.col("other"))
    )


def _equal(lines: pl.DataFrame) -> pl.DataFrame:
    """Return paragraphs that stand exactly twice: what comes three times is a refrain.

    The later copy goes, unless more paragraphs touch that one: then the earlier was a summary that some unknown
    notice parts from the head.
    """
    copies = _copies(lines.filter("body"))
    twice = copies.filter(
        (pl.col("copies") == 2) & (pl.col("size") >= MIN_CHARS) & ~pl.col("text").str.contains(_QUESTION)
    )
    beside = _touching(lines, twice)
    both = twice.join(beside, on=_ID).join(beside, left_on=["doc", "other"], right_on=_ID, suffix="_other")
    earlier = pl.col("touching") > pl.col("touching_other")
    goes = pl.when(earlier).then("other").otherwise("line").alias("line")
    stays = pl.when(earlier).then("line").otherwise("other").alias("other")
    return _as_repeats(both.with_columns(goes, stays))


def _touching(lines: pl.DataFrame, twice: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc, line, touching``: how many paragraphs that do not stand twice touch the line (0, 1, 2)."""
    twins = pl.concat([twice.select(_ID), twice.select("doc", line="other")]).with_columns(
        twin=pl.lit(value=True)
    )
    near = lines.join(twice, on="doc", how="semi", maintain_order="left").join(
        twins, on=_ID, how="left", maintain_order="left"
    )
    own = (pl.col("body") & pl.col("twin").is_null()).cast(pl.UInt8)
    both = own.shift(1, fill_value=0).over("doc") + own.shift(-1, fill_value=0).over("doc")
    return near.select("doc", "line", touching=both)


def _captions(lines: pl.DataFrame) -> pl.DataFrame:
    """Return later copies of a caption that stands once for each image."""
    copies = _copies(lines)
    captions = copies.filter(pl.col("text").str.contains(_CAPTION))
    return _as_repeats(captions).with_columns(rule=pl.lit("repeat/caption"))


def _quotes(lines: pl.DataFrame) -> pl.DataFrame:
    """Return quotations on a line of their own, with their full stop, that a paragraph beside them contains.

    A sub-headline in quotes has no full stop and stays.
    """
    ranked = lines.with_columns(rank=pl.int_range(pl.len()).over("doc"))
    opened = pl.col("text").str.strip_chars_start().str.slice(0, 1).is_in(['"', "“"])
    short = ranked.filter(opened & (pl.col("text").str.len_chars() <= MAX_QUOTE))
    quotes = short.filter(pl.col("text").str.contains(_QUOTATION) & ~pl.col("text").str.contains(_QUESTION))
    near = quotes.join(
        ranked.filter("body").select("doc", other="line", beside="rank", other_text="text"), on="doc"
    )
    distance = (pl.col("rank") - pl.col("beside")).abs()
    pairs = _formed(near.filter(distance.is_between(1, QUOTE_REACH))).with_columns(
        part=pl.col("form").str.strip_chars('".'), other_form=matching_form(pl.col("other_text"))
    )
    held = pairs.filter(
        (pl.col("size") >= MIN_QUOTE)
        & (pl.col("form") != pl.col("other_form"))
        & pl.col("other_form").str.contains(pl.col("part"), literal=True)
    ).with_columns(other_size=pl.col("other_form").str.len_chars())
    return _as_repeats(held.sort("doc", "line", "other").unique(_ID, keep="first", maintain_order=True))
