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
from pipeline.strip.quotes import quotes
from pipeline.strip.same import CAPTION, ID, KEY_CHARS, as_repeats, formed
from pipeline.strip.shapes import neighbour
from pipeline.strip.summaries import CUT, MIN_CHARS, MIN_NOTICED, summaries

NOTICES = ("autosummary", "ai_summary")  # classes of chrome that announce a summary
MIN_BLOCK = 3  # copied paragraphs in the order of the first ones, before the short lines among them go too

_LETTER = r"[^\p{L}\p{N}]"
# What is asked of several people, called out again, or a heading.
_MEANT = (
    r"(?:[?？!！]|까요?\.?|나요\.?|[는은]지\.?|달라\.?)[\s\"'”’)\]]*$|"
    r"^\s*(?:Q[\W\d]|(?:문|질문)\s?\d*\s?[.:)>〉\]]|[-▶▷◆◇■□●○△▲※])"
)


def repeats(lines: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``FOUND`` rows for the standing lines of ``lines[SHAPED]`` that repeat a line which stays.

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
    found = summaries(standing, noticed)
    for stage in (_captions, _equal, quotes):
        rest = standing.join(found, on=ID, how="anti", maintain_order="left")
        found = pl.concat([found, stage(rest)])
    return _lasting(pl.concat([found, _among_copies(standing, found)]))


def _traits() -> list[pl.Expr]:
    text = pl.col("text")
    start = text.str.slice(0, 4 * KEY_CHARS).str.replace_all(_LETTER, "").str.slice(0, KEY_CHARS)
    return [
        text.str.tail(6).str.contains(CUT).alias("cut"),
        pl.when(pl.col("chars") >= MIN_NOTICED).then(start.str.to_lowercase()).alias("key"),
    ]


def _lasting(found: pl.DataFrame) -> pl.DataFrame:
    """Return the repeats whose other line is not a repeat itself, as ``FOUND``."""
    taken = found.select("doc", same_as="line")
    filled = found.join(taken, on=["doc", "same_as"], how="anti").with_columns(
        pl.lit(None).alias("start"), pl.lit(None).alias("end"), gone=pl.lit("repeat")
    )
    return filled.sort(ID).select(pl.col(name).cast(dtype) for name, dtype in FOUND.items())


def _copies(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines that have equals in their document, with the first of them as ``other`` and their number."""
    shared = lines.filter(pl.col("key").is_not_null() & (pl.len().over("doc", "key") > 1))
    same = ["doc", "form"]
    return (
        formed(shared)
        .with_columns(
            copies=pl.len().over(same),
            other=pl.col("line").min().over(same),
            part="form",
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
        (pl.col("copies") == 2) & (pl.col("size") >= MIN_CHARS) & ~pl.col("text").str.contains(_MEANT)
    )
    beside = _touching(lines, twice)
    both = twice.join(beside, on=ID).join(beside, left_on=["doc", "other"], right_on=ID, suffix="_other")
    earlier = pl.col("touching") > pl.col("touching_other")
    goes = pl.when(earlier).then("other").otherwise("line").alias("line")
    stays = pl.when(earlier).then("line").otherwise("other").alias("other")
    return as_repeats(both.with_columns(goes, stays))


def _touching(lines: pl.DataFrame, twice: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc, line, touching``: how many paragraphs that do not stand twice touch the line (0, 1, 2)."""
    twins = pl.concat([twice.select(ID), twice.select("doc", line="other")]).with_columns(
        twin=pl.lit(value=True)
    )
    near = lines.join(twice, on="doc", how="semi", maintain_order="left").join(
        twins, on=ID, how="left", maintain_order="left"
    )
    own = (pl.col("body") & pl.col("twin").is_null()).cast(pl.UInt8)
    both = neighbour(own).fill_null(0) + neighbour(own, -1).fill_null(0)
    return near.select("doc", "line", touching=both)


def _among_copies(standing: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the short lines between and beside copied paragraphs: the rest of an article that stands twice.

    Three copies or more must stand in the order of the first ones, with nothing but equal lines among them.
    """
    copies = found.filter(pl.col("rule") == "repeat/equal").select(*ID, "same_as")
    several = copies.filter(pl.len().over("doc") >= MIN_BLOCK)
    ranked = standing.join(several, on="doc", how="semi", maintain_order="left").select(
        *ID, "text", rank=pl.int_range(pl.len()).over("doc")
    )
    ranks = ranked.drop("text")
    placed = several.join(ranks, on=ID).join(ranks, left_on=["doc", "same_as"], right_on=ID, suffix="_other")
    shifts = placed.select("doc", shift=pl.col("rank") - pl.col("rank_other")).unique()
    twins = (
        ranked.join(shifts, on="doc")
        .with_columns(twin=pl.col("rank") - pl.col("shift"))
        .join(ranked, left_on=["doc", "twin"], right_on=["doc", "rank"], suffix="_twin")
        .filter(matching_form(pl.col("text")) == matching_form(pl.col("text_twin")))
        .join(copies.with_columns(copy=pl.lit(value=True)), on=ID, how="left")
        .sort("doc", "shift", "rank")
    )
    row = ["doc", "shift", pl.col("rank") - pl.int_range(pl.len()).over("doc", "shift")]
    whole = twins.filter((pl.col("copy").sum().over(row) >= MIN_BLOCK) & pl.col("copy").is_null())
    return whole.join(found, on=ID, how="anti").select(
        *ID,
        rule=pl.lit("repeat/equal"),
        evidence=pl.format("equal to line {}, as the paragraphs around it are", pl.col("line_twin")),
        score=pl.lit(1.0, pl.Float32),
        same_as="line_twin",
    )


def _captions(lines: pl.DataFrame) -> pl.DataFrame:
    """Return later copies of a caption that stands once for each image."""
    copies = _copies(lines)
    captions = copies.filter(pl.col("text").str.contains(CAPTION))
    return as_repeats(captions).with_columns(rule=pl.lit("repeat/caption"))
