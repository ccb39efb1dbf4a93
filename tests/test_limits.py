"""The limits of a page: its processor time and memory, and pages read again, alone, where that decides."""

import os
import signal
import sys
import time
from contextlib import suppress
from unittest.mock import Mock

import polars as pl
import pytest
import trafilatura.utils

from pipeline.execute import Crashed, Local, Task
from pipeline.extract import extract, pages
from pipeline.extract.article import Guide, PageError
from pipeline.extract.html import main_text
from pipeline.extract.limits import MemoryLimitError, Room, cpu_limit, memory_limit, out_of_time
from pipeline.memory import footprint, set_ceiling
from pipeline.run.learn import teach
from pipeline.schema import PAGES
from pipeline.store.files import write_table
from tests.test_extract import BODY, MORE, page, pages_of
from tests.test_templates import page as site_page

LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="the kernel of Linux tells a process what it holds"
)
READ = pages.read_page


def outcome_of(function, *arguments):
    """Call ``function`` in a process that has done nothing: what this one frees meanwhile is no part of a test."""
    return dict(Local(1, isolate=True).run([Task("", function, arguments)]))[""]


def spin(seconds):
    """Use processor time."""
    start = time.process_time()
    while time.process_time() - start < seconds:
        pass


def test_a_page_has_only_so_much_processor_time():
    """Work beyond the limit is stopped with the reason, and the timer is off afterwards."""
    with pytest.raises(PageError) as raised, cpu_limit(0.05):
        spin(5)
    assert raised.value.reason == "cpu_limit"

    with cpu_limit(0.05):
        spin(0)
    spin(0.1)


def hang():
    """Compute in C, where no signal handler of Python runs."""
    with cpu_limit(0.2):
        sum(iter(int, 1))


def test_a_parser_that_hangs_in_c_is_ended():
    """Where Python cannot stop a page, the kernel ends the worker, soon after the limit."""
    assert outcome_of(hang) == Crashed(-signal.SIGXCPU)


def test_a_library_that_catches_errors_cannot_outlive_its_time():
    """The limit is no Exception, is told again, and holds even where both times went unheard."""
    with pytest.raises(PageError, match="cpu_limit"), cpu_limit(0.05):  # noqa: PT012
        with suppress(Exception):
            spin(5)
        pytest.fail("a library went on")

    with pytest.raises(PageError, match="cpu_limit"), cpu_limit(0.05), suppress(BaseException):
        spin(5)


def too_much(then):
    """Take memory until there is none, do then what a library may do, and return the error that comes of it."""
    held = []
    try:
        with memory_limit(Room(64 << 20)):
            try:
                while True:
                    held.append(bytearray(b"x") * (1 << 20))
            except MemoryError:
                if then is not None:
                    raise then from None
    except (PageError, KeyError) as error:
        held.clear()
        with memory_limit(Room(64 << 20)):
            held.append(bytearray(b"x") * (1 << 20))
        return getattr(error, "reason", type(error).__name__)


@LINUX
@pytest.mark.parametrize("then", [MemoryError(), KeyError("x"), None], ids=["heard", "another", "unheard"])
def test_a_page_has_only_so_much_memory(then):
    """Beyond the limit the page is too large, whatever a library makes of it; the next page has all of its memory."""
    assert outcome_of(too_much, then) == "too_large"


def test_an_error_far_from_the_limit_is_its_own():
    """What a library raises of a page that is small stays what it is."""
    with pytest.raises(KeyError), memory_limit(Room(64 << 20)):
        raise KeyError


def held():
    """Return whether a page that needs nothing is within its memory."""
    with memory_limit(Room(8 << 20)):
        return True


@LINUX
def test_memory_of_the_parent_is_not_the_pages():
    """A worker that a large process starts has all of its limit."""
    large = bytearray(b"x") * (64 << 20)

    assert outcome_of(held)
    del large


def fill_what_is_free():
    """Take what the heap has free, and a little more; return whether that was too much."""
    spare = [bytes(900) for _ in range(150_000)]
    last = bytes(900)  # above them: the heap cannot shrink
    spare.clear()
    try:
        with memory_limit(Room(64 << 20)):
            spare += (bytes(900) for _ in range(90_000))
    except MemoryLimitError:
        return last is not None
    return False


@LINUX
def test_memory_that_was_freed_is_no_room():
    """What the heap kept of blocks that were freed counts as the page's: a worker's past gives no page more."""
    assert outcome_of(fill_what_is_free)


def after_freeing(how):
    """Let the first of two pages find the process full of what it then frees; return what comes of a hungry second."""
    room = Room(64 << 20)
    held = [bytearray(b"x") * (1 << how) for _ in range(120 << 20 >> how)]
    with memory_limit(room):
        pass
    held.clear()
    try:
        with memory_limit(room):
            held += [bytearray(b"x") * (1 << 20) for _ in range(90)]
    except MemoryLimitError:
        return "too_large"
    return "read"


