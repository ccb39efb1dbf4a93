"""The kept set and what each duplicate names, against a reference that compares all pairs one by one."""

import re
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup import Known, Settings, buckets, find_duplicates
from pipeline.dedup import known as known_items
from pipeline.dedup.buckets import buckets_of, keep_first
from pipeline.dedup.describe import put_keys
from pipeline.dedup.find import DUPLICATES
from pipeline.dedup.normalise import matching_form
from pipeline.dedup.resolve import KEPT, REMOVED, settle
from pipeline.dedup.room import BandKeys, Room
from pipeline.dedup.templates import templates_of
from pipeline.dedup.utf8 import texts_of
from pipeline.dedup.verify import similarity
from pipeline.errors import CorpusError, StorageError
from pipeline.store.index import open_index, write_index
from pipeline.store.mapped import shelved

RULES = st.sampled_from(["jaccard", "containment", "coverage"])
LOOSE = Settings(threshold=0.5, num_perm=64, recall=0.9)
BASES = (
    "서울시는 내년부터 시내버스 노선을 전면 개편한다고 밝혔다",
    "중앙은행은 기준금리를 연 3.50퍼센트로 동결했다고 발표했다",
    "abcdefghijklmnopqrstuvwxyz0123456789",
)


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


@st.composite
def reports(draw):
    """Draw documents of one text each: a few sentences, some nearly alike, with figures that all differ."""
    pool = draw(st.lists(near_texts().map(without_figures), min_size=1, max_size=4))
    texts = draw(st.lists(st.tuples(st.sampled_from(pool), st.integers(0, 99)), min_size=2, max_size=14))
    return frame_of([f"{text[:9]}{number}{text[9:]}{number * 7}" for text, number in texts])


def verdicts(found):
    """Return {item: (duplicate_of, score, kind)} of a result without known items."""
    assert found.removed.schema == DUPLICATES
    assert not found.removed["known"].any()
    return {row[0]: (row[1], np.float32(row[3]), row[4]) for row in found.removed.rows()}


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


@st.composite
def graphs(draw):
    """Draw a number of texts, and edges between earlier and later ones."""
    size = draw(st.integers(1, 14))
    ends = st.integers(0, size - 1)
    pairs = draw(st.sets(st.tuples(ends, ends).filter(lambda pair: pair[0] < pair[1]), max_size=30))
    return size, sorted(pairs)


@given(graphs())
@settings(deadline=None)
def test_settle_keeps_the_first_independent_set(graph):
    """Rounds over all edges at once keep what going through the texts one by one keeps."""
    size, pairs = graph
    states = np.zeros(size, np.int8)
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    settle(states, ends[:, 0], ends[:, 1], np.zeros(size, bool))
    kept = []
    for text in range(size):
        if not any((other, text) in pairs for other in kept):
            kept.append(text)
    assert states.tolist() == [KEPT if text in kept else REMOVED for text in range(size)]


@given(graphs(), st.data())
@settings(deadline=None)
def test_rounds_find_what_all_pairs_find(graph, data):
    """Whatever the buckets, the rounds decide as if all pairs of every bucket had been compared."""
    size, pairs = graph
    keys = data.draw(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=size, max_size=size))
    gone = data.draw(st.sets(st.integers(0, size - 1), max_size=2))
    states = np.array([REMOVED if text in gone else 0 for text in range(size)], np.int8)
    held = BandKeys(3, np.zeros(size, np.uint64), Room())
    held.put(0, np.array(keys, np.uint64).T)
    edges = {(a, b) for a, b in pairs if any(x == y for x, y in zip(keys[a], keys[b], strict=True))}
    done = keep_first(
        buckets_of(held, None, Room()),
        states,
        lambda left, right: left != right,
        lambda left, right: np.array(
            [1.0 if pair in edges else np.nan for pair in zip(left, right, strict=True)]
        ),
    )
    kept = []
    for text in range(size):
        if text not in gone and not any((other, text) in edges for other in kept):
            kept.append(text)
    assert np.flatnonzero(states == KEPT).tolist() == kept
    assert len(done.seen) <= size * (size - 1) // 2


def test_settle_waits_for_the_unclear():
    """An unclear text can be removed but not kept, and what depends on it waits."""
    states = np.zeros(5, np.int8)
    unclear = np.array([False, True, False, True, False])
    settle(states, np.array([0, 1]), np.array([3, 2]), unclear)
    assert states.tolist() == [KEPT, 0, 0, REMOVED, KEPT]


