"""Records of any container into pages: the same checks and the same columns for JSONL and Parquet.

A reader hands over ``RAW`` frames, one row a record, nothing decided yet but what cannot be told later: a row whose
``reason`` is set was not a record at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.read.batch import PAGE_BYTES, RECORDS_BYTES, Batch, content_id, host_of
from pipeline.read.charset import REPLACED, UNDECODABLE_SHARE, sanitised
from pipeline.read.times import parse_time
from pipeline.schema import PAGES, SKIPPED, TIME, conform

_RAW: dict[str, pl.DataType | type[pl.DataType]] = {
    "number": pl.UInt64,  # from 1, the line or row it stands in
    "id": pl.String,
    "url": pl.String,
    "text": pl.String,
    "html": pl.String,
    "title": pl.String,
    "press": pl.String,
    "published": pl.String,
    "charset": pl.String,
    "reason": pl.String,
    "detail": pl.String,
}
RAW = pl.Schema(_RAW)
FACTS = ("id", "url", "title", "press", "published")
HTML_START = r"(?i)^\s*(<\?xml[^>]*>\s*)?(<!doctype html|<html[\s>])"


def batches(raw: pl.DataFrame, source: str) -> Iterator[Batch]:
    """Give the pages and skipped rows of ``RAW`` records of the file ``source``, in halves while too many bytes."""
    size = raw.select(pl.col("text", "html").str.len_bytes().sum()).sum_horizontal().item() or 0
    if size > RECORDS_BYTES and raw.height > 1:
        yield from batches(raw[: raw.height // 2], source)
        yield from batches(raw[raw.height // 2 :], source)
    elif raw.height:
        yield _batch(raw, source)


def as_text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a value as text: a list's items one a line; None for null, an object, and a list that holds one."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return None if math.isnan(value) else str(value)  # NaN is how data frames write null
    if not isinstance(value, list):
        return None
    items = [as_text(item) for item in value if item is not None]
    return None if None in items else "\n".join(item for item in items if item is not None)


def _batch(raw: pl.DataFrame, source: str) -> Batch:
    judged = _judged(_cleaned(raw).with_columns(source=pl.concat_str(pl.lit(f"{source}#"), "number")))
    good = judged.filter(pl.col("reason").is_null())
    own = pl.coalesce("id", "url")
    ids = [
        given or content_id(source, content.encode())
        for given, content in good.select(
            own, pl.when(own.is_null()).then("content").alias("only")
        ).iter_rows()
    ]
    times = pl.Series([parse_time(time) for time in good["published"]], dtype=TIME)
    pages = good.with_columns(
        host=host_of(pl.col("url")), doc_id=pl.Series(ids, dtype=pl.String), published=times
    )
    skipped = judged.filter(pl.col("reason").is_not_null()).with_columns(doc_id=pl.coalesce("id", "url"))
    return Batch(conform(pages, PAGES), conform(skipped, SKIPPED))


def _cleaned(raw: pl.DataFrame) -> pl.DataFrame:
    """Return ``raw`` with clean strings, null where nothing but blanks is left, and with ``content`` and ``kind``."""
    columns = [sanitised(raw[name]) for name in (*FACTS, "text", "html")]
    facts = [pl.col(name).str.replace_all("\n", " ", literal=True).str.strip_chars() for name in FACTS]
    clean = (
        raw.with_columns(columns)
        .with_columns(facts)
        .with_columns(
            *map(_nothing_to_null, (*FACTS, "text", "html")),
            given=pl.any_horizontal(pl.col("text", "html").is_not_null()),
        )
    )
    is_html = pl.col("text").is_null() | pl.col("text").str.contains(HTML_START)
    return clean.with_columns(
        content=pl.coalesce("text", "html"),
        kind=pl.when(is_html).then(pl.lit("html")).otherwise(pl.lit("text")),
    )


def _nothing_to_null(name: str) -> pl.Expr:
    return pl.when(pl.col(name).str.contains(r"\S")).then(name)


def _judged(records: pl.DataFrame) -> pl.DataFrame:
    """Return ``records`` with ``reason`` and ``detail`` for those that give no page."""
    content, chars, replaced = pl.col("content"), pl.col("chars"), pl.col("replaced")
    suspects = pl.when(content.str.contains(REPLACED, literal=True)).then(content)
    records = records.with_columns(
        chars=content.str.len_chars(),
        replaced=suspects.str.count_matches(REPLACED, literal=True).fill_null(0),
    )
    verdicts = [
        (content.is_null() & pl.col("given"), "missing_text", pl.lit("the text is empty")),
        (content.is_null(), "missing_text", pl.lit("no field with text")),
        (
            content.str.len_bytes() > PAGE_BYTES,
            "too_large",
            pl.format("{} bytes; a page may have {}", content.str.len_bytes(), pl.lit(PAGE_BYTES)),
        ),
        (
            (replaced == chars) | ((replaced > 1) & (replaced > chars * UNDECODABLE_SHARE)),
            "undecodable",
            pl.format("{} of {} characters are replaced", replaced, chars),
        ),
    ]
    for fails, reason, detail in verdicts:
        new = pl.col("reason").is_null() & fails
        records = records.with_columns(
            detail=pl.when(new).then(detail).otherwise("detail"),
            reason=pl.when(new).then(pl.lit(reason)).otherwise("reason"),
        )
    return records
