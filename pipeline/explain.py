"""What happened to every line of a document, from a fresh strip or from the record in a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline.errors import ConfigError
from pipeline.rules import CLOSE, OPEN
from pipeline.schema import CORPUS, SKIPPED
from pipeline.store.corpus import lines_of, open_corpus, paths_of, removals_of, scan
from pipeline.strip.apply import rebuild
from pipeline.strip.stages import Stripped

HEAD = ("doc_id", "source", "url", "host", "press", "title", "published", "byline")
SEEN = ("section", "kept_whole")  # of a document stripped just now; a corpus does not hold them
FACTS = ("stage", "rule", "evidence", "score", "span", "text", "duplicate_of")
KEPT_CHARS = 100


class Story(NamedTuple):
    """One document: what is known of it, and ``lines``: number, extracted text, what is kept, what was removed."""

    head: dict[str, Any]
    lines: list[dict[str, Any]]


def story_of(stripped: Stripped) -> Story:
    """Return the story of a document that was stripped just now."""
    head = stripped.documents.select(*HEAD, *SEEN).row(0, named=True)
    standing = stripped.lines.filter(pl.col("gone").is_null())
    twin = pl.when(pl.col("same_as").is_not_null()).then(
        pl.struct(doc_id=pl.lit(head["doc_id"]), line="same_as")
    )
    removed = stripped.removed.with_columns(duplicate_of=twin)
    return Story(head, _lines(standing.select("doc", "line", "text"), removed))


def story_in(folder: Path, doc_id: str) -> Story:
    """Return the story of a document from the corpus in ``folder``, kept or not.

    Raises ConfigError when no generation has a line of it.
    """
    manifests = open_corpus(folder)
    wanted = pl.Series("doc_id", [doc_id])
    standing = lines_of(folder, manifests, wanted).rename({"doc_id": "doc"})
    removed = removals_of(folder, manifests, wanted).rename({"doc_id": "doc"})
    if standing.is_empty() and removed.is_empty():
        raise ConfigError(_unknown(folder, doc_id))
    rows = scan(paths_of(folder, manifests, "corpus"), CORPUS).filter(pl.col("doc_id") == doc_id)
    found = rows.select(HEAD).collect()
    head = found.row(0, named=True) if found.height else {**dict.fromkeys(HEAD), "doc_id": doc_id}
    return Story(head, _lines(standing, removed))


def restored(story: Story) -> str:
    """Return the extracted text of a document: its lines, byte for byte."""
    return "\n".join(line["text"] for line in story.lines)


def _unknown(folder: Path, doc_id: str) -> str:
    skipped = scan(paths_of(folder, open_corpus(folder), "skipped"), SKIPPED)
    rows = skipped.filter(pl.col("doc_id") == doc_id).collect().to_dicts()
    why = f" It was skipped: {rows[0]['reason']} ({rows[0]['detail']})." if rows else ""
    return f'{folder}: no document "{doc_id}".{why} The column doc_id of {folder}/corpus has the ids.'


def _lines(standing: pl.DataFrame, removed: pl.DataFrame) -> list[dict[str, Any]]:
    kept = dict(standing.select("line", "text").iter_rows())
    takes: dict[int, list[dict[str, Any]]] = {}
    for row in removed.sort("line").to_dicts():
        takes.setdefault(row["line"], []).append({name: row[name] for name in FACTS})
    return [
        {"line": line, "text": text, "kept": kept.get(line), "removals": takes.get(line, [])}
        for line, text in rebuild(standing, removed).select("line", "text").iter_rows()
    ]


def as_text(story: Story, notes: dict[int | None, list[str]]) -> str:
    """Return a story for people: every line with its number and fate, and under a removal its reason.

    ``notes`` are shown below the reason of their line; those of no line at the end.
    """
    head = [f"{name:<10}{_said(value)}" for name, value in story.head.items() if value is not None]
    rows = [text for line in story.lines for text in _told(line, notes.get(line["line"], []))]
    kept = sum(line["kept"] is not None for line in story.lines)
    below = (
        ["", f"{'':8}beside the document that stands for it:", *_below(notes[None])] if None in notes else []
    )
    return "\n".join([*head, "", *rows, *below, "", f"{kept} of {len(story.lines)} lines kept"])


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _told(line: dict[str, Any], notes: list[str]) -> list[str]:
    whole = [take for take in line["removals"] if take["span"] is None]
    fate = whole[0]["stage"] if whole else "kept"
    mark = {"kept": "+", "title": "t"}.get(fate, "-")
    text = line["text"] if whole else _marked(line)
    reasons = _below([_reason(take) for take in line["removals"]] + notes)
    return [f"{line['line']:>5} {mark} {fate:<12} {text}", *reasons]


def _below(texts: list[str]) -> list[str]:
    return [f"{'':21}{text}" for text in texts]


def _marked(line: dict[str, Any]) -> str:
    text = line["text"]
    for take in sorted(line["removals"], key=lambda take: -take["span"]["start"]):
        start, end = take["span"]["start"], take["span"]["end"]
        text = f"{text[:start]}{OPEN}{text[start:end]}{CLOSE}{text[end:]}"
    short = len(text) > KEPT_CHARS and not line["removals"]
    return f"{text[:KEPT_CHARS]}… ({len(text)} characters)" if short else text


def _reason(take: dict[str, Any]) -> str:
    """Return a removal's reason; the evidence names what it repeats."""
    score = f" [score {take['score']:.2f}]" if take["score"] is not None else ""
    return f"{take['rule']}: {take['evidence']}{score}"
