"""What a near-duplicate that went and the text that stands for it do not share, word by word."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

import polars as pl
from msgspec import Struct

from pipeline.explain import Story
from pipeline.store.corpus import fetch_texts, open_corpus

CONTEXT = 6  # words of a shared passage that are shown on either side of a difference
HERE, THERE = ("[-", "-]"), ("{+", "+}")  # as in `git diff --word-diff`
LINE_END = "\n"
WORD = re.compile(r"\n|\S+")


class Part(Struct, frozen=True):
    """A passage: ``where`` is ``both``, ``removed`` or ``kept``; words are apart by a space, lines by a line end."""

    where: str
    text: str


class Difference(Struct, frozen=True):
    """A removed text beside the kept one that ``duplicate_of[doc_id, line]`` names; ``line`` is null for documents."""

    line: int | None
    duplicate_of: dict[str, Any]
    score: float
    parts: list[Part]


def differences_in(folder: Path, story: Story) -> list[Difference]:
    """Return the difference of every near-duplicate in ``story`` from the text that stands for it in the corpus.

    Both are texts as they were compared: of a whole document, before its repeated paragraphs went.
    """
    removed = _removed(story)
    if not removed:
        return []
    places = [(kept["doc_id"], kept["line"] or 0) for _, kept, _, _ in removed]
    keys = pl.DataFrame(places, {"doc_id": pl.String, "line": pl.UInt32}, orient="row").unique()
    fetched = fetch_texts(folder, open_corpus(folder), keys)
    texts = {(doc_id, line): text for doc_id, line, text in fetched.iter_rows()}
    return [
        Difference(line, kept, score, compared(text, texts[place]))
        for (line, kept, score, text), place in zip(removed, places, strict=True)
    ]


def _removed(story: Story) -> list[tuple[int | None, dict[str, Any], float, str]]:
    """Return line, ``duplicate_of``, score and text of each near-duplicate; lines of a document are one text."""
    takes = [(line["line"], take) for line in story.lines for take in line["removals"]]
    near = [(line, take) for line, take in takes if take["rule"] == "paragraph/near"]
    found = [(line, take["duplicate_of"], take["score"], take["text"]) for line, take in near]
    whole = [take for _, take in takes if take["rule"] == "document/near"]
    if whole:
        text = "\n".join(take["text"] for take in whole)
        found.append((None, whole[0]["duplicate_of"], whole[0]["score"], text))
    return found


def compared(removed: str, kept: str) -> list[Part]:
    """Return the passages of two texts in order: what both have, and what only one of them has."""
    ours, theirs = WORD.findall(removed), WORD.findall(kept)
    parts = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, ours, theirs).get_opcodes():
        found = [("both", ours[a:b])] if kind == "equal" else [("removed", ours[a:b]), ("kept", theirs[c:d])]
        parts += [Part(where, _joined(words)) for where, words in found if words]
    return parts


def notes(differences: list[Difference]) -> dict[int | None, list[str]]:
    """Return for the line of each difference, or None for the document, what people are shown of it."""
    return {found.line: _shown(found.parts) for found in differences}


def _shown(parts: list[Part]) -> list[str]:
    """Mark the differences, and of long shared passages show what stands around them."""
    told = []
    for number, part in enumerate(parts):
        if part.where == "both":
            told.append(_short(part.text, head=number > 0, tail=number + 1 < len(parts)))
        else:
            start, end = HERE if part.where == "removed" else THERE
            told.append(f"{start}{part.text.replace(LINE_END, ' ¶ ').strip()}{end}")
    return _joined(told).split("\n")


def _short(text: str, *, head: bool, tail: bool) -> str:
    words = WORD.findall(text)
    first, last = CONTEXT * head, CONTEXT * tail
    if len(words) <= first + last + 1:
        return text
    return _joined([*words[:first], "…", *words[len(words) - last :]])


def _joined(words: list[str]) -> str:
    return re.sub(r" ?\n ?", LINE_END, " ".join(words))
