"""The kept set and what each duplicate names, against a reference that compares all pairs one by one."""

from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup import Settings, buckets, find_duplicates
from pipeline.dedup import known as known_items
from pipeline.dedup.normalise import matching_form
from pipeline.dedup.room import BandKeys, Room
from pipeline.dedup.templates import templates_of
from pipeline.dedup.utf8 import texts_of
from pipeline.errors import StorageError
from pipeline.store.mapped import shelved
from tests.duplicates import BASES, LOOSE, frame_of, in_sequence, reference, verdicts, without_figures

RULES = st.sampled_from(["jaccard", "containment", "coverage"])


@st.composite
def near_texts(draw):
    """Draw a base text with stretches replaced: many pairs lie on both sides of the threshold."""
    text = draw(st.sampled_from(BASES))
    for place, cut in draw(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([1, 4])), max_size=3)):
        text = text[:place] + draw(st.sampled_from(["", "가", "나다", "x"])) + text[place + cut :]
    return text


@st.composite
def batches(draw):
    """Draw documents of one to four texts out of a few, so that copies are many: ``item, doc, text``."""
    pool = st.sampled_from(draw(st.lists(near_texts(), min_size=2, max_size=6)))
    documents = draw(st.lists(st.lists(pool, min_size=1, max_size=4), min_size=1, max_size=8))
    rows = [(doc, text) for doc, texts in enumerate(documents) for text in texts]
    return frame_of([text for _, text in rows], [doc for doc, _ in rows])


@st.composite
def reports(draw):
    """Draw documents of one text each: a few sentences, some nearly alike, with figures that all differ."""
    pool = draw(st.lists(near_texts().map(without_figures), min_size=1, max_size=4))
    texts = draw(st.lists(st.tuples(st.sampled_from(pool), st.integers(0, 99)), min_size=2, max_size=14))
    return frame_of([f"{text[:9]}{number}{text[9:]}{number * 7}" for text, number in texts])


@given(batches(), RULES)
@settings(max_examples=80, deadline=None)
def test_the_kept_set_is_that_of_the_reference(items, rule):
    """Buckets and rounds remove the items that comparing everything removes, for the same kept items."""
    config = replace(LOOSE, rule=rule)
    assert verdicts(find_duplicates(items, None, config)) == reference(items, config)


@given(reports(), RULES, st.integers(0, 13), st.sampled_from([-1, 8]))
@settings(max_examples=80, deadline=None)
def test_texts_of_one_template_are_kept_where_wished(items, rule, cut, few):
    """With ``templates = "keep"`` texts that differ in figures alone have no near edge, in one run and in two."""
    config = replace(LOOSE, rule=rule, templates="keep")
    wanted = reference(items, config)
    with mock.patch.object(buckets, "_FEW", few):  # whether buckets are compared as such, or pair by pair
        assert verdicts(find_duplicates(items, None, config)) == wanted
    assert in_sequence(items, items["doc"] > cut, config) == wanted


SENTENCE = (
    "코스피는 전날보다 {} 포인트 오른 채로 장을 마쳤고 외국인은 사들이고 기관은 내다팔았다고 거래소가 밝혔다"
)


@pytest.mark.parametrize(
    ("one", "two", "differ"),
    [
        ("2,601.37", "12.5", False),
        ("3만5천", "2억", False),
        ("2024-05-01", "2023-12-31", False),
        ("오전 10시 30분", "오후 9시 5분", False),
        ("(월) 5월 1일", "(화) 12월 31일", False),
        ("5일 월요일", "16일 금요일", False),
        ("January 5, Monday", "May 16, Friday", False),
        ("홍길동 교수가", "임꺽정교수가", False),
        ("허준 위원장이", "홍길동 위원장이", False),
        ("남궁가나 씨가", "홍길동 씨가", False),
        ("홍길동(45)이", "임꺽정(38)이", False),
        ("△총무과장 홍길동 △국장", "△총무과장 임꺽정 △국장", False),
        ("△총무과장 홍길동 △국장", "△기획과장 홍길동 △국장", True),
        ("홍길동 교수가", "홍길동 박사가", True),
        ("홍길동이", "임꺽정이", True),
        ("삼성", "현대", True),
        ("3.5% 오른", "3.5% 내린", True),
        ("3", "", True),
    ],
)
def test_what_a_template_leaves_out(one, two, differ):
    """Figures, dates and persons with a title are no part of a template; other words, also figures written out, are."""
    texts = pl.Series([SENTENCE.format(part) for part in (one, two)])
    first, second = templates_of(texts_of(texts), np.arange(2), None)
    assert (first != second) == differ
    found = find_duplicates(frame_of(texts.to_list()), None, Settings(threshold=0.5, templates="keep"))
    assert len(found.removed) == differ


@given(batches())
@settings(max_examples=20, deadline=None)
def test_spaces_are_searched_as_if_alone(items):
    """Items of two spaces have the verdicts that each space has alone, in one run and in two."""
    items = items.with_columns(space=pl.col("doc").cast(pl.UInt64) % 2 * 2**40 + 1)
    alone = {}
    for part in items.partition_by("space"):
        alone |= reference_of_part(part)
    assert verdicts(find_duplicates(items, None, LOOSE)) == alone
    assert in_sequence(items, items["doc"] > 3, LOOSE) == alone


