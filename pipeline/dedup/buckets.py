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
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from pipeline.dedup.compiled import Kernels
    from pipeline.dedup.room import BandKeys, Room

    I64 = npt.NDArray[np.int64]
    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]
    F64 = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    States = npt.NDArray[np.int8]
    Compare = Callable[[I64, I64], F64]

_ROUND_PAIRS: Final = 1 << 22  # aim for the pairs listed in one round; it bounds memory, not the result

_FEW: Final = 8  # texts of other templates in a bucket, for each head of a round


class Buckets(NamedTuple):
    """Which texts share a band key: row i says that ``text[i]`` is in ``bucket[i]``; sorted by both."""

    bucket: U32
    text: U32


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


def buckets_of(keys: BandKeys, kernels: Kernels | None, room: Room) -> list[Buckets]:
    """Return the buckets of at least two texts: those of two, each pair once for all bands, then the others by band.

    As many bands are searched at once as the room allows.
    """
    waiting, larger = [np.empty(0, np.uint64)], []
    abreast = room.abreast(keys.texts, len(keys))
    for start in range(0, len(keys), abreast):
        found: dict[int, tuple[U64, Buckets]] = {}

        def work(band: int, found: dict[int, tuple[U64, Buckets]] = found) -> None:
            found[band] = _pairs_and_larger(*alike(keys.band(band), kernels))

        spread(work, range(start, min(start + abreast, len(keys))))
        waiting += [two for two, _ in found.values()]
        if sum(map(len, waiting)) > _ROUND_PAIRS:
            waiting = [_merged(waiting)]
        larger += [found[band][1] for band in sorted(found)]
    return [_of_two(_merged(waiting)), *larger]


def _pairs_and_larger(text: I64, starts: Bools) -> tuple[U64, Buckets]:
    """Return the codes of the groups of two, in order, and the larger groups."""
    heads = np.flatnonzero(starts)
    sizes = np.diff(heads, append=len(text))
    two, more = heads[sizes == 2], np.repeat(sizes > 2, sizes)
    numbers = np.repeat(np.arange(int((sizes > 2).sum()), dtype=np.uint32), sizes[sizes > 2])
    return np.sort(_codes(text[two], text[two + 1])), Buckets(numbers, text[more].astype(np.uint32))


