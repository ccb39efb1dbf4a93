"""HTML pages read one after the other, each within its limits; and again, alone, where that decides.

A page that needs much memory, that a parser raises an error of, or that killed its worker, is read once more in a
process that has read no other. What comes of it there counts: so its fate hangs on no worker and on no page before.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple, TypeGuard

import polars as pl

from pipeline.execute import Crashed, Local, Task
from pipeline.extract.article import Article, Guide, PageError, WaitingError
from pipeline.extract.limits import (
    ALONE_BYTES,
    TOGETHER_BYTES,
    MemoryLimitError,
    Room,
    out_of_time,
    page_limits,
)
from pipeline.extract.shape import check_lines, check_shape
from pipeline.extract.text import FAILED
from pipeline.memory import footprint, freed, give_back
from pipeline.read.batch import DETAIL_CHARS
from pipeline.schema import DOCUMENTS, LINES, conform

HELD_PAGES = 16  # of a batch, as objects beside their column
# Of the pages of a batch; two thirds of it are what trafilatura loads when it is first at a loss.
GROWN_BYTES = 96 << 20
FREED_BYTES = 48 << 20  # of the heap: a page could use them beside what it may have
FIRST = "<p>가나다 라마바 사아자</p>" * 3  # too little: trafilatura asks all others that it has
HEADS = {
    name: DOCUMENTS[name]
    for name in ("doc", "title", "press", "published", "byline", "section", "way", "audit", "note")
}
EXTRACTED_LINES = {name: LINES[name] for name in ("doc", "line", "text", "part")}
Outcome = Article | PageError | WaitingError


class Row(NamedTuple):
    """A page of HTML: its number, its content in UTF-8, its id, and its host."""

    doc: int
    content: bytes
    doc_id: str
    host: str | None


class Found(NamedTuple):
    """What HTML pages give, by ``doc``: ``heads``, ``lines``, the reasons of those that ``failed``, and which wait."""

    heads: pl.DataFrame
    lines: pl.DataFrame
    failed: pl.DataFrame
    waiting: pl.Series


def read_pages(pages: pl.DataFrame, guide: Guide, *, one_by_one: bool = False) -> Found:
    """Return what HTML ``pages[doc, content, doc_id, host]`` give; with ``one_by_one`` none is read in this process."""
    heads, lines, reasons, waiting = [], [], [], []
    for doc, article in _outcomes(pages, guide, _apart if one_by_one else _here):
        if isinstance(article, Article):
            heads.append((doc, *article.head, article.way, article.audit, article.note))
            lines += [(doc, number, *line) for number, line in enumerate(article.lines, start=1)]
        elif isinstance(article, PageError):
            reasons.append((doc, article.reason, article.detail))
        else:
            waiting.append(doc)
    return Found(
        pl.DataFrame(heads, schema=HEADS, orient="row"),
        conform(pl.DataFrame(lines, schema=EXTRACTED_LINES, orient="row"), LINES),
        pl.DataFrame(reasons, schema=FAILED, orient="row"),
        pl.Series(waiting, dtype=pl.UInt32),
    )


def _outcomes(
    pages: pl.DataFrame, guide: Guide, read: Callable[..., Iterator[tuple[Row, Outcome | Crashed]]]
) -> Iterator[tuple[int, Outcome]]:
    contents = pages.select("doc", pl.col("content").cast(pl.Binary), "doc_id", "host")
    rows = map(Row._make, contents.iter_rows(buffer_size=HELD_PAGES))
    for row, result in read(rows, guide):
        yield row.doc, result if _decided(result) else _alone(row, guide)


def _decided(result: Outcome | Crashed) -> TypeGuard[Outcome]:
    """Tell whether what came of a page among others would come of it alone."""
    if isinstance(result, PageError):  # an error of a parser can come of memory that was not there
        return not isinstance(result, MemoryLimitError) and result.reason != "crashed"
    return not isinstance(result, Crashed)


def _here(rows: Iterator[Row], guide: Guide) -> Iterator[tuple[Row, Outcome | Crashed]]:
    """Read pages in this process until it has grown of them, and the others in a child, replaced when it has."""
    start = footprint()
    room = Room(TOGETHER_BYTES)
    for row in rows:
        yield row, read_page(row, guide, room)
        if not room.pages and (freed() > FREED_BYTES or footprint() > start + GROWN_BYTES):
            yield from _apart(rows, guide)


def _apart(rows: Iterator[Row], guide: Guide) -> Iterator[tuple[Row, Outcome | Crashed]]:
    """Read pages in a child process, one a task."""
    given = {str(row.doc): row for row in rows}
    tasks = (Task(name, read_page, (row, guide)) for name, row in given.items())
    return ((given[name], result) for name, result in Local(1, isolate=True).run(tasks))


def _alone(row: Row, guide: Guide) -> Outcome:
    """Read a page in a child process of its own, which may take more memory. What comes of it there counts."""
    result: Outcome | Crashed
    ((_, result),) = Local(1, isolate=True).run([Task("", read_first, (row, guide))])
    if not isinstance(result, Crashed):
        return result
    if result.exit_code == -signal.SIGXCPU:
        return out_of_time()
    return PageError("crashed", f"the parser died on this page, also alone (exit code {result.exit_code})")


def read_first(row: Row, guide: Guide) -> Outcome:
    """Do what ``read_page`` does in a process that has read no page, with all the memory that a page may take."""
    from pipeline.extract.html import main_text  # noqa: PLC0415 - in the child

    main_text(FIRST)  # what is loaded once is not the page's
    return read_page(row, guide, Room(ALONE_BYTES))


def read_page(row: Row, guide: Guide, room: Room | None = None) -> Outcome:
    """Return what a page gives, or why it gives nothing; MemoryLimitError says that it is to be read alone."""
    from pipeline.extract.html import read_article  # noqa: PLC0415 - text alone does not wait for trafilatura

    read = partial(read_article, row.content, row.doc_id, row.host, guide)
    return outcome(read, row.content, room or Room(TOGETHER_BYTES))


def outcome(read: Callable[[], Article], content: bytes, room: Room) -> Outcome:
    """Return what ``read`` gives of a page, or why it gives nothing: whatever a parser raises is this page's alone."""
    result, small = _outcome(read, content, room)
    if not small:
        give_back()
        room.forget()
    return result


def _outcome(read: Callable[[], Article], content: bytes, room: Room) -> tuple[Outcome, bool]:
    """Do what ``outcome`` does, and tell whether it took little memory."""
    small = False
    try:
        with page_limits(room):
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
