"""Templates of lines: what is left of a text when all that varies from page to page is masked.

A template is written with marks such as ‹date›, so that a person can read it, and ``pattern`` turns it back into a
regular expression for a rule.
"""

from __future__ import annotations

import re

import polars as pl

from pipeline.strip.shapes import only

MASKED_CHARS = 120  # of a line in which something may vary; longer ones must be equal

DATE, TIME, NAME, MAIL, URL, CALL = "‹date›", "‹time›", "‹name›", "‹mail›", "‹url›", "‹call›"
NUMBER = "0"  # every digit is masked where numbers are, so a 0 is never itself

_JOB = "(?:(?:선임|전문|수습|인턴|객원)?기자|특파원|통신원|논설위원|앵커|아나운서|리포터|PD)"
_NAMES = r"(?:[가-힣]{2,4}\s?[·,/&]\s?)*[가-힣]{2,4}"
_LONG_NAME = "[가-힣]{3,4}"  # before an address: two letters are a word there (제보, 문의)
_WEEKDAY = r"(?:\s?\([월화수목금토일](?:요일)?\)|\s[월화수목금토일]요일)"
_DAY = rf"(?:19|20)?\d{{2}}\s?[-./년]\s?\d{{1,2}}\s?[-./월]\s?\d{{1,2}}(?:\s?일|\.)?{_WEEKDAY}?"
_MONTH_DAY = r"\d{1,2}\s?[./월]\s?\d{1,2}(?:일|\.)?"
_HOUR = r"(?:(?:오전|오후|[AaPp][Mm])\s?)?\d{1,2}(?::\d{2}){1,2}(?:\s?[AaPp][Mm])?"
_ADDRESS = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_LINK = r"(?:https?://|www\.)[^\s<>()]+"
_PHONE = r"0\d{1,3}[-)]\s?\d{3,4}-\d{4}|1\d{3}-\d{4}"
_COUNT = r"\d[\d,]*"
_MASKS = (
    (r"\p{Cf}+|\s{2,}|[^\S ]", " "),
    (_LINK, URL),
    (_ADDRESS, MAIL),
    (_PHONE, CALL),
    (rf"(^|\D){_DAY}", f"$1{DATE}"),
    (rf"{_MONTH_DAY}(\s\d{{1,2}}:\d{{2}})", f"{DATE}$1"),
    (_HOUR, TIME),
    (rf"{_LONG_NAME}(\s?{_JOB})?(\s?[(\[<]?{MAIL})", f"{NAME}$1$2"),
    (rf"{_NAMES}(\s?{_JOB})([^가-힣]|$)", f"{NAME}$1$2"),
)
# Figures that say something: a rate, a sum, a measure. Rows of them differ in what they tell, not in a count.
_UNIT = r"[%％℃㎡㎏㎞㎜]|[만천백]?\s?(?:원|달러|엔|위안|유로)|억|조|도|포인트|[gkmc][gm](?:[^a-z]|$)"
_FIGURE = rf"\d\s?(?:{_UNIT})|\d\.\d|(?:^|\s)[+▲▼△▽-]\s?\d"
_PATTERNS = {
    DATE: f"(?:{_DAY}|{_MONTH_DAY})",
    TIME: _HOUR,
    NAME: _NAMES,
    MAIL: _ADDRESS,
    URL: _LINK,
    CALL: f"(?:{_PHONE})",
    NUMBER: _COUNT,
}


def with_template(lines: pl.DataFrame) -> pl.DataFrame:
    """Return ``lines[text]`` with ``template``: dates, times, addresses, reporters' names and counts are masked.

    A line of more than ``MASKED_CHARS`` characters is its own template, and figures with a unit stay as they are.
    """
    short = pl.col("text").str.len_chars() <= MASKED_CHARS
    masked = only(short, pl.col("text"))
    for mask, sign in _MASKS:
        masked = masked.str.replace_all(mask, sign)
    steps = lines.with_columns(template=masked.str.strip_chars())  # one by one, or Polars masks thrice
    told = only(~pl.col("template").str.contains(_FIGURE), pl.col("template")).str.replace_all(_COUNT, NUMBER)
    steps = steps.with_columns(counted=told)
    text = pl.when(~short).then("text").when(pl.col("counted") == "").then("template").otherwise("counted")
    return steps.with_columns(template=text).drop("counted")


def pattern(text: str) -> str:
    """Return a regular expression for Polars that matches every line whose template is ``text``, and nothing longer."""
    marks = "|".join(map(re.escape, _PATTERNS))
    figures = re.search(r"[1-9]", text) is not None  # its digits were not masked: a 0 stands for itself
    parts = (
        _PATTERNS[part] if part in _PATTERNS and not (figures and part == NUMBER) else _literal(part)
        for part in re.split(f"({marks})", text)
    )
    return f"^{''.join(parts)}$"


def words(text: str) -> list[str]:
    """Return the pieces of a template that stand in every line of it, the longest first."""
    marks = "|".join(map(re.escape, _PATTERNS))
    pieces = (piece for part in re.split(marks, text) for piece in part.split())
    return sorted(
        {piece for piece in pieces if re.search(r"\w{2}", piece)}, key=lambda word: (-len(word), word)
    )


def _literal(text: str) -> str:
    return " ".join(
        map(re.escape, text.split(" "))
    )  # a space reads better without the backslash it does not need
