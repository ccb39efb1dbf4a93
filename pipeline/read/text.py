"""Plain text: one file is one document, one line of it one paragraph."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.read.batch import PAGE_BYTES, InputFile, Row, UnusableError, content_id
from pipeline.read.charset import decode, is_binary, is_plain, sanitise, undecodable
from pipeline.read.compression import read_whole

START_BYTES = 256  # of a page, in which nearly all show that they are not blank


def text_page(file: InputFile) -> Row:
    """Return the page of a text file."""
    content, note = content_of(file, lambda _: None)
    return {
        "doc_id": content_id(file.source, content),
        "source": file.source,
        "kind": "text",
        "content": content,
        "charset": note,
    }


def content_of(file: InputFile, declared: Callable[[bytes], str | None]) -> tuple[bytes, str | None]:
    """Return a whole file's clean text in UTF-8, and its charset note, given what tells the charset its bytes declare.

    Raises UnusableError (too_large, binary, undecodable, no_text, and what a packed file can be).
    """
    data = read_whole(file.path, PAGE_BYTES)
    if is_binary(data):
        raise UnusableError("binary", f"not text: it begins with {data[:8].hex(' ')}")
    label = declared(data)
    if is_plain(data, label) and data[:START_BYTES].decode("utf-8", "ignore").strip():
        return data, None
    text, note, replaced = decode(data, label)
    if undecodable(len(text), replaced):
        raise UnusableError("undecodable", f"{note}, of {len(text)}; convert the file to UTF-8")
    text = sanitise(text)
    if not text or text.isspace():
        raise UnusableError("no_text", "the file is empty")
    return text.encode(), note
