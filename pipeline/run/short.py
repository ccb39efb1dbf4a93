"""Short lines that go with the paragraphs around them: a copied passage goes whole, and a quote never alone.

Lines too short to be compared are no items of the search. All short lines between two paragraphs, or between one and an
end of the document, go together where these paragraphs went as duplicates of paragraphs of one document that has the
same lines there. docs/dedup.md argues that this needs nothing but the verdicts on paragraphs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.dedup.normalise import matching_form
from pipeline.schema import LINE_REF

I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
LinesOf = Callable[[pl.Series], pl.DataFrame]

SHORT = pl.Schema({"item": pl.UInt32(), "duplicate_of": LINE_REF})


def short_copies(
    lines: pl.DataFrame, short: pl.Series, gone: pl.DataFrame, documents: pl.DataFrame, earlier: LinesOf
) -> pl.DataFrame:
    """Return which of the ``short`` rows of ``lines[doc, line, text]`` go: ``SHORT``, by row number, ``item``.

    ``lines`` are all that were compared, document by document in their order; ``gone[item, duplicate_of]`` are those
    that went. ``earlier(doc_ids)`` gives ``doc_id, line, text`` of documents of earlier runs as they were compared.
    """
    is_short = np.zeros(len(lines), np.bool_)
    is_short[short.to_numpy()] = True
    runs = _runs(lines["doc"].to_numpy(), is_short, gone)
    if runs.is_empty():
        return SHORT.to_frame()
    theirs = _lines_of(runs["doc_id"].unique(), lines, documents, earlier)
    pairs = _beside(runs, theirs)
    ours, copied = lines["text"].gather(pairs["item"]), theirs[pairs["row"]]
    same = (matching_form(ours) == matching_form(copied["text"])) & (pairs["doc_id"] == copied["doc_id"])
    found = (
        pairs.with_columns(line=copied["line"]).filter(same).filter(pl.len().over("start") == pl.col("size"))
    )
    return found.select("item", duplicate_of=pl.struct("doc_id", "line")).cast(SHORT).sort("item")


def _runs(doc: npt.NDArray[np.uint32], short: Bools, gone: pl.DataFrame) -> pl.DataFrame:
    """Return ``start, size, doc_id, before, after`` of the runs of short rows whose neighbours all went.

    ``doc_id`` is the one document of which these are duplicates; ``before`` and ``after`` are their lines there, null
    at an end of the document.
    """
    joined = np.append(np.append(False, doc[1:] == doc[:-1])[: len(doc)], False)  # with the row before
    inside = joined & np.append(short, False) & np.append(False, short)
    starts = np.flatnonzero(short & ~inside[:-1])
    ends = np.flatnonzero(short & ~inside[1:]) + 1
    verdict = np.full(len(doc) + 2, -1)
    verdict[gone["item"].to_numpy() + 1] = np.arange(len(gone))
    before = np.where(joined[starts], verdict[starts], -2)  # -1: it stays, -2: there is none
    after = np.where(joined[ends], verdict[ends + 1], -2)
    goes = (before != -1) & (after != -1) & (before + after > -4)
    rows = pl.DataFrame({"start": starts, "size": ends - starts, "before": before, "after": after}).filter(
        goes
    )
    names = gone["duplicate_of"].struct.unnest().with_columns(at=np.arange(len(gone)))
    for side in ("before", "after"):
        named = names.select(at="at", **{f"{side}_doc": "doc_id", f"{side}_line": "line"})
        rows = rows.join(named, left_on=side, right_on="at", how="left", maintain_order="left")
    one = pl.coalesce(pl.col("before_doc") == pl.col("after_doc"), True)  # at an end, any
    return rows.filter(one).select(
        "start",
        "size",
        doc_id=pl.coalesce("before_doc", "after_doc"),
        before="before_line",
        after="after_line",
    )


def _lines_of(
    doc_ids: pl.Series, lines: pl.DataFrame, documents: pl.DataFrame, earlier: LinesOf
) -> pl.DataFrame:
    """Return ``doc_id, line, text`` of documents as they were compared, in this run or in an earlier one."""
    here = documents.select("doc", "doc_id").join(doc_ids.to_frame(), on="doc_id", how="semi")
    columns = ("doc_id", "line", "text")
    found = [lines.join(here, on="doc").select(columns)]
    there = doc_ids.to_frame().join(here, on="doc_id", how="anti")["doc_id"]
    if len(there):
        found.append(earlier(there).select(columns))
    return pl.concat(found).sort("doc_id", "line")


def _beside(runs: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Return ``start, size, doc_id, item, row``: each row of a run, and the row of ``theirs`` that it must equal.

    Only of runs that have as many rows as there lie between the paragraphs around them.
    """
    places = theirs.select("doc_id", "line").with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    for side in ("before", "after"):
        at = places.rename({"line": side, "row": f"{side}_row"})
        runs = runs.join(at, on=["doc_id", side], how="left", maintain_order="left")
    first, size = pl.coalesce(pl.col("before_row") + 1, pl.col("after_row") - pl.col("size")), pl.col("size")
    ends = pl.coalesce(pl.col("after_row"), first + size)
    fits = (first + size == ends) & (first >= 0) & (ends <= len(theirs))
    runs = runs.with_columns(first=first).filter(fits)
    return runs.select(
        "start",
        "size",
        "doc_id",
        item=pl.int_ranges("start", pl.col("start") + size),
        row=pl.int_ranges("first", pl.col("first") + size),
    ).explode("item", "row")
