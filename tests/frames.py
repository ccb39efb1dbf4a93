"""Small frames for tests: documents and lines written as plain lists."""

from __future__ import annotations

import polars as pl

from pipeline.rules import Pack, Rule, RuleTable, rule_table
from pipeline.schema import DOCUMENTS, LINES, conform
from pipeline.strip.shapes import shaped


def lines_of(*documents: list[str]) -> pl.DataFrame:
    """Return ``SHAPED`` lines of documents given as lists of texts; all stand."""
    rows = [
        {"doc": doc, "line": number, "text": text}
        for doc, texts in enumerate(documents)
        for number, text in enumerate(texts, start=1)
    ]
    frame = pl.DataFrame(rows, schema={"doc": pl.UInt32, "line": pl.UInt32, "text": pl.String})
    return shaped(conform(frame, LINES))


def documents_of(lines: pl.DataFrame, **columns: list[object]) -> pl.DataFrame:
    """Return ``DOCUMENTS`` for the documents of ``lines``; a column not given is null."""
    docs = lines.select("doc").unique().sort("doc")
    return conform(docs.with_columns(pl.Series(name, values) for name, values in columns.items()), DOCUMENTS)


def rule(pattern: str, **keys: object) -> Rule:
    """Return a rule of a pattern; its examples are not checked here."""
    given = {
        "id": "x",
        "kind": "ui",
        "description": "x",
        "removes": ("x",),
        "keeps": ("y",),
        "max_chars": 200,
    }
    return Rule(pattern=pattern, **{**given, **keys})  # type: ignore[arg-type]


def table_of(*rules: Rule, hosts: tuple[str, ...] = ()) -> RuleTable:
    """Return a table of one pack, called ``test``."""
    return rule_table([Pack(title="Test", hosts=hosts, rule=rules, id="test", path="test.toml")])
