"""The head of a page: title, press, time and reporters, as its meta tags and JSON-LD say them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec

from pipeline.extract.article import Head
from pipeline.extract.page import Page
from pipeline.extract.selectors import selected
from pipeline.read.times import parse_time
from pipeline.rules import Pack

PORTAL = re.compile(
    r"(?:다음|daum|네이버|naver|네이트|nate|줌|zum|msn|언론사 뷰|카카오|kakao|구글|google)"
    r"(?:\s?(?:뉴스|news|스포츠|연예|view))?",
    re.IGNORECASE,
)
TITLE_END = re.compile(r"\s+[-–—|:<>»·]+\s+|\s*[|｜]\s*|\s::\s")
PERSON = re.compile(r"[가-힣]{2,4}(?:\s[가-힣]{2,8})?")
MAIL = re.compile(r"[(\[<]?\s*[\w.+-]+@[\w.-]+\s*[)\]>]?")
NAME_GAP = re.compile(r"\s*[,;·ㆍ/|]\s*")
# A press's own page names it as the site, and its reporter as the author; a portal's names the press as the author.
PRESS_METAS = ("og:site_name", "og:article:author", "twitter:creator", "dable:press", "article:publisher")
REPORTER = re.compile(r".*(?:기자|특파원)")
TIME_METAS = (
    "article:published_time", "og:regDate", "og:article:published_time", "pubdate", "datePublished",
    "dc.date.issued", "article:published", "parsely-pub-date", "date",
)  # fmt: skip
AUTHOR_METAS = ("dable:author", "article:author", "author", "byl")
TITLE_METAS = ("og:title", "twitter:title", "title")
NO_TITLE = {
    "document",
    "untitled",
    "untitled document",
    "제목 없음",
    "무제",
}  # what editors put in a new page
SECTION_METAS = ("article:section", "og:article:section", "dable:section", "section")
METAS = {*PRESS_METAS, *TIME_METAS, *AUTHOR_METAS, *SECTION_METAS, *TITLE_METAS}
MAX_TITLE_CHARS, MAX_SECTION_CHARS = 300, 40
MAX_CHARS = (
    2_000  # of any text that a head is read from; patterns here can take time in proportion to its square
)


def read_head(page: Page, layouts: Sequence[Pack] = ()) -> Head:
    """Return the head of a page: what the selectors of ``layouts`` find, else meta tags, else JSON-LD."""
    metas = _metas(page)
    data = next(news_data(page), {})
    press = next(_selected(page, layouts, "press"), None) or _press(metas, data)
    times = chain(_selected(page, layouts, "published"), _times(page, metas, data))
    return Head(
        title=_title(page, metas, data, layouts, press),
        press=press,
        published=next(filter(None, map(parse_time, times)), None),
        byline=_byline(metas, data, _found(page, layouts, "byline"), press) or None,
        section=_section(metas, data),
    )


def _selected(page: Page, layouts: Sequence[Pack], what: str) -> Iterator[str]:
    """Give the texts of the elements that the packs' selectors of ``what`` find, none empty."""
    return chain.from_iterable(_found(page, layouts, what))


def _found(page: Page, layouts: Sequence[Pack], what: str) -> Iterator[Iterator[str]]:
    """Give for each of the packs' selectors of ``what`` the texts of its elements, none empty."""
    for layout in layouts:
        for nodes in selected(page.tree, getattr(layout.extract, what)):
            yield filter(None, (_folded(node.text()) for node in nodes))


def _metas(page: Page) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in page.tree.tags("meta"):
        given = node.attributes
        name = given.get("property") or given.get("name") or given.get("itemprop")
        value = _folded(given.get("content")) if name in METAS and name not in found else None
        if name and value:
            found[name] = value
    return found


def news_data(page: Page) -> Iterator[dict[str, Any]]:
    """Give the JSON-LD objects of a page that describe an article."""
    for node in page.tree.css('script[type="application/ld+json"]'):
        try:
            waiting = [msgspec.json.decode(node.text(), strict=False)]
        except (msgspec.DecodeError, RecursionError):
            continue
        while waiting:
            item = waiting.pop()
            if isinstance(item, list):
                waiting.extend(reversed(item))
            elif isinstance(item, dict):
                waiting.extend(value for key, value in item.items() if key == "@graph")
                if "Article" in str(item.get("@type", "")):
                    yield item


