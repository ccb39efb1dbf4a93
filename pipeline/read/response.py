"""The body of an HTTP response as a page: the transfer undone, and nothing of it taken if it is not whole."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import brotli

from pipeline.read.batch import UnusableError
from pipeline.read.charset import codec_of
from pipeline.read.compression import CHUNK_BYTES, GZIP, ZSTD, members
from pipeline.read.warc_records import Fields, fields_of

STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)[^\n]*\n?")
HEAD_END = re.compile(rb"\r?\n\r?\n|\Z")
CHUNK_SIZE = re.compile(rb"(?:\r?\n)?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
MARKUP = re.compile(rb"\s*<(?:!doctype|html|head|\?xml|!--)", re.IGNORECASE)
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


class Response(NamedTuple):
    """A response as it was sent: its status, its header fields by lower-case name, and its body."""

    status: int
    fields: Fields
    body: bytes


def parse(data: bytes) -> Response:
    """Return the response that ``data`` holds. Raises UnusableError (bad_record) when it is none."""
    status = STATUS.match(data)
    if not status:
        raise UnusableError("bad_record", "no HTTP response: it has no status line")
    end = HEAD_END.search(data, status.end() - 2)
    assert end is not None
    lines = data[status.end() : max(status.end(), end.start())].split(b"\n")
    return Response(int(status[1]), fields_of(lines), data[end.end() :])


def kind_of(content_type: str) -> str | None:
    """Return ``html`` or ``text`` for a Content-Type that may be an article's, else None."""
    kind = re.split(r"[;,]", content_type, maxsplit=1)[0].strip().lower()
    return "html" if kind in HTML_TYPES else "text" if kind == "text/plain" else None


def charset_of(content_type: str) -> str | None:
    """Return the charset that a Content-Type names, as it is written there."""
    found = CHARSET.search(content_type)
    return found[1] if found else None


def decoded(response: Response, limit: int) -> bytes:
    """Return the body with chunks joined and content encodings undone.

    Raises UnusableError: truncated, damaged, too_large for more than ``limit`` bytes, bad_record for an encoding that
    is not known. A body that a crawler has stored undone under the old header is taken as it is.
    """
    body, fields = response.body, response.fields
    if "chunked" in fields.get("transfer-encoding", "").lower() and CHUNK_SIZE.match(body):
        body = _joined(body)
    elif "transfer-encoding" not in fields:
        length = fields.get("content-length", "").split(",")[0].strip()
        if length.isascii() and length.isdigit() and len(length) < 19 and len(body) < int(length):
            raise UnusableError("truncated", f"the body has {len(body)} of the {length} bytes that were sent")
    for name in reversed(fields.get("content-encoding", "").lower().split(",")):
        body = _undone(body, name.strip(), limit)
    return body


def _joined(body: bytes) -> bytes:
    """Return the chunks of a body as one. Raises UnusableError when the last is not there."""
    parts: list[bytes] = []
    place = 0
    while size := CHUNK_SIZE.match(body, place):
        end = size.end() + int(size[1], 16)
        if end == size.end():
            return b"".join(parts)
        if end > len(body):
            break
        parts.append(body[size.end() : end])
        place = end
    else:
        if place + 2 < len(body):
            raise UnusableError("damaged", f"no chunk begins {place} bytes into the chunked body")
    raise UnusableError("truncated", "the chunked body ends before its last chunk")


def _undone(body: bytes, name: str, limit: int) -> bytes:
    if name in {"", "identity", "none"} or codec_of(name) or not body:  # some servers send a charset here
        return body
    if name not in DECODERS:
        raise UnusableError("bad_record", f"unsupported Content-Encoding {name[:40]}")
    magic, decode = DECODERS[name]
    if (magic and not body.startswith(magic)) or MARKUP.match(body):
        return body
    parts, size = [], 0
    for part in decode(body):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise UnusableError(
                "too_large", f"the body unpacks to more than {limit >> 20} MiB, the most a page may have"
            )
    return b"".join(parts)


def _deflate(body: bytes) -> Iterator[bytes]:
    """Unpack zlib data, or bare deflate data, which as many servers send."""
    zlib_header = body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0
    stream = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
    try:
        yield stream.decompress(body, CHUNK_BYTES)
        while not stream.eof:
            part = stream.decompress(stream.unconsumed_tail, CHUNK_BYTES)
            if not part and not stream.eof:
                raise UnusableError("truncated", "deflate ends before its end")
            yield part
    except zlib.error as error:
        raise UnusableError("damaged", f"deflate: {error}") from None


def _brotli(body: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    try:
        yield stream.process(body, output_buffer_limit=CHUNK_BYTES)
        while not stream.is_finished():
            part = stream.process(b"", output_buffer_limit=CHUNK_BYTES)
            if not part and not stream.is_finished():
                raise UnusableError("truncated", "brotli ends before its end")
            yield part
    except brotli.error as error:
        raise UnusableError("damaged", f"brotli: {error}") from None


def _gzip(body: bytes) -> Iterator[bytes]:
    return members(io.BytesIO(body), "gzip")


def _zstd(body: bytes) -> Iterator[bytes]:
    return members(io.BytesIO(body), "zstd")


# By name: the bytes that it begins with (empty: none), and what undoes it.
DECODERS: dict[str, tuple[bytes, Callable[[bytes], Iterator[bytes]]]] = {
    "gzip": (GZIP, _gzip),
    "x-gzip": (GZIP, _gzip),
    "deflate": (b"", _deflate),
    "br": (b"", _brotli),
    "zstd": (ZSTD, _zstd),
}
