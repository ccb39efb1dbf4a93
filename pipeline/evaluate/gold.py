"""Gold documents: their labelled lines, laid over the lines that extraction gives.

A gold folder holds ``text_labels.jsonl`` and ``html_labels.jsonl``. A record's page is ``text/<id>.txt`` or
``html/<id>.html`` in that folder, or its key ``file``, relative to the folder above, with ``record`` for a line of
a JSONL file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from pipeline.config import FieldNames
from pipeline.errors import ConfigError, InputError
from pipeline.read import read_files
from pipeline.read.files import InputFile
from pipeline.schema import SPAN, Columns

KINDS = ("text", "html")
_LABELLED: Columns = {
    "kind": pl.String,
    "id": pl.String,
    "line": pl.UInt32,  # null: the page has it, extraction lost it
    "text": pl.String,
    "label": pl.String,
    "inline": pl.List(SPAN),  # what may be cut from a body line
}
LABELLED = pl.Schema(_LABELLED)


class Gold(NamedTuple):
    """Gold records of one kind with the pages they label; page ``n``'s ``doc_id`` is the record's id."""

    kind: str
    records: dict[str, dict[str, Any]]
    pages: pl.DataFrame


def read_gold(folder: Path, kind: str) -> Gold:
    """Return the gold of ``kind`` in ``folder``, empty when it has no labels of that kind.

    Raises ConfigError for a label file that cannot be parsed, InputError for a page that cannot be read.
    """
    path = folder / f"{kind}_labels.jsonl"
    records = {str(record["id"]): record for record in _records(path)} if path.is_file() else {}
    pages = [_page(folder, kind, record) for record in records.values()]
    return Gold(kind, records, pl.concat(pages) if pages else pl.DataFrame())


def _records(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            yield msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise ConfigError(
                f"{path}: line {number}: {error}. Nothing was measured; mend the labels."
            ) from None


def _page(folder: Path, kind: str, record: dict[str, Any]) -> pl.DataFrame:
    suffix = ".txt" if kind == "text" else ".html"
    name = record.get("file")
    path = folder.parent / name if name else folder / kind / f"{record['id']}{suffix}"
    if not path.is_file():
        raise InputError(f"{path}: the page of gold record {record['id']} is missing. Nothing was measured.")
    batches = read_files([InputFile(path, str(record["id"]), path.stat().st_size)], FieldNames())
    pages = pl.concat([batch.pages for batch in batches])
    wanted = f"{record['id']}#{record['record']}" if "record" in record else str(record["id"])
    found = pages.filter(pl.col("source") == wanted)
    if found.height != 1:
        raise InputError(
            f"{path}: gives {found.height} pages for gold record {wanted}. Nothing was measured."
        )
    return found.with_columns(doc_id=pl.lit(str(record["id"])))


def labelled(gold: Gold, documents: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return ``LABELLED``: a label for every extracted line, and rows without a line for body text not extracted."""
    named = lines.join(documents.select("doc", "doc_id"), on="doc", maintain_order="left")
    by_id = {key[0]: part for key, part in named.partition_by("doc_id", as_dict=True).items()}
    label = _text_rows if gold.kind == "text" else _html_rows
    rows = [
        {"kind": gold.kind, "id": name, **row}
        for name, record in gold.records.items()
        for row in label(
            record, list(by_id[name].select("line", "text").iter_rows()) if name in by_id else []
        )
    ]
    return pl.DataFrame(rows, schema=LABELLED)


def _text_rows(record: dict[str, Any], lines: list[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    if "spans" in record:  # one long line: its body is what must not be cut
        inline = [span for span in record["spans"] if not _must_stay(span["label"])]
        label = "body" if any(_must_stay(span["label"]) for span in record["spans"]) else "caption"
        yield from (_row(line, text, label, inline) for line, text in lines)
        return
    texts = dict(lines)
    for item in record["lines"]:
        number = item["i"] + 1
        yield _row(number if number in texts else None, item["text"], item["label"], item.get("inline", []))


def _must_stay(label: str) -> bool:
    return label in {"body", "subtitle"}


def _row(line: int | None, text: str, label: str, inline: list[dict[str, Any]]) -> dict[str, Any]:
    spans = [{"start": span["start"], "end": span["end"]} for span in inline]
    return {"line": line, "text": text, "label": label, "inline": spans}


def _html_rows(record: dict[str, Any], lines: list[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    named = _labels_by_text(record)
    body = [letters(text) for text in record["body"]]
    everything = "".join(letters(text) for _, text in lines)
    for line, text in lines:
        yield _row(line, text, _label_of(letters(text), named, body), [])
    for text in record["body"]:
        if letters(text) not in everything:
            yield _row(None, text, "body", [])


def letters(text: str) -> str:
    """Return a text without its blanks, which parsers set as they like."""
    return "".join(text.split())


def _labels_by_text(record: dict[str, Any]) -> dict[str, str]:
    """Return the label of every line of a page, by its letters; the more careful label wins."""
    named = {letters(text): "chrome:page" for text in record.get("other_lines", [])}
    named |= {letters(item["text"]): item["label"] for item in record.get("container_lines", [])}
    for key, label in (("neutral_outside", "marker"), ("byline_lines", "byline"), ("caption", "caption")):
        named |= {letters(text): label for text in record.get(key, [])}
    named |= {letters(text): "marker" for text in record.get("marker", [])}
    named |= {letters(text): "summary_dup" for text in record.get("summary_dup", [])}
    named |= {letters(text): "subtitle" for text in record.get("subtitle", [])}
    named |= {letters(text): "body" for text in record["body"]}
    named[letters(record.get("title") or "")] = "title"
    return named


def _label_of(text: str, named: dict[str, str], body: list[str]) -> str:
    """Return the label of an extracted line: its own, or that of the page's line it is a part or a sum of."""
    if text in named:
        return named[text]
    if any(part and (part in text or (len(text) > 1 and text in part)) for part in body):
        return "body"
    around = [
        label
        for other, label in named.items()
        if len(text) > 1 and other and (text in other or other in text)
    ]
    return around[0] if around else "chrome:page"