@given(st.lists(st.text("ab가𝄞", max_size=40), min_size=2, max_size=6))
@settings(deadline=None)
def test_similarity_is_exact(texts):
    """Verified similarities are those of Python sets, and below the threshold there is none."""
    count = len(texts)
    left, right = (ends.ravel() for ends in np.indices((count, count)))
    found = similarity(texts_of(pl.Series(texts)), left, right, LOOSE, None)
    exact = np.array([jaccard(texts[a], texts[b]) for a, b in zip(left, right, strict=True)])
    np.testing.assert_array_equal(found, np.where(exact >= LOOSE.threshold, exact, np.nan))


def test_pairs_at_the_threshold_are_found():
    """Of 400 pairs just above the threshold, at least 98 % are proposed and verified (in theory 99.8 %)."""
    rng = np.random.default_rng(11)
    texts = []
    for _ in range(400):
        points = rng.integers(0xAC00, 0xD7A4, 200).tolist()
        text = "".join(map(chr, points))
        texts += [text, text[:178] + "".join(map(chr, reversed(points[178:])))]  # Jaccard 174 / 218 = .798
    near = [text[:179] + twin[179:] for text, twin in zip(texts[::2], texts[1::2], strict=True)]
    pairs = [text for pair in zip(texts[::2], near, strict=True) for text in pair]  # 175 / 217 = .806
    assert round(jaccard(pairs[0], pairs[1]), 3) == 0.806
    found = find_duplicates(frame_of(pairs), None, Settings())
    assert len(found.removed) >= 392
    assert (found.removed["duplicate_of"] + 1 == found.removed["item"]).all()
    assert find_duplicates(frame_of(texts), None, Settings()).removed.is_empty()


def test_equal_texts_of_one_document_stay_together():
    """Items of one document are never compared: equal ones are both kept, or both go for another document's."""
    items = frame_of([BASES[0], BASES[0], BASES[0], BASES[1], BASES[0]], [0, 0, 1, 1, 1])
    found = find_duplicates(items, None, Settings())
    assert found.removed.rows() == [(item, 0, False, 1.0, "exact") for item in (2, 4)]
    assert found.kept["item"].to_list() == [0, 3]


STEM = "".join(map(chr, range(0xAC00, 0xAC00 + 70)))  # 66 shingles, all different
HEAD = "0123456789" + STEM[10:]  # similarity .737 to STEM, below .7 to the others
TAIL = STEM[:-10] + "0123456789"  # .737 to STEM too
END = STEM[:-5] + "01234"  # .859 to STEM


@pytest.mark.parametrize(
    ("texts", "docs", "named"),
    [
        ([HEAD, STEM, END, STEM], [0, 1, 2, 3], {1: 0, 3: 2}),
        ([HEAD, STEM, END, STEM], [0, 1, 1, 2], {1: 0, 3: 2}),
        ([HEAD, STEM, END, STEM], [0, 1, 2, 2], {1: 0, 3: 0}),
        ([HEAD, TAIL, STEM], [0, 1, 2], {2: 0}),
        ([TAIL, HEAD, STEM], [0, 1, 2], {2: 0}),
        ([HEAD, TAIL, END, STEM], [0, 1, 2, 3], {2: 1, 3: 0}),
    ],
    ids=[
        "later-and-nearer",
        "beside-the-first-copy",
        "of-one-document",
        "tie",
        "other-tie",
        "gone-is-not-named",
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 2])
def test_each_copy_names_the_best_earlier_kept_item(texts, docs, named, cut):
    """A removed item names the nearest, then the earliest kept item before it, of no document of its own."""
    config = Settings(threshold=0.7, recall=0.9999)
    items = frame_of(texts, docs)
    assert {item: verdict[0] for item, verdict in reference(items, config).items()} == named
    found = in_sequence(items, (items["doc"] >= cut).cast(pl.Int8), config)
    assert {item: verdict[0] for item, verdict in found.items()} == named


def test_digits_are_never_masked():
    """Two notices that differ in a figure are two texts; only the part they share counts."""
    first, second = "12일 코스피 2,601.37", "13일 코스피 2,588.02"
    assert find_duplicates(frame_of([first, second]), None, Settings()).removed.is_empty()


def test_empty_texts_are_equal_and_near_nothing():
    """Texts without a visible character are exact copies of each other and near no other text."""
    found = find_duplicates(frame_of(["", BASES[0], " \u200b"]), None, Settings())
    assert found.removed.rows() == [(2, 0, False, 1.0, "exact")]


