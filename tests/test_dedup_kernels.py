"""Kernels: each gives, bit for bit, what the definition or the library it stands for gives."""

import importlib.util
import json
import random
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
import xxhash
from datasketch import MinHash
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.dedup import Room, Settings, compiled, find, find_duplicates
from pipeline.dedup.alike import alike, distinct
from pipeline.dedup.bands import band_keys
from pipeline.dedup.describe import exact_hashes, put_keys
from pipeline.dedup.normalise import forms_of, matching_form, tables
from pipeline.dedup.room import BandKeys
from pipeline.dedup.signature import hash_shingle, shingle_hashes, signatures
from pipeline.dedup.utf8 import series_of, texts_of
from pipeline.dedup.verify import similarity

pytest.importorskip("numba", reason="needs the extra fast")
from pipeline.dedup import jit, vectors

kernels = compiled.kernels(make=True)
pytestmark = pytest.mark.xdist_group("kernels")  # one worker compiles, none waits for another

CHARS = st.characters(exclude_categories=["Cs"])
PRESS = st.sampled_from(list("가힣각A b\u3000“」－ㅋ·…é\u0301Σİ\u200b漢𝄞1.\u1161\u0000\u1e9eⱥȺ"))
TEXTS = st.lists(st.text(CHARS | PRESS, max_size=20), min_size=1, max_size=8)
LONG = "".join(
    map(chr, np.random.default_rng(5).choice([*range(0xAC00, 0xD7A4), 0x20, 0x31, 0x61], 1_000_000))
)
RULES = st.sampled_from(["jaccard", "containment", "coverage"])
EDGES = ["", "가", "나다라마", "가나다라마", "𝄞𝄞𝄞𝄞𝄞", "abcd", "é가𝄞a1"]


class Shape(NamedTuple):
    """As much of the settings as band keys need, with rows of one's own choice."""

    shingle: int
    num_perm: int
    rows: int
    seed: int

    def bands(self):
        """Return how many bands there are, and their rows."""
        return self.num_perm // self.rows, self.rows


@given(TEXTS)
@example(EDGES)
@example([LONG])
@settings(deadline=None)
def test_forms_are_those_of_polars(texts):
    """Whichever characters meet, the kernel gives the matching form, or leaves the text to Polars."""
    column = pl.Series(["x", *texts, "y"])[1:-1]  # buffers that do not start at 0
    found = forms_of(texts_of(column), np.arange(len(column)), kernels)
    assert series_of(found).to_list() == matching_form(column).to_list()


