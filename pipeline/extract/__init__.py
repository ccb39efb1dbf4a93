"""Extraction: pages in, documents and their lines out; what gives no line is put on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import polars as pl
import xxhash

from pipeline.execute import Crashed, Local, Task
from pipeline.extract.article import Article, Guide, PageError, WaitingError
from pipeline.extract.limits import give_back, page_limits
from pipeline.extract.shape import check_lines, check_shape
from pipeline.extract.text import FAILED, crowded, text_lines
from pipeline.read.batch import DETAIL_CHARS
from pipeline.read.charset import encoded_twice
from pipeline.schema import DOCUMENTS, LINES, PAGES, SKIPPED, conform

NO_GUIDE = Guide()
ATTEMPTS = 2  # in a process of its own, before a page is taken for the killer

HEADS = {
    name: DOCUMENTS[name]
    for name in ("doc", "title", "press", "published", "byline", "section", "way", "audit", "note")
}
EXTRACTED_LINES = {name: LINES[name] for name in ("doc", "line", "text", "part")}


class Extracted(NamedTuple):
    """``documents`` (``DOCUMENTS``, ``doc`` from 0), their ``lines`` (``LINES``), ``skipped`` and ``waiting`` pages."""

    documents: pl.DataFrame
    lines: pl.DataFrame
    skipped: pl.DataFrame
    waiting: pl.DataFrame


class _Html(NamedTuple):
    heads: pl.DataFrame
    lines: pl.DataFrame
    failed: pl.DataFrame
    waiting: pl.Series


def extract(pages: pl.DataFrame, guide: Guide = NO_GUIDE) -> Extracted:
    """Return the documents of ``pages[PAGES]``, in their order; HTML goes by the selectors of ``packs`` first.

    What a page came with (title, press, time) wins over what is found in its HTML.
    """
    numbered = pages.with_row_index("doc")
    html = numbered.filter(pl.col("kind") == "html")
    found, lines, skipped, waiting = _html(html, guide)
    plain = numbered.filter(pl.col("kind") == "text")
    skipped = pl.concat([skipped, crowded(plain)])
    plain = plain.join(skipped, on="doc", how="anti", maintain_order="left")
    lines = pl.concat([text_lines(plain), lines]).sort("doc", "line")
    texts = _texts(lines)
    documents = (
        numbered.join(texts, on="doc")
        .join(found, on="doc", how="left", suffix="_found", maintain_order="left")
        .with_columns(
            pl.coalesce(name, f"{name}_found").alias(name) for name in ("title", "press", "published")
        )
        .with_columns(note=_noted("charset", "note", "twice"))
    )
    numbered = numbered.with_columns(waits=pl.col("doc").is_in(waiting.implode()))
    without = (
        numbered.filter(~pl.col("waits"))
        .join(texts, on="doc", how="anti")
        .join(skipped, on="doc", how="left")
    )
    failed = without.with_columns(
        reason=pl.col("reason").fill_null("no_text"), detail=pl.col("detail").fill_null("no text was found")
    )
    order = documents.sort("doc").select("doc").with_row_index("new")
    renumbered = order.with_columns(new=pl.col("new").cast(pl.UInt32))
    return Extracted(
        conform(_renumbered(documents.sort("doc"), renumbered), DOCUMENTS),
        conform(_renumbered(lines, renumbered), LINES),
        conform(failed.sort("doc"), SKIPPED),
        conform(numbered.filter("waits"), PAGES),
    )


def extract_alone(pages: pl.DataFrame, guide: Guide) -> Extracted:
    """Do what ``extract`` does in a child process, page by page: a page that kills it, twice, is skipped."""
    parts: dict[int, Extracted | Crashed] = {}
    numbers = list(range(pages.height))
    for _ in range(ATTEMPTS):
        tasks = (Task(str(n), extract, (pages.slice(n, 1), guide)) for n in numbers)
        parts |= {int(name): part for name, part in Local(1, isolate=True).run(tasks)}
        numbers = [n for n in numbers if isinstance(parts[n], Crashed)]
    whole = [_crashed(pages.slice(n, 1), part) for n, part in sorted(parts.items())]
    return _joined(whole) if whole else extract(pages, guide)


def _crashed(page: pl.DataFrame, part: Extracted | Crashed) -> Extracted:
    if isinstance(part, Extracted):
        return part
    detail = f"the parser died on this page, alone and {ATTEMPTS} times (exit code {part.exit_code})"
    skipped = page.with_columns(reason=pl.lit("crashed"), detail=pl.lit(detail))
    return Extracted(DOCUMENTS.to_frame(), LINES.to_frame(), conform(skipped, SKIPPED), PAGES.to_frame())


def _joined(parts: Sequence[Extracted]) -> Extracted:
    base = 0
    documents, lines = [], []
    for part in parts:
        move = (pl.col("doc") + pl.lit(base, pl.UInt32)).cast(pl.UInt32)
        documents.append(part.documents.with_columns(move))
        lines.append(part.lines.with_columns(move))
        base += part.documents.height
    skipped, waiting = (pl.concat(list(frames)) for frames in zip(*(part[2:] for part in parts), strict=True))
    return Extracted(pl.concat(documents), pl.concat(lines), skipped, waiting)


def _noted(*columns: str) -> pl.Expr:
    """Return what several columns say, joined by a semicolon; null where none says anything."""
    text = pl.concat_str(columns, separator="; ", ignore_nulls=True)
    return pl.when(text != "").then(text)


def _renumbered(frame: pl.DataFrame, order: pl.DataFrame) -> pl.DataFrame:
    return frame.join(order, on="doc", maintain_order="left").drop("doc").rename({"new": "doc"})


def _texts(lines: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc, content_hash, lines_in, chars_in, twice`` (a note) of every document that has a line."""
    joined = lines.group_by("doc", maintain_order=True).agg(
        "text",
        lines_in=pl.len().cast(pl.UInt32),
        chars_in=pl.col("text").str.len_chars().sum().cast(pl.UInt32),
    )
    whole = joined["text"].list.join("\n")
    hashes = [xxhash.xxh3_128_hexdigest(text) for text in whole.cast(pl.Binary)]
    return joined.drop("text").with_columns(
        content_hash=pl.Series(hashes, dtype=pl.String), twice=encoded_twice(whole)
    )


