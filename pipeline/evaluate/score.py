"""The score of stripping on gold, its table for people, and the floors it must not fall below."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline.config import RunConfig, read_toml
from pipeline.errors import ConfigError, FloorError
from pipeline.evaluate.gold import KINDS, labelled, read_gold
from pipeline.extract import extract
from pipeline.rules import load_packs
from pipeline.strip.stages import strip

MUST_STAY = ("body", "subtitle")
MUST_GO = ("summary_dup",)  # and every chrome:… class
COUNTS = ("body_lines", "body_lost", "body_cut", "chrome_lines", "chrome_left", "byline_left", "caption_left")


class Score(NamedTuple):
    """``fates``: every labelled line with what became of it (``stands``, ``stage``, ``rule``, ``cut``)."""

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
        extracted = extract(gold.pages, table.packs)
        stripped = strip(extracted.lines, extracted.documents, table, config.strip)
        lines = labelled(gold, extracted.documents, extracted.lines)
        fates.append(_fates(lines, extracted.documents, stripped.removed))
        documents[kind] = len(gold.records)
    if not fates:
        raise ConfigError(f"{folder}: no text_labels.jsonl and no html_labels.jsonl. Nothing was measured.")
    return Score(pl.concat(fates), documents)


def _fates(lines: pl.DataFrame, documents: pl.DataFrame, removed: pl.DataFrame) -> pl.DataFrame:
    named = removed.join(documents.select("doc", id="doc_id"), on="doc")
    whole = named.filter(pl.col("span").is_null()).select("id", "line", "stage", "rule")
    spans = (
        named.filter(pl.col("span").is_not_null())
        .group_by("id", "line")
        .agg(spans=pl.struct("span", "text", pl.col("rule").alias("by")))
    )
    rows = lines.join(whole, on=["id", "line"], how="left", maintain_order="left")
    rows = rows.join(spans, on=["id", "line"], how="left", maintain_order="left")
    cuts = [_cut_body(*row) for row in rows.select("inline", "spans").iter_rows()]
    return rows.with_columns(
        pl.col("stage").cast(pl.String),
        cut=pl.Series(cuts, dtype=pl.String),
        stands=pl.col("line").is_not_null() & pl.col("stage").is_null(),
    ).drop("spans", "inline")


def _cut_body(inline: list[dict[str, int]], spans: list[dict[str, Any]] | None) -> str | None:
    """Return what spans took of a line beyond what its labels allow, with the rule; None when nothing."""
    for span in spans or []:
        start = span["span"]["start"]
        outside = [
            sign
            for place, sign in enumerate(span["text"], start=start)
            if sign.isalnum() and not any(part["start"] <= place < part["end"] for part in inline)
        ]
        if outside:
            return f"{span['by']}: {span['text']}"
    return None


def totals(score: Score) -> dict[str, dict[str, int]]:
    """Return ``COUNTS`` for each kind of gold."""
    fates = score.fates.with_columns(_group().alias("group"))
    result = {}
    for kind, documents in score.documents.items():
        rows = fates.filter(pl.col("kind") == kind)
        stay, go = rows.filter(pl.col("group") == "stay"), rows.filter(pl.col("group") == "go")
        left = rows.filter("stands")
        counts = (
            stay.height,
            stay.filter(~pl.col("stands")).height,
            stay.filter(pl.col("cut").is_not_null() & pl.col("stands")).height if kind == "text" else 0,
            go.height,
            go.filter("stands").height,
            left.filter(pl.col("label") == "byline").height,
            left.filter(pl.col("label") == "caption").height,
        )
        result[kind] = {"documents": documents, **dict(zip(COUNTS, counts, strict=True))}
    return result


def _group() -> pl.Expr:
    label = pl.col("label")
    return (
        pl.when(label.is_in(MUST_STAY))
        .then(pl.lit("stay"))
        .when(label.str.starts_with("chrome:") | label.is_in(MUST_GO))
        .then(pl.lit("go"))
        .otherwise(pl.lit("neutral"))
    )


def report(score: Score) -> str:
    """Return the score for people: totals, classes, rules that took body text, and the lines themselves."""
    rows = [f"{'':<6}" + "".join(f"{name:>14}" for name in ("documents", *COUNTS))]
    rows += [
        f"{kind:<6}" + "".join(f"{counts[name]:>14}" for name in ("documents", *COUNTS))
        for kind, counts in totals(score).items()
    ]
    fates = score.fates.with_columns(_group().alias("group"))
    classes = (
        fates.filter(pl.col("group") == "go")
        .group_by("kind", "label")
        .agg(total=pl.len(), left=pl.col("stands").sum())
    )
    rows += ["", "chrome by class: lines, left"]
    rows += [
        f"{row['kind']:<6}{row['label']:<28}{row['total']:>6}{row['left']:>6}"
        for row in classes.sort("kind", "label").to_dicts()
    ]
    lost = fates.filter((pl.col("group") == "stay") & ~pl.col("stands"))
    cut = fates.filter((pl.col("group") == "stay") & pl.col("cut").is_not_null() & (pl.col("kind") == "text"))
    left = fates.filter((pl.col("group") == "go") & pl.col("stands"))
    rows += _listed("body lines lost", lost, pl.coalesce("rule", pl.lit("not extracted")))
    rows += _listed("body lines cut", cut, pl.col("cut"))
    rows += _listed("chrome lines left", left, pl.col("label"))
    return "\n".join(rows)


def _listed(title: str, rows: pl.DataFrame, why: pl.Expr) -> list[str]:
    told = rows.select("kind", "id", "line", why.alias("why"), "text").iter_rows()
    return [
        "",
        f"{title}: {rows.height}",
        *(f"  {k}/{i}:{n or '-'} [{w}] {text[:100]}" for k, i, n, w, text in told),
    ]


def check_floors(score: Score, path: Path) -> None:
    """Raise FloorError when a count is above what ``path`` allows: ``[text]`` and ``[html]`` tables of ``COUNTS``."""
    counts, fallen = totals(score), []
    for kind, floors in read_toml(path, "floors").items():
        for name, most in floors.items():
            if name not in COUNTS or kind not in KINDS:
                raise ConfigError(f"{path}: unknown floor [{kind}] {name}; known are {', '.join(COUNTS)}.")
            if kind in counts and counts[kind][name] > most:
                fallen.append(f"[{kind}] {name} is {counts[kind][name]}, allowed are {most}")
    if fallen:
        raise FloorError(f"{path}: below the floors: {'; '.join(fallen)}. The lines are listed above.")
