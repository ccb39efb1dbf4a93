"""Rules that take suspiciously much: reported by every run, and with ``--strict`` the end of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from pipeline.errors import PackError

# Above what is right now and then: captions on a page of pictures, the lists around a short piece.
DOCUMENT_SHARE, DOCUMENT_LINES = 0.6, 8
HOST_SHARE, HOST_LINES = 0.25, 500
TOLD = 20


def suspects_of(documents: pl.DataFrame, removed: pl.DataFrame) -> list[dict[str, Any]]:
    """Return ``rule, host or doc_id, taken, lines`` where one chrome rule took too many lines, the worst first.

    Documents below ``DOCUMENT_LINES`` lines and hosts below ``HOST_LINES`` tell nothing and are passed over.
    """
    sizes = documents.select("doc", "doc_id", "host", "lines_in")
    whole = removed.filter((pl.col("stage") == "chrome") & pl.col("span").is_null())
    taken = whole.group_by("doc", "rule").agg(taken=pl.len()).join(sizes, on="doc")
    in_one = taken.rename({"lines_in": "lines"}).filter(
        (pl.col("lines") >= DOCUMENT_LINES) & (pl.col("taken") > DOCUMENT_SHARE * pl.col("lines"))
    )
    hosts = sizes.drop_nulls("host").group_by("host").agg(lines=pl.col("lines_in").sum())
    on_host = (
        taken.group_by("host", "rule")
        .agg(pl.col("taken").sum())
        .join(hosts, on="host")
        .filter((pl.col("lines") >= HOST_LINES) & (pl.col("taken") > HOST_SHARE * pl.col("lines")))
    )
    rows = [*_rows(on_host, "host"), *_rows(in_one, "doc_id")]
    return sorted(rows, key=lambda row: (-row["taken"] / row["lines"], row["rule"], str(row)))


def check_suspects(suspects: Sequence[dict[str, Any]], kept_whole: int) -> None:
    """Raise PackError when a rule took too much or a document had to be kept whole."""
    if suspects or kept_whole:
        told = [*map(in_words, suspects[:TOLD]), *_spared(kept_whole)]
        raise PackError(
            "\n".join(told)
            + "\nNothing was committed, for --strict was given; mend the rules, or run without it."
        )


def in_words(suspect: dict[str, Any]) -> str:
    """Return a suspect as one line."""
    where = f"host {suspect['host']}" if "host" in suspect else f"document {suspect['doc_id']}"
    return f"rule {suspect['rule']} took {suspect['taken']} of the {suspect['lines']} lines of {where}"


def _rows(frame: pl.DataFrame, owner: str) -> list[dict[str, Any]]:
    return frame.select("rule", owner, "taken", "lines").to_dicts()


def _spared(count: int) -> list[str]:
    return [f"{count} documents would have lost nearly everything and were kept whole"] if count else []
