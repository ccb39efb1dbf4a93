"""What stands between furniture and is furniture by its place: a page's counts, the labels of its controls.

A bare number or word has no mark of its own, so no rule can name it. It goes only where the lines on both sides are
gone as parts of an interface: a count between any two of them (one may be a byline or the copyright notice), a word
between two of one class.
"""

from __future__ import annotations

import polars as pl

from pipeline.schema import FOUND
from pipeline.strip.shapes import only

# Classes of chrome whose lines are parts of controls and counters, with labels among them.
LABELLED = (
    "reaction", "tts", "translation", "fontsize", "share_print", "comment_ui", "press_release_form",
)  # fmt: skip
COUNTED = (*LABELLED[:-1], "ui", "nav", "survey", "subscribe", "outlink")
BESIDE = ("byline", "copyright")  # may stand on one side of counts: the end of the article, then its counters
MAX_CHARS = 8
MAX_LABELS, MAX_COUNTS = 3, 6  # in a row
NEAR_CHARS = 20  # of the lines on both sides, in the evidence

_COUNT = r"^(?:[-·•]\s?)?\d[\d,.]*\s?(?:만|천|억|[kKM])?\+?$"
_WORD = r"^[가-힣A-Za-z]+$"


def enclosed(lines: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``FOUND`` rows for standing ``lines[SHAPED]`` that furniture encloses; ``gone`` is the furniture's class.

    ``documents`` is not needed: the stage has the signature of all stages.
    """
    del documents
    text, stands = pl.col("text"), pl.col("gone").is_null()
    short = only(stands & (pl.col("chars") <= MAX_CHARS), text)
    told = lines.with_columns(count=short.str.contains(_COUNT), word=short.str.contains(_WORD))
    bare = told.filter(pl.col("count") | pl.col("word")).select("doc").unique()
    found = _sided(told.join(bare, on="doc", how="semi", maintain_order="left")).filter(_counted() | _label())
    above, below = pl.col("class_above"), pl.col("class_below")
    kind = pl.when(above.is_in(BESIDE)).then(below).otherwise(above)
    what = pl.when("count").then(pl.lit("number")).otherwise(pl.lit("word"))
    near = [pl.col(name).str.slice(0, NEAR_CHARS) for name in ("text_above", "text_below")]
    rows = found.with_columns(
        *(pl.lit(None).alias(name) for name in ("start", "end", "score", "same_as")),
        rule=pl.lit("chrome/enclosed"),
        evidence=pl.format("{}: a bare {} between “{}” and “{}”", kind, what, *near),
        gone=kind,
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in FOUND.items())


def _sided(told: pl.DataFrame) -> pl.DataFrame:
    """Add class, text and row of the next lines above and below that are not bare; a standing line has no class."""
    bare = pl.col("count") | pl.col("word")
    ends = {"row": pl.int_range(pl.len()), "class": pl.col("gone").fill_null(""), "text": pl.col("text")}
    edged = told.with_columns(
        pl.when(~bare).then(value).alias(f"edge_{name}") for name, value in ends.items()
    )
    fills = {"above": pl.Expr.forward_fill, "below": pl.Expr.backward_fill}
    return edged.with_columns(
        fill(pl.col(f"edge_{name}")).over("doc").alias(f"{name}_{place}")
        for name in ends
        for place, fill in fills.items()
    )


def _lines() -> pl.Expr:
    return pl.col("row_below") - pl.col("row_above") - 1


def _counted() -> pl.Expr:
    above, below = pl.col("class_above"), pl.col("class_below")
    edges = above.is_in((*COUNTED, *BESIDE)) & below.is_in((*COUNTED, *BESIDE))
    return pl.col("count") & edges & (above.is_in(COUNTED) | below.is_in(COUNTED)) & (_lines() <= MAX_COUNTS)


def _label() -> pl.Expr:
    above, below = pl.col("class_above"), pl.col("class_below")
    return pl.col("word") & above.is_in(LABELLED) & (above == below) & (_lines() <= MAX_LABELS)
