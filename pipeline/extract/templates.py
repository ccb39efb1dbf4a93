"""Learned templates: reading the pages of a site by where it keeps its articles. How that is found: learning.py."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.dates import day_in
from pipeline.extract.page import Page
from pipeline.extract.walk import Paragraph, captions_of, own_texts, paragraphs

UNNAMED = re.compile(r"\d{3,}|[^\w-]")  # in a class or id: it numbers the page, or is no plain name
WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # scripts without blanks between words
LISTED = "template/drop a list of links"
CAPTION = "template/drop figcaption"
MIN_CHARS = 60  # of an article: below, what stands in its element is a photo's caption, or furniture


class Template(Struct, frozen=True):
    """Where a site's articles are: the signature of their element, and of parts of it that are no article.

    ``lines`` are texts in the element that many articles share. ``day`` is the signature of the element that shows the
    day of publication, or the CSS selector of a form's field that holds it; empty: the site shows none; None: it is
    not known where.
    ``agreement``: mean token F1 with trafilatura on pages that were not learned from; ``pages``: how many taught it.
    """

    body: str
    drop: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    day: str | None = None
    agreement: float = 0.0
    pages: int = 0


def read(page: Page, template: Template) -> list[Paragraph]:
    """Return the paragraphs of the template's element; none when the page has no such element, or several.

    A page that would be left without an article, as one of a photo and its caption, keeps its captions.
    """
    nodes = list(signed(page.tree, template.body))
    if len(nodes) != 1:
        return []
    dropped = {
        node.mem_id: f"template/drop {part}" for part in template.drop for node in signed(nodes[0], part)
    }
    captions = captions_of(nodes[0], CAPTION)
    lines = _shared(paragraphs(nodes[0], {**captions, **dropped}, LISTED), template)
    if not captions or sum(map(len, own_texts(lines))) >= MIN_CHARS:
        return lines
    return _shared(paragraphs(nodes[0], dropped, LISTED), template)


def _shared(lines: list[Paragraph], template: Template) -> list[Paragraph]:
    """Return ``lines``, those that many articles share as a part of their own."""
    shared = set(template.lines)
    return [
        line._replace(part=line.part or "template/drop a line of many articles")
        if line.text in shared
        else line
        for line in lines
    ]


def shown_day(page: Page, template: Template) -> datetime | None:
    """Return the day of publication in the first of the template's elements that shows one."""
    if not template.day:
        return None
    if template.day.startswith("input["):
        texts = (field_value(node) for node in page.tree.css(template.day))
    else:
        texts = (" ".join(node.text().split()) for node in signed(page.tree, template.day))
    return next(filter(None, map(day_in, texts)), None)


def field_value(node: LexborNode) -> str:
    """Return what a field of a form holds, blanks folded."""
    return " ".join((node.attributes.get("value") or "").split())


def agreement(lines: Sequence[str], others: Sequence[str]) -> float:
    """Return the token F1 of two texts."""
    return f1(words_of(lines), words_of(others))


def words_of(lines: Sequence[str]) -> Counter[str]:
    """Return the words of lines; characters where a script has no blanks between words."""
    text = "\n".join(lines)
    return Counter(re.findall(r"\w" if WIDE.search(text) else r"\w+", text))


def signature(node: LexborNode) -> str | None:
    """Return how a template names an element: ``tag#id.class.class``, what numbers the page left out."""
    given = node.attributes
    name = given.get("id") or ""
    classes = sorted(part for part in (given.get("class") or "").split() if not UNNAMED.search(part))
    name = "" if UNNAMED.search(name) else name
    return f"{node.tag}#{name}.{'.'.join(classes)}" if name or classes else None


def signed(root: LexborHTMLParser | LexborNode, name: str) -> Iterator[LexborNode]:
    """Give the elements under ``root`` of a signature."""
    tag, _, rest = name.partition("#")
    given, _, classes = rest.partition(".")
    words = [f'[class~="{word}"]' for word in classes.split(".") if word]
    selector = tag + (f'[id="{given}"]' if given else "") + "".join(words)
    return (node for node in root.css(selector) if signature(node) == name)


def f1(found: Counter[str], wanted: Counter[str]) -> float:
    """Return the F1 of two bags of words."""
    shared = sum((found & wanted).values())
    return 2 * shared / max(sum(found.values()) + sum(wanted.values()), 1)
