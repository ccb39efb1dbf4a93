"""The last word of stripping: a document that would lose nearly everything is kept whole, and said to be."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from pipeline.strip.shapes import body_like

# Of a document's characters; even a whole page's visible text keeps its article.
LOST_SHARE = 0.9
# Of characters in lines that read like paragraphs: below, there was no article to lose.
ARTICLE_CHARS = 200
COPIES = ("title", "repeat")  # what these stages take stands elsewhere


class Guarded(NamedTuple):
    """Lines and record with the spared documents as extracted, and ``spared[doc, kept_whole]``, the reason in words."""

    lines: pl.DataFrame
    removed: pl.DataFrame
    spared: pl.DataFrame


def keep_whole(extracted: pl.DataFrame, lines: pl.DataFrame, removed: pl.DataFrame) -> Guarded:
    """Give documents their ``extracted[LINES]`` back where ``removed[REMOVED]`` would leave next to nothing."""
    spared = _endangered(extracted, removed)
    if spared.is_empty():
        return Guarded(lines, removed, spared)
    back = extracted.join(spared, on="doc", how="semi", maintain_order="left")
    others = lines.join(spared, on="doc", how="anti", maintain_order="left")
    return Guarded(
        pl.concat([others, back]).sort("doc", "line"),
        removed.join(spared, on="doc", how="anti", maintain_order="left"),
        spared,
    )


def _endangered(extracted: pl.DataFrame, removed: pl.DataFrame) -> pl.DataFrame:
    chars = pl.col("text").str.len_chars().sum()
    taken = removed.filter(~pl.col("stage").is_in(COPIES))
    shares = (
        extracted.group_by("doc")
        .agg(chars=chars)
        .join(taken.group_by("doc").agg(taken=chars), on="doc")
        .with_columns(share=pl.col("taken") / pl.col("chars"))
        .filter(pl.col("share") >= LOST_SHARE)
    )
    whole = taken.filter(pl.col("span").is_null()).join(shares, on="doc", how="semi")
    articles = whole.filter(body_like(pl.col("text"))).group_by("doc").agg(article=chars)
    most = (
        taken.group_by("doc", "rule")
        .agg(rule_chars=chars)
        .sort("doc", "rule_chars", "rule", descending=[False, True, False])
        .unique("doc", keep="first", maintain_order=True)
    )
    found = shares.join(articles.filter(pl.col("article") >= ARTICLE_CHARS), on="doc").join(most, on="doc")
    words = pl.format(
        "{} % of its characters would have gone, most of them by {}",
        (pl.col("share") * 100).round().cast(pl.UInt32),
        "rule",
    )
    return found.select("doc", kept_whole=words).sort("doc")