def reference_of_part(part):
    """Return the reference's verdicts for some of the items, under their own numbers."""
    numbers = part["item"].to_list()
    found = reference(part.with_columns(item=pl.int_range(pl.len(), dtype=pl.UInt32)), LOOSE)
    return {numbers[item]: (numbers[other], *rest) for item, (other, *rest) in found.items()}


@given(batches(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_row_order_does_not_matter(items, rng):
    """Items in any row order give the same verdict and the same index rows."""
    rows = items.rows()
    rng.shuffle(rows)
    shuffled = pl.DataFrame(rows, schema=items.schema, orient="row")
    first, second = find_duplicates(items, None, LOOSE), find_duplicates(shuffled, None, LOOSE)
    assert first.removed.equals(second.removed)
    assert first.kept.equals(second.kept)
    np.testing.assert_array_equal(list(first.keys), list(second.keys))


@given(batches(), RULES, st.sampled_from([0, 200, 2000]))
@settings(max_examples=40, deadline=None)
def test_a_small_room_changes_nothing(items, rule, memory):
    """With room for no band key, for some or for all, the verdict, the index rows and their keys are the same."""
    config, told = replace(LOOSE, rule=rule, min_chars=12), []
    wanted = find_duplicates(items, None, config)
    found = find_duplicates(items, None, config, Room(memory, forget=lambda: told.append(1)))
    assert found.removed.equals(wanted.removed)
    assert found.kept.equals(wanted.kept)
    assert found.compared == wanted.compared
    np.testing.assert_array_equal(list(found.keys), list(wanted.keys))
    assert told


def test_texts_that_lie_in_another_order_are_found_the_same(tmp_path):
    """Texts read as they lie in files, not as they are ranked, give the same verdict, index rows and keys."""
    rng = np.random.default_rng(4)
    texts = [
        "".join(map(chr, range(0xAC00 + 25 * (n // 4), 0xAC1C + 25 * (n // 4)))) + f"{n % 4}"
        for n in range(400)
    ]
    texts += ["짧은 글", "", "a" * 12, "a" * 13] * 2
    place = rng.permutation(len(texts))
    with shelved((pl.Series(texts)[part] for part in np.split(place, [100, 250])), tmp_path / "shelf") as (
        lying,
        _,
    ):
        items = frame_of(texts).with_columns(text=lying[np.argsort(place)])
        wanted = find_duplicates(frame_of(texts), None, LOOSE)
        found = find_duplicates(items, None, LOOSE, Room(0, tmp_path, lambda: None))
    assert items["text"].to_list() == texts
    assert 100 < len(wanted.removed) < 400
    assert found.removed.equals(wanted.removed)
    assert found.kept.equals(wanted.kept)
    np.testing.assert_array_equal(list(found.keys), list(wanted.keys))


def test_a_folder_without_room_is_told():
    """Band keys that cannot be written end the run with the error of the disk."""
    with pytest.raises(StorageError, match=r"^missing: No such file"):
        find_duplicates(frame_of(list(BASES)), None, LOOSE, Room(0, Path("missing")))


@pytest.mark.parametrize("room", [Room(0), Room()], ids=["in-a-file", "in-memory"])
def test_band_keys_come_out_as_they_went_in(room):
    """Keys put in by blocks of texts come out by band, of all texts or some, with the space mixed in."""
    keys = np.arange(60, dtype=np.uint64).reshape(3, 20) * np.uint64(10**17)
    space = np.arange(20, dtype=np.uint64) % 2
    held = BandKeys(3, space, room)
    for first, last in ((7, 20), (0, 7)):
        held.put(first, keys[:, first:last])
    np.testing.assert_array_equal(list(held), keys ^ space)
    some = held.only(np.array([3, 19, 4])).only(np.array([2, 0]))
    np.testing.assert_array_equal(list(some), (keys ^ space)[:, [4, 3]])
    assert (len(some), some.texts) == (3, 2)


@given(batches())
@settings(max_examples=20, deadline=None)
def test_short_items_are_as_if_not_there(items):
    """Items below ``min_chars`` in matching form are neither removed nor kept, and nothing else changes."""
    config = replace(LOOSE, min_chars=30)
    found = find_duplicates(items, None, config)
    long = items.filter(matching_form(items["text"]).str.len_chars() >= 30)
    wanted = find_duplicates(long, None, LOOSE)
    assert found.removed.equals(wanted.removed)
    assert found.kept.equals(wanted.kept)


@given(batches(), st.lists(st.integers(0, 9), min_size=1, max_size=2), RULES, st.sampled_from([1, 10]))
@settings(max_examples=50, deadline=None)
def test_batches_in_sequence_equal_one_run(items, cuts, rule, fetched):
    """Batches one after another, each against the index of those before, remove what one run removes.

    So they do however many known texts are fetched at a time.
    """
    batch = items.select(sum((pl.col("doc") > cut).cast(pl.Int8) for cut in cuts)).to_series()
    config = replace(LOOSE, rule=rule)
    with mock.patch.object(known_items, "_FETCHED", fetched):
        assert in_sequence(items, batch, config) == verdicts(find_duplicates(items, None, config))
