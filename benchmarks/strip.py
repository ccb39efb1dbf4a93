"""Stripping: the whole command over generated JSONL, and its rules beside the same table in Python's ``re``."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.generate import articles, nouns, write_news
from benchmarks.measure import clocked
from pipeline.rules import RuleTable, load_packs, match_lines

SETTINGS = "[dedup]\ndocuments = false\nparagraphs = false\n"
COMMON_RANKS = 1000  # extra rules take their keywords from the words behind these


def prepare(folder: str, lines: int, sizes: list[int], seed: int) -> dict[str, Any]:
    """Write news, settings, and for each of ``sizes`` a pack that makes up the rules to that number."""
    home = Path(folder)
    (home / "run.toml").write_text(SETTINGS, "utf-8")
    built_in = len(load_packs().rules)
    for size in sizes:
        pack = extra_pack(max(0, size - built_in), seed)
        (home / f"extra{size}.toml").write_text(pack, "utf-8")
    return {**write_news(home, lines, seed)._asdict(), "rules": built_in}


def extra_pack(count: int, seed: int) -> str:
    """Return a pack of ``count`` rules; each has a word of the text as its keyword, so its pattern is tried."""
    words = nouns(np.random.default_rng(seed))[COMMON_RANKS : COMMON_RANKS + count]
    rule = r"""[[rule]]
id = "x{n}"
class = "ui"
description = "a button of an invented portal"
keywords = ["{word}"]
pattern = '^[▶☞\[\s]*(?:[가-힣]{{2,8}}\s)?{word}\s?(?:바로가기|더 ?보기|소식 받기)\s?\]?$'
max_chars = 60
removes = ["▶ {word} 바로가기"]
keeps = ["{word} 바로가기가 생겼다."]
"""
    parts = [rule.format(n=number, word=word) for number, word in enumerate(words)]
    return "\n".join(['title = "Extra"', *parts])


def command(folder: str, files: list[str], pack: str | None = None) -> list[str]:
    """Return the command of one run in one worker, dedup off, into a fresh folder."""
    out = Path(folder) / "corpus"
    shutil.rmtree(out, ignore_errors=True)
    parts = [sys.executable, "-m", "pipeline", "run", *files, "--out", str(out), "--workers", "1", "--quiet"]
    rules = ["--rules", str(Path(folder) / pack)] if pack else []
    return [*parts, "--config", str(Path(folder) / "run.toml"), *rules]


def beside_re(lines: int, seed: int) -> dict[str, Any]:
    """Return CPU seconds of finding every rule's matches in the same distinct lines, three ways, and the bytes."""
    table = load_packs()
    texts = _distinct(lines, seed)
    frame = pl.DataFrame({"text": texts}).with_row_index("key")
    found, ours = clocked(lambda: match_lines(frame, table))
    pairs = set(found.select("key", "rule").iter_rows())
    plain, every = clocked(_by_re, texts, table, _all)
    filtered, behind = clocked(_by_re, texts, table, _with_keyword)
    size = sum(len(text.encode()) for text in texts)
    same = len(pairs & plain) / max(1, len(pairs | plain))
    return {
        "bytes": size,
        "ours": ours,
        "re": every,
        "re_keywords": behind,
        "agree": same if plain == filtered else 0.0,
    }


def _distinct(lines: int, seed: int) -> list[str]:
    texts: dict[str, None] = {}
    for record, _ in articles(seed):
        texts.update(dict.fromkeys(record["text"].split("\n")))
        if len(texts) >= lines:
            return list(texts)[:lines]
    return []


def _by_re(
    texts: list[str], table: RuleTable, fits: Callable[[str, list[str]], bool]
) -> set[tuple[int, int]]:
    rules = [
        (
            number,
            re.compile(placed.rule.pattern),
            [word.lower() for word in placed.rule.keywords],
            "span" in placed.rule.groups,
            placed.rule.max_chars,
        )
        for number, placed in enumerate(table.rules)
    ]
    found = set()
    for key, text in enumerate(texts):
        lower, size = text.lower(), len(text)
        for number, pattern, words, spans, most in rules:
            if (not spans and size > most) or not fits(lower, words):
                continue
            match = pattern.search(text)
            if match and (not spans or 0 < len(match["span"] or "") <= most):
                found.add((key, number))
    return found


def _all(_text: str, _words: list[str]) -> bool:
    return True


def _with_keyword(text: str, words: list[str]) -> bool:
    return not words or any(word in text for word in words)
