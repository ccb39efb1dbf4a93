"""The score for people, and for programs."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline.evaluate.score import COUNTS, Score, by, classes, totals, wrong

TEXT_CHARS = 100


def as_text(score: Score) -> str:
    """Return the score as tables: totals, stages, rules, classes, and the lines that went wrong."""
    rows = [f"{'':<6}" + "".join(f"{name:>14}" for name in ("documents", *COUNTS))]
    rows += [
        f"{kind:<6}" + "".join(f"{counts[name]:>14}" for name in ("documents", *COUNTS))
        for kind, counts in totals(score).items()
    ]
    for column in ("stage", "rule"):
        rows += [
            "",
            f"{'lines taken by ' + column:<40}" + _heads("chrome", "neutral", "body", "precision", "recall"),
        ]
        rows += [
            f"{row[column]:<40}{row['chrome']:>10}{row['neutral']:>10}{row['body']:>10}"
            f"{_share(row['precision']):>10}{_share(row['recall']):>10}"
            for row in by(score, column).iter_rows(named=True)
        ]
    rows += ["", f"{'class':<40}" + _heads("lines", "left")]
    rows += [
        f"{row['kind'] + '  ' + row['label']:<40}{row['lines']:>10}{row['left']:>10}"
        for row in classes(score).iter_rows(named=True)
    ]
    for name, lines in wrong(score).items():
        rows += ["", f"{name}: {lines.height}"]
        rows += [
            f"  {k}/{i}:{n or '-'} [{why}] {text[:TEXT_CHARS]}" for k, i, n, why, text in lines.iter_rows()
        ]
    return "\n".join(rows)


def as_values(score: Score) -> dict[str, Any]:
    """Return the score as plain values, the same tables under names."""
    return {
        "totals": totals(score),
        "stages": _rounded(by(score, "stage")),
        "rules": _rounded(by(score, "rule")),
        "classes": classes(score).to_dicts(),
        **{name.replace(" ", "_"): lines.to_dicts() for name, lines in wrong(score).items()},
    }


def _heads(*names: str) -> str:
    return "".join(f"{name:>10}" for name in names)


def _share(value: float) -> str:
    return "–" if value != value else f"{value:.3f}"  # noqa: PLR0124 - not a number: it took neither chrome nor body


def _rounded(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return frame.with_columns(pl.col("precision", "recall").round(4).fill_nan(None)).to_dicts()
