"""Invented portal pages: the page shells of samples/ filled with generated articles, and as heavy as real pages.

A shell keeps its head, menus, widgets and lists; its article's paragraphs, title and address are replaced. Real portal
pages carry far more script and list markup than the samples, so both are added up to ``PAGE_CHARS``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.generate import headline, nouns, paragraph, sentences

SAMPLES = Path(__file__).parent.parent / "samples"
SHELLS = re.compile(r"(daum2018|daum2024|naver|nate|wire_seaforest_na)")
PAGE_CHARS = (30_000, 130_000)
SCRIPT_SHARE = 0.4  # of what is added; the rest are lists of links
ADDRESS = re.compile(r"(https://[^\"]*?\D)(\d{5,})(?=[\"&?])")


def portal_pages(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Give ``count`` pages: ``id``, ``html``, ``url``, ``host`` and ``body``, the paragraphs of the article."""
    rng = np.random.default_rng(seed)
    words = nouns(rng)
    stream = sentences(rng, words)
    shells = list(_shells())
    for number in range(count):
        shell = shells[number % len(shells)]
        body = [paragraph(stream, max(20, len(text) - 30)) for text in shell["body"]]
        html = _filled(shell, body, headline(rng, words), number)
        html = html.replace(
            "</body>", f"{_ballast(rng, words, int(rng.integers(*PAGE_CHARS)) - len(html))}</body>"
        )
        yield {"id": f"{shell['id']}-{number:06d}", "html": html, "body": body}


def _shells() -> Iterator[dict[str, Any]]:
    labels = (SAMPLES / "gold" / "html_labels.jsonl").read_text("utf-8")
    for record in map(json.loads, labels.splitlines()):
        if SHELLS.match(record["id"]):
            yield {**record, "html": (SAMPLES / record["file"]).read_text("utf-8")}


def _filled(shell: dict[str, Any], body: list[str], title: str, number: int) -> str:
    """Return a shell with other paragraphs, title and address. Copies of a paragraph in summaries go with it."""
    html: str = shell["html"]
    for old, new in zip([*shell["body"], shell["title"]], [*body, title], strict=True):
        for form in (str, escape, lambda text: escape(text, quote=False)):
            html = html.replace(form(old), escape(new))
    return ADDRESS.sub(lambda found: f"{found[1]}{int(found[2]) + number * 7:0{len(found[2])}d}", html)


def _ballast(rng: np.random.Generator, words: list[str], chars: int) -> str:
    """Return a box of links to other articles, and a script that holds a page's state."""
    parts, size = [], 0
    while size < chars * (1 - SCRIPT_SHARE):
        number = int(rng.integers(10**9))
        parts.append(
            f'<li class="item_recomm"><a href="https://news.example/v/{number}" class="link_recomm" data-no="{number}">'
            f'<span class="thumb"><img src="https://img.example/t/{number}.jpg" width="120" height="80" alt=""></span>'
            f'<strong class="tit_recomm">{headline(rng, words)}</strong></a></li>\n'
        )
        size += len(parts[-1])
    state = {f"key{n}": int(rng.integers(10**9)) for n in range(max(0, int(chars * SCRIPT_SHARE)) // 20)}
    return f'<div class="box_recomm"><ul>{"".join(parts)}</ul></div><script>window.__state={json.dumps(state)}</script>'


def write_pages(folder: str, count: int, seed: int) -> int:
    """Write ``count`` pages as files into ``folder``, a thousand a folder; return their bytes."""
    size = 0
    for number, page in enumerate(portal_pages(count, seed)):
        path = Path(folder) / f"{number // 1000:03d}" / f"{page['id']}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_bytes(page["html"].encode())
    return size
