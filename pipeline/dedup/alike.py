"""Which rows have the same key: equal texts by their exact hash, and texts that share a band key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipeline.dedup.compiled import Kernels

    I64 = npt.NDArray[np.int64]
    U64 = npt.NDArray[np.uint64]
    Bools = npt.NDArray[np.bool_]

_PART: Final = 512  # rows of a part, at most about: two parts' tables fit the first cache


def alike(keys: U64, kernels: Kernels | None) -> tuple[I64, Bools]:
    """Return the rows whose key another row has too, group by group, and where each group starts.

    The rows of a group come in order; the groups themselves in no particular one.
    """
    if kernels is None:
        return _by_sorting(keys)
    size = len(keys)
    bits = min(16, (max(1, size) // (_PART + 1)).bit_length())
    rows, mixed, bounds = (
        np.empty(size, np.uint32),
        np.empty(size, np.uint64),
        np.zeros((1 << bits) + 2, np.int64),
    )
    most = kernels.parts(keys, bits, rows, mixed, bounds)
    table = np.zeros(max(16, 1 << (2 * most).bit_length()), np.int32)
    counts, groups = np.empty(most, np.int64), np.empty(most, np.int32)
    found, starts = np.empty(size, np.int64), np.empty(size, np.bool_)
    count = kernels.alike(rows, mixed, bounds, table, counts, groups, found, starts.view(np.uint8))
    return found[:count].copy(), starts[:count].copy()


def _by_sorting(keys: U64) -> tuple[I64, Bools]:
    """Sort single values instead of pairs, which is faster: the row's number takes the place of a key's low bits.

    The few keys that agree in their other bits alone are sorted out afterwards.
    """
    low = np.uint64((1 << max(1, (len(keys) - 1).bit_length())) - 1)
    mixed = np.sort((keys & ~low) | np.arange(len(keys), dtype=np.uint64))
    same = (mixed[1:] ^ mixed[:-1]) <= low
    shared = np.zeros(len(keys), bool)
    shared[1:] |= same
    shared[:-1] |= same
    rows = (mixed[shared] & low).astype(np.int64)
    found = keys[rows]
    apart = found[1:] != found[:-1]
    if (apart & ((found[1:] ^ found[:-1]) <= low)).any():
        rows = rows[np.lexsort((rows, found))]
        found = keys[rows]
        apart = found[1:] != found[:-1]
    starts = np.append(True, apart)[: len(found)]
    alone = starts & np.append(starts[1:], True)[: len(found)]
    return rows[~alone], starts[~alone]


def distinct(hashes: U64, kernels: Kernels | None) -> tuple[I64, I64, I64]:
    """Return the number of each row's text, in the order of first rows, and each text's first and last row.

    ``hashes`` are the halves of exact hashes, shape (2, rows).
    """
    rows, starts = alike(hashes[0], kernels)
    low = hashes[1][rows]
    if (~starts[1:] & (low[1:] != low[:-1])).any():  # the upper halves alone agree: one chance in 2^64 a pair
        rows, starts = _by_both(hashes)
    heads = np.flatnonzero(starts)
    first = np.ones(hashes.shape[1], bool)
    first[rows[~starts]] = False
    number = np.cumsum(first) - 1
    last = np.flatnonzero(first)
    if len(heads):
        sizes = np.diff(heads, append=len(rows))
        number[rows] = np.repeat(number[rows[heads]], sizes)
        last[number[rows[heads]]] = rows[heads + sizes - 1]
    return number, np.flatnonzero(first), last


def _by_both(hashes: U64) -> tuple[I64, Bools]:
    order = np.lexsort((np.arange(hashes.shape[1]), hashes[1], hashes[0]))
    high, low = hashes[:, order]
    starts = np.append(True, (high[1:] != high[:-1]) | (low[1:] != low[:-1]))
    return order, starts
