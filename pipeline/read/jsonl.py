"""JSONL: one object a line, each a page; a line that is none is skipped and the rest is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple

import msgspec
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
from pipeline.read.charset import decode, is_binary, without_surrogates
from pipeline.read.compression import peek, prove, unpacked
from pipeline.read.fields import GUESSES, check_fields, matched
from pipeline.read.records import RAW, as_text, batches
from pipeline.schema import conform

LARGE_BYTES = 1 << 20  # of a line; of a larger one columns would hold many copies at once
LINE_BYTES = 4 * PAGE_BYTES  # JSON spends up to six bytes on what UTF-8 holds in three
SNIFF_BYTES = 64 << 10
WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
BOM = b"\xef\xbb\xbf"
Row = dict[str, Any]
_ANY_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Line(NamedTuple):
    """A line of a file: its number from 1, its first byte from 0, and its bytes (None: more than allowed)."""

    number: int
    offset: int
    data: bytes | None


class _Records(NamedTuple):
    """Records as ``RAW`` rows, and the keys that they have among them."""

    frame: pl.DataFrame
    keys: tuple[str, ...]


def read_jsonl(file: InputFile, fields: FieldNames) -> Iterator[Batch]:
    """Give the pages of a JSONL file; record n, the one in line n, has the source ``<file>#<n>``.

    Raises UnusableError for the file as a whole, missing_text if no record of the first batch has the field.
    """
    prove(file.path)
    lines = ((line, len(line.data or b"")) for line in _file_lines(file))
    first = True
    for frame, keys in map(partial(_records, fields=fields), grouped(lines)):
        if first and frame["reason"].null_count():
            check_fields(fields, keys)
        first = False
        yield from batches(frame, file.source)
    if first:
        raise UnusableError("no_text", "the file holds no record")


def read_json(file: InputFile, fields: FieldNames) -> Iterator[Batch]:
    """Do what ``read_jsonl`` does with a ``.json`` file; raises UnusableError unless its lines are objects."""
    line = next((line for line in _file_lines(file) if line.data), None)
    if line is not None and _parsed(line)[2] is not None:
        raise UnusableError(
            "unknown_format",
            "a .json file is read when each line is one object; turn an array into that: "
            "jq -c '.[]' file.json > file.jsonl",
        )
    yield from read_jsonl(file, fields)


def lines_of(parts: Iterable[bytes], limit: int) -> Iterator[Line]:
    """Give the lines of a stream without blanks around them; blank ones are passed over, but counted.

    A line of more than ``limit`` bytes is not held.
    """
    held = bytearray()
    number, begin, size = 1, 0, 0
    for part in chain(parts, (None,)):
        pieces = [b"", b""] if part is None else part.split(b"\n")
        for piece in pieces[:-1]:
            size += len(piece)
            data = None if size > limit else bytes(held) + piece if held else piece
            if data is None or (data := data.strip()):
                yield Line(number, begin, data)
            number, begin, size = number + 1, begin + size + 1, 0
            held.clear()
        size += len(pieces[-1])
        if len(held) <= limit:
            held += pieces[-1]


def _file_lines(file: InputFile) -> Iterator[Line]:
    head, parts = peek(unpacked(file.path))
    if head.startswith(WIDE_BOMS):
        raise UnusableError("undecodable", "UTF-16; convert the file to UTF-8")
    if is_binary(head[:SNIFF_BYTES]):
        raise UnusableError("binary", f"not text: it begins with {head[:8].hex(' ')}")
    return lines_of(parts, LINE_BYTES)


def _records(group: list[Line], fields: FieldNames) -> _Records:
    if all(len(line.data or b"") <= LARGE_BYTES for line in group):
        return _at_once(group, fields) or _one_by_one(group, fields)
    return _one_by_one(group, fields)


def _at_once(group: list[Line], fields: FieldNames) -> _Records | None:
    """Return a group's records column by column, faster than one by one; None when one of them is unusual.

    Usual are objects that hold each field under one name at most, as a string or null.
    """
    try:
        records = [_ANY_OBJECT.decode((line.data or b"").removeprefix(BOM)) for line in group]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    keys = tuple(dict.fromkeys(chain.from_iterable(records)))
    holding = matched(fields, keys)
    if len({key.strip().lower() for key in keys}) < len(keys) or any(len(it) > 1 for it in holding.values()):
        return None
    columns = {"number": pl.Series([line.number for line in group], dtype=pl.UInt64)}
    for field, names in holding.items():
        for name in names:
            values = [bytes(record.get(name, b"null")) for record in records]
            if not all(value.startswith((b'"', b"null")) for value in values):
                return None
            try:
                texts = pl.Series(values, dtype=pl.Binary).cast(pl.String)
            except pl.exceptions.PolarsError:  # not UTF-8
                return None
            columns[field] = texts.str.json_decode(pl.String)
    return _Records(conform(pl.DataFrame(columns), RAW), keys)


def _one_by_one(group: list[Line], fields: FieldNames) -> _Records:
    """Return a group's records, whatever their lines hold."""
    holding = lru_cache(1024)(lambda keys: matched(fields, keys))
    rows: list[Row] = []
    seen: dict[str, None] = {}
    for line in group:
        value, note, why = _parsed(line)
        row = _picked(value, holding(tuple(value))) if why is None else dict.fromkeys(RAW)
        reason = None if why is None else "too_large" if line.data is None else "bad_record"
        detail = why and f"line {line.number}, byte offset {line.offset}: {why}"[:DETAIL_CHARS]
        if too_large := _too_large(row):
            row, reason, detail = {**row, "text": None, "html": None}, "too_large", too_large
        rows.append({**row, "number": line.number, "charset": note, "reason": reason, "detail": detail})
        seen |= dict.fromkeys(value)
    frame = pl.DataFrame({name: [row.get(name) for row in rows] for name in RAW}, schema=RAW)
    return _Records(frame, tuple(seen))


