"""Characters in a UTF-8 buffer, compiled: code points, and the matching forms of most texts."""

from __future__ import annotations

from typing import Final

from pipeline.dedup.jit import Array, Value, bytes_at, exported, kernel, place, u8, u32, u64
from pipeline.dedup.vectors import BLOCK, POINTS, PRESSES, decoded, plain

_NONE64: Final = 0xFFFF_FFFF_FFFF_FFFF


@kernel
def _character(data: Array, at: int) -> tuple[Value, Value]:
    """Return the code point that starts at ``at``, and the bytes it takes. Places are unsigned."""
    first, one, two = u32(data[at]), u64(1), u64(2)
    if first < 0x80:
        return first, one
    second = u32(data[at + one] & u8(0x3F))
    if first < 0xE0:
        return u32(u32((first & u32(0x1F)) << u32(6)) | second), two
    third = u32(u32(second << u32(6)) | u32(data[at + two] & u8(0x3F)))
    if first < 0xF0:
        return u32(u32((first & u32(0x0F)) << u32(12)) | third), u64(3)
    fourth = u32(u32(third << u32(6)) | u32(data[at + u64(3)] & u8(0x3F)))
    return u32(u32((first & u32(0x07)) << u32(18)) | fourth), u64(4)


@kernel
def code_points(data: Array, start: int, stop: int, points: Array) -> Value:
    """Write the code points of ``data[start:stop]`` to ``points``; return how many. Both have room behind."""
    if PRESSES:
        count = 0
        for at in range(start, stop, POINTS):
            count += decoded(data, at, stop - at, points, count)
        return count
    next_one, end, number = u64(start), u64(stop), u64(0)
    while next_one < end:
        points[number], size = _character(data, next_one)
        next_one += size
        number += u64(1)
    return place(number)


@exported(
    "uint32[:, ::1], uint64, uint64[::1], int64[::1], uint8[::1], uint8[::1], uint8[::1], uint8[::1], uint16[::1], "
    "uint8[::1], int64[::1]"
)
def matching_forms(
    views: Array,
    base: Value,
    addresses: Array,
    rows: Array,
    as_byte: Array,
    keeps: Array,
    least: Array,
    most: Array,
    points: Array,
    found: Array,
    ends: Array,
) -> Value:
    """Write the matching forms of ``rows`` of texts end to end to ``found``, and where each ends to ``ends``.

    ``views`` and ``addresses`` are those of ``utf8.Texts``, and ``base`` is the address of ``views``. The tables are
    those of ``normalise.tables``. A text with a character that they leave to Polars takes no place and is counted;
    its end is negative: -1 minus where the one before it ends.
    """
    left, begin = 0, u64(0)
    for i in range(rows.size):
        row = rows[i]
        size, address = place(views[row, 0]), base + u64(16 * row + 4)
        if size > 12:
            address = addresses[views[row, 2]] + u64(views[row, 3])
        text = bytes_at(address, size)
        at, last, end = u64(0), u64(size), begin
        while at < last and end != _NONE64:
            written = plain(text, at, found, end) if PRESSES else _plain(text, at, keeps, found, end)
            if written >= 0:
                at, end = at + u64(BLOCK), end + u64(written)
            else:
                stop = min(at + u64(BLOCK), last)
                at, end = _by_character(text, at, stop, as_byte, keeps, least, most, points, found, end)
        if end == _NONE64:
            left += 1
            ends[i] = -1 - place(begin)
        else:
            begin = end
            ends[i] = place(end)
    return left


@kernel
def _plain(text: Array, at: Value, keeps: Array, found: Array, end: Value) -> Value:
    """Do what ``vectors.plain`` does."""
    begin, other = end, u8(0)
    part, behind = text[place(at) : place(at) + BLOCK], text[place(at) + 1 : place(at) + 1 + BLOCK]
    for i in range(part.size):
        byte = part[i]
        more = (byte == u8(0)) | (byte == u8(0x60)) | (u8(byte - u8(0xC2)) < u8(0x22)) | (byte > u8(0xED))
        other = u8(other | u8(more))
    for i in range(behind.size):
        byte, after = part[i], behind[i]
        hangul = (byte == u8(0xEA)) & (after < u8(0xB0)) | (byte == u8(0xED)) & (after > u8(0x9D))
        other = u8(other | u8(hangul))
    if other:
        return place(-1)
    for i in range(part.size):
        found[end] = part[i]
        end += u64(keeps[part[i]])
    lower = found[begin:end]
    for i in range(lower.size):
        byte = lower[i]
        lower[i] = u8(byte + u8(0x20)) if u8(byte - u8(0x41)) < u8(26) else byte
    return place(end - begin)


@kernel
def _by_character(
    text: Array,
    at: Value,
    stop: Value,
    as_byte: Array,
    keeps: Array,
    least: Array,
    most: Array,
    points: Array,
    found: Array,
    end: Value,
) -> tuple[Value, Value]:
    """Write the matching form of ``text[at:stop]`` and of the rest of its last character.

    Return where that is, and where the form ends, or _NONE64 if a character is not in the table.
    """
    last = u64(max(1, text.size) - 1)
    while at < stop:
        byte = text[at]
        after = text[min(at + u64(1), last)]
        if (after < least[byte]) | (after > most[byte]):
            end, at, plain = _looked_up(text, at, points, found, end)
            if not plain:
                return at, u64(_NONE64)
        else:
            found[end] = as_byte[byte]
            end += u64(keeps[byte])
            at += u64(1)
    return at, end


@kernel
def _looked_up(data: Array, at: int, points: Array, found: Array, written: int) -> tuple[Value, Value, bool]:
    """Write what one character becomes; return the places after it, and whether the table knows it."""
    point, size = _character(data, at)
    if point > 0xFFFF:
        return written, at, False
    becomes = u32(points[point])
    if becomes == 0xFFFF:
        return written, at, False
    one, two = u64(1), u64(2)
    if becomes == 0:
        return written, at + size, True
    if becomes < 0x80:
        found[written] = u8(becomes)
        return written + one, at + size, True
    tail = u8(u32(0x80) | (becomes & u32(0x3F)))
    if becomes < 0x800:
        found[written] = u8(u32(0xC0) | (becomes >> u32(6)))
        found[written + one] = tail
        return written + two, at + size, True
    found[written] = u8(u32(0xE0) | (becomes >> u32(12)))
    found[written + one] = u8(u32(0x80) | ((becomes >> u32(6)) & u32(0x3F)))
    found[written + two] = tail
    return written + u64(3), at + size, True


@exported("uint8[::1], int64[::1], uint8[::1], int64[::1], uint8[::1], int64[::1]")
def fill_in(data: Array, ends: Array, more: Array, offsets: Array, found: Array, starts: Array) -> Value:
    """Lay out what ``matching_forms`` wrote, with the texts ``more[offsets]`` where it left one out."""
    begin, written, other = 0, 0, 0
    for i in range(ends.size):
        if ends[i] >= 0:
            for at in range(begin, ends[i]):
                found[written] = data[at]
                written += 1
            begin = ends[i]
        else:
            for at in range(offsets[other], offsets[other + 1]):
                found[written] = more[at]
                written += 1
            other += 1
        starts[i + 1] = written
    return other
