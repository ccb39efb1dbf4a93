"""Candidate pairs from shared band keys, compared only as far as the kept set needs.

The texts that share a band key form a bucket. Comparing all pairs of a bucket is quadratic, and one template with
100,000 dates is one bucket; but to know what is kept, a text needs to be compared only with *earlier* texts of
its buckets that are not removed. So each round takes the first few texts of every bucket, compares them with the
rest of the bucket, decides what can be decided, and drops the removed ones. docs/dedup.md has the argument that
this gives exactly what comparing all pairs gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from pipeline.dedup.alike import alike
from pipeline.dedup.engine import spread
from pipeline.dedup.resolve import KEPT, REMOVED, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    import numpy.typing as npt

    I64 = npt.NDArray[np.int64]
    U64 = npt.NDArray[np.uint64]
    F64 = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    States = npt.NDArray[np.int8]
    Compare = Callable[[I64, I64], F64]

_ROUND_PAIRS: Final = 1 << 22  # aim for the pairs listed in one round; it bounds memory, not the result


class Buckets(NamedTuple):
    """Which texts share a band key: row i says that ``text[i]`` is in ``bucket[i]``; sorted by both."""

    bucket: I64
    text: I64


class Edges(NamedTuple):
    """Verified pairs: ``stays`` may stand for ``goes``, and how well."""

    stays: I64
    goes: I64
    score: F64


class Compared(NamedTuple):
    """What has been compared so far: the edges found, and a sorted code for each pair and direction looked at."""

    edges: Edges
    seen: U64


def no_comparisons() -> Compared:
    """Return the state before any comparison."""
    none = np.empty(0, np.int64)
    return Compared(Edges(none, none, np.empty(0, np.float64)), np.empty(0, np.uint64))


def buckets_of(keys: U64, kernels: ModuleType | None) -> Buckets:
    """Return the buckets with at least two texts, for band keys of shape (bands, texts)."""
    found: dict[int, tuple[I64, Bools]] = {}

    def work(band: int) -> None:
        found[band] = alike(keys[band], kernels)

    spread(work, range(len(keys)))
    text, starts = (
        np.concatenate(column) for column in zip(*(found[n] for n in range(len(keys))), strict=True)
    )
    return Buckets(np.cumsum(starts), text)


def keep_first(
    buckets: Buckets, states: States, apart: Callable[[I64, I64], Bools], compare: Compare
) -> Compared:
    """Decide every text in ``states`` in place and return what was compared.

    A text that ``states`` already calls removed stays so and is compared with nothing. ``apart(a, b)`` tells
    which pairs may be compared at all; ``compare(a, b)`` returns how well a may stand for b, NaN if it may not.
    """
    rows, width, done = _standing(buckets, states), 1, no_comparisons()
    while len(rows.text):
        place, size = _places(rows.bucket)
        width = max(1, min(width, _ROUND_PAIRS // len(rows.text)))
        unclear = np.zeros(len(states), bool)
        unclear[rows.text[place > width]] = True
        pairs = _heads_with_rest(rows.text, place, size, width)
        first = _with_earliest(*pairs, len(states))
        done = look_at(done, _those(pairs, first), apart, compare)
        later = unclear.copy()
        later[pairs[1][~first]] = True
        settle(states, done.edges.stays, done.edges.goes, later)
        rest = ~first & (states[pairs[0]] != REMOVED) & (states[pairs[1]] != REMOVED)
        done = look_at(done, _those(pairs, rest), apart, compare)
        settle(states, done.edges.stays, done.edges.goes, unclear)
        rows, width = _standing(Buckets(*(column[place >= width] for column in rows)), states), width * 2
    settle(states, done.edges.stays, done.edges.goes, np.zeros(len(states), bool))
    return done


def kept_with_removed(buckets: Buckets, states: States) -> Iterator[tuple[I64, I64]]:
    """Yield all pairs (kept, removed) of texts of one bucket, in blocks; a pair may come more than once."""
    kept = _only(buckets, states[buckets.text] == KEPT)
    removed = _only(buckets, states[buckets.text] == REMOVED)
    first = np.searchsorted(kept.bucket, removed.bucket, side="left")
    count = np.searchsorted(kept.bucket, removed.bucket, side="right") - first
    ends = np.cumsum(count)
    start = 0
    while start < len(count):
        stop = int(np.searchsorted(ends, (ends[start - 1] if start else 0) + _ROUND_PAIRS, side="right"))
        block = slice(start, max(stop, start + 1))
        yield kept.text[_ranges(first[block], count[block])], np.repeat(removed.text[block], count[block])
        start = block.stop


def look_at(
    done: Compared, pairs: tuple[I64, I64], apart: Callable[[I64, I64], Bools], compare: Compare
) -> Compared:
    """Compare the pairs (stays, goes) that are apart and were not looked at yet; add their edges to ``done``."""
    allowed = apart(*pairs)
    stays, goes = (ends[allowed].astype(np.uint64) for ends in pairs)
    codes = np.sort(stays << np.uint64(32) | goes)
    codes = codes[np.diff(codes, prepend=~codes[:1]) != 0]  # each once
    codes = np.setdiff1d(codes, done.seen, assume_unique=True)
    left, right = (codes >> np.uint64(32)).astype(np.int64), (codes & np.uint64(0xFFFF_FFFF)).astype(np.int64)
    score = compare(left, right)
    edge = ~np.isnan(score)
    found = (left[edge], right[edge], score[edge])
    edges = Edges(*(np.concatenate(both) for both in zip(done.edges, found, strict=True)))
    return Compared(edges, np.sort(np.concatenate([done.seen, codes])))


def _standing(rows: Buckets, states: States) -> Buckets:
    """Drop texts that are removed, then buckets with nobody left to compare with."""
    rows = _only(rows, states[rows.text] != REMOVED)
    _, size = _places(rows.bucket)
    return _only(rows, size > 1)


def _only(rows: Buckets, mask: Bools) -> Buckets:
    return Buckets(rows.bucket[mask], rows.text[mask])


def _places(bucket: I64) -> tuple[I64, I64]:
    """Return the place of each row in its bucket, from 0, and the size of the bucket."""
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    sizes = np.diff(starts, append=len(bucket))
    return np.arange(len(bucket)) - np.repeat(starts, sizes), np.repeat(sizes, sizes)


def _heads_with_rest(text: I64, place: I64, size: I64, width: int) -> tuple[I64, I64]:
    """Pair each of the first ``width`` texts of a bucket with every later text of it."""
    head = np.flatnonzero(place < width)
    count = size[head] - place[head] - 1
    return np.repeat(text[head], count), text[_ranges(head + 1, count)]


def _with_earliest(heads: I64, texts: I64, count: int) -> Bools:
    """Tell which pairs are those of a text with the earliest of its heads, which removes most of what goes."""
    earliest = np.full(count, count)
    np.minimum.at(earliest, texts, heads)
    return np.asarray(heads == earliest[texts])


def _those(pairs: tuple[I64, I64], mask: Bools) -> tuple[I64, I64]:
    return pairs[0][mask], pairs[1][mask]


def _ranges(starts: I64, counts: I64) -> I64:
    """Lay the ranges ``starts[i]``, … of ``counts[i]`` numbers end to end."""
    before = np.cumsum(counts) - counts
    return np.asarray(np.arange(int(counts.sum())) + np.repeat(starts - before, counts))