def keep_first(
    blocks: Sequence[Buckets],
    states: States,
    apart: Callable[[I64, I64], Bools],
    compare: Compare,
    template: U64 | None = None,
) -> Compared:
    """Decide every text in ``states`` in place and return what was compared.

    A text that ``states`` already calls removed stays so and is compared with nothing. ``apart(a, b)`` tells
    which pairs may be compared at all: none of one ``template``; ``compare(a, b)`` returns how well a may stand for b,
    NaN if it may not.
    """
    rows, width, done = _standing(blocks, states, 0), 1, no_comparisons()
    while rows := rows if template is None else _between_templates(rows, template, width):
        width = max(1, min(width, _ROUND_PAIRS // sum(len(block.text) for block in rows)))
        first, last, unclear = _heads(rows, width, len(states))
        met = np.flatnonzero(last >= 0)
        done = look_at(done, [(first[met], met)], apart, compare)
        settle(states, done.edges.stays, done.edges.goes, unclear | (first < last))
        done = look_at(done, _further(rows, width, first, states), apart, compare)
        settle(states, done.edges.stays, done.edges.goes, unclear)
        rows, width = _standing(rows, states, width), width * 2
    settle(states, done.edges.stays, done.edges.goes, np.zeros(len(states), bool))
    return done


def _heads(rows: Sequence[Buckets], width: int, count: int) -> tuple[I64, I64, Bools]:
    """Return of each text the earliest and the last text that it meets this round, and whether it misses some.

    A text meets those of the first ``width`` of its buckets that come before it; -1 is the last of none.
    """
    first, last, unclear = np.full(count, count), np.full(count, -1), np.zeros(count, bool)
    for block in rows:
        place, size = _places(block.bucket)
        unclear[block.text[place > width]] = True
        heads, texts = heads_with_rest(block.text, place, size, width)
        np.minimum.at(first, texts, heads)
        np.maximum.at(last, texts, heads)
    return first, last, unclear


def _further(rows: Sequence[Buckets], width: int, first: I64, states: States) -> Iterator[tuple[I64, I64]]:
    """Yield the pairs of this round but those of a text with its earliest head, nor those of a removed text."""
    for block in rows:
        heads, texts = heads_with_rest(block.text, *_places(block.bucket), width)
        rest = (heads != first[texts]) & (states[heads] != REMOVED) & (states[texts] != REMOVED)
        yield heads[rest], texts[rest]


def kept_with_removed(blocks: Sequence[Buckets], states: States) -> Iterator[tuple[I64, I64]]:
    """Yield all pairs (kept, removed) of texts of one bucket, in parts; a pair may come more than once."""
    for block in blocks:
        kept = _only(block, states[block.text] == KEPT)
        removed = _only(block, states[block.text] == REMOVED)
        first = np.searchsorted(kept.bucket, removed.bucket, side="left")
        count = np.searchsorted(kept.bucket, removed.bucket, side="right") - first
        ends = np.cumsum(count)
        start = 0
        while start < len(count):
            stop = int(np.searchsorted(ends, (ends[start - 1] if start else 0) + _ROUND_PAIRS, side="right"))
            part = slice(start, max(stop, start + 1))
            yield (
                kept.text[_ranges(first[part], count[part])].astype(np.int64),
                np.repeat(removed.text[part], count[part]).astype(np.int64),
            )
            start = part.stop


def look_at(
    done: Compared,
    pairs: Iterable[tuple[I64, I64]],
    apart: Callable[[I64, I64], Bools],
    compare: Compare,
) -> Compared:
    """Compare the pairs (stays, goes) that are apart and were not looked at yet; add their edges to ``done``."""
    waiting: list[U64] = []
    for stays, goes in pairs:
        allowed = apart(stays, goes)
        waiting.append(_codes(stays[allowed], goes[allowed]))
        if sum(map(len, waiting)) > _ROUND_PAIRS:
            done = _compared(done, waiting, compare)
            waiting.clear()
    return _compared(done, waiting, compare)


def _compared(done: Compared, waiting: Sequence[U64], compare: Compare) -> Compared:
    codes = _once(np.concatenate([done.seen[:0], *waiting]))
    place = np.searchsorted(done.seen, codes)
    codes = codes[np.append(done.seen, ~codes[-1:])[place] != codes]
    if not len(codes):
        return done
    left, right = _ends_of(codes)
    score = compare(left, right)
    edge = ~np.isnan(score)
    found = (left[edge], right[edge], score[edge])
    edges = Edges(*(np.concatenate(both) for both in zip(done.edges, found, strict=True)))
    return Compared(edges, _merged([done.seen, codes]))


def _codes(stays: I64, goes: I64) -> U64:
    """Return each pair as one value."""
    return np.asarray(stays.astype(np.uint64) << np.uint64(32) | goes.astype(np.uint64))


def _ends_of(codes: U64) -> tuple[I64, I64]:
    return (codes >> np.uint64(32)).astype(np.int64), (codes & np.uint64(0xFFFF_FFFF)).astype(np.int64)


def _of_two(pairs: U64) -> Buckets:
    """Return each pair as a bucket."""
    ends = np.stack(_ends_of(pairs), axis=1).ravel().astype(np.uint32)
    return Buckets(np.repeat(np.arange(len(pairs), dtype=np.uint32), 2), ends)


def _once(codes: U64) -> U64:
    """Return the distinct values in order."""
    return _distinct(np.sort(codes))


def _merged(parts: Sequence[U64]) -> U64:
    """Return the distinct values of ascending parts in order: a stable sort merges what is in order already."""
    return _distinct(np.sort(np.concatenate(parts), kind="stable"))


def _distinct(ascending: U64) -> U64:
    return np.asarray(ascending[np.diff(ascending, prepend=~ascending[:1]) != 0])


def _between_templates(rows: Sequence[Buckets], template: U64, width: int) -> list[Buckets]:
    """Put pairs in place of buckets in which few texts are of another template than most; none if all are of one.

    Rounds would list all pairs of the one template. Few are so many that the pairs cost what ``width`` heads do.
    """
    left, codes = [], [np.empty(0, np.uint64)]
    for block in rows:
        kind = template[block.text]
        place, size = _places(block.bucket)
        order = np.lexsort((kind, block.bucket))
        change = np.diff(block.bucket[order], prepend=~block.bucket[:1]) != 0
        begins = np.flatnonzero(change | (np.diff(kind[order], prepend=~kind[:1]) != 0))
        owner, many = block.bucket[order[begins]], np.diff(begins, append=len(order))
        most = np.lexsort((-many, owner))
        most = begins[most[np.diff(owner[most], prepend=~owner[:1]) != 0]]
        other = kind != np.repeat(kind[order[most]], size[place == 0])
        counted = np.add.reduceat(other, np.flatnonzero(place == 0), dtype=np.int64)
        few = np.repeat(counted <= _FEW * width, size[place == 0])
        one = np.flatnonzero(few & other)
        two = _ranges(one - place[one], size[one])
        one = np.repeat(one, size[one])
        differ = kind[one] != kind[two]
        codes.append(_codes(*np.sort(block.text[np.stack([one, two])[:, differ]], axis=0)))
        left += [] if few.all() else [_only(block, ~few)]
    pairs = _once(np.concatenate(codes))
    return [*([_of_two(pairs)] if len(pairs) else []), *left]


def _standing(blocks: Sequence[Buckets], states: States, width: int) -> list[Buckets]:
    """Drop the first ``width`` texts of each bucket and those removed, then buckets with nobody left to compare."""
    rows = []
    for block in blocks:
        place, _ = _places(block.bucket)
        left = _only(block, (place >= width) & (states[block.text] != REMOVED))
        _, size = _places(left.bucket)
        left = _only(left, size > 1)
        rows += [left] if len(left.text) else []
    return rows


def _only(rows: Buckets, mask: Bools) -> Buckets:
    return Buckets(rows.bucket[mask], rows.text[mask])


def _places(bucket: U32) -> tuple[I64, I64]:
    """Return the place of each row in its bucket, from 0, and the size of the bucket."""
    starts = np.flatnonzero(np.append(True, bucket[1:] != bucket[:-1])[: len(bucket)])
    sizes = np.diff(starts, append=len(bucket))
    return np.arange(len(bucket)) - np.repeat(starts, sizes), np.repeat(sizes, sizes)


def heads_with_rest(text: U32, place: I64, size: I64, width: int) -> tuple[I64, I64]:
    """Pair each of the first ``width`` texts of a bucket with every later text of it."""
    head = np.flatnonzero(place < width)
    count = size[head] - place[head] - 1
    return np.repeat(text[head], count).astype(np.int64), text[_ranges(head + 1, count)].astype(np.int64)


def _ranges(starts: I64, counts: I64) -> I64:
    """Lay the ranges ``starts[i]``, … of ``counts[i]`` numbers end to end."""
    before = np.cumsum(counts) - counts
    return np.asarray(np.arange(int(counts.sum())) + np.repeat(starts - before, counts))
