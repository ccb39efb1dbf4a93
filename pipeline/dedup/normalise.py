"""The matching form of a text: what two texts must share to count as the same text.

Copies of an article differ in spacing, in the shape of quotes and dashes and in characters that nobody sees,
because each press and each crawler writes those its own way. Words and figures are never touched: texts of one
template that differ in a date or a price are different texts.
"""

from __future__ import annotations

from typing import Final, TypeVar

import polars as pl

NORMALISER_VERSION: Final = 1  # part of the index fingerprint: raise it when any matching form changes

Text = TypeVar("Text", pl.Expr, pl.Series)

_INVISIBLE = r"[\s\p{Cf}]+"  # all white space, and format characters: zero-width space, soft hyphen, BOM
_SAME: Final[dict[str, str]] = {
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)},  # full-width ASCII
    **dict.fromkeys("‘’‚‛`´′\u1fef\u1ffd「」｢｣﹁﹂", "'"),  # U+1FEF and U+1FFD are ` and ´ under NFC
    **dict.fromkeys("“”„‟″『』﹃﹄", '"'),
    **dict.fromkeys("‐‑‒–—―−﹘﹣", "-"),
    "｀": "'",  # full-width, but a quote first
}


def matching_form(text: Text) -> Text:
    """Return the matching form of each text; null stays null.

    NFC and lower case; full-width ASCII as ASCII; curly and corner quotes as ' or ", dashes as -; white space
    and format characters removed. Digits are kept and never masked.
    """
    visible = text.str.replace_many(list(_SAME), list(_SAME.values())).str.replace_all(_INVISIBLE, "")
    return visible.str.to_lowercase().str.normalize("NFC")  # last: what stood between two parts is gone now
