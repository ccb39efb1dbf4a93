"""Learned templates: where a site keeps its articles, found from a few of its pages.

A site lays out thousands of pages alike. On a few of them trafilatura finds the main text; the element whose text
agrees best with it on all of them is the site's template, and the site's other pages are read by it directly. Single
decisions of a general extractor are noisy; what holds on all learning pages is not. docs/extraction.md has the
algorithm in prose, and the measurements.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.page import Page, parsed
from pipeline.extract.walk import Paragraph, own_texts, paragraphs

LEARN_PAGES, CHECK_PAGES = 8, 8  # each costs a call of trafilatura
LEAST_PAGES = 4
# With trafilatura on the checking pages; below, the element found may well be the wrong one.
LEAST_AGREEMENT = 0.9
LEAST_CHARS = 200  # of main text: shorter pages teach nothing
HOLDERS = ("div", "section", "article", "td", "main")
PARTS = (
    *HOLDERS,
    "ul",
    "ol",
    "p",
    "table",
    "aside",
    "form",
    "figure",
    "span",
    "dl",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
)
VOLATILE = re.compile(r"\d{3,}")  # part of a class or id that numbers the page
WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # scripts without blanks between words
DROP_SHARE = (
    0.2  # of a part's words that the main texts know: below, the part is furniture inside the article
)


class Template(Struct, frozen=True):
    """Where a site's articles are: the signature of their element, and of parts of it that are no article.

    ``agreement``: mean token F1 with trafilatura on pages that were not learned from; ``pages``: how many taught it.
    """

    body: str
    drop: tuple[str, ...]
    agreement: float
    pages: int


class _Taught(NamedTuple):
    page: Page
    holders: dict[str, list[LexborNode]]
    words: Counter[str]


def learn(contents: Sequence[str], main_text: Callable[[str], list[str]]) -> Template | None:
    """Return the template of a site from pages of it, or None when no element agrees well enough.

    ``contents`` are HTML pages in an order that does not depend on when they came: the first ``LEARN_PAGES`` teach,
    the next ``CHECK_PAGES`` check.
    """
    texts = [main_text(content) for content in contents[: LEARN_PAGES + CHECK_PAGES]]
    known = Counter(line for lines in texts for line in set(lines))
    own = [[line for line in lines if known[line] == 1] for lines in texts]
    taught = [
        _page(content, lines)
        for content, lines in zip(contents, own, strict=False)
        if sum(map(len, lines)) >= LEAST_CHARS
    ]
    learning, checking = taught[:LEARN_PAGES], taught[LEARN_PAGES:]
    if len(learning) < LEAST_PAGES:
        return None
    body = _best(learning)
    if body is None:
        return None
    drop = _furniture(learning, body)
    template = Template(body, drop, 0.0, len(learning))
    agreed = _mean(
        [_f1(words_of(own_texts(read(page.page, template))), page.words) for page in checking or learning]
    )
    if agreed < LEAST_AGREEMENT:
        return None
    return Template(body, drop, round(agreed, 4), len(learning))


def read(page: Page, template: Template) -> list[Paragraph]:
    """Return the paragraphs of the template's element; none when the page has no such element, or several."""
    nodes = list(_signed(page.tree, template.body))
    if len(nodes) != 1:
        return []
    dropped = {
        node.mem_id: f"template/drop {part}" for part in template.drop for node in _signed(nodes[0], part)
    }
    return paragraphs(nodes[0], dropped)


def agreement(lines: Sequence[str], others: Sequence[str]) -> float:
    """Return the token F1 of two texts."""
    return _f1(words_of(lines), words_of(others))


def words_of(lines: Sequence[str]) -> Counter[str]:
    """Return the words of lines; characters where a script has no blanks between words."""
    text = "\n".join(lines)
    return Counter(re.findall(r"\w" if WIDE.search(text) else r"\w+", text))


def _page(content: str, lines: list[str]) -> _Taught:
    page = parsed(content)
    holders = defaultdict(list)
    for node in page.tree.css(",".join(HOLDERS)):
        name = signature(node)
        if name:
            holders[name].append(node)
    return _Taught(page, holders, words_of(lines))


def signature(node: LexborNode) -> str | None:
    """Return how a template names an element: ``tag#id.class.class``, parts with long numbers left out."""
    given = node.attributes
    name = given.get("id") or ""
    classes = sorted(part for part in (given.get("class") or "").split() if not VOLATILE.search(part))
    name = "" if VOLATILE.search(name) else name
    return f"{node.tag}#{name}.{'.'.join(classes)}" if name or classes else None


def _signed(root: LexborHTMLParser | LexborNode, name: str) -> Iterator[LexborNode]:
    tag = name.split("#", 1)[0]
    return (node for node in root.css(tag) if signature(node) == name)


def _best(pages: Sequence[_Taught]) -> str | None:
    """Return the signature that names one element on a page and agrees best on all of them."""
    scores: defaultdict[str, float] = defaultdict(float)
    for page in pages:
        for name, nodes in page.holders.items():
            if len(nodes) == 1:
                scores[name] += _f1(words_of(own_texts(paragraphs(nodes[0]))), page.words)
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


def _f1(found: Counter[str], wanted: Counter[str]) -> float:
    shared = sum((found & wanted).values())
    return 2 * shared / max(sum(found.values()) + sum(wanted.values()), 1)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
