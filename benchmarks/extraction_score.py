"""Scores of extracted lines beside the truth: each set by its own measure, pages averaged."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.extraction import GOLD
from pipeline.config import RunConfig
from pipeline.evaluate.gold import labelled, read_gold
from pipeline.evaluate.score import MUST_GO, MUST_STAY, evaluate
from pipeline.extract.templates import agreement
from pipeline.schema import LINES, conform

SHINGLE = 4  # words, of aeb's measure
Scores = dict[str, float]


def score(name: str, pages: str, answers: str) -> dict[str, Scores]:
    """Return the scores of ``answers`` to the set ``name`` for each group of its pages, and for ``all``."""
    found = dict(_read(answers))
    if name == "gold":
        return {"all": lines_scores(found)}
    measure = shingles if name == "aeb" else words
    groups: defaultdict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for page in _read(pages):
        pair = (page["truth"], found[page["id"]])
        for group in {page["group"], "all"}:
            groups[group].append(pair)
    return {group: measure(pairs) for group, pairs in groups.items()}


def _read(path: str) -> Iterator[Any]:
    with Path(path).open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def words(pairs: Sequence[tuple[str, list[str]]]) -> Scores:
    """Return the mean F1 of words, of characters in scripts without blanks between words."""
    return {"F1": statistics.mean(agreement(found, truth.split("\n")) for truth, found in pairs)}


def shingles(pairs: Sequence[tuple[str, list[str]]]) -> Scores:
    """Return precision, recall and F1 as scrapinghub/article-extraction-benchmark counts them.

    Four words in a row are one thing to find; precision and recall are averaged over the pages, F1 is theirs.
    """
    precisions, recalls = [], []
    for truth, found in pairs:
        wanted, given = _shingles(truth), _shingles("\n".join(found))
        shared = (wanted & given).total()
        if given:
            precisions.append(shared / given.total())
        if wanted:
            recalls.append(shared / wanted.total())
    precision, recall = statistics.mean(precisions), statistics.mean(recalls)
    return {"F1": 2 * precision * recall / (precision + recall), "precision": precision, "recall": recall}


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    tokens = re.findall(r"\w+", text)
    return Counter(
        filter(None, (tuple(tokens[n : n + SHINGLE]) for n in range(max(1, len(tokens) - SHINGLE + 1))))
    )


def lines_scores(found: dict[str, list[str]]) -> Scores:
    """Return how many labelled body lines are lost and chrome lines left, and the mean F1 of lines.

    Title, caption, byline and marks are neither asked for nor wrong.
    """
    ids = list(found)
    rows = [(doc, n, text) for doc, name in enumerate(ids) for n, text in enumerate(found[name], start=1)]
    lines = conform(
        pl.DataFrame(rows, schema={"doc": pl.UInt32, "line": pl.UInt32, "text": pl.String}, orient="row"),
        LINES,
    )
    documents = pl.DataFrame(
        {"doc": range(len(ids)), "doc_id": ids}, schema={"doc": pl.UInt32, "doc_id": pl.String}
    )
    label = pl.col("label")
    rows = labelled(read_gold(GOLD, "html"), documents, lines).select(
        "id",
        stays=label.is_in(MUST_STAY),
        goes=label.str.starts_with("chrome:") | label.is_in(MUST_GO),
        stands=pl.col("line").is_not_null(),
    )
    return _lines_scores(rows)


def stripped() -> Scores:
    """Return the scores of ``lines_scores`` for what stands of the gold pages after extraction and stripping."""
    fates = evaluate(GOLD, RunConfig()).fates.filter(pl.col("kind") == "html")
    group = pl.col("group")
    return _lines_scores(fates.select("id", "stands", stays=group == "stay", goes=group == "go"))


def _lines_scores(rows: pl.DataFrame) -> Scores:
    stays, goes, stands = pl.col("stays"), pl.col("goes"), pl.col("stands")
    counts = rows.group_by("id").agg(
        lost=(stays & ~stands).sum(), kept=(stays & stands).sum(), left=(goes & stands).sum()
    )
    twice = 2 * pl.col("kept")
    f1 = counts.select(f1=(twice / (twice + pl.col("left") + pl.col("lost"))).fill_nan(0)).mean().item()
    return {"F1": f1, "lost": int(counts["lost"].sum()), "left": int(counts["left"].sum())}
