"""Kernels over UTF-8 buffers: the same values as the NumPy code of ``signature`` and ``verify``, compiled.

Everything here takes arrays and gives arrays. numba widens arithmetic of unsigned 32-bit values to 64 bits, so
each result is cast to the width it must have. Loops are written so that LLVM turns them into vector instructions.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.dedup.characters import code_points, fill_in, matching_forms
from pipeline.dedup.grouping import alike
from pipeline.dedup.jit import Array, Value, kernel, ones, place, u32, u64
from pipeline.dedup.xxh3 import exact_hashes

__all__ = ["alike", "band_keys", "exact_hashes", "fill_in", "matching_forms", "similarities"]


_PAD: Final = 0x110000  # as in signature: fills up a text shorter than a shingle
_ABREAST: Final = 4  # shingles permuted at once: the least values stay in registers that long
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
        for k in range(least.size):
            a, b = factors[k], addends[k]
            low = min(least[k], u32(u32(a * m0) + b))
            low = min(low, u32(u32(a * m1) + b))
            low = min(low, u32(u32(a * m2) + b))
            least[k] = min(low, u32(u32(a * m3) + b))


@kernel
def _room(offsets: Array, size: int) -> int:
    """Return how many values the work space for any one text must hold."""
    most = 0
    for i in range(offsets.size - 1):
        most = max(most, offsets[i + 1] - offsets[i])
    return most + size + _ABREAST


@kernel
def band_keys(
    data: Array,
    offsets: Array,
    size: int,
    keys: Array,
    factors: Array,
    addends: Array,
    rows: int,
    seeds: Array,
    found: Array,
) -> None:
    """Write the band keys of each text to ``found``, shape (bands, texts).

    ``factors`` and ``addends`` come row by row of all bands: ``row * bands + band`` belongs to that row; what is
    behind the last of ``rows`` only fills up a vector.
    """
    bands = seeds.size
    points, mixed = np.empty(_room(offsets, size), np.uint32), np.empty(_room(offsets, size), np.uint32)
    hashes, least = np.empty(_room(offsets, size), np.uint64), np.empty(factors.size, np.uint32)
    values, mix = np.empty(bands, np.uint64), u64(0xD6E8FEB86659FD93)  # as in bands
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


@kernel
def _enter(hashes: Array, count: int, table: Array, marks: Array, mark: int) -> tuple[Value, Value]:
    """Enter ``hashes[:count]`` into an open-addressing table, and leave the distinct ones in front.

    Return how many those are, and the table's mask. An entry counts where its mark is ``mark``.
    """
    room = 16
    while room < 2 * count:
        room *= 2
    mask, distinct = u64(room - 1), 0
    for i in range(count):
        value = hashes[i]
        at = value & mask
        while marks[at] == mark and table[at] != value:
            at = (at + u64(1)) & mask
        if marks[at] != mark:
            marks[at], table[at] = mark, value
            hashes[distinct] = value
            distinct += 1
    return distinct, mask


@kernel
def _shared(hashes: Array, table: Array, marks: Array, mark: int, mask: Value) -> int:
    """Return how many of the distinct ``hashes`` the table holds."""
    count = 0
    for i in range(hashes.size):
        value = hashes[i]
        at = value & mask
        while marks[at] == mark and table[at] != value:
            at = (at + u64(1)) & mask
        count += int(marks[at] == mark)
    return count


@kernel
def _sets(data: Array, offsets: Array, size: int, keys: Array, bits: int) -> tuple[Array, Array, Array]:
    """Return the distinct shingle hashes of all texts end to end, where those of each start, and its parities."""
    room, total = _room(offsets, size), offsets[-1] - offsets[0]
    points, work = np.empty(room, np.uint32), np.empty(room, np.uint64)
    table, marks = np.empty(4 * room + 16, np.uint64), np.zeros(4 * room + 16, np.int32)
    hashes, starts = np.empty(total, np.uint64), np.zeros(offsets.size, np.int64)
    parities = np.zeros((offsets.size - 1, bits // 64), np.uint64)
    for i in range(offsets.size - 1):
        count = code_points(data, offsets[i], offsets[i + 1], points)
        count = _hash_points(points, count, size, keys, work)
        distinct, _ = _enter(work, count, table, marks, i + 1)
        for j in range(distinct):
            hashes[starts[i] + j] = work[j]
            bit = work[j] & u64(bits - 1)
            parities[i, bit >> u64(6)] ^= u64(1) << (bit & u64(63))
        starts[i + 1] = starts[i] + distinct
    return hashes, starts, parities


@kernel
def similarities(
    data: Array,
    offsets: Array,
    size: int,
    keys: Array,
    bits: int,
    left: Array,
    right: Array,
    threshold: float,
    scores: Array,
) -> None:
    """Write the Jaccard similarity of each pair of texts to ``scores`` where it reaches the threshold, else NaN.

    Pairs with the same left text should follow each other.
    """
    hashes, starts, parities = _sets(data, offsets, size, keys, bits)
    most = 0
    for i in range(starts.size - 1):
        most = max(most, starts[i + 1] - starts[i])
    work, table, marks = (
        np.empty(most, np.uint64),
        np.empty(4 * most + 16, np.uint64),
        np.zeros(4 * most + 16, np.int32),
    )
    entered, mask = -1, u64(0)
    for i in range(left.size):
        one, two = left[i], right[i]
        m, n = starts[one + 1] - starts[one], starts[two + 1] - starts[two]
        differing = u64(0)
        for word in range(parities.shape[1]):
            differing += ones(parities[one, word] ^ parities[two, word])
        least = max(place(differing), abs(m - n))
        scores[i] = np.nan
        if (m + n - least) / 2 / max(m + n - (m + n - least) / 2, 1) < threshold:
            continue
        if entered != one:
            work[:m] = hashes[starts[one] : starts[one + 1]]
            _, mask = _enter(work, m, table, marks, i + 1)
            entered, mark = one, i + 1
        shared = _shared(hashes[starts[two] : starts[two + 1]], table, marks, mark, mask)
        score = shared / max(m + n - shared, 1)
        if score >= threshold:
            scores[i] = score