def _too_large(row: Row) -> str | None:
    """Return why a record's text is too large, before columns hold it."""
    text, most = row["text"] or "", PAGE_BYTES
    if not text or text.isspace():
        text, most = row["html"] or "", HTML_BYTES
    # A character has four bytes at most; line ends of two will be one.
    size = len(text.encode()) - text.count("\r\n") if len(text) > most / 4 else 0
    return f"{size} bytes; a page may have {most}" if size > most else None


def _picked(value: Row, holding: dict[str, tuple[str, ...]]) -> Row:
    """Return the record's fields as text: of each, the first of the keys that hold it which is not empty."""
    return {field: _first(value, holding[field]) for field in GUESSES}


def _first(value: Row, keys: tuple[str, ...]) -> str | None:
    texts = [as_text(value[key]) for key in keys]
    return next((text for text in texts if text and not text.isspace()), next(iter(texts), None))


def _parsed(line: Line) -> tuple[Row, str | None, str | None]:
    """Return a line's object, the note on its charset, and why there is none (then the object is empty)."""
    if line.data is None:
        return {}, None, f"longer than {LINE_BYTES >> 20} MiB"
    note = None
    data = line.data.removeprefix(BOM)
    text: bytes | str = data
    try:
        return msgspec.json.decode(data, type=dict), None, None
    except UnicodeDecodeError:
        text, note, _ = decode(data)
    except (msgspec.DecodeError, RecursionError):
        pass
    value, why = _lenient(text)
    return value, note, why


def _lenient(text: bytes | str) -> tuple[Row, str | None]:
    """Parse what strict JSON refuses and dumps hold all the same: NaN, lone surrogates, bare control characters."""
    try:
        value = json.loads(text, strict=False)
        value = json.loads(
            json.dumps(value, ensure_ascii=False).encode("utf-8", "ignore")
        )  # no lone surrogate left
    except RecursionError:
        return {}, "nested too deep"
    except ValueError as error:
        return {}, f"not JSON: {without_surrogates(str(error))}"
    return (value, None) if isinstance(value, dict) else ({}, f"not an object but {_kind(value)}")


def _kind(value: Any) -> str:  # noqa: ANN401 - any JSON value
    names = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
