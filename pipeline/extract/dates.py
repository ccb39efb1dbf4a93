"""The time of publication of a page whose head does not say it."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

from pipeline.extract.page import Page
from pipeline.read.times import parse_time

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# A day and a time of day, as Korean pages write them. A day alone may be that of the newspaper's licence. A pattern a
# century: a text is searched far faster for one that begins with two given letters than for either of two.
STAMPS = tuple(
    re.compile(
        century + r"\d\d\s{0,2}[-./년]\s{0,2}\d\d?\s{0,2}[-./월]\s{0,2}\d\d?"
        r"(?:[^\d\s]|\s++){1,16}+\d\d?\s?[:시]\s?\d\d(?:\s?:\s?\d\d)?"
    )
    for century in ("20", "19")
)
LABEL = re.compile(
    r"(?:입력|등록|승인|송고|작성|게재|발행|보도)\s?(?:일시|일자|시간|날짜|일)?\s?:?\s?\[?\s?$"
)
FIGURES = re.compile(
    r"(?<!\d)(?:((?:19|20)\d\d)[-./](\d\d?)[-./](\d\d?)|(\d\d?)[-./](\d\d?)[-./]((?:19|20)\d\d))(?!\d)"
)
FIRST_YEAR = 1995  # htmldate's MIN_DATE
LABEL_CHARS, TITLE_CHARS = 80, 400  # of source text before a time, in which its word or the title stands
BELOW_TITLE = 3  # lines right below a title


def written_time(page: Page, title: str | None) -> datetime | None:
    """Return the time that a page shows behind a word like 입력, else in the lines right below its title."""
    body = page.tree.body
    text = body.text(separator="\n") if body is not None else ""
    found = chain.from_iterable(stamps.finditer(text) for stamps in STAMPS)
    written = sorted(found, key=re.Match.start)
    for stamp in written:
        before = text[max(0, stamp.start() - LABEL_CHARS) : stamp.start()]
        if LABEL.search(" ".join(before.split())):
            return parse_time(" ".join(stamp[0].split()))
    for stamp in written if title else ():
        before = text[max(0, stamp.start() - TITLE_CHARS) : stamp.start()]
        lines = [line for line in (" ".join(part.split()) for part in before.split("\n")) if line]
        if title in lines[-1 - BELOW_TITLE :]:
            return parse_time(" ".join(stamp[0].split()))
    return None


def found_day(tree: HtmlElement) -> datetime | None:
    """Return the day of publication that htmldate finds in address, tags and text of a page.

    It is given no source: one that is nothing but an address it would download.
    """
    from htmldate import find_date  # noqa: PLC0415 - most pages say their time, and its imports are many

    try:
        return parse_time(find_date(tree, original_date=True, extensive_search=False))
    except (ValueError, TypeError, AttributeError):  # htmldate on markup it did not expect
        return None


def day_in(text: str) -> datetime | None:
    """Return the day in a text: the first one in figures, year or day first, or else what htmldate finds there.

    Days before ``FIRST_YEAR``, as htmldate has it, are placeholders.
    """
    for figures in FIGURES.finditer(text):
        year, month, day = figures.group(1, 2, 3) if figures[1] else figures.group(6, 5, 4)
        found = parse_time(f"{year}-{month}-{day}")
        if found and int(year) >= FIRST_YEAR:
            return found
    from lxml.html import document_fromstring  # noqa: PLC0415

    root = document_fromstring("<html><body><p class='date'></p></body></html>")
    root.body[0].text = text
    return found_day(root)
