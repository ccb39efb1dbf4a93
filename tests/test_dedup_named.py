"""Which copy is kept and named, on texts and graphs made for it, and what the search costs."""

from itertools import accumulate

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup import Known, Settings, buckets, find_duplicates
from pipeline.dedup.buckets import buckets_of, keep_first
from pipeline.dedup.find import DUPLICATES
from pipeline.dedup.resolve import KEPT, REMOVED, settle
from pipeline.dedup.room import BandKeys, Room
from pipeline.dedup.utf8 import texts_of
from pipeline.dedup.verify import similarity
from pipeline.errors import CorpusError
from tests.duplicates import BASES, LOOSE, frame_of, in_sequence, jaccard, known_of, reference, verdicts


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
