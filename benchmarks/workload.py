"""Paragraphs for dedup, Korean or English, of which it is known exactly which ones must go.

Of every hundred: 20 exact copies, 10 of one boilerplate, 2 of one template with other dates and figures, 2 near
copies at each of six levels of similarity, 56 of their own. The truth needs no search: texts of different families
share next to nothing, and inside a family it is computed from the definition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from benchmarks.generate import VOCABULARY, nouns, zipf
from benchmarks.searches import PART, SHINGLE, THRESHOLD
from pipeline.dedup.normalise import matching_form

LEVELS = (0.95, 0.9, 0.8, 0.7, 0.5, 0.3)
SHARES = {"exact": 0.2, "boilerplate": 0.1, "template": 0.02, "near": 0.02}
BATCH = 50_000
NEWEST = pl.CompatLevel.newest()
LETTERS = (range(0xAC00, 0xD7A4), range(ord("a"), ord("z") + 1))  # Hangul syllables, and Latin
KOREAN_CHARS = (60, 600)  # gamma-shaped, 275 on average
ENGLISH_WORDS = (300, 800)
ONSETS = ("b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "ch")
VOWELS = ("a", "e", "i", "o", "u", "ea", "ou")

Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Workload(NamedTuple):
    """Texts in their order, their matching forms, and the truth.

    ``family``: texts of two families share next to nothing. ``goes``: an earlier kept text stands for it. ``near``:
    it differs from every earlier text.
    """

    texts: list[str]
    forms: list[str]
    family: list[int]
    goes: list[bool]
    near: list[bool]


def workload(language: str, count: int, seed: int) -> Workload:
    """Return ``count`` paragraphs (``ko``) or articles (``en``) and the truth about them."""
    rng = np.random.default_rng(seed)
    words = english(rng) if language == "en" else nouns(rng)
    sizes = {name: int(share * count) for name, share in SHARES.items()}
    fresh = count - sizes["exact"] - sizes["boilerplate"] - sizes["template"] - len(LEVELS) * sizes["near"]
    own = [draw(rng, words, language) for _ in range(fresh)]
    owners = rng.permutation(fresh)
    rows = [(text, family) for family, text in enumerate(own)]
    rows += [(own[n], int(n)) for n in rng.integers(0, fresh, sizes["exact"])]
    rows += [(draw(rng, words, language), fresh)] * sizes["boilerplate"]
    rows += [(text, fresh + 1) for text in template(rng, words, sizes["template"])]
    for level, start in zip(LEVELS, range(0, fresh, sizes["near"]), strict=False):
        rows += [(edited(rng, own[n], words, level), int(n)) for n in owners[start : start + sizes["near"]]]
    texts, families = map(list, zip(*(rows[n] for n in rng.permutation(len(rows))), strict=True))
    forms = pl.DataFrame({"text": texts}).select(matching_form(pl.col("text")))["text"].to_list()
    return Workload(texts, forms, families, *truth(forms, families))


def english(rng: np.random.Generator) -> list[str]:
    """Return invented words of one to four syllables in Latin letters."""
    parts = [onset + vowel for onset in ONSETS for vowel in VOWELS]
    drawn = rng.choice(parts, (3 * VOCABULARY, 4))
    sizes = rng.integers(1, 5, 3 * VOCABULARY)
    words = dict.fromkeys("".join(row[:size]) for row, size in zip(drawn, sizes, strict=True))
    return list(words)[:VOCABULARY]


def draw(rng: np.random.Generator, words: list[str], language: str) -> str:
    """Return one text of words drawn by frequency."""
    if language == "en":
        return " ".join(words[n] for n in zipf(rng, int(rng.integers(*ENGLISH_WORDS))).tolist())
    wanted = int(np.clip(rng.gamma(3, 92), *KOREAN_CHARS))
    text = " ".join(words[n] for n in zipf(rng, wanted // 3).tolist())
    return text[:wanted].rstrip()


def template(rng: np.random.Generator, words: list[str], count: int) -> list[str]:
    """Return ``count`` texts that differ in a date and three figures."""
    start, middle, end = (" ".join(words[n] for n in zipf(rng, size).tolist()) for size in (20, 30, 30))
    figures = rng.integers(100, 9999, (count, 3)).tolist()
    days = rng.integers(1, 29, (count, 2)).tolist()
    return [
        f"{month}월 {day}일 {start} {a}원 {middle} {b}.{c} {end}"
        for (month, day), (a, b, c) in zip(days, figures, strict=True)
    ]


def edited(rng: np.random.Generator, text: str, words: list[str], level: float) -> str:
    """Return ``text`` with as many words replaced as leave about ``level`` of Jaccard similarity."""
    parts = text.split(" ")
    shingles = len(text) - len(parts) + 1
    lost = shingles * (1 - level) / (1 + level)
    each = shingles / len(parts) + SHINGLE - 1  # shingles that one replaced word touches
    number = min(len(parts), max(1, round(lost / each)))
    for place in rng.choice(len(parts), number, replace=False).tolist():
        parts[place] = words[int(rng.integers(len(words)))]
    return " ".join(parts)


def truth(forms: list[str], families: list[int]) -> tuple[list[bool], list[bool]]:
    """Return which texts go and which are near copies, by the definition: an earlier kept one is similar enough."""
    kept: dict[int, dict[str, None]] = defaultdict(dict)
    seen: set[str] = set()
    goes, near = [], []
    alone = _singles(families)
    for form, family in zip(forms, families, strict=True):
        near.append(form not in seen)
        seen.add(form)
        gone = family not in alone and stood_for(form, kept[family])
        if not gone and family not in alone:
            kept[family][form] = None
        goes.append(gone)
    return goes, near


@lru_cache(1024)
def shingles_of(form: str) -> frozenset[str]:
    """Return the set of ``SHINGLE`` characters in a row."""
    return frozenset(form[n : n + SHINGLE] for n in range(max(1, len(form) - SHINGLE + 1)))


def stood_for(form: str, kept: Collection[str]) -> bool:
    """Tell whether one of ``kept`` equals ``form`` or is similar enough to it."""
    if form in kept:
        return True
    own = shingles_of(form) if kept else frozenset()
    return any(_jaccard(own, shingles_of(other)) >= THRESHOLD for other in kept)


def _jaccard(one: frozenset[str], two: frozenset[str]) -> float:
    shared = len(one & two)
    return shared / (len(one) + len(two) - shared)


def _singles(families: list[int]) -> set[int]:
    values, counts = np.unique(np.array(families), return_counts=True)
    return set(values[counts == 1].tolist())


def prepare(folder: str, language: str, count: int, seed: int) -> int:
    """Write a workload into ``folder``, in parts of ``PART`` texts that share nothing; return their number.

    A folder a part holds its texts, their matching forms and the truth. Raises ValueError where one would not be full.
    """
    home, size = Path(folder), min(PART, count)
    if count % size:
        raise ValueError(f"{count} texts are no multiple of {size}")
    first = workload(language, size, seed)
    for number in range(count // size):
        made = enciphered(first, number) if number else first
        _write_part(home / str(number), made)
        if count == size:
            _write_for_peers(home / str(number), made)
    return count // size


def enciphered(made: Workload, key: int) -> Workload:
    """Return a workload in which every letter stands for another one: equally alike, and the truth is the same."""
    rng = np.random.default_rng(key)
    table = {}
    for letters in LETTERS:
        table |= dict(zip(letters, (letters[0] + rng.permutation(len(letters))).tolist(), strict=True))
    texts, forms = ([text.translate(table) for text in column] for column in (made.texts, made.forms))
    return made._replace(texts=texts, forms=forms)


def _write_part(home: Path, made: Workload) -> None:
    """Write the texts, their matching forms, and the truth."""
    home.mkdir()
    fields = pa.schema([pa.field("text", pa.string_view())])
    with pa.OSFile(str(home / "texts.arrow"), "wb") as sink, pa.ipc.new_file(sink, fields) as arrow:
        for start in range(0, len(made.texts), BATCH):
            texts = pl.Series("text", made.texts[start : start + BATCH])
            arrow.write_batch(pa.record_batch([texts.to_arrow(compat_level=NEWEST)], schema=fields))
    columns = {"family": made.family, "text": made.forms, "goes": made.goes, "near": made.near}
    pl.DataFrame(columns).write_parquet(home / "truth.parquet", compression="uncompressed")


def _write_for_peers(home: Path, made: Workload) -> None:
    """Write the texts for a search in memory, and matching forms as lines and as Parquet, also with spaces."""
    pl.DataFrame({"text": made.texts}).write_parquet(home / "texts.parquet", compression="uncompressed")
    (home / "forms.txt").write_text("\n".join(made.forms), "utf-8")
    forms = pl.DataFrame({"text": made.forms}).with_row_index("row")
    spaced = pl.col("text").str.replace_all(".", "$0 ").str.strip_chars_end()
    forms.with_columns(spaced=spaced).write_parquet(home / "forms.parquet", compression="uncompressed")


def scores(folder: str, name: str) -> dict[str, float]:
    """Return how right the mask of ``name`` is, whichever copy of a text it keeps.

    Of distinct texts: ``precision``, the share of those that went for which a similar text was kept; ``lost``, how
    many have none; ``recall``, one minus those kept beside an earlier similar one by those that must go. ``copies``:
    rows kept beside an equal one.
    """
    gone = np.frombuffer((Path(folder) / f"{name}.mask").read_bytes(), np.bool_)
    counts = np.zeros(5, np.int64)
    for number, start in enumerate(range(0, len(gone), PART)):
        counts += _counted(Path(folder) / str(number), gone[start : start + PART])
    went, lost, beside, must, copies = counts.tolist()
    return {
        "precision": 1 - lost / max(1, went),
        "recall": max(0.0, 1 - beside / max(1, must)),
        "lost": lost,
        "copies": copies,
    }


def _counted(home: Path, gone: Bools) -> list[int]:
    """Count in a part the distinct texts that went, were lost, stay beside a similar one, must go; and copies."""
    rows = pl.read_parquet(home / "truth.parquet").with_columns(gone=gone)
    distinct = rows.group_by("family", "text", maintain_order=True).agg(
        pl.col("gone").all(), must=(pl.col("goes") & pl.col("near")).any(), kept=(~pl.col("gone")).sum()
    )
    alone = pl.len().over("family") == 1
    went = lost = distinct.filter(alone, "gone").height
    beside = 0
    several = distinct.filter(~alone).sort("family", maintain_order=True).select("family", "text", "gone")
    for _, members in groupby(several.iter_rows(), itemgetter(0)):
        fates = [(form, away) for _, form, away in members]
        kept: list[str] = []
        for form in (form for form, away in fates if not away):
            beside += stood_for(form, kept)
            kept.append(form)
        nothing = [not stood_for(form, kept) for form, away in fates if away]
        went, lost = went + len(nothing), lost + sum(nothing)
    copies = int(distinct["kept"].sum() - (distinct["kept"] > 0).sum())
    return [went, lost, beside, int(distinct["must"].sum()), copies]
