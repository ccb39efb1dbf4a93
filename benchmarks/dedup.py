"""Dedup beside datasketch: the same texts, threshold and permutations, each in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasketch
import polars as pl
import xxhash

from benchmarks.measure import clocked
from benchmarks.workload import SHINGLE, THRESHOLD, shingles_of, workload
from pipeline.dedup import find_duplicates
from pipeline.dedup.normalise import matching_form
from pipeline.dedup.settings import Settings

PERMUTATIONS = 128


def prepare(path: str, language: str, count: int, seed: int) -> int:
    """Write a workload to ``path``; return how many of its texts must go."""
    made = workload(language, count, seed)
    Path(path).write_text(json.dumps(made._asdict()), "utf-8")
    return sum(made.goes)


def newsieve(path: str) -> dict[str, Any]:
    """Return CPU seconds and scores of ``find_duplicates``; each text is a document of its own."""
    made = json.loads(Path(path).read_text("utf-8"))
    numbers = pl.int_range(len(made["texts"]), dtype=pl.UInt32, eager=True)
    items = pl.DataFrame({"item": numbers, "doc": numbers, "text": made["texts"]})
    settings = Settings(threshold=THRESHOLD, num_perm=PERMUTATIONS, shingle=SHINGLE)
    found, cpu = clocked(find_duplicates, items, None, settings)
    return {"cpu": cpu, **scores(set(found.removed["item"].to_list()), made)}


def peer(path: str) -> dict[str, Any]:
    """Return the same of datasketch: MinHash in bulk over xxhash, and LSH that keeps the first of each bucket."""
    made = json.loads(Path(path).read_text("utf-8"))
    gone, cpu = clocked(_datasketch, made["texts"])
    return {"cpu": cpu, **scores(gone, made)}


def _datasketch(texts: list[str]) -> set[int]:
    forms = pl.DataFrame({"text": texts}).select(matching_form(pl.col("text")))["text"].to_list()
    shingles = ([shingle.encode() for shingle in shingles_of(form)] for form in forms)
    sketches = datasketch.MinHash.generator(shingles, num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)
    index = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    gone = set()
    for number, sketch in enumerate(sketches):
        if index.query(sketch):
            gone.add(number)
        else:
            index.insert(number, sketch, check_duplication=False)
    return gone


def scores(gone: set[int], made: dict[str, Any]) -> dict[str, float]:
    """Return precision and recall over all texts, and over those that equal no earlier text (``near``)."""
    goes = {number for number, flag in enumerate(made["goes"]) if flag}
    near = {number for number, flag in enumerate(made["near"]) if flag}
    return {**_scores(gone, goes, ""), **_scores(gone & near, goes & near, "near_")}


def _scores(gone: set[int], goes: set[int], prefix: str) -> dict[str, float]:
    right = len(gone & goes)
    return {f"{prefix}precision": right / max(1, len(gone)), f"{prefix}recall": right / max(1, len(goes))}
