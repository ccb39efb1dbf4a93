"""Articles that a page keeps only in its scripts: JSON-LD ``articleBody``, and what Next.js sends."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.metadata import news_data
from pipeline.extract.page import Page
from pipeline.extract.walk import own_texts, paragraphs

LEAST_CHARS = 200  # of an article in a script; shorter strings are descriptions and captions
# A page that shows half as much text as its scripts hold shows the article itself.
SHOWN_SHARE = 0.5
# What repeats is never tried in smaller pieces (``*+``): else the pattern holds 250 bytes for each character it passes.
FLIGHT = re.compile(r'self\.__next_f\.push\(\[1,\s*+("[^"\\]*+(?:\\.[^"\\]*+)*+")\s*\]\)')
STRING = re.compile(r'"(?=(?:[^"\\]|\\.){200})[^"\\]*+(?:\\.[^"\\]*+)*+"')
MARKUP = re.compile(r"<(?:p|br|div|span)\b", re.IGNORECASE)
SENTENCE = re.compile(r"[다요죠까.][.!?”\"]?(?:\s|<|$)")


def payload_text(page: Page, shown: list[str]) -> list[str]:
    """Return the paragraphs of the article in a page's scripts; none when ``shown`` has about as much text."""
    candidates = [_paragraphs(text) for text in (*_article_bodies(page), *_strings(page))]
    best = max(candidates, key=lambda lines: (sum(map(len, lines)), lines), default=[])
    chars = sum(map(len, best))
    hidden = sum(map(len, shown)) < SHOWN_SHARE * chars
    unglued = len(best) > len(shown) and _letters(best) == _letters(
        shown
    )  # trafilatura gives articleBody as one line
    return best if chars >= LEAST_CHARS and (hidden or unglued) else []


def _letters(lines: list[str]) -> str:
    return "".join("".join(lines).split())


def _article_bodies(page: Page) -> Iterator[str]:
    for data in news_data(page):
        body = data.get("articleBody")
        if isinstance(body, str):
            yield body


def _strings(page: Page) -> Iterator[str]:
    """Give the long strings of prose in what Next.js sends: its chunks are one text, cut anywhere."""
    texts = (node.text() for node in page.tree.css("script")) if b"__next_f" in page.source else ()
    scripts = (text for text in texts if "__next_f" in text)
    chunks = [_decoded(chunk) for script in scripts for chunk in FLIGHT.findall(script)]
    for literal in STRING.findall("".join(chunks)):
        text = _decoded(literal)
        if len(SENTENCE.findall(text)) > 2:
            yield text


def _decoded(literal: str) -> str:
    try:
        return msgspec.json.decode(literal, type=str)
    except msgspec.DecodeError:
        return ""


def _paragraphs(text: str) -> list[str]:
    if MARKUP.search(text):
        body = LexborHTMLParser(text).body
        return own_texts(paragraphs(body)) if body is not None else []
    return [line for line in (" ".join(part.split()) for part in text.split("\n")) if line]
