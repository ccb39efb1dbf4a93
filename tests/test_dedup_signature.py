"""Matching forms, shingle hashes, signatures and bands, each against an independent definition."""

import numpy as np
import polars as pl
import pytest
import xxhash
from datasketch import MinHash
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.dedup import Room, Settings
from pipeline.dedup.bands import band_keys, bands_for, recall_at
from pipeline.dedup.describe import exact_hashes, put_keys
from pipeline.dedup.normalise import matching_form
from pipeline.dedup.room import BandKeys
from pipeline.dedup.signature import hash_shingle, shingle_hashes, signatures, to_datasketch
from pipeline.dedup.utf8 import texts_of
from pipeline.errors import ConfigError

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=8)


def form(text: str) -> str:
    """Return the matching form of one text."""
    return matching_form(pl.Series([text]))[0]


def shingles_of(text: str, size: int) -> list[str]:
    """Return the shingles of a matching form, as docs/dedup.md defines them."""
    return [text[i : i + size] for i in range(max(1, len(text) - size + 1))] if text else []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“무단 전재”와 ‘재배포’", "\"무단전재\"와'재배포'"),
        ("「책」 『집』", "'책'\"집\""),
        ("２０２４년 ＡＢＣ（주）", "2024년abc(주)"),
        ("3–4월 — 5월", "3-4월-5월"),
        ("가\u200b나\u00ad다\ufeff\u3000\u00a0라\t\n", "가나다라"),
        ("\u1112\u1161\u11ab글", "한글"),
        ("e\u200d\u0301", "é"),
        ("1,234원 5%", "1,234원5%"),
        ("", ""),
    ],
)
def test_matching_form(text, expected):
    """Spacing, width, quotes, dashes and invisible characters go; words and digits stay."""
    assert form(text) == expected


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_matching_form_is_stable(text):
    """The matching form of a matching form is itself."""
    assert form(form(text)) == form(text)


def test_matching_form_takes_expressions():
    """A column expression and a series give the same forms, and null stays null."""
    frame = pl.DataFrame({"text": ["Ａ b", None]})
    assert frame.select(matching_form(pl.col("text")))["text"].to_list() == ["ab", None]
    assert matching_form(frame["text"]).to_list() == ["ab", None]


@settings(deadline=None)
@given(TEXTS, st.sampled_from([1, 2, 5, 7]))
@example(["", "a", "abcd", "abcde", "𝄞𝄞𝄞𝄞𝄞𝄞", ""], 5)
@example([""], 5)
def test_shingle_hashes_follow_their_definition(texts, size):
    """Texts laid end to end hash as each shingle does alone; short texts have one shingle, empty ones none."""
    found = shingle_hashes(pl.Series(texts), size)
    expected = [[hash_shingle(shingle, size) for shingle in shingles_of(text, size)] for text in texts]
    assert found.hashes.tolist() == [value for hashes in expected for value in hashes]
    assert np.diff(found.offsets).tolist() == [len(hashes) for hashes in expected]


@settings(deadline=None)
@given(TEXTS)
@example(["", "가", "가나다라", "가나다라마", "𝄞a𝄞b𝄞c", "가나다라마바사아자차"])
def test_signatures_equal_those_of_datasketch(texts):
    """Every signature equals that of datasketch's MinHash with the same hash function."""
    found = signatures(shingle_hashes(pl.Series(texts), 5), 128, 1)
    for text, signature in zip(texts, found, strict=True):
        oracle = MinHash(num_perm=128, seed=1, hashfunc=lambda shingle: hash_shingle(shingle) >> 32)
        oracle.update_batch(shingles_of(text, 5))
        assert signature.tolist() == oracle.hashvalues.tolist()


def test_signatures_go_to_datasketch():
    """A signature handed to datasketch can be updated and compared there as one of its own."""
    text = "가나다라마바사아자차"
    ours = to_datasketch(signatures(shingle_hashes(pl.Series([text[:7]]), 5), 64, 3)[0], 3)
    own = MinHash(num_perm=64, seed=3, hashfunc=lambda shingle: hash_shingle(shingle) >> 32)
    own.update_batch(shingles_of(text, 5))
    assert 0 < ours.jaccard(own) < 1
    ours.hashfunc = own.hashfunc
    ours.update_batch(shingles_of(text, 5))
    assert ours == own


def test_signatures_of_long_texts():
    """Texts longer than a working block, and blocks that end inside a text, change nothing."""
    points = np.random.default_rng(7).integers(0xAC00, 0xD7A4, 70_000).tolist()
    texts = ["".join(map(chr, points[:n])) for n in (70_000, 3, 66_000, 500)]
    found = signatures(shingle_hashes(pl.Series(texts), 5), 16, 3)
    for text, signature in zip(texts, found, strict=True):
        oracle = MinHash(num_perm=16, seed=3, hashfunc=lambda shingle: hash_shingle(shingle) >> 32)
        oracle.update_batch(shingles_of(text, 5))
        assert signature.tolist() == oracle.hashvalues.tolist()


