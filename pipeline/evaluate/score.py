"""The score of stripping on gold: what became of every labelled line, counted by kind, stage, rule and class."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline.config import RunConfig
from pipeline.errors import ConfigError
from pipeline.evaluate.gold import KINDS, labelled, read_gold
from pipeline.extract import extract
from pipeline.extract.article import Guide
from pipeline.rules import load_packs
from pipeline.strip.stages import strip

MUST_STAY = ("body", "subtitle")
MUST_GO = ("summary_dup",)  # and every chrome:… class
COUNTS = (
    "body_lines", "body_lost", "body_cut", "chrome_lines", "chrome_left", "byline_left", "caption_left", "parts_left",
)  # fmt: skip
SPANS = pl.List(pl.Struct({"start": pl.UInt32, "text": pl.String, "rule": pl.String}))


class Score(NamedTuple):
    """``fates``: every labelled line and what became of it; ``documents``: how many of each kind.

    Columns beside the label's: ``group`` (stay, go, neutral), ``stands``, ``stage`` and ``rule`` that took it whole,
    ``cut`` (rule: text) where spans took more of it than its labels allow, ``parts_left`` (labelled spans that stayed).
    """

    fates: pl.DataFrame
    documents: dict[str, int]


def evaluate(folder: Path, config: RunConfig) -> Score:
    """Extract and strip every gold page in ``folder`` and return the fate of every labelled line.

    Raises ConfigError when the folder holds no labels.
    """
    table = load_packs(config.rules.packs, config.rules.without)
    fates, documents = [], {}
    for kind in KINDS:
        gold = read_gold(folder, kind)
        if not gold.records:
            continue
        extracted = extract(gold.pages, Guide(table.packs))
        stripped = strip(extracted.lines, extracted.documents, table, config.strip)
        lines = labelled(gold, extracted.documents, extracted.lines)
        fates.append(_fates(lines, extracted.documents, stripped.removed))
        documents[kind] = len(gold.records)
    if not fates:
        raise ConfigError(f"{folder}: no text_labels.jsonl and no html_labels.jsonl. Nothing was measured.")
    return Score(pl.concat(fates), documents)


def totals(score: Score) -> dict[str, dict[str, int]]:
    """Return ``documents`` and ``COUNTS`` for each kind of gold."""
    result = {}
    for kind, documents in score.documents.items():
        rows = score.fates.filter(pl.col("kind") == kind)
        stay, go = (rows.filter(pl.col("group") == group) for group in ("stay", "go"))
        left = rows.filter("stands")
        counts = (
            stay.height,
            stay.filter(~pl.col("stands")).height,
            stay.filter(pl.col("cut").is_not_null() & pl.col("stands")).height,
            go.height,
            go.filter("stands").height,
            left.filter(pl.col("label") == "byline").height,
            left.filter(pl.col("label") == "caption").height,
            int(left["parts_left"].sum()),
        )
        result[kind] = {"documents": documents, **dict(zip(COUNTS, counts, strict=True))}
    return result


def by(score: Score, column: str) -> pl.DataFrame:
    """Return what each ``stage`` or ``rule`` took: ``chrome``, ``neutral`` and ``body`` lines (lost or cut).

    ``precision`` is the share of chrome in chrome and body, ``recall`` the share of all chrome lines.
    """
    taken = score.fates.filter(~pl.col("stands") & pl.col(column).is_not_null())
    lines = taken.select(column, "group")
    if column == "rule":
        cut = score.fates.filter("stands").drop_nulls("cut")
        lines = pl.concat(
            [lines, cut.select(rule=pl.col("cut").str.split(": ").list[0], group=pl.lit("stay"))]
        )
    chrome = score.fates.filter(pl.col("group") == "go").height
    groups = {"chrome": "go", "neutral": "neutral", "body": "stay"}
    counts = lines.group_by(column).agg(
        (pl.col("group") == group).sum().alias(name) for name, group in groups.items()
    )
    return counts.with_columns(
        precision=pl.col("chrome") / (pl.col("chrome") + pl.col("body")),
        recall=pl.col("chrome") / max(chrome, 1),
    ).sort(["body", "chrome", column], descending=[True, True, False])


def classes(score: Score) -> pl.DataFrame:
    """Return of every class of lines that must go how many there are and how many are ``left``."""
    go = score.fates.filter(pl.col("group") == "go")
    return go.group_by("kind", "label").agg(lines=pl.len(), left=pl.col("stands").sum()).sort("kind", "label")


def wrong(score: Score) -> dict[str, pl.DataFrame]:
    """Return the lines behind the counts: ``kind, id, line, why, text`` of what must not be."""
    fates, stays = score.fates, pl.col("group") == "stay"
    chosen = {
        "body lines lost": (
            fates.filter(stays & ~pl.col("stands")),
            pl.coalesce("rule", pl.lit("not extracted")),
        ),
        "body lines cut": (
            fates.filter(stays & pl.col("stands") & pl.col("cut").is_not_null()),
            pl.col("cut"),
        ),
        "chrome lines left": (fates.filter((pl.col("group") == "go") & pl.col("stands")), pl.col("label")),
        "labelled parts of lines left": (
            fates.filter(pl.col("stands") & (pl.col("parts_left") > 0)),
            pl.col("label"),
        ),
    }
    return {
        name: rows.select("kind", "id", "line", why.alias("why"), "text")
        for name, (rows, why) in chosen.items()
    }


def _fates(lines: pl.DataFrame, documents: pl.DataFrame, removed: pl.DataFrame) -> pl.DataFrame:
    named = removed.join(documents.select("doc", id="doc_id"), on="doc")
    whole = named.filter(pl.col("span").is_null()).select("id", "line", "stage", "rule")
    spans = (
        named.filter(pl.col("span").is_not_null())
        .group_by("id", "line")
        .agg(spans=pl.struct(pl.col("span").struct.field("start"), "text", "rule"))
    )
    rows = lines.join(whole, on=["id", "line"], how="left", maintain_order="left")
    rows = rows.join(spans, on=["id", "line"], how="left", maintain_order="left")
    pairs = list(rows.select("inline", pl.col("spans").cast(SPANS).fill_null([]), "text").iter_rows())
    # The lines of a page are laid over its labels by their letters, so places inside a line say nothing there.
    return rows.with_columns(
        pl.col("stage").cast(pl.String),
        cut=pl.when(pl.col("kind") == "text").then(
            pl.Series([_cut(*pair[:2]) for pair in pairs], dtype=pl.String)
        ),
        parts_left=pl.Series([_left(*pair) for pair in pairs], dtype=pl.UInt32),
        stands=pl.col("line").is_not_null() & pl.col("stage").is_null(),
        group=_group(),
    ).drop("spans", "inline")


def _cut(inline: list[dict[str, int]], spans: list[dict[str, Any]]) -> str | None:
    """Return what spans took of a line beyond what its labels allow, with the rule; None when nothing."""
    for span in spans:
        places = range(span["start"], span["start"] + len(span["text"]))
        outside = (place for place in places if not any(p["start"] <= place < p["end"] for p in inline))
        if any(span["text"][place - span["start"]].isalnum() for place in outside):
            return f"{span['rule']}: {span['text']}"
    return None


def _left(inline: list[dict[str, int]], spans: list[dict[str, Any]], text: str) -> int:
    """Count the labelled parts of a line of which a letter or digit is still there."""
    gone = {place for span in spans for place in range(span["start"], span["start"] + len(span["text"]))}
    return sum(any(text[n].isalnum() and n not in gone for n in range(p["start"], p["end"])) for p in inline)


def _group() -> pl.Expr:
    label = pl.col("label")
    return (
        pl.when(label.is_in(MUST_STAY))
        .then(pl.lit("stay"))
        .when(label.str.starts_with("chrome:") | label.is_in(MUST_GO))
        .then(pl.lit("go"))
        .otherwise(pl.lit("neutral"))
    )
