"""Bytes into text that every later pass can hold: which charset, and what could not be read, is on record.

UTF-8 is tried first, strictly: of random Hangul in CP949 4 of 20,000 strings pass for UTF-8, the other way round
2,378 of 20,000 do. EUC-KR is always read as CP949, its superset: Python's ``euc_kr`` spells 똠 in eight bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Labels of EUC-KR and its supersets (WHATWG Encoding Standard), and what Java and old crawlers write.
KOREAN = frozenset({
    "cp949", "cseuckr", "csksc56011987", "euckr", "euc-kr", "iso-ir-149", "korean", "ks-c-5601", "ks-c-5601-1987",
    "ks-c-5601-1989", "ksc5601", "ksc-5601", "ks-x-1001", "ms949", "uhc", "windows-949", "x-windows-949",
})  # fmt: skip
SINGLE_BYTE = frozenset({"cp1252", "iso8859-15"})  # nearly any bytes pass for these
WESTERN = frozenset(
    {"ascii", "iso8859-1"}
)  # what calls itself so means Windows-1252 (WHATWG Encoding Standard)
OTHERS = frozenset({
    "utf-8", "shift_jis", "cp932", "euc_jp", "iso2022_jp", "big5", "big5hkscs", "gbk", "gb2312", "gb18030", "johab",
    "koi8-r", "cp1250", "cp1251",
})  # fmt: skip
MAGICS = (
    b"%PDF-", b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd",
    b"BZh91AY&SY", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"PAR1", b"\x7fELF", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"HWP Document File", b"SQLite format 3\x00",
)  # fmt: skip
NUL_SHARE = 1 / 1000  # a stray NUL is a page's slip; random bytes hold four times this
UNDECODABLE_SHARE = 1 / 100
LABEL_CHARS = 40  # of a declared charset that a note repeats
REPLACED = "\ufffd"

# Patterns that Python's engine and Polars' read alike.
LINE_ENDS = r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]"
DROPPED = r"[\ufeff\ufffe\uffff]"  # byte order marks, and two code points that XML cannot hold
CONTROLS = r"[\x00-\x08\x0e-\x1f\x7f-\x9f]"
# All of them but the \n as one class of characters: a search for it is far faster than for alternatives.
_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
DELETE = 0x7F
SHORT_BYTES = (
    12  # texts that Arrow keeps beside their lengths, not in a buffer ("variable-size binary view layout")
)
_BLOCK = 1 << 20  # bytes looked at at once: what NumPy makes of them is four times as large
# By their three bytes in UTF-8: U+2028 and U+2029, and the code points of DROPPED.
UNCLEAN = frozenset({0xE280A8, 0xE280A9, 0xEFBBBF, 0xEFBFBE, 0xEFBFBF})
UNCLEAN_OR_REPLACED = UNCLEAN | {0xEFBFBD}
_SURROGATES = re.compile(r"[\ud800-\udfff]")

# Hangul in UTF-8, and in CP949, read as Windows-1252 and encoded once more. Bytes that this charset lacks are controls
# of ISO-8859-1, which are blanks by now.
_TAIL = (
    "[ \u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
TWICE = {
    "utf-8 encoded twice": f"(?:[\u00ea-\u00ed]{_TAIL}{{2}}){{2}}",
    "cp949 encoded twice": "(?:[\u00b0-\u00c8][\u00a1-\u00fe]){3}",
}
TWICE_LEAST = 5  # places in a text: one may be a quotation


class Decoded(NamedTuple):
    """A text, what the ``charset`` column says of it (None: plain UTF-8), and its replacement characters."""

    text: str
    charset_note: str | None
    replaced: int


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Return ``data`` as text: by its byte order mark, as UTF-8, as ``declared``, or as CP949.

    When none fits, the one that needs the fewest replacement characters wins.
    """
    for mark, codec in BOMS:
        if data.startswith(mark):
            return _noted(data[len(mark) :].decode(codec, "replace"), codec, None)
    text = _utf8(data)
    if text is not None:
        return _noted(text, "utf-8", None if data.isascii() else declared)
    codecs_left = _order(data, declared)
    for codec in codecs_left:
        try:
            return _noted(data.decode(codec), codec, declared)
        except UnicodeDecodeError:
            continue
    texts = [(data.decode(codec, "replace"), codec) for codec in (*codecs_left, "utf-8")]
    text, codec = min(texts, key=lambda pair: pair[0].count(REPLACED))
    return _noted(text, codec, declared)


def is_plain(data: bytes, declared: str | None = None) -> bool:
    """Tell whether ``data`` is clean UTF-8 of which ``decode`` has nothing to note, without making its text."""
    told = data.isascii() or not declared or codec_of(declared) == "utf-8"
    return told and _is_utf8(data) and is_clean(data, UNCLEAN_OR_REPLACED)


def _is_utf8(data: bytes) -> bool:
    ends = np.array([0, len(data)], np.int64)
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, pa.py_buffer(ends), pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def undecodable(chars: int, replaced: int) -> bool:
    """Tell whether too much of a text was replaced: over 1 %, but one in a short text (a cut end) may be."""
    return replaced == chars > 0 or replaced > max(1, chars * UNDECODABLE_SHARE)


def is_binary(data: bytes) -> bool:
    """Tell whether bytes, or the first of them, are no text: a known magic number, or more than stray NULs."""
    if any(data.startswith(mark) for mark, _ in BOMS):
        return False
    return data.startswith(MAGICS) or (0 in data and data.count(0) > len(data) * NUL_SHARE)


