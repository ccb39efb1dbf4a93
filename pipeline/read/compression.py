"""Files as they are meant: gzip and zstd unpacked as a stream, known by their first bytes whatever their name.

Nothing of a file that ends early or contradicts itself may be used, so a reader that streams calls ``prove`` first.
``zstandard``'s own stream reader ends a truncated frame without a word, hence the frames are walked here.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

import zstandard

from pipeline.read.batch import UnusableError

SUFFIXES = (".gz", ".zst")
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
SKIPPABLE = b"\x2a\x4d\x18"  # after a first byte of 0x50 to 0x5f
CHUNK_BYTES = 1 << 20
GZIP_FEED_BYTES = 16 << 10
ZSTD_FEED_BYTES = 1024  # a run-length block of 4 bytes unpacks to 128 KiB: this bounds one step to 32 MiB
ZSTD_WINDOW_BYTES = 128 << 20
# A bomb: more than this, and more than this many times its own size. Repetitive JSONL packs 20 to 50 times.
BOMB_BYTES = 1 << 30
BOMB_RATIO = 200


def unpacked(path: Path) -> Iterator[bytes]:
    """Give the content of a file in chunks, unpacked if it is packed.

    Raises UnusableError (truncated, damaged, too_large) at the place where that shows, OSError as the disk does.
    """
    with path.open("rb") as raw:
        kind = packing(raw)
        if kind is None:
            yield from iter(lambda: raw.read(CHUNK_BYTES), b"")
        else:
            size = path.stat().st_size
            yield from _capped(members(raw, kind), size)


def packing(raw: IO[bytes]) -> str | None:
    """Return ``gzip``, ``zstd`` or None by a file's first bytes, and stand at its beginning again."""
    head = raw.read(4)
    raw.seek(0)
    if head.startswith(GZIP):
        return "gzip"
    return "zstd" if head == ZSTD or _skippable(head) else None


def prove(path: Path) -> None:
    """Unpack a packed file to nowhere; raises UnusableError as ``unpacked`` does. A plain file is not read."""
    with path.open("rb") as raw:
        if packing(raw) is None:
            return
    for _ in unpacked(path):
        pass


def read_whole(path: Path, limit: int) -> bytes:
    """Return the content of a file; raises UnusableError, also (too_large) for more than ``limit`` bytes."""
    parts: list[bytes] = []
    left = limit
    for part in _parts(path, limit):
        parts.append(part)
        left -= len(part)
        if left < 0:
            raise UnusableError("too_large", f"more than {limit >> 20} MiB, the most a page may have")
    return b"".join(parts)


def _parts(path: Path, limit: int) -> Iterator[bytes]:
    """Do what ``unpacked`` does, but give a plain file of at most ``limit`` bytes at once."""
    with path.open("rb", buffering=0) as raw:
        if os.fstat(raw.fileno()).st_size <= limit and packing(raw) is None:
            yield raw.readall()
            return
    yield from unpacked(path)


@contextlib.contextmanager
def plain_file(path: Path) -> Iterator[Path]:
    """Give a path with the unpacked content: ``path`` itself, or a temporary file for readers that must seek."""
    with path.open("rb") as raw:
        kind = packing(raw)
    if kind is None:
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="newsieve-") as temporary:
        for part in unpacked(path):
            temporary.write(part)
        temporary.flush()
        yield Path(temporary.name)


def _skippable(head: bytes) -> bool:
    return len(head) == 4 and 0x50 <= head[0] <= 0x5F and head[1:] == SKIPPABLE


def _capped(parts: Iterator[bytes], packed: int) -> Iterator[bytes]:
    total = 0
    for part in parts:
        total += len(part)
        if total > max(BOMB_BYTES, BOMB_RATIO * packed):
            raise UnusableError(
                "too_large",
                f"{packed} bytes unpack to more than {BOMB_RATIO} times as many, past {BOMB_BYTES >> 30} GiB",
            )
        yield part


def gzip_member(raw: IO[bytes], before: int = 0) -> Iterator[bytes]:
    """Unpack the member that begins where ``raw`` stands, in chunks, and leave ``raw`` behind its last byte.

    Raises UnusableError (truncated, damaged) with a place that counts from ``before`` unpacked bytes.
    """
    total = before
    member = zlib.decompressobj(wbits=31)
    data = b""
    while not member.eof:
        data = member.unconsumed_tail or raw.read(GZIP_FEED_BYTES)
        try:
            part = member.decompress(data, CHUNK_BYTES)
        except zlib.error as error:
            raise UnusableError("damaged", f"gzip, {total} bytes in: {error}") from None
        if not data and not part and not member.eof:
            raise UnusableError("truncated", f"gzip ends before its end, {total} bytes in")
        total += len(part)
        yield part
    raw.seek(-len(member.unused_data), 1)


def zstd_frame(
    raw: IO[bytes], unpacker: zstandard.ZstdDecompressor | None = None, before: int = 0
) -> Iterator[bytes]:
    """Do what ``gzip_member`` does with a zstd frame, also with one that carries no content."""
    total = before
    frame = (unpacker or zstd_unpacker()).decompressobj()
    while not frame.eof:
        data = raw.read(ZSTD_FEED_BYTES)
        if not data:
            raise UnusableError("truncated", f"zstd ends before its end, {total} bytes in")
        try:
            part = frame.decompress(data)
        except zstandard.ZstdError as error:
            large = "too much memory" in str(error)
            reason = "too_large" if large else "damaged"
            raise UnusableError(reason, f"zstd, {total} bytes in: {error}") from None
        total += len(part)
        yield part
    raw.seek(-len(frame.unused_data), 1)


def zstd_unpacker(dictionary: bytes = b"") -> zstandard.ZstdDecompressor:
    """Return what unpacks frames, those also that were packed with ``dictionary``.

    Raises UnusableError (damaged) for a dictionary that is none.
    """
    known = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    try:
        return zstandard.ZstdDecompressor(dict_data=known, max_window_size=ZSTD_WINDOW_BYTES)
    except zstandard.ZstdError as error:
        raise UnusableError("damaged", f"zstd: {error}") from None


def members(raw: IO[bytes], kind: str) -> Iterator[bytes]:
    """Unpack every ``gzip`` member or ``zstd`` frame; zero bytes after one are padding, as of tapes."""
    total = 0
    unpacker = zstd_unpacker()
    while past_zeros(raw):
        for part in gzip_member(raw, total) if kind == "gzip" else zstd_frame(raw, unpacker, total):
            total += len(part)
            yield part


def past_zeros(raw: IO[bytes]) -> bool:
    """Move ``raw`` to the next byte that is not zero, and tell whether there is one."""
    while data := raw.read(GZIP_FEED_BYTES):
        if rest := data.lstrip(b"\0"):
            raw.seek(-len(rest), 1)
            return True
    return False


def peek(parts: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first chunk of a stream that holds anything, and the stream with it back in front."""
    first = next((part for part in parts if part), b"")
    return first, chain((first,), parts)
