"""Pull quotes: a sentence of a paragraph that a page shows a second time in large letters."""

from __future__ import annotations

import polars as pl

from pipeline.strip.same import ID, as_repeats, formed
from pipeline.strip.shapes import neighbour, only

MIN_QUOTE = 25  # of the matching form of a pull quote beside its paragraph
MIN_SPOKEN = 12  # the same, where the next line names the speaker
MAX_QUOTE, MAX_SPEAKER = 120, 30  # characters
REACH = 2  # standing lines between a pull quote and its paragraph
MAX_SPOKEN = 2  # with their speakers; more of them are what the article is made of

_QUOTATION = r"^\s*(?:\"[^\"]+[.!]\"|“[^”]+[.!]”)\s*$"
_SPEAKER = (
    r"^[-–—·|\s]*[가-힣]{2,4}\s?(?:\([^()]{1,10}\)\s?)?(?:[가-힣A-Za-z0-9·]+\s){0,4}[가-힣A-Za-z0-9·]*"
    r"(?:장|의원|위원|대표|후보|장관|차관|총리|대통령|지사|군수|교수|박사|연구원|이사|감독|선수|배우|가수|작가|변호사|씨)$"
)


def quotes(lines: pl.DataFrame) -> pl.DataFrame:
    """Return quotations on a line of their own, with their full stop, that a paragraph contains.

    A sub-headline in quotes has no full stop and stays. The paragraph stands beside the quotation, or the next line
    names who speaks, as some paragraph does; that line goes too.
    """
    short = only(pl.col("chars") <= MAX_QUOTE, pl.col("text"))
    quoted = lines.filter(short.str.contains(_QUOTATION))
    below = [neighbour(pl.col(name), -1).alias(f"{name}_below") for name in ("line", "text")]
    ranked = lines.join(quoted, on="doc", how="semi", maintain_order="left").with_columns(
        *below, rank=pl.int_range(pl.len()).over("doc")
    )
    shown = ranked.join(quoted, on=ID, how="semi", maintain_order="left")
    paragraphs = formed(ranked.filter("body").select(*ID, "rank", "text")).select(
        "doc", other="line", rank_other="rank", other_form="form", other_size="size"
    )
    pairs = _held(shown, paragraphs)
    speakers = _held(_speakers(shown), paragraphs)
    beside = (pl.col("rank") - pl.col("rank_other")).abs().is_between(1, REACH)
    spoken = pairs.join(speakers, left_on=ID, right_on=["doc", "quote"], how="semi").filter(
        (pl.col("size") >= MIN_SPOKEN) & (pl.col("line").n_unique().over("doc") <= MAX_SPOKEN)
    )
    found = pl.concat([pairs.filter(beside & (pl.col("size") >= MIN_QUOTE)), spoken])
    named = speakers.join(found, left_on=["doc", "quote"], right_on=ID, how="semi")
    return pl.concat([_first(found), _first(named)])


def _first(pairs: pl.DataFrame) -> pl.DataFrame:
    return as_repeats(pairs.sort(*ID, "other").unique(ID, keep="first", maintain_order=True))


def _speakers(shown: pl.DataFrame) -> pl.DataFrame:
    """Return the lines below quotations that have the shape of a name with an office."""
    text = pl.col("text_below")
    named = shown.filter((text.str.len_chars() <= MAX_SPEAKER) & text.str.contains(_SPEAKER))
    return named.select("doc", line="line_below", text="text_below", quote="line")


def _held(short: pl.DataFrame, paragraphs: pl.DataFrame) -> pl.DataFrame:
    """Return ``short`` lines with each paragraph of their document that contains them and more."""
    part = formed(short).with_columns(part=pl.col("form").str.strip_chars('".-·|'))
    pairs = part.join(paragraphs, on="doc")
    longer = pl.col("form") != pl.col("other_form")
    return pairs.filter(longer & pl.col("other_form").str.contains(pl.col("part"), literal=True))
