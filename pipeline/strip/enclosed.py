"""What stands between furniture and is furniture by its place: a page's counts, the labels of its controls.

A bare number or word has no mark of its own, so no rule can name it. It goes only where the lines on both sides are
gone as parts of an interface: a count between any two of them, a word between two of one class.
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
MAX_CHARS = 8
MAX_LINES = 3  # in a row: a count, its unit, a button

_COUNT = r"^\d[\d,.]*\s?(?:만|천|억|[kKM])?\+?$"
_WORD = r"^[가-힣A-Za-z]+$"


def enclosed(lines: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``FOUND`` rows for standing ``lines[LINES]`` that furniture encloses; ``gone`` is the class above.

    ``documents`` is not needed: the stage has the signature of all stages.
    """
    del documents
    stands = pl.col("gone").is_null()
    short = only(stands & (pl.col("text").str.len_chars() <= MAX_CHARS), pl.col("text"))
    told = lines.with_columns(count=short.str.contains(_COUNT), word=short.str.contains(_WORD))
    bare = pl.col("count") | pl.col("word")
    told = told.join(told.filter(bare).select("doc").unique(), on="doc", how="semi", maintain_order="left")
    around = told.with_columns(row=pl.int_range(pl.len())).with_columns(
        pl.when(~bare).then(value).alias(name)
        for name, value in (
            ("edge", pl.col("row")),
            ("class", pl.col("gone").fill_null("")),
            ("near", "text"),
        )
    )
    sides = [
        side(pl.col(name)).over("doc").alias(f"{name}_{place}")
        for place, side in (("above", pl.Expr.forward_fill), ("below", pl.Expr.backward_fill))
        for name in ("edge", "class", "near")
    ]
    above, below = pl.col("class_above"), pl.col("class_below")
    counted = pl.col("count") & above.is_in(COUNTED) & below.is_in(COUNTED)
    labels = pl.col("word") & above.is_in(LABELLED) & (above == below)
    few = pl.col("edge_below") - pl.col("edge_above") <= MAX_LINES + 1
    found = around.with_columns(sides).filter(few & bare & (counted | labels))
    evidence = pl.format(
        "{}: a bare {} between “{}” and “{}”",
        above,
        pl.when("count").then(pl.lit("number")).otherwise(pl.lit("word")),
        *(pl.col(f"near_{place}").str.slice(0, 20) for place in ("above", "below")),
    )
    missing = [pl.lit(None).alias(name) for name in ("start", "end", "score", "same_as")]
    rows = found.with_columns(missing).with_columns(
        rule=pl.lit("chrome/enclosed"), evidence=evidence, gone=above
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in FOUND.items())