def is_clean(data: bytes | pa.Buffer, unclean: Collection[int] = UNCLEAN) -> bool:
    """Tell whether UTF-8 holds nothing that ``sanitise`` changes, by its bytes: cheaper than a search of its text.

    ``unclean`` are the characters of three bytes that it must not hold, by these bytes.
    """
    codes = np.frombuffer(data, np.uint8)
    return all(_is_clean(codes[at : at + _BLOCK + 2], _BLOCK, unclean) for at in range(0, len(codes), _BLOCK))


def _is_clean(codes: npt.NDArray[np.uint8], size: int, unclean: Collection[int]) -> bool:
    """Do what ``is_clean`` does for characters that begin in the first ``size`` bytes."""
    own = codes[:size]
    if ((own < ord(" ")) & (own - ord("\t") > 1)).any() or (own == DELETE).any():  # \n follows \t
        return False
    places = np.flatnonzero((own & 0xDF == 0xC2) | (own == 0xEF))  # 0xC2, 0xE2, 0xEF
    first, second, third = (codes.take(places + after, mode="clip") for after in range(3))
    if ((first == 0xC2) & (second < 0xA0)).any():  # U+0080 to U+009F
        return False
    three = first.astype(np.uint32) << 16 | second.astype(np.uint16) << 8 | third
    return not any((three == one).any() for one in unclean)


def sanitise(text: str) -> str:
    r"""Return ``text`` with \n for every line end and a space for every other control character but the tab.

    Lone surrogates, byte order marks and U+FFFE, U+FFFF go: Parquet or XML cannot hold them.
    """
    text = text.replace("\r\n", "\n")
    if not _UNCLEAN.search(text):
        return text
    clean = re.sub(LINE_ENDS, "\n", _SURROGATES.sub("", text))
    return re.sub(CONTROLS, " ", re.sub(DROPPED, "", clean))


def sanitised(column: pl.Series) -> pl.Series:
    """Return ``sanitise`` of a column, which cannot hold surrogates in the first place."""
    if all(map(is_clean, _buffers(column))):
        return column
    ended = column.str.replace_all(LINE_ENDS, "\n")
    return ended.str.replace_all(DROPPED, "").str.replace_all(CONTROLS, " ")


def _buffers(column: pl.Series) -> Iterator[pa.Buffer]:
    """Give the bytes of a column's texts, and perhaps of texts that it held before; short ones lie apart."""
    yield from column.to_arrow(compat_level=pl.CompatLevel.newest()).buffers()[2:]
    short = column.filter(column.str.len_bytes() <= SHORT_BYTES)
    yield from filter(None, [short.to_arrow(compat_level=pl.CompatLevel.oldest()).buffers()[2]])


def without_surrogates(text: str) -> str:
    """Return ``text`` without lone surrogates, so that a column can hold it."""
    return _SURROGATES.sub("", text)


def encoded_twice(texts: pl.Series) -> pl.Series:
    """Return of each clean text a note where it looks like Hangul encoded twice, else null.

    The text stays as it is: what was lost on the way cannot be told from what was meant.
    """
    frame = pl.DataFrame({"text": texts}).lazy()
    found = [
        pl.when(pl.col("text").str.count_matches(pattern) >= TWICE_LEAST).then(pl.lit(note))
        for note, pattern in TWICE.items()
    ]
    return frame.select(twice=pl.coalesce(found)).collect()["twice"]


def codec_of(label: str | None) -> str | None:
    """Return the codec to use for a declared charset; None for none, an unknown one, or one that is no charset."""
    name = (label or "").strip().lower()
    if name.replace("_", "-") in KOREAN:
        return "cp949"
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    if found in WESTERN:
        return "cp1252"
    return found if found in OTHERS | SINGLE_BYTE or found.startswith("iso8859-") else None


def _utf8(data: bytes) -> str | None:
    """Return ``data`` as UTF-8 when it is: wholly, but for a last character cut off, or but for a few bytes."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    replaced = text.count(REPLACED)
    read = len(text) - len(text.encode("ascii", "ignore")) - replaced
    cut = replaced == 1 and text.endswith(REPLACED) and read > 0
    return text if cut or read > 4 * replaced else None


def _order(data: bytes, declared: str | None) -> tuple[str, ...]:
    """Return the codecs to try after UTF-8. A single-byte charset, the default of many servers, is doubted first."""
    codec = codec_of(declared)
    if codec in {None, "utf-8", "cp949"}:
        return ("cp949",)
    assert codec is not None
    return ("cp949",) if codec in SINGLE_BYTE and _korean(data) else (codec, "cp949")


def _korean(data: bytes) -> bool:
    """Tell whether most of what is not ASCII comes out of CP949 as runs of Hangul, not as single syllables."""
    text = data.decode("cp949", "replace")
    runs = sum(map(len, re.findall(r"[가-힣]{2,}", text)))
    return runs * 2 > len(text) - len(text.encode("ascii", "ignore"))


def _noted(text: str, codec: str, declared: str | None) -> Decoded:
    replaced = text.count(REPLACED) if REPLACED in text else 0  # to find one is cheaper than to count none
    note = codec
    label = (declared or "")[:LABEL_CHARS]
    if declared and codec_of(declared) != codec:
        note += f" though {label} was declared"
    elif declared and declared.lower() != codec:
        note += f" declared {label}"
    if replaced:
        note += f", {replaced} character{'s' if replaced > 1 else ''} replaced"
    plain = note == "utf-8" or (codec == "utf-8" and codec_of(declared) == codec and not replaced)
    return Decoded(text, None if plain else note, replaced)
