"""Texts, their similarity, and what a search finds in them, for tests of dedup."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from pipeline.dedup import Known, Settings, find_duplicates
from pipeline.dedup.describe import put_keys
from pipeline.dedup.find import DUPLICATES
from pipeline.dedup.normalise import matching_form
from pipeline.dedup.room import BandKeys, Room
from pipeline.dedup.utf8 import texts_of
from pipeline.store.index import open_index, write_index

LOOSE = Settings(threshold=0.5, num_perm=64, recall=0.9)
BASES = (
    "서울시는 내년부터 시내버스 노선을 전면 개편한다고 밝혔다",
    "중앙은행은 기준금리를 연 3.50퍼센트로 동결했다고 발표했다",
    "abcdefghijklmnopqrstuvwxyz0123456789",
)


def frame_of(texts, docs=None):
    """Return items in the given order; without ``docs`` each is a document of its own."""
    docs = range(len(texts)) if docs is None else docs
    columns = {"item": range(len(texts)), "doc": list(docs), "text": texts}
    return pl.DataFrame(columns, schema={"item": pl.UInt32, "doc": pl.UInt32, "text": pl.String})


def shingles(form):
    """Return the set of shingles of a matching form."""
    return {form[i : i + 5] for i in range(max(1, len(form) - 4))} if form else set()


def jaccard(left, right):
    """Return the Jaccard similarity of two matching forms."""
    union = shingles(left) | shingles(right)
    return len(shingles(left) & shingles(right)) / len(union) if union else 0.0


def covered(kept, gone):
    """Return the share of characters of ``gone`` that lie in a shingle of ``kept``."""
    known = shingles(kept)
    inside = {i + k for i in range(max(1, len(gone) - 4)) for k in range(5) if gone[i : i + 5] in known}
    return len(inside & set(range(len(gone)))) / max(1, len(gone))


def score_of(rule, kept, gone):
    """Return how well one matching form may stand for another."""
    if rule == "containment":
        return len(shingles(kept) & shingles(gone)) / max(1, len(shingles(gone)))
    return jaccard(kept, gone) if rule == "jaccard" else covered(kept, gone)


def keys_of(texts, config):
    """Return the band keys of texts, shape (bands, texts)."""
    keys = BandKeys(config.bands()[0], np.zeros(len(texts), np.uint64), Room())
    put_keys(keys, texts_of(texts), np.arange(len(texts)), config, None)
    return np.array(list(keys))


def share_a_band(forms, config):
    """Return which pairs of forms are candidates, as a matrix."""
    keys = keys_of(forms, config)
    return (keys[:, :, None] == keys[:, None, :]).any(axis=0)


def without_figures(form):
    """Return a matching form without digits: what the texts that are drawn here have of a template."""
    return re.sub("[0-9]+", "", form)


def reference(items, config):
    """Return {item: (duplicate_of, score, kind)} by comparing every item with every earlier kept one."""
    items = items.sort("item")
    forms, docs = matching_form(items["text"]), items["doc"].to_list()
    candidates = share_a_band(forms, config)
    kept, removed = [], {}
    for item, form in enumerate(forms):
        edges = []
        for other in kept:
            score = score_of(config.rule, forms[other], form)
            equal = form == forms[other]
            if config.templates == "keep" and without_figures(form) == without_figures(forms[other]):
                score = 0
            if docs[other] != docs[item] and (
                equal or (candidates[item, other] and score >= config.threshold)
            ):
                edges.append((not equal, -1.0 if equal else -score, other))
        if edges:
            differs, score, other = min(edges)
            removed[item] = (other, np.float32(-score), "near" if differs else "exact")
        else:
            kept.append(item)
    return removed


def verdicts(found):
    """Return {item: (duplicate_of, score, kind)} of a result without known items."""
    assert found.removed.schema == DUPLICATES
    assert not found.removed["known"].any()
    return {row[0]: (row[1], np.float32(row[3]), row[4]) for row in found.removed.rows()}


def known_of(runs):
    """Return an index of what earlier runs found, and each known item's rank in the one total order."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / str(number) for number in range(len(runs))]
        for path, found in zip(paths, runs, strict=True):
            rows = found.kept.with_columns(pl.col("item").cast(pl.String).alias("doc_id"), line=pl.lit(0))
            write_index(path, rows, found.keys, {"bands": len(found.keys)})
        index = open_index(paths, {"bands": len(runs[0].keys)})
    return index, [item for found in runs for item in found.kept["item"]]


def in_sequence(items, batch, config):
    """Return {item: (duplicate_of, score, kind)} of batches, each judged against the index of those before."""

    def fetch_text(keys):
        texts = items.select(pl.col("item").cast(pl.String).alias("doc_id"), "text")
        return keys.join(texts, on="doc_id")

    runs, removed = [], {}
    for part in items.with_columns(batch=batch).partition_by("batch", maintain_order=True):
        index, ranks = known_of(runs) if runs else (None, [])
        found = find_duplicates(part, None if index is None else Known(index, fetch_text), config)
        runs.append(found)
        for item, other, is_known, score, kind in found.removed.rows():
            removed[item] = (ranks[other] if is_known else other, np.float32(score), kind)
    return removed
