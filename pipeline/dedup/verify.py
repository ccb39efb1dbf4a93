"""Verification: the exact similarity of candidate pairs, by the rule of the settings.

A signature only estimates (standard error .035 at .8), so no verdict rests on it: the shingle sets of both texts
are compared, as sets of 64-bit hashes. Most false candidates are spared that by an upper bound that cannot be
wrong, so it costs no edge: see ``_least_difference``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl

from pipeline.dedup.engine import spread, work_space
from pipeline.dedup.normalise import forms_of
from pipeline.dedup.signature import KEYS, blocks, shingle_hashes, text_blocks
from pipeline.dedup.utf8 import Texts, series_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipeline.dedup.compiled import Kernels
    from pipeline.dedup.settings import Rule, Settings

    I64 = npt.NDArray[np.int64]
    U64 = npt.NDArray[np.uint64]
    F64 = npt.NDArray[np.float64]

_RULES: Final = "jaccard", "containment", "coverage"  # as kernels number them
_PAIR_CHARS: Final = 1 << 23  # characters of both sides compared at once: bounds the memory of a call
_KERNEL_BYTES: Final = 1 << 22  # of the texts of the pairs that a kernel is given at once
_SCATTERED_BYTES: Final = 1 << 19  # the same of texts in a file, each of which brings in pages around it
_PAIR_BYTES: Final = 64  # what a pair itself counts as
_PARITY_BITS: Final = 1024  # tells some 500 differing shingles apart; 128 bytes a text
_PARITY_TEXTS: Final = 1 << 12  # texts whose parities are counted at once: 4 MiB of counters
_PARITY_PAIRS: Final = 1 << 14  # pairs whose parities are compared at once: a few MiB


class _Sets(NamedTuple):
    """Of each text, how many distinct shingles it has, and a parity bitmap of them, shape (texts, words)."""

    sizes: I64
    parities: U64


def similarity(texts: Texts, left: I64, right: I64, settings: Settings, kernels: Kernels | None) -> F64:
    """Return how well the left text of each pair may stand for the right one, NaN below the threshold.

    Pair i is rows ``left[i]`` and ``right[i]`` of the texts, in matching form. Texts without shingles are similar to
    nothing. Texts are fetched block by block of the pairs, sorted by ``left`` or by where it lies.
    """
    scores = np.full(len(left), np.nan)
    if not len(left):
        return scores
    order = np.argsort(left, kind="stable") if texts.forget is None else texts.reading_order(left)
    ends = np.concatenate([[0], np.cumsum(texts.sizes(right[order]) + _PAIR_BYTES)])

    def work(block: tuple[int, int]) -> None:
        pairs = order[slice(*block)]
        members, places = np.unique(np.concatenate([left[pairs], right[pairs]]), return_inverse=True)
        forms = forms_of(texts, members, kernels)
        first, second = places[: len(pairs)], places[len(pairs) :]
        if kernels is None:
            scores[pairs] = _similarity(series_of(forms), first, second, settings)
            return
        found = np.empty(len(pairs))
        points, hashes = work_space(forms, settings.shingle)
        tables = 2, 1 << (3 * len(points)).bit_length()
        space = points, hashes, np.empty(tables, np.uint64), np.zeros(tables, np.int32)
        rule = _RULES.index(settings.rule), settings.threshold
        kernels.similarities(*forms, settings.shingle, KEYS, first, second, *rule, *space, found)
        scores[pairs] = found

    if kernels is None:
        work((0, len(left)))
    else:
        spread(work, blocks(ends, _KERNEL_BYTES if texts.forget is None else _SCATTERED_BYTES))
    return scores


def _similarity(forms: pl.Series, left: I64, right: I64, settings: Settings) -> F64:
    """Do the same for the pairs of a block of matching forms."""
    scores = np.full(len(left), np.nan)
    possible = np.arange(len(left))
    few = len(left) <= len(forms)  # then a bitmap a text costs more than it spares
    if settings.rule != "coverage" and not few:
        bounds = _bound(_sets(forms, settings.shingle), left, right, settings.rule)
        possible = np.flatnonzero(bounds >= settings.threshold)
    lengths = forms.str.len_chars().to_numpy().astype(np.int64)
    chars = lengths[left[possible]] + lengths[right[possible]]
    measure = _coverage if settings.rule == "coverage" else _by_sets
    for start, stop in blocks(np.concatenate([[0], np.cumsum(chars)]), _PAIR_CHARS):
        pairs = possible[start:stop]
        exact = measure(forms, left[pairs], right[pairs], settings)
        scores[pairs] = np.where(exact >= settings.threshold, exact, np.nan)
    return scores


def _by_sets(forms: pl.Series, left: I64, right: I64, settings: Settings) -> F64:
    """Return the Jaccard similarity of each pair, or the right text's containment; each text is hashed once."""
    texts, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    sets = _shingle_sets(forms.gather(texts), settings.shingle)
    first, second = places[: len(left)], places[len(left) :]
    pairs = pl.DataFrame({"left": sets.gather(first), "right": sets.gather(second)})
    shared = pairs.select(pl.col("left").list.set_intersection("right").list.len()).to_series().to_numpy()
    sizes = sets.list.len().to_numpy().astype(np.int64)
    return _ratio(shared, sizes[first], sizes[second], settings.rule)