def at_edges(odd):
    """Return texts of one to three blocks with a character at any place."""
    return [
        f"{filler * place}{odd}{filler * behind}"
        for filler in ("a", "가")
        for place in range(140 // len(filler.encode()))
        for behind in (0, 1, 30, 64, 70)
    ]


@pytest.mark.parametrize(
    "odd", ["", " ", "Q", "`", "“", "ㅋ", "각", "漢", "\ud7a3", "\uac00", "\u3000", "𝄞", "\U0010fffd"]
)
def test_forms_and_keys_hold_at_the_edges_of_blocks(odd):
    """A character of any kind at any place of texts of one to three blocks becomes what it becomes elsewhere."""
    column = pl.Series(at_edges(odd))
    found = forms_of(texts_of(column), np.arange(len(column)), kernels)
    assert series_of(found).to_list() == matching_form(column).to_list()
    one, two = (keys_of(column, Settings(), used) for used in (None, kernels))
    np.testing.assert_array_equal(one, two)


def test_every_character_becomes_what_it_becomes_alone():
    """Every character of the basic plane, between letters, becomes by both paths what Polars makes of it."""
    chars = [chr(code) for code in range(1 << 16) if not 0xD800 <= code < 0xE000]
    column = pl.Series([f"가{char}a {char}" for char in chars])
    for used in (None, kernels):
        found = forms_of(texts_of(column), np.arange(len(column)), used)
        assert series_of(found).equals(matching_form(column))
    assert (tables().points != 0xFFFF).sum() > 43_000


@given(st.lists(st.text(CHARS, max_size=5), min_size=1, max_size=5))
@example([LONG[:size] for size in range(0, 700, 7)])
@example(["x" * size for size in range(1100)])
@example([LONG])
@settings(deadline=None)
def test_exact_hashes_are_those_of_xxhash(texts):
    """Texts of every length class of xxh3 hash as the library hashes them, by both paths."""
    forms = matching_form(pl.Series(texts))
    expected = [xxhash.xxh3_128_intdigest(form.encode()) for form in forms]
    for engine_used in (None, kernels):
        high, low = exact_hashes(texts_of(pl.Series(texts)), engine_used)[0].tolist()
        assert [(a << 64) + b for a, b in zip(high, low, strict=True)] == expected


def keys_of(texts, config, used):
    """Return the band keys of texts, shape (bands, texts)."""
    keys = BandKeys(config.bands()[0], np.zeros(len(texts), np.uint64), Room())
    put_keys(keys, texts_of(texts), np.arange(len(texts)), config, used)
    return np.array(list(keys))


@given(TEXTS, st.sampled_from([(1, 16, 1), (5, 128, 6), (5, 20, 3), (7, 3, 2)]), st.integers(0, 9))
@example(EDGES, (5, 128, 1), 1)
@settings(deadline=None)
def test_band_keys_are_those_of_datasketch(texts, shape, seed):
    """For any shingle size, bands and seed, both paths give the keys of datasketch's signatures."""
    size, count, rows = shape
    oracles = []
    for form in matching_form(pl.Series(texts)):
        oracle = MinHash(count, seed, hashfunc=lambda shingle: hash_shingle(shingle, size) >> 32)
        oracle.update_batch([form[i : i + size] for i in range(max(1, len(form) - size + 1))] if form else [])
        oracles.append(oracle.hashvalues)
    config = Shape(size, count, rows, seed)
    expected = band_keys(np.array(oracles, np.uint32), *config.bands()).tolist()
    assert keys_of(pl.Series(texts), config, None).T.tolist() == expected
    assert keys_of(pl.Series(texts), config, kernels).T.tolist() == expected


@pytest.mark.parametrize("config", [Settings(), Settings(threshold=0.5, num_perm=20, shingle=3, recall=0.9)])
def test_band_keys_are_those_of_numpy(config):
    """The kernel's band keys, never having stored a signature, are those of NumPy's signatures."""
    texts = pl.Series([*EDGES, LONG[:5000], *(LONG[n : n + n % 300] for n in range(0, 9000, 37)), LONG])
    bands, rows = config.bands()
    expected = band_keys(
        signatures(shingle_hashes(matching_form(texts), config.shingle), config.num_perm, config.seed),
        bands,
        rows,
    )
    for engine_used in (None, kernels):
        assert keys_of(texts, config, engine_used).T.tolist() == expected.tolist()


@given(st.lists(st.text("ab가𝄞", max_size=40), min_size=2, max_size=6), st.sampled_from([1, 5]), RULES)
@settings(deadline=None)
def test_similarities_are_those_of_polars(texts, size, rule):
    """Both paths give the same scores, and none for the same pairs."""
    left, right = (ends.ravel() for ends in np.indices((len(texts), len(texts))))
    config = Settings(threshold=0.5, rule=rule, num_perm=64, recall=0.9, shingle=size)
    one, two = (similarity(texts_of(pl.Series(texts)), left, right, config, used) for used in (None, kernels))
    np.testing.assert_array_equal(one, two)


@given(st.lists(st.sampled_from([0, 1, 2**63, 2**63 + 1, 2**40, 7, 9, 2**64 - 1]), max_size=30))
@example([2**63] * 1000 + list(range(1000)))
@settings(deadline=None)
def test_groups_are_the_same_by_both_paths(keys):
    """Rows with equal keys form a group, in order, whatever bits the keys differ in."""
    expected = [
        [row for row, other in enumerate(keys) if other == key] for key in {*keys} if keys.count(key) > 1
    ]
    for used in (None, kernels):
        rows, starts = alike(np.array(keys, np.uint64), used)
        assert sorted(group.tolist() for group in np.split(rows, np.flatnonzero(starts))[1:]) == sorted(
            expected
        )


def test_hashes_that_agree_in_half_are_two():
    """Texts are equal when both halves of their hashes are; numbers follow first rows."""
    hashes = np.array([[5, 9, 5, 5, 9, 9], [1, 7, 2, 1, 7, 7]], np.uint64)
    for used in (None, kernels):
        assert [part.tolist() for part in distinct(hashes, used)] == [
            [0, 1, 2, 0, 1, 1],
            [0, 1, 2],
            [3, 5, 2],
        ]


def edits(count):
    """Return texts of a few families that lie on both sides of the threshold, with copies."""
    rng = random.Random(3)  # noqa: S311
    texts = []
    for number in range(count):
        start = 600 * (number % 40)
        text = LONG[start : start + 150 + number % 90]
        for _ in range(rng.randrange(6)):
            place = rng.randrange(len(text))
            text = text[:place] + rng.choice(["가", "", "x1"]) + text[place + 1 :]
        texts.append(text)
    return texts


def test_both_paths_find_the_same(monkeypatch):
    """A batch has the same verdict, index rows and number of comparisons by NumPy and by kernels."""
    numbers = pl.int_range(2000, dtype=pl.UInt32, eager=True)
    items = pl.DataFrame({"item": numbers, "doc": numbers // 3, "text": edits(2000)})
    results = []
    for used in (None, kernels):
        monkeypatch.setattr(find, "kernels_for", lambda _size, used=used: used)
        results.append(find_duplicates(items, None, Settings()))
    one, two = results
    assert 500 < len(one.removed) < 1990
    assert one.removed.equals(two.removed)
    assert one.kept.equals(two.kept)
    np.testing.assert_array_equal(list(one.keys), list(two.keys))
    assert one.compared == two.compared


@pytest.mark.parametrize("engine_used", [None, kernels])
def test_characters_are_counted_in_matching_form(engine_used):
    """A text is long enough by the characters of its matching form, whatever its bytes."""
    texts = pl.Series(
        [*EDGES, "가 나 다 라", "가나다라", "abcd", "abc", "𝄞𝄞𝄞", "Ａ\u200bＢ 𝄞𝄞", " " * 90, LONG[:50]]
    )
    long = [len(form) >= 4 for form in matching_form(texts)]
    assert exact_hashes(texts_of(texts), engine_used, 4)[1].tolist() == long


def test_processors_that_do_not_press_vectors_find_the_same(monkeypatch):
    """Where blocks are gone through byte by byte, forms and code points are those of Polars and Python."""
    monkeypatch.setattr(vectors, "PRESSES", False)
    spec = importlib.util.find_spec("pipeline.dedup.characters")
    characters = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(characters)

    def points(data, size, found):
        return characters.code_points(data, 0, size, found)

    exported = [
        characters.matching_forms,
        characters.fill_in,
        jit.exported("uint8[::1], int64, uint32[::1]")(points),
    ]
    signatures, program = jit.machine_code(exported)
    used = compiled._linked(json.dumps(signatures).encode() + b"\n" + program)  # noqa: SLF001
    chars = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    column = pl.Series(
        [*(f"가{char}a {char}" for char in chars), *at_edges(" "), *at_edges("“"), *at_edges("")]
    )
    found = forms_of(texts_of(column), np.arange(len(column)), used)
    assert series_of(found).equals(matching_form(column))
    every = "".join(chars)
    data, written = np.frombuffer(every.encode(), np.uint8), np.empty(len(every), np.uint32)
    assert used.points(data, len(data), written) == len(every)
    assert written.tobytes().decode("utf-32-le") == every
