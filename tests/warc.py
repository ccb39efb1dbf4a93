"""A writer of WARC records for tests, able to write wrong ones."""

from __future__ import annotations

import base64
import gzip
import hashlib
import struct

import zstandard

URL = "https://www.gana.example/news/{}"
HTML = "text/html; charset=utf-8"


def http(body: bytes, *fields: str, status: str = "200 OK", kind: str | None = HTML) -> bytes:
    """Return a response with ``body`` as it is."""
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else []), *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def digest(block: bytes) -> str:
    """Return a block's digest as crawlers write it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(block, usedforsecurity=False).digest()).decode()


def record(
    block: bytes, url: str | None = URL.format(1), kind: str = "response", **fields: str | None
) -> bytes:
    """Return a record; ``fields`` add to its header (``_`` for ``-``), replace what is there, or (None) take it out."""
    given = {
        "WARC-Type": kind,
        "WARC-Target-URI": url,
        "WARC-Date": "2024-05-13T03:52:00Z",
        "WARC-Record-ID": "<urn:uuid:00000000-0000-4000-8000-000000000001>",
        "WARC-Block-Digest": digest(block),
        "Content-Type": "application/http; msgtype=response" if kind == "response" else "text/plain",
        "Content-Length": str(len(block)),
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    header = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value is not None)
    return b"WARC/1.0\r\n" + header.encode() + b"\r\n" + block + b"\r\n\r\n"


def article(number: int) -> str:
    """Return a page whose text tells which it is."""
    lines = [
        f"<p>{number}번째 다리가 {number * 37}년 만에 열려 시민 {place}명이 건넜다." for place in range(9)
    ]
    return f"<!doctype html><title>{number}</title>\n" + "\n".join(lines)


def response(number: int) -> bytes:
    """Return the record of page ``number``."""
    return record(http(article(number).encode()), URL.format(number))


def packed(data: bytes) -> bytes:
    """Return a gzip member without a clock in it: the workers of a test run must name its cases alike."""
    return gzip.compress(data, mtime=0)


def gzipped(*records: bytes) -> bytes:
    """Return records as crawlers pack them: a member each."""
    return b"".join(map(packed, records))


def zstd(*records: bytes) -> bytes:
    """Return records as frames with a check value."""
    packer = zstandard.ZstdCompressor(write_checksum=True)
    return b"".join(packer.compress(data) for data in records)


def zstd_with_dictionary(*records: bytes, packed: bool) -> bytes:
    """Return a dictionary, packed itself or not, in a frame of its own, and records as frames that need it."""
    known = zstandard.train_dictionary(4096, [response(number) for number in range(200)])
    packer = zstandard.ZstdCompressor(dict_data=known, write_checksum=True)
    held = zstandard.compress(known.as_bytes()) if packed else known.as_bytes()
    head = b"\x5d\x2a\x4d\x18" + struct.pack("<I", len(held)) + held
    return head + b"".join(packer.compress(data) for data in records)


def chunked(body: bytes, size: int = 100) -> bytes:
    """Return a body in chunks."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
