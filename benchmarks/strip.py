"""Stripping: the whole command over generated JSONL, and its rules beside the same table in Python's ``re``."""

from __future__ import annotations

import re
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from benchmarks.generate import articles, nouns, write_news
from benchmarks.measure import clocked
from pipeline.rules import Rule, RuleTable, load_packs, match_lines, rule_table

SETTINGS = """
[dedup]
documents = "off"
paragraphs = "off"
[rules]
packs = {packs}
without = {without}
"""
COMMON_RANKS = 1000  # extra rules take their keywords from the words behind these


def prepare(folder: str, lines: int, sizes: list[int], seed: int) -> dict[str, Any]:
    """Write news, and settings: the built-in rules (``run.toml``), and 200 rules or what else is in ``sizes``.

    Built-in rules beyond such a number are left out; those that lack to it are made up.
    """
    home = Path(folder)
    ids = [placed.id for placed in load_packs().rules]
    (home / "run.toml").write_text(SETTINGS.format(packs=[], without=[]), "utf-8")
    for size in sizes:
        packs = [f"extra{size}.toml"] if size > len(ids) else []
        for name in packs:
            (home / name).write_text(extra_pack(size - len(ids), seed), "utf-8")
        settings = SETTINGS.format(packs=packs, without=ids[size:])
        (home / f"rules{size}.toml").write_text(settings, "utf-8")
    return {**write_news(home, lines, seed)._asdict(), "rules": len(ids)}


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


def command(folder: str, files: list[str], settings: str) -> list[str]:
    """Return the command of one run in one worker, by a file of ``settings``, into a fresh folder."""
    out = Path(folder) / "corpus"
    shutil.rmtree(out, ignore_errors=True)
    parts = [sys.executable, "-m", "pipeline", "run", *files, "--out", str(out), "--workers", "1", "--quiet"]
    return [*parts, "--config", str(Path(folder) / settings)]


def beside_re(lines: int, seed: int) -> dict[str, Any]:
    """Return CPU seconds of finding every rule's matches in the same distinct lines, three ways, and the bytes."""
    table, patterns = _readable(load_packs())
    texts = _distinct(lines, seed)
    frame = pl.DataFrame({"text": texts}).with_row_index("key")
    found, ours = clocked(lambda: match_lines(frame, table))
    pairs = set(found.select("key", "rule").iter_rows())
    plain, every = clocked(_by_re, texts, patterns, _all)
    filtered, behind = clocked(_by_re, texts, patterns, _with_keyword)
    size = sum(len(text.encode()) for text in texts)
    same = len(pairs & plain) / max(1, len(pairs | plain))
    return {
        "bytes": size,
        "rules": len(patterns),
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


def _readable(table: RuleTable) -> tuple[RuleTable, list[tuple[Rule, re.Pattern[str]]]]:
    """Return the rules whose patterns Python's ``re`` can read as well, and their patterns compiled by it."""
    packs, patterns = [], []
    for pack in table.packs:
        compiled = [(rule, _compiled(rule.pattern)) for rule in pack.rule]
        kept = [(rule, pattern) for rule, pattern in compiled if pattern]
        packs.append(msgspec.structs.replace(pack, rule=tuple(rule for rule, _ in kept)))
        patterns += kept
    return rule_table(packs), patterns


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            return re.compile(re.sub(r"\\x\{([0-9A-F]{4})\}", r"\\u\1", pattern))
    except re.error:
        return None


def _by_re(
    texts: list[str], patterns: list[tuple[Rule, re.Pattern[str]]], fits: Callable[[str, list[str]], bool]
) -> set[tuple[int, int]]:
    rules = [
        (number, pattern, [word.lower() for word in rule.keywords], "span" in rule.groups, rule.max_chars)
        for number, (rule, pattern) in enumerate(patterns)
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