def _ratio(shared: npt.NDArray[np.number], left: I64, right: I64, rule: Rule) -> F64:
    """Return shared by union, or by the right set; 0 where that is empty."""
    whole = left + right - shared if rule == "jaccard" else right
    return np.asarray(shared / np.maximum(whole, 1), np.float64)


def _coverage(forms: pl.Series, left: I64, right: I64, settings: Settings) -> F64:
    """Return the share of each right text's characters that lie in a shingle which the left text has."""
    hashes, offsets = shingle_hashes(forms, settings.shingle)
    found = np.zeros(len(left))
    for pair, (one, two) in enumerate(zip(left, right, strict=True)):
        own = hashes[offsets[two] : offsets[two + 1]]
        met = np.flatnonzero(np.isin(own, hashes[offsets[one] : offsets[one + 1]]))
        size = len(forms[int(two)])
        ends = np.minimum(met + settings.shingle, size)
        covered = ends - np.maximum(met, np.concatenate([[0], ends[:-1]])) if len(met) else met
        found[pair] = covered.sum() / max(size, 1)
    return found


def _shingle_sets(forms: pl.Series, shingle: int) -> pl.Series:
    """Return the distinct shingle hashes of each text as one list, in no particular order."""
    hashes, offsets = shingle_hashes(forms, shingle)
    text = np.repeat(np.arange(len(forms), dtype=np.uint32), np.diff(offsets))
    lists = pl.DataFrame({"text": text, "hash": hashes}).group_by("text", maintain_order=True).agg("hash")
    every = pl.DataFrame({"text": np.arange(len(forms), dtype=np.uint32)})
    return every.join(lists, on="text", how="left", maintain_order="left")["hash"].fill_null([]).list.unique()


def _sets(forms: pl.Series, shingle: int) -> _Sets:
    """Return sizes and parities of all texts, hashed block by block to bound memory."""
    found = _Sets(np.zeros(len(forms), np.int64), np.zeros((len(forms), _PARITY_BITS // 64), np.uint64))
    for first, last in text_blocks(forms.str.len_bytes().to_numpy().astype(np.int64)):
        sets = _shingle_sets(forms[first:last], shingle)
        for start in range(0, last - first, _PARITY_TEXTS):
            part = sets[start : start + _PARITY_TEXTS]
            rows = slice(first + start, first + start + len(part))
            found.sizes[rows] = part.list.len().to_numpy()
            found.parities[rows] = _parities(part)
    return found


def _parities(sets: pl.Series) -> U64:
    """Return for each set one bit a residue of the hashes: whether an odd number of members has it."""
    texts = np.repeat(np.arange(len(sets)), sets.list.len().to_numpy())
    members = sets.explode(empty_as_null=False).to_numpy()
    residues = (members & np.uint64(_PARITY_BITS - 1)).astype(np.int64)
    counts = np.bincount(texts * _PARITY_BITS + residues, minlength=len(sets) * _PARITY_BITS)
    odd = (counts & 1).astype(bool).reshape(len(sets), _PARITY_BITS)
    return np.packbits(odd, axis=1).view(np.uint64)


def _bound(sets: _Sets, left: I64, right: I64, rule: Rule) -> F64:
    """Return an upper bound of each pair's score."""
    bounds = np.empty(len(left), np.float64)
    for start in range(0, len(left), _PARITY_PAIRS):
        pairs = slice(start, start + _PARITY_PAIRS)
        one, two = sets.sizes[left[pairs]], sets.sizes[right[pairs]]
        most = (one + two - _least_difference(sets, left[pairs], right[pairs])) / 2
        bounds[pairs] = _ratio(most, one, two, rule)
    return bounds


def _least_difference(sets: _Sets, left: I64, right: I64) -> I64:
    """Return a lower bound of how many shingles are in only one of the two sets.

    Shared members cancel where two parity bitmaps differ, so each bit set there needs a member of its own in
    only one set. (The idea is the bitmap filter of Sandes, Teodoro and Melo, Information Systems 88, 2020.) The
    sizes give another bound: sets of different sizes differ by at least that.
    """
    bits = np.bitwise_count(sets.parities[left] ^ sets.parities[right]).sum(axis=1, dtype=np.int64)
    return np.asarray(np.maximum(bits, np.abs(sets.sizes[left] - sets.sizes[right])))