def _html(pages: pl.DataFrame, guide: Guide) -> _Html:
    """Return of HTML ``pages`` what was found beside the text, the lines, and the reasons of those that fail."""
    heads, lines, reasons, waiting = [], [], [], []
    for doc, article in _articles(pages, guide):
        if isinstance(article, Article):
            heads.append((doc, *article.head, article.way, article.audit, article.note))
            lines += [(doc, number, *line) for number, line in enumerate(article.lines, start=1)]
        elif isinstance(article, PageError):
            reasons.append((doc, article.reason, article.detail))
        else:
            waiting.append(doc)
    return _Html(
        pl.DataFrame(heads, schema=HEADS, orient="row"),
        conform(pl.DataFrame(lines, schema=EXTRACTED_LINES, orient="row"), LINES),
        pl.DataFrame(reasons, schema=FAILED, orient="row"),
        pl.Series(waiting, dtype=pl.UInt32),
    )


def _articles(pages: pl.DataFrame, guide: Guide) -> Iterator[tuple[int, Article | PageError | WaitingError]]:
    if pages.is_empty():
        return
    from pipeline.extract.html import read_article  # noqa: PLC0415 - text alone does not wait for trafilatura

    rows = pages.select("doc", pl.col("content").cast(pl.Binary), "doc_id", "host").iter_rows()
    for doc, content, doc_id, host in rows:
        yield doc, outcome(partial(read_article, content, doc_id, host, guide), content)


def outcome(read: Callable[[], Article], content: bytes) -> Article | PageError | WaitingError:
    """Return what ``read`` gives of a page, or why it gives nothing: whatever a parser raises is this page's alone."""
    result, small = _outcome(read, content)
    if not small:
        give_back()
    return result


def _outcome(read: Callable[[], Article], content: bytes) -> tuple[Article | PageError | WaitingError, bool]:
    """Do what ``outcome`` does, and tell whether it took little memory."""
    small = False
    try:
        with page_limits():
            small = check_shape(content)
            article = read()
            check_lines(len(article.lines))
            return article, small
    except (PageError, WaitingError) as error:
        known = isinstance(error, WaitingError) or error.reason == "no_text"
        return error.with_traceback(None), small and known  # whose frames hold the parsed page
    except Exception as error:  # noqa: BLE001 - parsers raise what they like on markup made to hurt
        words = " ".join(str(error).split())
        return PageError("crashed", f"{type(error).__name__} in the parser: {words}"[:DETAIL_CHARS]), False
