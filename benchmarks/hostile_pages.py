"""Pages made to hurt, the same for the same seed: each kind is one way to take time, memory or text from a reader.

``size`` is about the bytes of markup that a kind repeats. Every HTML page also holds the short article ``TEXT``.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

TEXT = tuple(
    f"가나시는 {n}일 새 도서관을 열고 시민 누구나 밤 {n + 2}시까지 책을 읽을 수 있게 한다고 밝혔다."
    for n in range(3, 8)
)
ARTICLE = "<article>" + "".join(f"<p>{line}</p>" for line in TEXT) + "</article>"
SMALL, LARGE = (
    (300, 60_000),
    (200_000, 12_000_000),
)  # bytes; sizes between are as likely on a scale of logarithms
LARGE_EACH = 100  # one page in so many is a large one
OTHERWISE = 0.25  # of the pages are not plain UTF-8 in a file of HTML
MOST_ATTRIBUTES = 20_000  # the parser's time goes by their square, and nothing but the limit of time knows


class Page(NamedTuple):
    """A file of the hostile crawl."""

    name: str
    data: bytes


def page(body: str, head: str = "") -> str:
    """Return an HTML page."""
    return f"<!doctype html><html><head><title>제목</title>{head}</head><body>{body}</body></html>"


def times(part: str, size: int) -> str:
    """Return ``part`` again and again, about ``size`` bytes of it."""
    return part * max(1, size // len(part.encode()))


def numbered(part: str, size: int) -> str:
    """Return ``part`` with 0, 1, 2 … in its place ``{}``, about ``size`` bytes of it."""
    return "".join(part.format(n) for n in range(max(1, size // (len(part.encode()) + 2))))


def around(begin: str, end: str, size: int) -> str:
    """Return the article inside of many elements, closed or left open."""
    count = max(1, size // len(begin + end))
    return page(begin * count + ARTICLE + end * count)


def json_ld(data: str) -> str:
    """Return a script of JSON-LD."""
    return f'<script type="application/ld+json">{data}</script>'


def flight(data: str) -> str:
    """Return a script by which Next.js sends ``data``."""
    return f"<script>self.__next_f.push([1,{data}])</script>"


def entities(size: int) -> str:
    """Return a page whose document type declares entities of entities."""
    names = "".join(f"<!ENTITY a{n + 1} '" + f"&a{n};" * 10 + "'>" for n in range(10))
    return f"<!DOCTYPE html [<!ENTITY a0 '가'>{names}]>" + page(times("&a10;", size) + ARTICLE)


def remade(size: int) -> str:
    """Return a page whose open tags the parser makes anew in each paragraph: elements by the square of its size."""
    return page(f"<p>{numbered('<font color={}>', size // 2)}</p>{times('<p>가</p>', size // 2)}{ARTICLE}")


HTML: dict[str, Callable[[int], str]] = {
    "an article": lambda size: page(ARTICLE + times(f"<p>{TEXT[0]}</p>", size)),
    "wrappers": lambda size: around("<div>", "</div>", size),
    "divs left open": lambda size: around("<div>", "", size),
    "bold left open": lambda size: around("<p><b>가", "", size),
    "fonts left open": lambda size: around("<p><font size=2>가", "", size),
    "tables in tables": lambda size: around("<table><tr><td>", "", size),
    "lists in lists": lambda size: around("<ul><li>", "", size),
    "definitions": lambda size: around("<dl><dt>", "", size),
    "quotes in quotes": lambda size: around("<blockquote>", "</blockquote>", size),
    "buttons": lambda size: around("<button><div>", "", size),
    "pictures in pictures": lambda size: around("<svg><g>", "", size),
    "templates": lambda size: around("<template>", "</template>", size),
    "noscripts": lambda size: around("<noscript><div>", "", size),
    "crossed": lambda size: around("<b><i><p></b></i>", "", size),
    "links in links": lambda size: around("<a href=x><p>", "", size),
    "framesets": lambda size: "<frameset>" * (size // 10) + ARTICLE,
    "pages in pages": lambda size: "<html><body>" * (size // 12) + ARTICLE,
    "remade": remade,
    "paragraphs": lambda size: page(times("<p>가", size) + ARTICLE),
    "breaks": lambda size: page(f"<article><p>{times('가나다<br>', size)}</p></article>"),
    "nothing": lambda size: page(times("<i></i>", size) + ARTICLE),
    "headings": lambda size: page(times("<h1>가</h1>", size) + ARTICLE),
    "options": lambda size: page(f"<select>{times('<option>가', size)}</select>{ARTICLE}"),
    "rows": lambda size: page(f"<table>{times('<tr><td>1', size)}</table>{ARTICLE}"),
    "wide cells": lambda size: page(
        f"<table>{times('<tr><td colspan=9007199254740991 rowspan=9e15>가</td></tr>', size)}</table>{ARTICLE}"
    ),
    "tables": lambda size: page(times("<table><tr><td>가</td></tr></table>", size) + ARTICLE),
    "links": lambda size: page(times("<p><a href=/1>가나다</a></p>", size) + ARTICLE),
    "closed": lambda size: page(times("</p></x>", size) + ARTICLE),
    "signs": lambda size: page("<" * size + ARTICLE),
    "strange tags": lambda size: page(numbered("<x{0}></x{0}>", size) + ARTICLE),
    "a long tag": lambda size: page(f"<{'x' * size}>{ARTICLE}"),
    "attributes": lambda size: page(f"<div {numbered('a{}=1 ', min(size, 7 * MOST_ATTRIBUTES))}>{ARTICLE}</div>"),
    "one attribute": lambda size: page(f"<div {times('a=1 ', size)}>{ARTICLE}</div>"),
    "classes": lambda size: page(f"<div class='{numbered('c{} ', size)}'>{ARTICLE}</div>"),
    "a picture": lambda size: page(f"<img src='data:image/png;base64,{times('QUJD', size)}'>{ARTICLE}"),
    "entities": entities,
    "ampersands": lambda size: page(f"<p>{'&' * size}</p>{ARTICLE}"),
    "one line": lambda size: page(f"<p>{times(TEXT[0], size)}</p>"),
    "one word": lambda size: page(f"<p>{times('가', size)}</p>{ARTICLE}"),
    "blanks": lambda size: page(f"<p>{' ' * size}</p>{ARTICLE}"),
    "lines": lambda size: page(ARTICLE + "<pre>" + times("가나다\n", size) + "</pre>"),
    "emoji": lambda size: page(f"<p>😀{times('lorem ipsum ', size)}</p>{ARTICLE}"),
    "dates": lambda size: page(f"{ARTICLE}<p>{times('2024-05-13 ', size)}</p>"),
    "nulls": lambda size: page(times("<p>\0가", size) + ARTICLE),
    "a comment": lambda size: page(f"<!--{'-' * size}-->{ARTICLE}"),
    "comments": lambda size: page(times("<!---->", size) + ARTICLE),
    "an open comment": lambda size: page(f"{ARTICLE}<!--{'x' * size}"),
    "instructions": lambda size: page(times("<?x y?>", size) + ARTICLE),
    "character data": lambda size: page(times("<![CDATA[", size) + ARTICLE),
    "a script": lambda size: page(ARTICLE, "<script>" + times("var a = '<p>가</p>';", size) + "</script>"),
    "an open script": lambda size: page(f"{ARTICLE}<script>{'x' * size}"),
    "deep data": lambda size: page(ARTICLE, json_ld("[" * size)),
    "deep graphs": lambda size: page(ARTICLE, json_ld('{"@graph":[' * (size // 11))),
    "a long number": lambda size: page(ARTICLE, json_ld("9" * size)),
    "much data": lambda size: page(ARTICLE, times(json_ld('{"@type":"Article"}'), size)),
    "a body in data": lambda size: page(
        "", json_ld(json.dumps({"@type": "NewsArticle", "articleBody": times("".join(TEXT), size)}))
    ),
    "flights": lambda size: page(ARTICLE, times(flight('"가\\"나"'), size)),
    "an open flight": lambda size: page(ARTICLE, '<script>self.__next_f.push([1,"' + "\\" * size + "</script>"),
    "metas": lambda size: page(ARTICLE, times('<meta name="a" content="b">', size)),
    "open metas": lambda size: "<html><head>" + times("<meta canonical ", size) + ARTICLE,
    "a meta of one word": lambda size: page(ARTICLE, f"<meta og:url {'a' * size}>"),
    "a long title": lambda size: page(ARTICLE, f"<meta property='og:title' content='{times('가 - ', size)}'>"),
    "a long author": lambda size: page(ARTICLE, f"<meta name='author' content='{times('(a@', size)}'>"),
    "times": lambda size: page(ARTICLE + times("<time datetime=x>2</time>", size)),
}  # fmt: skip


def files(count: int, seed: int) -> Iterator[Page]:
    """Give ``count`` files of hostile pages: every kind as HTML in turn, and of each tenth page another container."""
    rng = random.Random(seed)  # noqa: S311 - a fixed seed
    kinds = list(HTML)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        low, high = LARGE if rng.randrange(LARGE_EACH) == 0 else SMALL
        markup = HTML[kind](round(low * (high / low) ** rng.random()))
        name = f"{number:06d}-{kind.replace(' ', '-')}"
        yield _packed(name, markup, rng)


def _packed(name: str, markup: str, rng: random.Random) -> Page:
    """Return a page as HTML, or in another container or charset, now and then a wrong or a broken one."""
    data = markup.encode()
    middle = len(data) // 2
    url = f"https://{name}.example/1"
    others = (
        Page(f"{name}.html", markup.encode("cp949", "replace")),
        Page(f"{name}.html", b'<meta charset="euc-kr">' + data),
        Page(f"{name}.html", data[:middle] + rng.randbytes(9) + data[middle:]),
        Page(f"{name}.html", data[: -1 - rng.randrange(min(len(data) - 1, 200))]),
        Page(f"{name}.html.gz", packed(data)),
        Page(f"{name}.html.gz", packed(data)[:-9]),
        Page(f"{name}.jsonl", json.dumps({"url": url, "html": markup}).encode()),
        Page(f"{name}.txt", data),
        Page(f"{name}.warc.gz", _record(url, zlib.compress(data, 1), "deflate")),
        Page(f"{name}.warc.gz", _record(url, packed(data)[:-4], "gzip")),
    )
    return rng.choice(others) if rng.random() < OTHERWISE else Page(f"{name}.html", data)


def packed(data: bytes) -> bytes:
    """Return a gzip member without a clock in it."""
    return gzip.compress(data, 1, mtime=0)


def _record(url: str, body: bytes, encoding: str) -> bytes:
    """Return a packed WARC record of a page that was sent under a content encoding."""
    sent = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {encoding}\r\n\r\n".encode() + body
    )
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
        f"Content-Type: application/http\r\nContent-Length: {len(sent)}\r\n\r\n"
    )
    return packed(head.encode() + sent + b"\r\n\r\n")
