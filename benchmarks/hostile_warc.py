"""WARC files with bad records among good ones, the same on every call: each kind of bad record, in each container.

A good record is a page that must come out to the last character, whatever stands beside it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from itertools import islice
from typing import NamedTuple

import brotli
import zstandard

from benchmarks.generate import articles

HOST = "records.good.example"
BAD = "https://bad.example/{}"
BOMB_BYTES = 16 << 20


class Kind(NamedTuple):
    """A bad record, and the reasons by which it may be skipped; without any it is a page all the same.

    ``packed``: bytes of a member or frame that holds it are changed by this, in containers that have some.
    """

    record: Callable[[bytes], bytes]
    reasons: frozenset[str] = frozenset()
    packed: Callable[[bytes], bytes] | None = None


class File(NamedTuple):
    """A WARC file: ``bad`` gives for the address of each bad record its kind's name."""

    name: str
    data: bytes
    good: dict[str, str]
    bad: dict[str, str]


def pages(count: int) -> dict[str, str]:
    """Return pages of invented articles by their address."""
    found = {}
    for number, (record, _) in enumerate(islice(articles(seed=7), count)):
        body = "".join(f"<p>{escape(line)}</p>" for line in record["text"].split("\n"))
        url = f"https://{HOST}/{number}"
        found[url] = f"<!doctype html><title>{escape(record['title'])}</title><div class=story>{body}</div>"
    return found


def http(body: bytes, *fields: str) -> bytes:
    """Return a response with ``body`` as it is."""
    return "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/html", *fields]).encode() + b"\r\n\r\n" + body


def record(
    block: bytes, url: str | None, *fields: str, kind: str = "response", length: int | None = None
) -> bytes:
    """Return a record of ``block``, whose header may lack the address or give another length."""
    digest = base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        *([f"WARC-Target-URI: {url}"] if url else []),
        "Content-Type: application/http; msgtype=response",
        *([f"WARC-Block-Digest: sha1:{digest}"] if length is None else []),
        *fields,
        f"Content-Length: {len(block) if length is None else length}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def sent(change: Callable[[bytes], bytes], *fields: str) -> Callable[[bytes], bytes]:
    """Return what makes a record of an address and page whose body was changed for its transfer."""
    return lambda page: record(http(change(page), *fields), _url(page))


def long_by(more: Callable[[bytes], int]) -> Callable[[bytes], bytes]:
    """Return what makes a record whose length is another, told by its block."""
    return lambda page: record(http(page), _url(page), length=more(http(page)))


