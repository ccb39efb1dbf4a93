"""Extraction: pages in, documents and their lines out; what gives no line is put on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
import xxhash

from pipeline.extract.article import Guide
from pipeline.extract.pages import read_pages
from pipeline.extract.text import crowded, text_lines
from pipeline.read.charset import encoded_twice
from pipeline.schema import DOCUMENTS, LINES, PAGES, SKIPPED, conform

NO_GUIDE = Guide()


class Extracted(NamedTuple):
    """``documents`` (``DOCUMENTS``, ``doc`` from 0), their ``lines`` (``LINES``), ``skipped`` and ``waiting`` pages."""

    documents: pl.DataFrame
    lines: pl.DataFrame
    skipped: pl.DataFrame
    waiting: pl.DataFrame


def extract(pages: pl.DataFrame, guide: Guide = NO_GUIDE, *, one_by_one: bool = False) -> Extracted:
    """Return the documents of ``pages[PAGES]``, in their order; HTML goes by the selectors of ``packs`` first.

    What a page came with (title, press, time) wins over what is found in its HTML. With ``one_by_one`` HTML is read in
    child processes, page by page: one that kills its process, alone as well, is skipped.
    """
    numbered = pages.with_row_index("doc")
    html = numbered.filter(pl.col("kind") == "html")
    found, lines, skipped, waiting = read_pages(html, guide, one_by_one=one_by_one)
    plain = numbered.filter(pl.col("kind") == "text")
    skipped = pl.concat([skipped, crowded(plain)])
    plain = plain.join(skipped, on="doc", how="anti", maintain_order="left")
    lines = pl.concat([text_lines(plain), lines]).sort("doc", "line")
    texts = _texts(lines)
    documents = (
        numbered.join(texts, on="doc")
        .join(found, on="doc", how="left", suffix="_found", maintain_order="left")
        .with_columns(
            pl.coalesce(name, f"{name}_found").alias(name) for name in ("title", "press", "published")
        )
        .with_columns(note=_noted("charset", "note", "twice"))
    )
    numbered = numbered.with_columns(waits=pl.col("doc").is_in(waiting.implode()))
    without = (
        numbered.filter(~pl.col("waits"))
        .join(texts, on="doc", how="anti")
        .join(skipped, on="doc", how="left")
    )
    failed = without.with_columns(
        reason=pl.col("reason").fill_null("no_text"), detail=pl.col("detail").fill_null("no text was found")
    )
    order = documents.sort("doc").select("doc").with_row_index("new")
    renumbered = order.with_columns(new=pl.col("new").cast(pl.UInt32))
    return Extracted(
        conform(_renumbered(documents.sort("doc"), renumbered), DOCUMENTS),
        conform(_renumbered(lines, renumbered), LINES),
        conform(failed.sort("doc"), SKIPPED),
        conform(numbered.filter("waits"), PAGES),
    )


def joined(parts: Sequence[Extracted]) -> Extracted:
    """Return what several batches gave as that of one."""
    documents, lines = [], []
    base = 0
    for part in parts:
        moved = (pl.col("doc") + pl.lit(base, pl.UInt32)).cast(pl.UInt32)
        documents.append(part.documents.with_columns(moved))
        lines.append(part.lines.with_columns(moved))
        base += part.documents.height
    skipped, waiting = (pl.concat(frames) for frames in zip(*(part[2:] for part in parts), strict=True))
    return Extracted(pl.concat(documents), pl.concat(lines), skipped, waiting)


def _noted(*columns: str) -> pl.Expr:
    """Return what several columns say, joined by a semicolon; null where none says anything."""
    text = pl.concat_str(columns, separator="; ", ignore_nulls=True)
    return pl.when(text != "").then(text)


def _renumbered(frame: pl.DataFrame, order: pl.DataFrame) -> pl.DataFrame:
    return frame.join(order, on="doc", maintain_order="left").drop("doc").rename({"new": "doc"})


def _texts(lines: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc, content_hash, lines_in, chars_in, twice`` (a note) of every document that has a line."""
    joined = lines.group_by("doc", maintain_order=True).agg(
        "text",
        lines_in=pl.len().cast(pl.UInt32),
        chars_in=pl.col("text").str.len_chars().sum().cast(pl.UInt32),
    )
    whole = joined["text"].list.join("\n")
    hashes = [xxhash.xxh3_128_hexdigest(text) for text in whole.cast(pl.Binary)]
    return joined.drop("text").with_columns(
        content_hash=pl.Series(hashes, dtype=pl.String), twice=encoded_twice(whole)
    )