@pytest.mark.parametrize(
    ("settings", "bands", "spare"),
    [((0.8, 128, 0.995), (16, 5), 8), ((0.5, 128, 0.995), (40, 3), 8), ((0.5, 20, 0.9), (10, 2), 2)],
)
def test_bands_are_the_cheapest_that_reach_the_recall(settings, bands, spare):
    """Bands fill vectors of 8 where there are permutations for it, and a vector fewer would not reach the recall."""
    threshold, _, recall = settings
    assert bands_for(*settings) == bands
    assert recall_at(threshold, *bands) >= recall > recall_at(threshold, bands[0] - spare, bands[1])


@given(st.floats(0.2, 1), st.integers(1, 1024), st.floats(0.01, 0.999))
def test_bands_reach_the_recall_or_are_refused(threshold, num_perm, recall):
    """Bands use no more permutations than there are, and reach the recall wanted unless one row a band does not."""
    try:
        bands, rows = bands_for(threshold, num_perm, recall)
    except ConfigError:
        assert recall_at(threshold, num_perm, 1) < recall
    else:
        assert 1 <= bands * rows <= num_perm
        assert recall_at(threshold, bands, rows) >= recall


def test_bands_out_of_reach_are_refused():
    """A recall that no bands reach is refused before anything starts."""
    with pytest.raises(ConfigError) as refused:
        bands_for(threshold=0.01, num_perm=2, recall=0.995)
    assert str(refused.value) == (
        "dedup: no bands of 2 permutations reach recall 0.995 at threshold 0.01; nothing was started. "
        "Raise num_perm or threshold, or lower recall."
    )


def test_settings_out_of_range_are_refused():
    """Settings outside their ranges are named with the ranges allowed."""
    with pytest.raises(ConfigError) as refused:
        Settings(threshold=0.0, shingle=33)
    assert str(refused.value) == (
        "dedup: out of range: threshold = 0.0, shingle = 33; nothing was started. Allowed: threshold in (0, 1], "
        "rule jaccard, containment, coverage, scope all, host, templates remove, keep, min_chars from 0, "
        "num_perm 1–1024, seed 0–4294967295, shingle 1–32, recall in (0, 1)."
    )


def test_band_keys_depend_on_their_rows_alone():
    """Two signatures share a band's key if the band's rows agree; equal rows of two bands have two keys."""
    first = np.zeros((1, 12), np.uint32)
    second = first.copy()
    second[0, 7] = 1
    left, right = band_keys(first, 4, 3)[0], band_keys(second, 4, 3)[0]
    assert (left == right).tolist() == [True, True, False, True]
    assert len(set(left.tolist())) == 4


def described(texts, config):
    """Return the exact hashes, shape (2, texts), and the band keys, shape (bands, texts)."""
    column = texts_of(pl.Series(texts))
    keys = BandKeys(config.bands()[0], np.zeros(len(texts), np.uint64), Room())
    put_keys(keys, column, np.arange(len(texts)), config, None)
    return exact_hashes(column, None)[0], np.array(list(keys))


def test_texts_of_one_form_are_equal():
    """Texts of one matching form share hash and band keys; another text shares neither."""
    hashes, keys = described(["“가 나다라마바”", '"가나다라마바"', '"가나다라마사"'], Settings())
    assert (hashes[:, 0] == hashes[:, 1]).all()
    assert (keys[:, 0] == keys[:, 1]).all()
    assert (hashes[:, 0] != hashes[:, 2]).all()
    assert len(keys) == 16


def test_fingerprint_names_all_that_decides_keys():
    """The fingerprint holds the settings, the bands and the versions of form and hash."""
    assert Settings().fingerprint() == {
        "threshold": 0.8,
        "rule": "jaccard",
        "scope": "all",
        "templates": "remove",
        "min_chars": 0,
        "num_perm": 128,
        "seed": 1,
        "shingle": 5,
        "recall": 0.995,
        "scheme": "affine32",
        "bands": 16,
        "rows": 5,
        "normaliser": 1,
        "shingle_hash": 1,
    }


def test_hashes_are_pinned():
    """The exact hash, shingle hash and band keys of a text are those that indexes on disk hold."""
    hashes, keys = described(["정부가 표지판 글자크기를 키우기로 했다."], Settings())
    high, low = hashes[:, 0].tolist()
    exact = xxhash.xxh3_128_intdigest("정부가표지판글자크기를키우기로했다.".encode())
    assert (high << 64) + low == exact
    assert hash_shingle("정부가표지") == 7821885787298814672
    assert (keys[0, 0], keys[15, 0]) == (13504891834609848968, 4994222593999910555)