def chunked(body: bytes) -> bytes:
    """Return a body in chunks."""
    parts = [body[start : start + 100] for start in range(0, len(body), 100)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _url(page: bytes) -> str:
    return BAD.format(hashlib.sha1(page, usedforsecurity=False).hexdigest())


def _middle(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return what changes the 20 bytes in the middle of some."""
    return lambda data: (
        data[: len(data) // 2] + change(data[len(data) // 2 :][:20]) + data[len(data) // 2 + 20 :]
    )


def _pack(data: bytes) -> bytes:
    return gzip.compress(data, 6, mtime=0)


def _swallowing(page: bytes) -> bytes:
    """Return a record whose length holds the next one as well, which is no page."""
    second = record(b"GET / HTTP/1.1\r\n\r\n", _url(page), kind="request")
    block = http(page)
    return record(block, _url(page), length=len(block) + 4 + len(second) - 4) + second


FLIPPED = _middle(lambda data: bytes(255 - byte for byte in data))
CUT = _middle(lambda _: b"")
LOST = frozenset({"truncated", "damaged"})
WRONG = frozenset({"bad_record", "truncated"})
CHUNKS, BR, DEFLATE, ZSTD, GZIP = (
    "Transfer-Encoding: chunked", "Content-Encoding: br", "Content-Encoding: deflate", "Content-Encoding: zstd",
    "Content-Encoding: gzip",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "br": Kind(sent(brotli.compress, BR)),
    "deflate": Kind(sent(zlib.compress, DEFLATE)),
    "zstd": Kind(sent(zstandard.compress, ZSTD)),
    "stacked": Kind(sent(lambda page: brotli.compress(_pack(page)), "Content-Encoding: gzip, br")),
    "chunks": Kind(sent(chunked, CHUNKS)),
    "packed chunks": Kind(sent(lambda page: chunked(_pack(page)), CHUNKS, GZIP)),
    "much header": Kind(lambda page: record(http(page), _url(page), f"X-Much: {'가' * 300_000}")),
    "a megabyte of header": Kind(
        lambda page: record(http(page), _url(page), f"X-Much: {'x' * (1 << 20)}"), frozenset({"bad_record"})
    ),
    "a megabyte sent": Kind(sent(bytes, f"X-Much: {'x' * (1 << 20)}")),
    "cut br": Kind(sent(lambda page: brotli.compress(page)[:-9], BR), LOST),
    "cut deflate": Kind(sent(lambda page: zlib.compress(page)[:-9], DEFLATE), LOST),
    "cut zstd": Kind(sent(lambda page: zstandard.compress(page)[:-9], ZSTD), LOST),
    "cut gzip": Kind(sent(lambda page: _pack(page)[:-9], GZIP), LOST),
    "gzip without its end": Kind(sent(lambda page: _pack(page)[:-4], GZIP), LOST),
    "damaged gzip": Kind(sent(lambda page: FLIPPED(_pack(page)), GZIP), LOST),
    "damaged stack": Kind(sent(lambda page: brotli.compress(FLIPPED(_pack(page))), "Content-Encoding: gzip, br"), LOST),
    "unknown encoding": Kind(sent(bytes, "Content-Encoding: aes128gcm"), frozenset({"bad_record"})),
    "a bomb": Kind(lambda page: record(http(_pack(bytes(BOMB_BYTES)), GZIP), _url(page)), frozenset({"too_large"})),
    "a bomb in a stack": Kind(
        lambda page: record(http(brotli.compress(_pack(bytes(BOMB_BYTES))), "Content-Encoding: gzip, br"), _url(page)),
        frozenset({"too_large"}),
    ),
    "no last chunk": Kind(sent(lambda page: chunked(page)[:-5], CHUNKS), LOST),
    "no size of a chunk": Kind(sent(lambda page: chunked(page).replace(b"\n64\r\n", b"\nxy\r\n", 1), CHUNKS), LOST),
    "a chunk too long": Kind(sent(lambda page: b"ffffffff\r\n" + page, CHUNKS), LOST),
    "a chunk too short": Kind(sent(lambda page: chunked(page).replace(b"64\r\n", b"63\r\n", 1), CHUNKS), LOST),
    "less than was sent": Kind(sent(bytes, "Content-Length: 99999"), LOST),
    "too long": Kind(long_by(lambda block: len(block) + 50), WRONG),
    "too short": Kind(long_by(lambda block: len(block) - 50), WRONG),
    "negative": Kind(long_by(lambda _: -1), WRONG),
    "endless": Kind(long_by(lambda _: 10**18), WRONG),
    "beyond numbers": Kind(long_by(lambda _: 10**40), WRONG),
    "swallowing": Kind(_swallowing, WRONG),
    "no address": Kind(lambda page: record(http(page), None), frozenset({"bad_record"})),
    "revisit": Kind(lambda page: record(http(b""), _url(page), kind="revisit"), frozenset({"known"})),
    "a cut member": Kind(lambda page: record(http(page), _url(page)), LOST, CUT),
    "a damaged member": Kind(lambda page: record(http(page), _url(page)), LOST, FLIPPED),
    "a member without its end": Kind(lambda page: record(http(page), _url(page)), LOST, lambda data: data[:-3]),
}  # fmt: skip


def files(kinds: list[str]) -> Iterator[File]:
    """Give one file a container, with bad records of ``kinds`` among as many good ones and one."""
    each = 2 * len(kinds) + 1
    given = list(pages(each * len(_containers())).items())
    for place, (container, (head, pack)) in enumerate(_containers().items()):
        mine = dict(given[place * each :][: len(kinds) + 1])
        others = [page for _, page in given[place * each :][len(kinds) + 1 : each]]
        sound = [pack(record(http(page.encode()), url)) for url, page in mine.items()]
        bad, data = {}, head + sound[0]
        for kind, page, after in zip(kinds, others, sound[1:], strict=True):
            if KINDS[kind].packed and pack is bytes:
                data += after
                continue
            body = page.encode()
            packed = pack(KINDS[kind].record(body))
            change = KINDS[kind].packed or bytes
            data += change(packed) + after
            bad[_url(body)] = kind
        yield File(container, data, mine, bad)


def whole(file: File) -> bytes:
    """Return a plain WARC file of the good pages of another, and no more."""
    return b"".join(record(http(page.encode()), url) for url, page in file.good.items())


@cache
def _containers() -> dict[str, tuple[bytes, Callable[[bytes], bytes]]]:
    """Return by a file's name what stands in front of its records, and what packs one."""
    plain = [record(http(page.encode()), url) for url, page in pages(60).items()]
    known = zstandard.train_dictionary(4096, plain)
    head = b"\x5d\x2a\x4d\x18" + struct.pack("<I", len(known.as_bytes())) + known.as_bytes()
    frame = zstandard.ZstdCompressor(write_checksum=True)
    with_known = zstandard.ZstdCompressor(dict_data=known, write_checksum=True)
    return {
        "plain.warc": (b"", bytes),
        "members.warc.gz": (b"", _pack),
        "frames.warc.zst": (b"", frame.compress),
        "dictionary.warc.zst": (head, with_known.compress),
    }
