"""Plain text: one file is one document, one line of it one paragraph."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.read.batch import PAGE_BYTES, InputFile, Row, UnusableError, content_id
from pipeline.read.charset import Decoded, decode, is_binary, is_clean, sanitise, undecodable
from pipeline.read.compression import read_whole


def text_page(file: InputFile) -> Row:
    """Return the page of a text file."""
    decoded, content = decoded_file(file, lambda _: None)
    return {
        "doc_id": content_id(file.source, content),
        "source": file.source,
        "kind": "text",
        "content": content,
        "charset": decoded.charset_note,
    }


def decoded_file(file: InputFile, declared: Callable[[bytes], str | None]) -> tuple[Decoded, bytes]:
    """Return a whole file's clean text, also in UTF-8, given what tells the charset its bytes declare.

    Raises UnusableError (too_large, binary, undecodable, no_text, and what a packed file can be).
    """
    data = read_whole(file.path, PAGE_BYTES)
    if is_binary(data):
        raise UnusableError("binary", f"not text: it begins with {data[:8].hex(' ')}")
    decoded = decode(data, declared(data))
    plain = decoded.charset_note is None and is_clean(data)
    text = decoded.text if plain else sanitise(decoded.text)
    if undecodable(len(decoded.text), decoded.replaced):
        raise UnusableError(
            "undecodable", f"{decoded.charset_note}, of {len(decoded.text)}; convert the file to UTF-8"
        )
    if not text or text.isspace():
        raise UnusableError("no_text", "the file is empty")
    return decoded._replace(text=text), data if plain else text.encode()
