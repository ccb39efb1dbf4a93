"""Records of any container into pages: the same checks and the same columns for JSONL and Parquet.

A reader hands over ``RAW`` frames, one row a record, nothing decided yet but what cannot be told later: a row whose
``reason`` is set was not a record at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.read.batch import HTML_BYTES, PAGE_BYTES, RECORDS_BYTES, Batch, content_id, host_of
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
VISIBLE = r"[^\s\x00-\x1f\x7f-\x9f\ufeff\ufffe\uffff]"  # something of a text is left when it is clean
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
    """Return the pages and skipped rows of records. A page can be as large as all else here, so few copies are made."""
    records = _judged(_facts(raw, source).hstack(_chosen(raw)))
    without = records.filter(pl.col("reason").is_not_null()) if records["reason"].count() else records.clear()
    skipped = without.with_columns(doc_id=pl.coalesce("id", "url"))
    good = records.filter(pl.col("reason").is_null()) if skipped.height else records
    del records
    own = good.select(pl.coalesce("id", "url")).to_series()
    contents = iter(good.filter(own.is_null())["content"].cast(pl.Binary))
    ids = [given or content_id(source, next(contents)) for given in own]
    pages = good.with_columns(
        host=host_of(pl.col("url")),
        doc_id=pl.Series(ids, dtype=pl.String),
        published=pl.Series([parse_time(time) for time in good["published"]], dtype=TIME),
    )
    return Batch(conform(pages, PAGES), conform(skipped, SKIPPED))


def _facts(raw: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return ``raw`` without its texts: clean strings, null where nothing but blanks is left, and ``source``."""
    clean = raw.select("number", "charset", "reason", "detail", *(sanitised(raw[name]) for name in FACTS))
    facts = [pl.col(name).str.replace_all("\n", " ", literal=True).str.strip_chars() for name in FACTS]
    return clean.with_columns(facts).with_columns(
        *(pl.when(pl.col(name).str.contains(r"\S")).then(name) for name in FACTS),
        source=pl.concat_str(pl.lit(f"{source}#"), "number"),
    )


def _chosen(raw: pl.DataFrame) -> pl.DataFrame:
    """Return ``content``: the clean text of a record, else its HTML. Null where both are blank, or it is too large.

    Also its ``kind``, its bytes, ``size``, those it may have, ``most``, and whether it is ``given`` at all.
    """
    text, html = (raw[name].str.contains(VISIBLE).fill_null(value=False) for name in ("text", "html"))
    if text.all():
        content = raw["text"]  # as it is: to choose would copy it
    else:
        chosen = pl.when(text).then("text").when(html).then("html")
        content = raw.select(chosen.cast(pl.String)).to_series()
    content = sanitised(content)
    is_html = ~text | content.str.contains(HTML_START)
    sized = pl.DataFrame({"size": content.str.len_bytes(), "html": is_html}).with_columns(
        kind=pl.when("html").then(pl.lit("html")).otherwise(pl.lit("text")),
        most=pl.when("html").then(HTML_BYTES).otherwise(PAGE_BYTES),
        given=raw["text"].is_not_null() | raw["html"].is_not_null(),
    )
    if (sized["size"] > sized["most"]).any():
        fitting = pl.when(sized["size"] <= sized["most"]).then("content")
        content = content.to_frame("content").select(fitting).to_series()
    return sized.drop("html").with_columns(content=content)


def _judged(records: pl.DataFrame) -> pl.DataFrame:
    """Return ``records`` with ``reason`` and ``detail`` for those that give no page."""
    content, size, most, chars, replaced = map(pl.col, ("content", "size", "most", "chars", "replaced"))
    suspects = pl.when(content.str.contains(REPLACED, literal=True)).then(content)
    counted = records.select(
        "given",
        "size",
        "most",
        "reason",
        "detail",
        chars=content.str.len_chars(),
        replaced=suspects.str.count_matches(REPLACED, literal=True).fill_null(0),
    )
    verdicts = [
        (
            size > most,
            "too_large",
            pl.format("{} bytes; a page may have {}", size, most),
        ),
        (chars.is_null() & pl.col("given"), "missing_text", pl.lit("the text is empty")),
        (chars.is_null(), "missing_text", pl.lit("no field with text")),
        (
            (replaced == chars) | ((replaced > 1) & (replaced > chars * UNDECODABLE_SHARE)),
            "undecodable",
            pl.format("{} of {} characters are replaced", replaced, chars),
        ),
    ]
    for fails, reason, detail in verdicts:
        new = pl.col("reason").is_null() & fails.fill_null(value=False)
        counted = counted.with_columns(
            detail=pl.when(new).then(detail).otherwise("detail"),
            reason=pl.when(new).then(pl.lit(reason)).otherwise("reason"),
        )
    return records.with_columns(counted["reason"], counted["detail"])
