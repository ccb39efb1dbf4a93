"""The records of a WARC file (ISO 28500), each with its place; every byte that is of no record is on record too.

A record counts only when its block leads to the next record or to the end: a wrong Content-Length gives another text.
What follows is looked for at the next line that begins a record with a header.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from pipeline.read.batch import PAGE_BYTES
from pipeline.read.pieces import Piece, pieces

START = b"WARC/"
VERSION = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n")
NEXT = re.compile(rb"(?<=\n)" + VERSION.pattern)
VERSION_BYTES = 32
END = b"\r\n\r\n"
HEADER_BYTES = 1 << 20  # an address can be a data: one
SEARCH_BYTES = 1 << 20
BLOCK_BYTES = PAGE_BYTES + HEADER_BYTES  # of a page: its body and the header of its transfer
DIGESTS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
Fields = dict[str, str]


class Record(NamedTuple):
    """A record, or a stretch of the file that is none (then ``problem`` is reason and detail).

    ``place`` says where in the file it is. ``fields`` are by lower-case name; the block is bytes ``start`` to ``end``
    of ``content``, which can be read until the next record is asked for.
    """

    place: str
    fields: Fields
    content: IO[bytes] | None = None
    start: int = 0
    end: int = 0
    problem: tuple[str, str] | None = None


def records(path: Path) -> Iterator[Record]:
    """Give the records of a WARC file, plain or packed, and the stretches that are none, in the file's order."""
    for piece in pieces(path, START):
        if piece.content is None:
            assert piece.problem is not None
            yield Record(_place(piece.offset, piece.end), {}, problem=piece.problem)
        else:
            yield from _records(piece, piece.content)


def block(record: Record, most: int | None = None) -> bytes:
    """Return the block of a record, or its first ``most`` bytes."""
    assert record.content is not None
    record.content.seek(record.start)
    size = record.end - record.start
    return record.content.read(size if most is None else min(size, most))


def fits_digest(record: Record, data: bytes) -> bool | None:
    """Tell whether the block ``data`` fits the digest that its record gives; None where it gives none that is known."""
    label, _, given = record.fields.get("warc-block-digest", "").partition(":")
    name = label.strip().lower().replace("-", "")
    if name not in DIGESTS or not given.strip():
        return None
    digest = hashlib.new(name, data, usedforsecurity=False)
    known = {digest.hexdigest(), base64.b32encode(digest.digest()).decode().rstrip("=").lower()}
    given = given.strip()
    return given.rstrip("=").lower() in known or given == base64.b64encode(digest.digest()).decode()


def fields_of(lines: list[bytes]) -> Fields:
    """Return the fields of header lines by lower-case name; a line that begins with a blank goes on with its field.

    Of equal names the values are joined by a comma, as HTTP means them. What is no field is passed over.
    """
    fields: Fields = {}
    name = ""
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip()
        if text[:1] in {" ", "\t"}:
            if name:
                fields[name] = f"{fields[name]} {text.strip()}".strip()
            continue
        before, colon, after = text.partition(":")
        name = before.strip().lower() if colon else ""
        if name:
            fields[name] = f"{fields[name]}, {after.strip()}" if name in fields else after.strip()
    return fields


def _records(piece: Piece, content: IO[bytes]) -> Iterator[Record]:
    size = content.seek(0, 2)
    at = _past_blanks(content, 0)
    while at < size:
        record = _record(content, at, size)
        if not piece.packed:
            place = _place(at, record.end)
        else:
            place = _place(piece.offset, piece.end) + (f", {at} in when unpacked" if at else "")
        yield record._replace(place=place)
        at = _past_blanks(content, record.end)


def _place(offset: int, end: int) -> str:
    return f"byte offset {offset}, {end - offset} bytes"


def _record(content: IO[bytes], at: int, size: int) -> Record:
    """Return the record at ``at``, or what is no record up to the next."""
    header = _header(content, at)
    if isinstance(header[0], str):
        return Record("", {}, content, at, _next(content, at + 1, size), header)
    fields, start = header
    length = fields.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        problem = ("bad_record", f"its Content-Length is {length[:20]!r}")
        return Record("", fields, content, at, _next(content, start, size), problem)
    record = Record("", fields, content, start, start + int(length))
    if record.end <= size and (_is_one(content, record, size) or _proved(record)):
        return record
    following = _next(content, start, size)
    problem = ("bad_record", f"its Content-Length of {length} does not lead to the next record")
    if record.end > size == following:
        problem = ("truncated", f"{size - start} of its {length} bytes are there")
    return record._replace(start=at, end=following, problem=problem)


def _header(content: IO[bytes], at: int) -> tuple[Fields, int] | tuple[str, str]:
    """Return the fields of the header at ``at`` and where its block begins, or why there is none."""
    content.seek(at)
    line = content.readline(HEADER_BYTES)
    if not VERSION.fullmatch(line):
        cut = not line.endswith(b"\n") and (line.startswith(START) or START.startswith(line))
        return ("truncated", "ends in a header") if cut else ("damaged", "no WARC record")
    lines = []
    left = HEADER_BYTES
    while line not in {b"\r\n", b"\n"}:
        line = content.readline(left)
        left -= len(line)
        if not line.endswith(b"\n"):
            return (
                ("truncated", "ends in a header")
                if left
                else ("bad_record", "its header is longer than 1 MiB")
            )
        if b":" not in line and line.strip() and line[:1] not in b" \t":
            return "bad_record", "a line of its header is no field"
        lines.append(line)
    return fields_of(lines), content.tell()


def _is_one(content: IO[bytes], record: Record, size: int) -> bool:
    """Tell whether a record leads on to the next, and holds no other: its length could be that of two."""
    return _leads_on(content, record.end, size) and _next(content, record.start, record.end) == record.end


def _leads_on(content: IO[bytes], end: int, size: int) -> bool:
    """Tell whether after ``end`` nothing but line ends comes before the next record or the end."""
    after = _past_blanks(content, end)
    content.seek(after)
    return after == size or START.startswith(content.read(len(START)))


def _proved(record: Record) -> bool:
    """Tell whether a record that damage follows is whole: its end stands where it should, and its digest fits."""
    assert record.content is not None
    record.content.seek(record.end)
    ended = record.content.read(len(END)) == END and record.end - record.start <= BLOCK_BYTES
    return ended and fits_digest(record, block(record)) is True


def _past_blanks(content: IO[bytes], at: int) -> int:
    content.seek(at)
    while data := content.read(64):
        if rest := data.lstrip(b"\r\n"):
            return content.tell() - len(rest)
    return content.tell()


def _next(content: IO[bytes], at: int, size: int) -> int:
    """Return where from ``at`` on the next line begins a record with a header before ``size``, or ``size``."""
    place, held = at - 1, b""
    content.seek(place)
    while chunk := content.read(min(SEARCH_BYTES, size - content.tell())):
        held += chunk
        for found in NEXT.finditer(held):
            fields = _header(content, place + found.start())[0]
            if not isinstance(fields, str) and {"warc-type", "content-length"} <= fields.keys():
                return place + found.start()
        kept = held[-VERSION_BYTES:]
        place += len(held) - len(kept)
        held = kept
        content.seek(place + len(kept))
    return size