def test_no_items():
    """No items give an empty verdict of the declared columns."""
    found = find_duplicates(frame_of([]), None, Settings())
    assert found.removed.schema == DUPLICATES
    assert (len(found.removed), len(found.kept), found.compared) == (0, 0, 0)
    assert [len(keys) for keys in found.keys] == [0] * 16


def test_copies_cost_no_comparison():
    """100,000 copies of one text are removed without comparing a pair."""
    found = find_duplicates(frame_of([BASES[0]] * 100_000), None, Settings())
    assert (len(found.removed), found.compared) == (99_999, 0)


def test_a_template_costs_linear_comparisons():
    """Of n texts of one template, the first stays and about n pairs are compared in all, not n² / 2."""
    count = 3000
    stem = BASES[0] + BASES[1] + BASES[2]
    found = find_duplicates(frame_of([f"{stem} {number:04}" for number in range(count)]), None, Settings())
    assert (found.removed["duplicate_of"] == 0).all()
    assert len(found.removed) == count - 1
    assert found.compared < 2 * count


@pytest.mark.parametrize("kept", [1, 7])
def test_a_bucket_of_a_million_costs_linear_comparisons(kept):
    """Where ``kept`` texts stand for a million, each is compared with these at most, in whatever number of bands."""
    count = 1_000_000
    bucket = buckets.Buckets(np.zeros(count, np.uint32), np.arange(count, dtype=np.uint32))
    states, compared = np.zeros(count, np.int8), []

    def compare(left, right):
        compared.append(len(left))
        return np.where((right - left) % kept == 0, 1.0, np.nan)

    keep_first([bucket] * 2, states, lambda left, right: left != right, compare)
    assert np.flatnonzero(states == KEPT).tolist() == list(range(kept))
    assert sum(compared) <= count * kept


def test_a_template_that_is_kept_costs_linear_work(monkeypatch):
    """Of n texts of one template, all kept, none are compared with each other, and no n² pairs are listed either."""
    listed, count = [], 3000
    real = buckets.heads_with_rest
    monkeypatch.setattr(buckets, "heads_with_rest", lambda *given: listed.append(real(*given)) or listed[-1])
    stem = "".join(BASES)
    texts = [f"{stem} {number:04}" for number in range(count)]
    for place in (5, 500, 2500):  # other texts of the same buckets
        texts.insert(place, f"{stem[:30]} 다른 말이 {place}번 여기에 있다 {stem[30:]}")
    found = find_duplicates(frame_of(texts), None, Settings(templates="keep", threshold=0.95, recall=0.999))
    assert found.removed.is_empty()
    assert 0 < found.compared <= 3 * count + 3
    assert sum(len(heads) for heads, _ in listed) < 50 * count


def test_ranks_that_are_no_order_are_refused():
    """Equal ranks, and documents whose items do not follow each other, are a caller's error."""
    with pytest.raises(ValueError, match="two items have the same rank"):
        find_duplicates(frame_of(["a", "b"]).with_columns(item=pl.lit(0, pl.UInt32)), None, Settings())
    with pytest.raises(ValueError, match="do not follow each other"):
        find_duplicates(frame_of(["a", "b", "c"], [0, 1, 0]), None, Settings())


def test_a_known_text_that_changed_is_refused():
    """A near-duplicate is never removed for a known text that is not the one the index describes."""
    index, _ = known_of([find_duplicates(frame_of([BASES[2]]), None, Settings())])
    known = Known(index, lambda keys: keys.with_columns(text=pl.lit("another text")))
    with pytest.raises(CorpusError) as refused:
        find_duplicates(frame_of([BASES[2] + "!"]), known, Settings())
    assert str(refused.value) == (
        "index and corpus disagree on 1 texts, the first at document 0, line 0: the text there is not the one "
        "the index describes; nothing was committed. Run `newsieve verify` on the corpus folder."
    )


def test_widths_of_rounds_do_not_matter():
    """A bucket of texts that are all kept is worked off in a few rounds and still misses no edge."""
    edits = list(
        accumulate(range(40), lambda text, place: text[:place] + "가" + text[place + 1 :], initial="x" * 3)
    )
    items = frame_of([f"{BASES[2][i:]}{edit}" for i, edit in enumerate(edits[:30])])
    assert verdicts(find_duplicates(items, None, LOOSE)) == reference(items, LOOSE)
