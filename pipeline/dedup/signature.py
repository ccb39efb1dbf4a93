"""Shingles and MinHash signatures of matching forms, over whole columns of texts.

All texts are laid end to end as one buffer of code points, so that hashing and permuting are a few NumPy calls
for thousands of texts. Signatures equal ``datasketch.MinHash(num_perm, seed, hashfunc=hash_shingle)`` of the
default scheme, bit for bit: other tools can read them, and the tests have an oracle. ``kernels`` computes the same.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import polars as pl
    from datasketch import MinHash

    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]
    I64 = npt.NDArray[np.int64]

SCHEME: Final = "affine32"  # datasketch's default since 2.0: fmix32, then a*h + b mod 2^32 with odd a
SHINGLE_HASH_VERSION: Final = 1  # part of the index fingerprint: raise it when hash_shingle changes

_WORD: Final = 0xFFFF_FFFF_FFFF_FFFF
_PAD: Final = 0x110000  # one above the last code point: fills up a text shorter than a shingle
_BLOCK: Final = 1 << 16  # values worked on at once: three u32 or u64 buffers of it fit a core's cache
_TEXT_BYTES: Final = 1 << 23  # of texts worked on at once: bounds the memory of a call


class Shingles(NamedTuple):
    """Shingle hashes of consecutive texts; text i has ``hashes[offsets[i]:offsets[i + 1]]``, repeats included."""

    hashes: U64
    offsets: I64


def _splitmix64(state: int) -> int:
    """Return the value of the splitmix64 generator (S. Vigna) at ``state``."""
    value = (state * 0x9E3779B97F4A7C15) & _WORD
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _WORD
    return value ^ (value >> 31)


_KEYS: Final = tuple(
    _splitmix64(number) for number in range(1, 34)
)  # one addend, then a factor for each character
KEYS: Final = np.array(_KEYS, np.uint64)  # the same for kernels


def hash_shingle(shingle: str, size: int = 5) -> int:
    """Return the 64-bit hash of one shingle of at most ``size`` characters (up to 32): the definition, unhurried.

    Multilinear over code points modulo 2^64 (Lemire and Kaser, "Strongly universal string hashing is fast"),
    then the 64-bit finaliser of MurmurHash3, a bijection. MinHash takes the high 32 bits.
    """
    points = [ord(char) for char in shingle] + [_PAD] * (size - len(shingle))
    value = (_KEYS[0] + sum(key * point for key, point in zip(_KEYS[1:], points, strict=False))) & _WORD
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & _WORD
    value = ((value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53) & _WORD
    return value ^ (value >> 33)


def shingle_hashes(forms: pl.Series, size: int) -> Shingles:
    """Return the hashes of all shingles of ``size`` characters of each text, in order, repeats included.

    A text shorter than a shingle has one shingle, the whole of it; the empty text has none.
    """
    lengths = forms.str.len_chars().to_numpy().astype(np.int64)
    points = np.frombuffer(str(forms.str.join("").item()).encode("utf-32-le"), np.uint32)
    ends = np.cumsum(lengths)
    hashes = _window_hashes(points, size)
    _hash_short(hashes, points, ends - lengths, lengths, size)
    counts = np.where(lengths == 0, 0, np.maximum(1, lengths - size + 1))
    return Shingles(hashes[_inside(ends, lengths, size)], np.concatenate([[0], np.cumsum(counts)]))


def _window_hashes(points: U32, size: int) -> U64:
    """Hash the window of ``size`` code points at every position, across texts too; the end is padded."""
    padded = np.concatenate([points, np.full(size - 1, _PAD, np.uint32)])
    hashes = np.empty(len(points), np.uint64)
    for start in range(0, len(points), _BLOCK):
        part = hashes[start : start + _BLOCK]
        _hash_windows(padded[start : start + len(part) + size - 1].astype(np.uint64), part, size)
    return hashes


def _hash_windows(points: U64, hashes: U64, size: int) -> None:
    """Write into ``hashes`` what hash_shingle gives for the window at each position."""
    hashes[:] = np.uint64(_KEYS[0])
    product = np.empty_like(hashes)
    for place in range(size):
        np.multiply(points[place : place + len(hashes)], np.uint64(_KEYS[place + 1]), out=product)
        hashes += product
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        np.right_shift(hashes, np.uint64(33), out=product)
        hashes ^= product
        hashes *= np.uint64(factor)
    hashes ^= hashes >> np.uint64(33)


def _hash_short(hashes: U64, points: U32, starts: I64, lengths: I64, size: int) -> None:
    """Correct the hash at the start of each text shorter than a shingle: padded, not run into the next text."""
    short = np.flatnonzero((lengths > 0) & (lengths < size))
    if not len(short):
        return
    places = np.arange(size)
    position = np.minimum(starts[short, None] + places, len(points) - 1)
    windows = np.where(places < lengths[short, None], points[position], np.uint32(_PAD)).astype(np.uint64)
    fixed = np.empty(len(short) * size, np.uint64)
    _hash_windows(np.append(windows.ravel(), np.full(size - 1, _PAD, np.uint64)), fixed, size)
    hashes[starts[short]] = fixed[::size]


def _inside(ends: I64, lengths: I64, size: int) -> npt.NDArray[np.bool_]:
    """Tell at which positions a shingle starts: not where its window would run over the end of its text."""
    starts = ends - lengths
    inside = np.ones(int(lengths.sum()), bool)
    for back in range(1, size):
        tail = ends - back
        inside[tail[tail > starts]] = False
    return inside


def permutations(num_perm: int, seed: int) -> tuple[U32, U32]:
    """Return datasketch's factors and addends of the affine32 scheme, each of shape (num_perm,).

    They are drawn here as datasketch draws them, from a Mersenne twister that starts as NumPy's ``RandomState`` does
    (Matsumoto and Nishimura's ``init_genrand``), with Python's: to import datasketch or ``numpy.random`` takes longer.
    """
    state = [seed]
    for number in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + number) & 0xFFFF_FFFF)
    twister = random.Random()  # noqa: S311 - no secret
    twister.setstate((3, (*state, 624), None))
    drawn = np.frombuffer(twister.randbytes(8 * num_perm), "<u4").astype(np.uint32).reshape(2, num_perm)
    return drawn[0] * np.uint32(2) + np.uint32(1), drawn[1]  # of the factors, 31 bits count


def to_datasketch(signature: U32, seed: int) -> MinHash:
    """Return one signature as datasketch's own object, for its other tools."""
    from datasketch import MinHash  # noqa: PLC0415 - it loads SciPy, for which no run shall wait

    both = permutations(len(signature), seed)
    return MinHash(hashvalues=signature, permutations=both, seed=seed, scheme=SCHEME)


def signatures(shingles: Shingles, num_perm: int, seed: int, first: int | None = None) -> U32:
    """Return MinHash signatures of shape (texts, num_perm), or their ``first`` values.

    A text without shingles has the greatest value everywhere.
    """
    factors, addends = (values[:first] for values in permutations(num_perm, seed))
    mixed = _fmix32((shingles.hashes >> np.uint64(32)).astype(np.uint32))
    found = np.full((len(factors), len(shingles.offsets) - 1), 0xFFFF_FFFF, np.uint32)
    for start, stop in blocks(shingles.offsets, _BLOCK):
        bounds = shingles.offsets[start : stop + 1]
        filled = np.flatnonzero(np.diff(bounds))
        if len(filled):
            part = mixed[bounds[0] : bounds[-1]]
            found[:, start + filled] = _minima(part, bounds[filled] - bounds[0], factors, addends)
    return np.ascontiguousarray(found.T)


def _fmix32(values: U32) -> U32:
    """Mix 32-bit values with the finaliser of MurmurHash3, as datasketch does before it permutes."""
    values ^= values >> np.uint32(16)
    values *= np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    values ^= values >> np.uint32(16)
    return values


def _minima(values: U32, starts: I64, factors: U32, addends: U32) -> U32:
    """Return for each permutation, for each run of ``values`` from one start to the next, its least value."""
    least = np.empty((len(factors), len(starts)), np.uint32)
    permuted = np.empty_like(values)
    for row, factor, addend in zip(least, factors, addends, strict=True):
        np.multiply(values, factor, out=permuted)
        permuted += addend
        np.minimum.reduceat(permuted, starts, out=row)
    return least


def blocks(offsets: I64, limit: int) -> Iterator[tuple[int, int]]:
    """Yield (first, last) ranges of rows that hold at most ``limit`` values together, or are one row.

    Row i holds ``offsets[i + 1] - offsets[i]`` values.
    """
    first, rows = 0, len(offsets) - 1
    while first < rows:
        last = int(np.searchsorted(offsets, offsets[first] + limit, side="right")) - 1
        last = min(max(last, first + 1), rows)
        yield first, last
        first = last


def text_blocks(sizes: I64, limit: int = _TEXT_BYTES) -> Iterator[tuple[int, int]]:
    """Yield (first, last) ranges of texts of at most ``limit`` bytes together, to bound memory."""
    return blocks(np.concatenate([[0], np.cumsum(sizes)]), limit)