def _press(metas: dict[str, str], data: dict[str, Any]) -> str | None:
    publisher = data.get("publisher")
    named = publisher.get("name") if isinstance(publisher, dict) else publisher
    for value in (*(metas.get(name) for name in PRESS_METAS), named):
        name = TITLE_END.split(value[:MAX_CHARS])[0].strip() if isinstance(value, str) else ""
        if (
            1 < len(name) <= 30
            and "://" not in name
            and not (PORTAL.fullmatch(name) or REPORTER.fullmatch(name))
        ):
            return name
    return None


def _title(
    page: Page,
    metas: dict[str, str],
    data: dict[str, Any],
    layouts: Sequence[Pack],
    press: str | None,
) -> str | None:
    headline = next(_selected(page, layouts, "title"), None)
    if headline:
        return headline[:MAX_TITLE_CHARS]
    tag = page.tree.css_first("title")
    candidates = (
        metas.get(TITLE_METAS[0]), data.get("headline"), *(metas.get(name) for name in TITLE_METAS[1:]),
        tag.text() if tag else None,
    )  # fmt: skip
    texts = (text for text in candidates if isinstance(text, str) and text.strip())
    given = next((text for text in texts if text.strip().lower() not in NO_TITLE), "")
    title = _without_site(_folded(given), page, {press or "", metas.get("og:site_name", "")})
    return title[:MAX_TITLE_CHARS] or next(_headings(page), None)


def _headings(page: Page) -> Iterator[str]:
    yield from filter(None, (_folded(node.text()) for node in page.tree.css("h1, h2, h3")))


def _without_site(title: str, page: Page, names: set[str]) -> str:
    """Return a title without the name of press or portal that a page puts after it."""
    ends = list(TITLE_END.finditer(title))
    headings = set(_headings(page)) if ends else set()
    for end in reversed(ends):
        head, tail = title[: end.start()], title[end.end() :]
        if head and (head in headings or tail in names - {""} or PORTAL.fullmatch(tail)):
            return head
    return title


def _times(page: Page, metas: dict[str, str], data: dict[str, Any]) -> Iterator[str | None]:
    yield from (metas.get(name) for name in TIME_METAS[:4])
    stamp = data.get("datePublished")
    yield stamp if isinstance(stamp, str) else None
    for node in page.tree.css("[data-date-time], time[datetime], [itemprop='datePublished']"):
        given = node.attributes
        yield given.get("data-date-time") or given.get("datetime") or given.get("content")
    yield from (metas.get(name) for name in TIME_METAS[4:])


def _byline(
    metas: dict[str, str], data: dict[str, Any], selected: Iterable[Iterator[str]], press: str | None
) -> list[str]:
    """Return the reporters that a page names: what looks like persons, e-mail addresses taken out.

    Of ``selected``, the texts by selector, the first that name persons count.
    """
    for texts in selected:
        names = [name for text in texts for name in _names(text)]
        persons = [name for name in names if PERSON.fullmatch(name) and name != press]
        if persons:
            return list(dict.fromkeys(persons))
    authors = data.get("author") or []
    authors = authors if isinstance(authors, list) else [authors]
    named = [item.get("name") if isinstance(item, dict) else item for item in authors]
    for given in (named, *([metas.get(name)] for name in AUTHOR_METAS)):
        names = [name for text in given if isinstance(text, str) for name in _names(text)]
        if names and all(PERSON.fullmatch(name) and name != press for name in names):
            return names
    return []


def _names(text: str) -> list[str]:
    return [name for name in NAME_GAP.split(MAIL.sub("", text[:MAX_CHARS]).strip()) if name]


def _section(metas: dict[str, str], data: dict[str, Any]) -> str | None:
    given = (*(metas.get(name) for name in SECTION_METAS), data.get("articleSection"))
    return next(
        (text for text in given if isinstance(text, str) and 0 < len(text) <= MAX_SECTION_CHARS), None
    )


def _folded(text: str | None) -> str:
    return " ".join((text or "")[:MAX_CHARS].split())
