"""A container of records in pieces that stand alone: gzip members or zstd frames, each proved before it is used.

Unlike a packed text, a container may lose a piece and keep the others. Neither warcio (1.8.1) nor fastwarc (2.0.1)
does that: both give what is left of a record cut off as if it were whole, and stop at the first damage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from os import SEEK_END
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple

from pipeline.read.batch import UnusableError
from pipeline.read.compression import (
    BOMB_BYTES,
    BOMB_RATIO,
    CHUNK_BYTES,
    GZIP,
    ZSTD,
    gzip_member,
    packing,
    past_zeros,
    zstd_frame,
    zstd_unpacker,
)

SPOOL_BYTES = 32 << 20  # a piece that unpacks to more waits on disk
LOOK_STEPS = 256  # a zstd block of up to 128 KiB has to be there before it gives a byte
# "Zstandard Compression for WARC Files 1.0": a first frame of this kind holds the dictionary of all that follow.
DICTIONARY = b"\x5d\x2a\x4d\x18"
DICTIONARY_BYTES = 64 << 20
TRAINED = (
    b"\x37\xa4\x30\xec"  # a dictionary's own first bytes (RFC 8878): what it was trained on is no record
)
BOMB = "too_large", f"the file unpacks to over {BOMB_BYTES >> 30} GiB and {BOMB_RATIO} times its size"


class Piece(NamedTuple):
    """Bytes ``offset`` to ``end`` of a file: what they hold, or why that cannot be used (reason, detail)."""

    offset: int
    end: int
    content: IO[bytes] | None
    problem: tuple[str, str] | None = None
    packed: bool = True


def pieces(path: Path, start: bytes) -> Iterator[Piece]:
    """Give a plain file as one piece, a packed one in pieces, all of which but the first begin with ``start``.

    A member or frame that begins otherwise goes on with the piece before. What is damaged ends where the next begins
    with ``start``. A piece's content can be read until the next is asked for. Raises OSError as the disk does.
    """
    size = path.stat().st_size
    with path.open("rb") as raw:
        kind = packing(raw)
        if kind is None:
            yield Piece(0, size, raw, packed=False)
            return
        try:
            member, magic = (gzip_member, GZIP + b"\x08") if kind == "gzip" else (_framing(raw), ZSTD)
        except UnusableError as error:
            yield Piece(0, size, None, (error.reason, error.detail))
            return
        raw.seek(0)
        yield from _Packed(raw, size, member, magic, start).pieces()


class _Packed:
    """A packed file, and how many bytes it may still unpack to."""

    def __init__(
        self,
        raw: IO[bytes],
        size: int,
        member: Callable[[IO[bytes]], Iterator[bytes]],
        magic: bytes,
        start: bytes,
    ) -> None:
        self.raw, self.size, self.member, self.magic, self.start = raw, size, member, magic, start
        self.room = max(BOMB_BYTES, BOMB_RATIO * size)

    def pieces(self) -> Iterator[Piece]:
        while past_zeros(self.raw):
            offset = self.raw.tell()
            with SpooledTemporaryFile(SPOOL_BYTES, prefix="newsieve-") as sink:
                problem = self.unpack(sink)
                while problem is None and past_zeros(self.raw) and not self.begins(self.raw.tell()):
                    place = self.raw.tell()
                    if self.unpack(sink):
                        self.raw.seek(place)  # what is wrong with it is told of it alone
                        break
                end = self.raw.tell() if problem is None else self.after(offset)
                if problem is not None and problem[0] == "truncated" and end < self.size:
                    problem = ("damaged", problem[1])  # no cut: others follow
                yield Piece(offset, end, sink if problem is None else None, problem)
            self.raw.seek(end)

    def unpack(self, sink: IO[bytes]) -> tuple[str, str] | None:
        """Add the member or frame where the file stands to ``sink``, or add nothing and return why."""
        before = sink.tell()
        problem = None
        try:
            for part in self.member(self.raw):
                self.room -= len(part)
                if self.room < 0:
                    problem = BOMB
                    break
                sink.write(part)
        except UnusableError as error:
            problem = error.reason, error.detail
        sink.seek(before)
        if problem is None and sink.read(len(TRAINED)) == TRAINED:
            problem = "damaged", "a zstd dictionary where records should be"
        if problem:
            sink.seek(before)
            sink.truncate()
        sink.seek(0, SEEK_END)
        return problem

    def begins(self, place: int) -> bool:
        """Tell whether at ``place`` a member or frame begins that unpacks to ``start``, and stand there."""
        self.raw.seek(place)
        try:
            first = next(filter(None, islice(self.member(self.raw), LOOK_STEPS)), b"")
        except UnusableError:
            first = b""
        self.raw.seek(place)
        return first.startswith(self.start)

    def after(self, offset: int) -> int:
        """Return where the next piece begins after a bad one at ``offset``, or the end of the file."""
        if self.room < 0:
            return self.size
        place, held = offset + 1, b""
        self.raw.seek(place)
        while chunk := self.raw.read(CHUNK_BYTES):
            held += chunk
            for found in re.finditer(re.escape(self.magic), held):
                if self.begins(place + found.start()):
                    return place + found.start()
            kept = len(self.magic) - 1
            place += len(held) - kept
            held = held[-kept:]
            self.raw.seek(place + kept)
        return self.size


def _framing(raw: IO[bytes]) -> Callable[[IO[bytes]], Iterator[bytes]]:
    """Return what unpacks a frame of a zstd file, given the dictionary that the file may begin with.

    Raises UnusableError (truncated, damaged, too_large) for a dictionary that cannot be used.
    """
    head = raw.read(8)
    dictionary = b""
    if head.startswith(DICTIONARY):
        size = int.from_bytes(head[4:], "little")
        dictionary = raw.read(min(size, DICTIONARY_BYTES))
        if size > DICTIONARY_BYTES:
            raise UnusableError("too_large", f"a zstd dictionary of {size} bytes")
        if len(dictionary) < size:
            raise UnusableError(
                "truncated", f"the zstd dictionary ends after {len(dictionary)} of {size} bytes"
            )
        if dictionary.startswith(ZSTD):
            raw.seek(8)
            dictionary = b"".join(_limited(zstd_frame(raw), DICTIONARY_BYTES))
    unpacker = zstd_unpacker(dictionary)
    return lambda file: zstd_frame(file, unpacker)


def _limited(parts: Iterator[bytes], limit: int) -> Iterator[bytes]:
    for part in parts:
        limit -= len(part)
        if limit < 0:
            raise UnusableError("too_large", "a zstd dictionary of more than 64 MiB")
        yield part
