"""Which rows share a key, compiled: in linear time, by spreading the rows over parts that fit a core's cache."""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.dedup.jit import Array, Value, kernel, place, u64

_PART: Final = 512  # rows of a part, about; two parts' tables fit the first cache


@kernel
def alike(keys: Array, found: Array, starts: Array) -> int:
    """Write the rows whose key another row has too, group by group, and whether each starts one; return how many."""
    bits = 0
    while bits < 16 and (keys.size >> bits) > _PART:
        bits += 1
    rows, spread, bounds = _spread(keys, u64(bits))
    most = 0
    for part in range(bounds.size - 1):
        most = max(most, bounds[part + 1] - bounds[part])
    room = 16
    while room < 2 * most:
        room *= 2
    table, counts, groups = np.zeros(room, np.int32), np.empty(most, np.int64), np.empty(most, np.int32)
    written = 0
    for part in range(bounds.size - 1):
        members = rows[bounds[part] : bounds[part + 1]]
        _count(spread[bounds[part] : bounds[part + 1]], table, counts, groups)
        written = _write(members, counts, groups, found, starts, written)
    return written


@kernel
def _spread(keys: Array, bits: Value) -> tuple[Array, Array, Array]:
    """Return all rows, in order within the parts that the top ``bits`` of a key tell, their keys, and the parts."""
    parts = 1 << bits
    shift = u64(64) - bits
    bounds, rows, spread = np.zeros(parts + 1, np.int64), np.empty(keys.size, np.uint32), np.empty_like(keys)
    if bits == 0:
        bounds[1] = keys.size
        for i in range(keys.size):
            rows[i], spread[i] = i, keys[i]
        return rows, spread, bounds
    for i in range(keys.size):
        bounds[place(keys[i] >> shift) + 1] += 1
    for part in range(parts):
        bounds[part + 1] += bounds[part]
    free = bounds[:-1].copy()
    for i in range(keys.size):
        part = place(keys[i] >> shift)
        at = free[part]
        rows[at], spread[at] = i, keys[i]
        free[part] = at + 1
    return rows, spread, bounds


@kernel
def _count(keys: Array, table: Array, counts: Array, groups: Array) -> None:
    """Write for each member the first member of its key's group, and for that one how many the group has.

    ``table`` is zero before and after: an entry is the place of a member plus 1.
    """
    room = 16
    while room < 2 * keys.size:
        room *= 2
    mask = u64(room - 1)
    for i in range(keys.size):
        key = keys[i]
        at = key & mask
        while table[at] and keys[table[at] - 1] != key:
            at = (at + u64(1)) & mask
        if table[at] == 0:
            table[at] = i + 1
            counts[i] = 0
        groups[i] = table[at] - 1
        counts[groups[i]] += 1
    table[:room] = 0


@kernel
def _write(members: Array, counts: Array, groups: Array, found: Array, starts: Array, written: int) -> int:
    """Lay out the members of groups of two and more; return where they end."""
    for i in range(members.size):
        first = groups[i]
        if first == i:
            count = counts[i]
            counts[i] = written if count > 1 else -1
            if count > 1:
                starts[written : written + count] = False
                starts[written] = True
                written += count
        if counts[first] >= 0:
            found[counts[first]] = members[i]
            counts[first] += 1
    return written