@LINUX
@pytest.mark.parametrize("how", [12, 22], ids=["in the heap", "apart"])
def test_memory_that_is_freed_between_pages_is_no_room(how):
    """Pages that are measured together have no more room than one, whatever is freed while they are read."""
    assert outcome_of(after_freeing, how) == "too_large"


def test_lines_of_a_page_are_not_remembered():
    """Trafilatura's stores of the last thousand lines, of any length, are empty after a page."""
    main_text(page(f"<article><p>{BODY}</p><p>{MORE}</p></article>"))

    stores = (trafilatura.utils.trim, trafilatura.utils.line_processing)
    assert [store.cache_info().currsize for store in stores] == [0, 0]


def fatal(row, guide, *room):
    """Read a page, but die of some."""
    if "죽음".encode() in row.content:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "멈춤".encode() in row.content:
        hang()
    return READ(row, guide, *room)


def test_a_page_that_kills_its_process_is_skipped_and_no_other(monkeypatch):
    """Page by page in children: what kills or hangs one, also alone, is skipped with the reason, and no other."""
    monkeypatch.setattr(pages, "read_page", fatal)
    monkeypatch.setattr(pages, "read_first", fatal)
    contents = [page(f"<p>{word}{BODY}</p><p>{MORE}</p>") for word in ("", "죽음", "멈춤", "넷째 ")]

    found = extract(pages_of(*contents, kind="html"), one_by_one=True)

    assert found.documents.select("doc", "doc_id").rows() == [(0, "d0"), (1, "d3")]
    assert found.lines["text"].to_list() == [BODY, MORE, f"넷째 {BODY}", MORE]
    assert found.skipped.select("doc_id", "reason", "detail").rows() == [
        ("d1", "crashed", "the parser died on this page, also alone (exit code -11)"),
        ("d2", "cpu_limit", out_of_time().detail),
    ]


def greedy(row, guide, room=None):
    """Read a page, but hold seven tenths of the memory that a page may have alone for certain ones, or all of it."""
    words = {"많이": 0.7, "더": 1.1}
    share = max((share for word, share in words.items() if word.encode() in row.content), default=0)

    def read():
        held = [bytearray(b"x") * 100_000 for _ in range(int(share * pages.ALONE_BYTES) // 100_000)]
        return held and READ(row, guide, room)

    return (
        pages.outcome(read, row.content, room or Room(pages.TOGETHER_BYTES))
        if share
        else READ(row, guide, room)
    )


def greedy_first(row, guide):
    """Do what is done with a page that is alone."""
    main_text(pages.FIRST)
    return greedy(row, guide, Room(pages.ALONE_BYTES))


@LINUX
def test_alone_decides_whether_a_page_is_too_large(monkeypatch):
    """A page that needs more than it may among others is read again alone, and only then kept or skipped."""
    monkeypatch.setattr(pages, "read_page", greedy)
    monkeypatch.setattr(pages, "read_first", greedy_first)
    contents = [page(f"<p>{word}{BODY}</p><p>{MORE}</p>") for word in ("", "많이 ", "더 ")]

    for one_by_one in (False, True):
        found = extract(pages_of(*contents, kind="html"), one_by_one=one_by_one)

        assert found.documents["doc_id"].to_list() == ["d0", "d1"]
        assert found.skipped.select("doc_id", "reason", "detail").rows() == [
            ("d2", "too_large", "needs more than 96 MiB of memory; the page is not read")
        ]


def crowded():
    """Return the reason that a page has in a process near its ceiling, and in one that is not."""
    row = pages.Row(0, page(f"<p>{BODY}</p><p>{MORE}</p>").encode(), "d", None)
    reasons = []
    for room in (1 << 20, 128 << 20):
        set_ceiling(footprint() + room)
        reasons.append(getattr(pages.read_page(row, Guide()), "reason", None))
    return reasons


@LINUX
def test_no_page_takes_a_process_beyond_its_ceiling():
    """A process that holds nearly all it may gives a page no room: it is to be read alone."""
    assert outcome_of(crowded) == ["too_large", None]


@LINUX
def test_alone_decides_whether_pages_teach(tmp_path, monkeypatch):
    """Where a host's pages need more memory than they may have among others, they teach alone."""
    frame = pages_of(*(site_page(n) for n in range(8)), kind="html").with_columns(host=pl.lit("site.example"))
    write_table(frame, tmp_path / "0.parquet", PAGES)
    monkeypatch.setattr(
        "pipeline.run.learn._learned", Mock(side_effect=MemoryLimitError("too_large", "here"))
    )

    taught = teach("site.example", frame["doc_id"].to_list(), [tmp_path / "0.parquet"])

    assert taught.template.body == "div#.story"
