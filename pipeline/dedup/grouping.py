"""Which rows share a key, compiled: in linear time, by spreading the rows over parts that fit a core's cache."""

from __future__ import annotations

from pipeline.dedup.jit import Array, Value, exported, kernel, place, u64


@exported("uint32[::1], uint64[::1], int64[::1], int32[::1], int64[::1], int32[::1], int64[::1], uint8[::1]")
def alike(
    rows: Array,
    spread: Array,
    bounds: Array,
    table: Array,
    counts: Array,
    groups: Array,
    found: Array,
    starts: Array,
) -> Value:
    """Write the rows whose key another row has too, group by group, and whether each starts one; return how many.

    The first three are what ``parts`` wrote. ``table`` is zero and has more than twice as many places as the largest
    part has rows, rounded up to a power of two and at least 16; ``counts`` and ``groups`` have as many as it has rows.
    """
    written = 0
    for part in range(bounds.size - 2):
        members = rows[bounds[part] : bounds[part + 1]]
        _count(spread[bounds[part] : bounds[part + 1]], table, counts, groups)
        written = _write(members, counts, groups, found, starts, written)
    return written


@exported("uint64[::1], int64, uint32[::1], uint64[::1], int64[::1]")
def parts(keys: Array, bits: int, rows: Array, spread: Array, bounds: Array) -> Value:
    """Write all rows, in order within the parts that the top ``bits`` of a key tell, their keys, and the parts.

    ``bounds`` is zero, and has two places more than there are parts. Return the rows of the largest.
    """
    shift, last = u64(64 - bits), 1 << bits
    if bits == 0:
        for i in range(keys.size):
            rows[i], spread[i] = i, keys[i]
        bounds[1] = keys.size
        return keys.size
    for i in range(keys.size):
        bounds[place(keys[i] >> shift) + 2] += 1
    most = 0
    for part in range(1, last + 1):
        most = max(most, bounds[part + 1])
        bounds[part + 1] += bounds[part]
    for i in range(
        keys.size
    ):  # bounds[part + 1] is the next free place of a part, and ends as that of the next
        part = place(keys[i] >> shift)
        at = bounds[part + 1]
        rows[at], spread[at] = i, keys[i]
        bounds[part + 1] = at + 1
    return most


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
    for at in range(room):
        table[at] = 0


@kernel
def _write(members: Array, counts: Array, groups: Array, found: Array, starts: Array, written: int) -> int:
    """Lay out the members of groups of two and more; return where they end."""
    for i in range(members.size):
        first = groups[i]
        if first == i:
            count = counts[i]
            counts[i] = written if count > 1 else -1
            if count > 1:
                for place in range(written, written + count):
                    starts[place] = place == written
                written += count
        if counts[first] >= 0:
            found[counts[first]] = members[i]
            counts[first] += 1
    return written
