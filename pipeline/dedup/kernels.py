"""Kernels over UTF-8 buffers: the same values as the NumPy code of ``signature`` and ``verify``, compiled.

Everything here takes arrays and writes into arrays, work space too. numba widens arithmetic of unsigned 32-bit values
to 64 bits, so each result is cast to the width it must have. Loops are written so that LLVM turns them into vector
instructions.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.dedup.characters import code_points, fill_in, matching_forms
from pipeline.dedup.compiled import Signature
from pipeline.dedup.grouping import alike, parts
from pipeline.dedup.jit import Array, Value, exported, kernel, machine_code, u32, u64
from pipeline.dedup.xxh3 import exact_hashes

_PAD: Final = 0x110000  # as in signature: fills up a text shorter than a shingle
_ABREAST: Final = 8  # shingles permuted at once: the least values stay in registers that long
_NONE: Final = 0xFFFF_FFFF


@kernel
def _mixed(value: Value) -> Value:
    """Return the finaliser of MurmurHash3, 64 bits."""
    value ^= value >> u64(33)
    value *= u64(0xFF51AFD7ED558CCD)
    value ^= value >> u64(33)
    value *= u64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> u64(33))


@kernel
def _hash_points(points: Array, count: int, size: int, keys: Array, hashes: Array) -> int:
    """Write the hash of each shingle of ``points[:count]``; return how many: ``signature.hash_shingle``."""
    if count == 0:
        return 0
    for i in range(count, size):
        points[i] = u32(_PAD)
    shingles = max(1, count - size + 1)
    if size == 5:
        k0, k1, k2, k3, k4, k5 = keys[0], keys[1], keys[2], keys[3], keys[4], keys[5]
        for i in range(shingles):
            hashes[i] = _mixed(
                k0
                + k1 * u64(points[i])
                + k2 * u64(points[i + 1])
                + k3 * u64(points[i + 2])
                + k4 * u64(points[i + 3])
                + k5 * u64(points[i + 4])
            )
        return shingles
    for i in range(shingles):
        value = keys[0]
        for j in range(size):
            value += keys[j + 1] * u64(points[i + j])
        hashes[i] = _mixed(value)
    return shingles


@kernel
def _fmix32(value: Value) -> Value:
    value = u32(value ^ u32(value >> u32(16)))
    value = u32(value * u32(0x85EBCA6B))
    value = u32(value ^ u32(value >> u32(13)))
    value = u32(value * u32(0xC2B2AE35))
    return u32(value ^ u32(value >> u32(16)))


@kernel
def _minima(hashes: Array, count: int, mixed: Array, factors: Array, addends: Array, least: Array) -> None:
    """Write the signature of ``hashes[:count]`` to ``least``; none gives the greatest value everywhere."""
    for k in range(least.size):
        least[k] = u32(_NONE)
    if count == 0:
        return
    for i in range(count):
        mixed[i] = _fmix32(u32(hashes[i] >> u64(32)))
    for i in range(count, count + _ABREAST):  # the last again: a least value does not change by it
        mixed[i] = mixed[count - 1]
    for i in range(0, count, _ABREAST):
        m0, m1, m2, m3 = mixed[i], mixed[i + 1], mixed[i + 2], mixed[i + 3]
        m4, m5, m6, m7 = mixed[i + 4], mixed[i + 5], mixed[i + 6], mixed[i + 7]
        for k in range(least.size):
            a, b = factors[k], addends[k]
            low = min(least[k], u32(u32(a * m0) + b))
            low = min(low, u32(u32(a * m1) + b))
            low = min(low, u32(u32(a * m2) + b))
            low = min(low, u32(u32(a * m3) + b))
            low = min(low, u32(u32(a * m4) + b))
            low = min(low, u32(u32(a * m5) + b))
            low = min(low, u32(u32(a * m6) + b))
            least[k] = min(low, u32(u32(a * m7) + b))


@exported(
    "uint8[::1], int64[::1], int64, uint64[::1], uint32[::1], uint32[::1], int64, uint64[::1], "
    "uint32[::1], uint64[::1], uint32[::1], uint32[::1], uint64[::1], uint64[:, ::1]"
)
def band_keys(
    data: Array,
    offsets: Array,
    size: int,
    keys: Array,
    factors: Array,
    addends: Array,
    rows: int,
    seeds: Array,
    points: Array,
    hashes: Array,
    mixed: Array,
    least: Array,
    values: Array,
    found: Array,
) -> Value:
    """Write the band keys of each text to ``found``, shape (bands, texts).

    ``factors`` and ``addends`` come row by row of all bands: ``row * bands + band`` belongs to that row; what is
    behind the last of ``rows`` only fills up a vector. Work space: ``points``, ``hashes`` and ``mixed`` for the bytes
    of any one text, a shingle and ``_ABREAST`` more, ``least`` for all rows, ``values`` for the bands.
    """
    bands, mix = seeds.size, u64(0xD6E8FEB86659FD93)  # as in bands
    for i in range(offsets.size - 1):
        count = code_points(data, offsets[i], offsets[i + 1], points)
        shingles = _hash_points(points, count, size, keys, hashes)
        _minima(hashes, shingles, mixed, factors, addends, least)
        for band in range(bands):
            values[band] = seeds[band]
        for row in range(rows):
            part = least[row * bands :]
            for band in range(bands):
                value = u64((values[band] ^ u64(part[band])) * mix)
                values[band] = value ^ (value >> u64(32))
        for band in range(bands):
            value = u64(values[band] * mix)
            found[band, i] = value ^ (value >> u64(32))
    return offsets.size - 1


@kernel
def _find(value: Value, table: Array, marks: Array, mark: int, mask: Value) -> Value:
    """Return the place of a value in an open-addressing table; it is free unless its mark is ``mark``."""
    at = value & mask
    while marks[at] == mark and table[at] != value:
        at = (at + u64(1)) & mask
    return at


@kernel
def _mask(count: int) -> Value:
    """Return the mask of a table for so many values: at most a third of it is filled."""
    room = 16
    while room < 3 * count:
        room *= 2
    return u64(room - 1)


@exported(
    "uint8[::1], int64[::1], int64, uint64[::1], int64[::1], int64[::1], int64, float64, "
    "uint32[::1], uint64[::1], uint64[:, ::1], int32[:, ::1], float64[::1]"
)
def similarities(
    data: Array,
    offsets: Array,
    size: int,
    keys: Array,
    left: Array,
    right: Array,
    rule: int,
    threshold: float,
    points: Array,
    hashes: Array,
    tables: Array,
    table_marks: Array,
    scores: Array,
) -> Value:
    """Write how well each left text may stand for the right one to ``scores``, NaN below the threshold.

    ``rule`` is 0 for Jaccard, 1 for containment, 2 for coverage. Pairs of one left text should follow each other: its
    shingles are entered once. A pair is given up when so many shingles are in the right text alone that even all of
    the left one's would not reach the threshold. Work space as in ``band_keys``, and two tables of three times as
    many places, rounded up to a power of two and at least 16, with marks that are zero.
    """
    by_union, by_cover = rule == 0, rule == 2
    table, own = tables[0], tables[1]
    marks, own_marks = table_marks[0], table_marks[1]
    entered, mark, mask, m = -1, 0, u64(0), 0
    for i in range(left.size):
        if left[i] != entered:
            entered, mark, m = left[i], i + 1, 0
            count = code_points(data, offsets[entered], offsets[entered + 1], points)
            count = _hash_points(points, count, size, keys, hashes)
            mask = _mask(count)
            for j in range(count):
                at = _find(hashes[j], table, marks, mark, mask)
                m += int(marks[at] != mark)
                marks[at], table[at] = mark, hashes[j]
        chars = code_points(data, offsets[right[i]], offsets[right[i] + 1], points)
        count = _hash_points(points, chars, size, keys, hashes)
        if by_cover:
            scores[i] = _covered(hashes, count, chars, size, table, marks, mark, mask) / max(chars, 1)
            if scores[i] < threshold:
                scores[i] = np.nan
            continue
        shared, alone, own_mask = 0, 0, _mask(count)
        for j in range(count):
            at = _find(hashes[j], own, own_marks, i + 1, own_mask)
            if own_marks[at] != i + 1:
                own_marks[at], own[at] = i + 1, hashes[j]
                if marks[_find(hashes[j], table, marks, mark, mask)] == mark:
                    shared += 1
                else:
                    alone += 1
                    if by_union and m / (m + alone) < threshold:
                        break
        score = shared / max((m if by_union else shared) + alone, 1)
        scores[i] = score if score >= threshold else np.nan
    return left.size


@kernel
def _covered(
    hashes: Array, count: int, chars: int, size: int, table: Array, marks: Array, mark: int, mask: Value
) -> int:
    """Return how many characters lie in a shingle that the table holds."""
    covered, end = 0, 0
    for j in range(count):
        if marks[_find(hashes[j], table, marks, mark, mask)] == mark:
            start, end = max(j, end), min(j + size, chars)
            covered += end - start
    return covered


def code_of_all() -> tuple[dict[str, Signature], bytes]:
    """Return the arguments of all kernels by name, and their machine code."""
    return machine_code((alike, band_keys, exact_hashes, fill_in, matching_forms, parts, similarities))
