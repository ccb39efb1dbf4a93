"""The matching form of a text: what two texts must share to count as the same text.

Copies of an article differ in spacing, in the shape of quotes and dashes and in characters that nobody sees,
because each press and each crawler writes those its own way. Words and figures are never touched: texts of one
template that differ in a date or a price are different texts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np
import polars as pl

from pipeline.dedup.utf8 import Texts, Utf8, utf8_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipeline.dedup.compiled import Kernels

    U8 = npt.NDArray[np.uint8]
    I64 = npt.NDArray[np.int64]
    U16 = npt.NDArray[np.uint16]

NORMALISER_VERSION: Final = 1  # part of the index fingerprint: raise it when any matching form changes

Text = TypeVar("Text", pl.Expr, pl.Series)

_INVISIBLE = r"[\s\p{Cf}]+"  # all white space, and format characters: zero-width space, soft hyphen, BOM
_CHANGES: Final = r"[^ -@\[-_a-~가-힣]"  # what may change: all but blanks, lower case, figures, signs, Hangul
_SAME: Final[dict[str, str]] = {
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)},  # full-width ASCII
    **dict.fromkeys("‘’‚‛`´′\u1fef\u1ffd「」｢｣﹁﹂", "'"),  # U+1FEF and U+1FFD are ` and ´ under NFC
    **dict.fromkeys("“”„‟″『』﹃﹄", '"'),
    **dict.fromkeys("‐‑‒–—―−﹘﹣", "-"),
    "｀": "'",  # full-width, but a quote first
}
# One character that neither combines with one before it nor changes with its neighbours. 0 means nothing in the
# tables, and there is a final sigma.
_ALONE: Final = r"^[^\x{0}\p{M}\p{Cn}Σ]$"
_AHEAD: Final = 64  # bytes behind texts that kernels may read and write
_TO_POLARS: Final = 0xFFFF  # in Tables.points: this character is not for the table
# Latin, Greek, Cyrillic; signs; ideographs that are others under NFC; full-width. Further scripts are left to Polars.
_LOOKED_UP: Final = (
    range(0x530),
    range(0x2000, 0x2C00),
    range(0x3000, 0x3400),
    range(0xF900, 0xFB00),
    range(0xFE00, 0xFFF0),
)
_AS_THEY_ARE: Final = (range(0x3400, 0xA000), range(0xAC00, 0xD7A4))  # ideographs and Hangul syllables


def matching_form(text: Text) -> Text:
    """Return the matching form of each text; null stays null.

    NFC and lower case; full-width ASCII as ASCII; curly and corner quotes as ' or ", dashes as -; white space
    and format characters removed. Digits are kept and never masked.
    """
    visible = text.str.replace_many(list(_SAME), list(_SAME.values())).str.replace_all(_INVISIBLE, "")
    return visible.str.to_lowercase().str.normalize("NFC")  # last: what stood between two parts is gone now


def forms_of(texts: Texts, rows: I64, kernels: Kernels | None) -> Utf8:
    """Return the matching forms of these rows of the texts, by the kernel where one is given."""
    forms = _by_kernel(texts, rows, kernels) if kernels else utf8_of(_forms_in_two(texts.column.gather(rows)))
    if texts.forget is not None:
        texts.forget()
    return forms


def _by_kernel(texts: Texts, rows: I64, kernels: Kernels) -> Utf8:
    size = int(texts.sizes(rows).sum())
    data, ends = np.empty(size + _AHEAD, np.uint8), np.empty(len(rows), np.int64)
    given = (texts.views, np.uint64(texts.views.ctypes.data), texts.addresses, rows)
    left = kernels.matching_forms(*given, *tables(), data, ends)
    if not left:
        return Utf8(data, np.concatenate([[0], ends]))
    others = utf8_of(matching_form(texts.column.gather(rows[ends < 0])))
    offsets = np.zeros(len(rows) + 1, np.int64)
    whole = np.empty(size + len(others.data) + _AHEAD, np.uint8)
    kernels.fill_in(data, ends, others.data, others.offsets, whole, offsets)
    return Utf8(whole, offsets)


def _forms_in_two(texts: pl.Series) -> pl.Series:
    """Return matching forms; where nothing but blanks would change, only those are taken out, which is faster."""
    plain = ~texts.str.contains(_CHANGES)
    order = np.argsort(~plain.to_numpy(), kind="stable")
    forms = [texts.filter(plain).str.replace_all(" ", "", literal=True), matching_form(texts.filter(~plain))]
    return pl.concat(forms).gather(np.argsort(order))


class Tables(NamedTuple):
    """The matching form of single characters, where that says what becomes of them in any text.

    A byte ``b`` becomes ``as_byte[b]``, or nothing where ``keeps[b]`` is 0, unless the byte after it is outside
    ``least[b]`` to ``most[b]``: then the character's code point becomes ``points[…]``, and 0 is nothing. Where
    that is 65535, the whole text is for ``matching_form``.
    """

    as_byte: U8
    keeps: U8
    least: U8
    most: U8
    points: U16


@cache
def tables() -> Tables:
    """Return the tables of the characters that neither combine with others nor depend on where they stand."""
    points = np.full(1 << 16, _TO_POLARS, np.uint16)
    for same in _AS_THEY_ARE:
        points[same.start : same.stop] = np.arange(same.start, same.stop)
    codes = [code for some in _LOOKED_UP for code in some]
    each = pl.DataFrame({"code": codes, "char": [*map(chr, codes)]})
    each = each.filter(pl.col("char").str.contains(_ALONE)).with_columns(form=matching_form(pl.col("char")))
    form = pl.col("form").str
    points[each.filter(form.len_chars() == 0)["code"].to_numpy()] = 0
    fits = (
        (form.len_chars() == 1) & (form.len_bytes() <= pl.col("char").str.len_bytes()) & form.contains(_ALONE)
    )
    given = each.filter(fits)
    points[given["code"].to_numpy()] = np.frombuffer(
        given["form"].str.join("").item().encode("utf-16-le"), np.uint16
    )
    as_byte, keeps = np.arange(256, dtype=np.uint8), np.ones(256, np.uint8)
    as_byte[:128], keeps[:128] = points[:128], points[:128] > 0
    least, most = np.zeros(256, np.uint8), np.full(256, 255, np.uint8)  # nothing to look up
    least[0] = least[0xC2:] = (
        255  # U+0000, which the table cannot tell from nothing, and what takes more bytes, but:
    )
    least[0xE4:0xEA] = least[0xEB:0xED] = 0  # U+4000 to U+9FFF, U+B000 to U+CFFF
    least[0xEA] = 0xB0  # from U+AC00
    least[0xED], most[0xED] = 0, 0x9D  # to U+D77F
    return Tables(as_byte, keeps, least, most, points)
