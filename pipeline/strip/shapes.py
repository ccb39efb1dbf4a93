"""Shapes of lines that several stages ask about."""

from __future__ import annotations

import polars as pl

BODY_CHARS = 40
_CLOSING = r"\s*[\"'”’」』)\]》〉]*$"
# A full stop or its like, or a Korean verb ending without one, then closing quotes and brackets.
SENTENCE_END = rf"([.!?。…]|[다요죠까]){_CLOSING}"


def body_like(text: pl.Expr) -> pl.Expr:
    """Tell whether a line reads like a paragraph of an article: 40 characters or more, ending like a sentence."""
    return (text.str.len_chars() >= BODY_CHARS) & text.str.contains(SENTENCE_END)
