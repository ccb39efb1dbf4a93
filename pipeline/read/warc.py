"""WARC and WET: each page that a crawler fetched is a page, whatever became of the records around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import polars as pl

from pipeline.config import FieldNames
from pipeline.read.batch import (
    DETAIL_CHARS,
    HTML_BYTES,
    PAGE_BYTES,
    Batch,
    InputFile,
    UnusableError,
    grouped,
)
from pipeline.read.charset import LABEL_CHARS, SINGLE_BYTE, codec_of, decode, is_binary, without_surrogates
from pipeline.read.html import declared_charset
from pipeline.read.records import RAW, batches
from pipeline.read.response import MARKUP, Response, charset_of, decoded, kind_of, parse
from pipeline.read.warc_records import BLOCK_BYTES, Record, block, fits_digest, records

PAGE_TYPES = frozenset({"response", "resource", "conversion", "revisit"})
# Addresses that are no http(s) ones are the crawler's own notes. So is robots.txt, which many crawlers ask for first.
ADDRESS = re.compile(r"https?://[^\s/?#]+(?!/robots\.txt(?:[?#]|$))(?:[/?#]|$)", re.IGNORECASE)
LOOK_BYTES = 64 << 10
PARTIAL, NOT_MODIFIED = 206, 304
Row = dict[str, Any]


def read_warc(file: InputFile, _fields: FieldNames) -> Iterator[Batch]:
    """Give the pages of a WARC or WET file; record n, counted from 1, has the source ``<file>#<n>``.

    A stretch of the file that is no record counts as one. Raises UnusableError (truncated, damaged, too_large,
    no_text) for the file as a whole when no record is in it, or no page.
    """
    if not file.size:
        raise UnusableError("no_text", "the file is empty")
    empty = True
    for frame in map(_frame, grouped(_rows(file))):
        empty = False
        yield from batches(frame, file.source)
    if empty:
        raise UnusableError("no_text", "no record of the file is a page")


def _frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in RAW}, schema=RAW)


def _rows(file: InputFile) -> Iterator[tuple[Row, int]]:
    """Give the rows of ``RAW`` frames, each with the bytes of its content."""
    for number, record in enumerate(_told(file), start=1):
        row = _row(record)
        if row is not None:
            yield {**row, "number": number}, row.get("size", 0)


def _told(file: InputFile) -> Iterator[Record]:
    """Give the records of a file; raises UnusableError when there is none but one thing that is wrong."""
    found = records(file.path)
    first = next(found, None)
    if first is None:
        raise UnusableError("no_text", "the file holds no record")
    begin = [first]
    if first.problem:
        begin += [record for record in (next(found, None),) if record]
        if len(begin) == 1:
            raise UnusableError(first.problem[0], f"{first.place}: {first.problem[1]}")
    yield from chain(begin, found)


def _row(record: Record) -> Row | None:
    """Return values of ``RAW`` for a page and for one that is lost; None for what is neither."""
    url = record.fields.get("warc-target-uri", "").strip("<> ") or None
    try:
        page = _page(record, url)
    except UnusableError as error:
        detail = without_surrogates(f"{record.place}: {error.detail}")[:DETAIL_CHARS]
        return {"url": url, "reason": error.reason, "detail": detail}
    return page and {"url": url, **page}


def _page(record: Record, url: str | None) -> Row | None:
    """Return content and charset of a record that is a page, None for another; raises UnusableError for one lost."""
    if record.problem:
        raise UnusableError(*record.problem)
    kind = record.fields.get("warc-type", "").lower()
    if not kind or (kind in PAGE_TYPES and url is None):
        raise UnusableError("bad_record", "no WARC-Target-URI" if kind else "no WARC-Type")
    if kind not in PAGE_TYPES or not ADDRESS.match(url or ""):
        return None
    return _recorded(record, kind)


def _recorded(record: Record, kind: str) -> Row | None:
    """Do what ``_page`` does for a record of a kind and address that a page may have."""
    size = record.end - record.start
    data = block(record, LOOK_BYTES if size > BLOCK_BYTES else size)
    if size <= BLOCK_BYTES and fits_digest(record, data) is False:
        raise UnusableError("damaged", "the block does not fit the digest that the record has")
    sent = record.fields.get("content-type", "")
    if kind == "revisit":
        _tell_revisit(record, data)
        return None
    if kind == "response" and (sent.lower().startswith("application/http") or data.startswith(b"HTTP/")):
        response = parse(data)
    else:
        response = Response(200, {"content-type": sent}, data)
    form = _form(record, response)
    if form is None or response.status // 100 != 2:
        return None
    if size > BLOCK_BYTES:
        raise UnusableError("too_large", f"{size} bytes; a page may have {PAGE_BYTES}")
    _check_whole(record, response)
    body = decoded(response, PAGE_BYTES)
    if not body.strip():
        raise UnusableError("no_text", "the body is empty")
    if is_binary(body):
        raise UnusableError("binary", f"not text: it begins with {body[:8].hex(' ')}")
    header = charset_of(response.fields.get("content-type", ""))
    meta = declared_charset(body) if form == "html" else None
    text, note, _ = decode(body, declared_of(header, meta))
    if form == "html" and len(body) > HTML_BYTES and (size := len(text.encode())) > HTML_BYTES:
        raise UnusableError("too_large", f"{size} bytes; a page may have {HTML_BYTES}")
    if header and meta and codec_of(header) != codec_of(meta):
        note = f"{note or 'utf-8'}, {header[:LABEL_CHARS]} in the header"
    return {form: text, "charset": note, "size": len(body)}


def _tell_revisit(record: Record, data: bytes) -> None:
    """Raise UnusableError (known) for a page that an earlier record holds; other revisits are nothing."""
    if data.startswith(b"HTTP/"):
        response = parse(data)
        sent = response.fields.get("content-type")
        if (response.status // 100 != 2 and response.status != NOT_MODIFIED) or (sent and not kind_of(sent)):
            return
    fields = record.fields
    of = fields.get("warc-refers-to-target-uri") or fields.get("warc-refers-to") or "an earlier capture"
    when = fields.get("warc-refers-to-date")
    raise UnusableError("known", f"a revisit of {of}" + (f" of {when}" if when else ""))


def _form(record: Record, response: Response) -> str | None:
    """Return html, text or None by what the server said, else by what the crawler found, else by how it begins."""
    named = response.fields.get("content-type") or record.fields.get("warc-identified-payload-type")
    if named:
        return kind_of(named)
    return "html" if MARKUP.match(response.body) else None


def _check_whole(record: Record, response: Response) -> None:
    """Raise UnusableError when what was recorded is not all of a page."""
    if reason := record.fields.get("warc-truncated"):
        raise UnusableError("truncated", f"the crawler cut it off (WARC-Truncated: {reason})")
    if "warc-segment-number" in record.fields:
        raise UnusableError("truncated", "a segment of a record")
    if response.status == PARTIAL:
        raise UnusableError("truncated", "a part of a page (HTTP 206)")


def declared_of(header: str | None, meta: str | None) -> str | None:
    """Return the charset to believe: the header's, but for a server's default where the page names its own."""
    by_default = codec_of(header) in {None, "utf-8", *SINGLE_BYTE}
    return meta or header if by_default else header
