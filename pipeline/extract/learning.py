"""Learning templates: where a site keeps its articles, found from a few of its pages.

A site lays out thousands of pages alike. On a few of them trafilatura finds the main text; the element whose text
agrees best with it on all of them is the site's template, and the site's other pages are read by it directly. Single
decisions of a general extractor are noisy; what holds on all learning pages is not. docs/extraction.md has the
algorithm in prose.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from msgspec import structs
from selectolax.lexbor import LexborNode

from pipeline.extract.dates import day_in
from pipeline.extract.page import Page, parsed
from pipeline.extract.templates import LISTED, Template, f1, field_value, read, signature, words_of
from pipeline.extract.walk import listed_texts, own_texts, paragraphs

LEARN_PAGES, CHECK_PAGES = 8, 8  # each costs a call of trafilatura
LEAST_PAGES = 4
# With trafilatura on the checking pages; below, the element found may well be the wrong one.
LEAST_AGREEMENT = 0.9
LEAST_CHARS = 200  # of main text: shorter pages teach nothing
HOLDERS = ("div", "section", "article", "td", "main")
# fmt: off
PARTS = (
    *HOLDERS, "ul", "ol", "p", "table", "aside", "form", "figure", "span", "dl", "h1", "h2", "h3", "h4", "h5",
)
# fmt: on
DROP_SHARE = (
    0.2  # of a part's words that the main texts know: below, the part is furniture inside the article
)
SHARED_PAGES = (
    0.5  # of the teaching pages that have a line, at least SHARED_LEAST: it is none of an article's own
)
SHARED_LEAST = 3
DAY_PAGES = 0.8  # of the teaching pages whose day stands in an element
# htmldate errs page by page: what agrees on a third of the pages, and on several days, does not agree by chance.
VARIED_PAGES, VARIED_DAYS = 1 / 3, 3
FIELD = re.compile(r"[\w-]+")
DAY_CHARS, DAY_DIGITS = 80, 3  # of an element that may show a day


class Lesson(NamedTuple):
    """A page that teaches: its source, its main text, and its day where only htmldate finds one.

    ``asked``: its head and its text say no time, so that htmldate was asked.
    """

    content: str
    lines: list[str]
    day: datetime | None
    asked: bool


class _Taught(NamedTuple):
    page: Page
    holders: dict[str, list[LexborNode]]
    words: Counter[str]


def learn(lessons: Sequence[Lesson]) -> Template | None:
    """Return the template of a site from pages of it, or None when no element agrees well enough.

    ``lessons`` come in an order that does not depend on when their pages came: the first ``LEARN_PAGES`` that hold
    enough text teach, the next ``CHECK_PAGES`` check.
    """
    known = Counter(line for lesson in lessons for line in set(lesson.lines))
    taught = [
        _taught(lesson, [line for line in lesson.lines if known[line] == 1])
        for lesson in lessons
        if sum(len(line) for line in lesson.lines if known[line] == 1) >= LEAST_CHARS
    ]
    learning, checking = taught[:LEARN_PAGES], taught[LEARN_PAGES:]
    body = _best(learning) if len(learning) >= LEAST_PAGES else None
    if body is None:
        return None
    template = Template(body, _furniture(learning, body), pages=len(learning))
    template = structs.replace(template, lines=_shared(learning, template))
    agreed = [f1(words_of(own_texts(read(it.page, template))), it.words) for it in checking or learning]
    agreement = round(sum(agreed) / len(agreed), 4)
    if agreement < LEAST_AGREEMENT:
        return None
    return structs.replace(template, agreement=agreement, day=_day(lessons))


def _taught(lesson: Lesson, lines: list[str]) -> _Taught:
    page = parsed(lesson.content)
    holders = defaultdict(list)
    for node in page.tree.css(",".join(HOLDERS)):
        name = signature(node)
        if name:
            holders[name].append(node)
    listed = listed_texts(page.tree.body)
    own = [line for line in lines if line.removeprefix("- ") not in listed]
    return _Taught(page, holders, words_of(own))


def _best(pages: Sequence[_Taught]) -> str | None:
    """Return the signature that names one element on a page and agrees best on all of them."""
    scores: defaultdict[str, float] = defaultdict(float)
    for page in pages:
        for name, nodes in page.holders.items():
            if len(nodes) == 1:
                scores[name] += f1(words_of(own_texts(paragraphs(nodes[0], None, LISTED))), page.words)
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    return ranked[0][0] if ranked else None


def _furniture(pages: Sequence[_Taught], body: str) -> tuple[str, ...]:
    """Return the signatures of parts inside the body element whose words the main texts hardly know."""
    known: Counter[str] = Counter()
    total: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for page in pages:
        for root in page.holders.get(body, []):
            found: defaultdict[str, Counter[str]] = defaultdict(Counter)
            for node in root.css(",".join(PARTS)):
                name = signature(node)
                if name and node.mem_id != root.mem_id:
                    found[name] += words_of(own_texts(paragraphs(node)))
            for name, words in found.items():
                known[name] += sum((words & page.words).values())
                total[name] += sum(words.values())
                seen[name] += 1
    return tuple(
        sorted(
            name
            for name in total
            if total[name] and seen[name] > 1 and known[name] < DROP_SHARE * total[name]
        )
    )


def _shared(pages: Sequence[_Taught], template: Template) -> tuple[str, ...]:
    """Return the lines that stand in the articles of many teaching pages."""
    counts = Counter(line for it in pages for line in set(own_texts(read(it.page, template))))
    least = max(SHARED_LEAST, SHARED_PAGES * len(pages))
    return tuple(sorted(line for line, count in counts.items() if count >= least))


def _day(lessons: Sequence[Lesson]) -> str | None:
    """Return where a page shows the day that htmldate finds, as ``Template.day`` has it."""
    asked = [lesson for lesson in lessons if lesson.asked]
    dated = [lesson for lesson in asked if lesson.day]
    if len(asked) < LEAST_PAGES:
        return None
    if 2 * len(dated) < len(asked):
        return ""
    days: defaultdict[str, list[datetime]] = defaultdict(list)
    for lesson in dated:
        for name, text in _short(parsed(lesson.content)):
            if (day := day_in(text)) == lesson.day and day is not None:
                days[name].append(day)
    ranked = sorted(days.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    if not ranked:
        return None
    name, agreed = ranked[0]
    varied = len(agreed) >= VARIED_PAGES * len(dated) and len(set(agreed)) >= VARIED_DAYS
    return name if varied or len(agreed) >= DAY_PAGES * len(dated) else None


def _short(page: Page) -> Iterator[tuple[str, str]]:
    """Give name and text of the first element of each signature, and of each form's field, that may show a day."""
    seen = set()
    for name, text in chain(_signatures(page), _fields(page)):
        if name not in seen:
            seen.add(name)
            if len(text) <= DAY_CHARS and sum(sign.isdigit() for sign in text) >= DAY_DIGITS:
                yield name, text


def _signatures(page: Page) -> Iterator[tuple[str, str]]:
    for node in page.tree.css("body [id], body [class]"):
        if name := signature(node):
            yield name, " ".join(node.text().split())


def _fields(page: Page) -> Iterator[tuple[str, str]]:
    for node in page.tree.css("input[name][value]"):
        name = node.attributes["name"] or ""
        if FIELD.fullmatch(name):
            yield f'input[name="{name}"]', field_value(node)
