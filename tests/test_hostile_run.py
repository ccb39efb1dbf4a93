"""Hostile pages of every kind, and whole runs among which a page kills its worker."""

import hashlib
import json
import os
import signal

import polars as pl
import pytest

from benchmarks.hostile import unaccounted, write_good, write_hostile
from benchmarks.hostile_pages import HTML, TEXT, page
from pipeline.config import RunConfig, replace
from pipeline.execute import Local
from pipeline.extract import extract, pages
from pipeline.extract.limits import MemoryLimitError
from pipeline.read.charset import sanitise
from pipeline.run import first, job, shard
from pipeline.run.job import run
from tests.test_extract import BODY, MORE, pages_of

HIDDEN = {"templates", "noscripts", "framesets", "breaks", "one line"}  # kinds that show no such article
KILLER, HANGING, GREEDY = "이 쪽은 일꾼을 죽인다", "이 쪽은 멈추지 않는다", "이 쪽은 많이 든다"
FATES = {
    KILLER: lambda _: os.kill(os.getpid(), signal.SIGKILL),
    HANGING: lambda _: os.kill(os.getpid(), signal.SIGXCPU),
    GREEDY: lambda _: MemoryLimitError("too_large", "of what a worker held"),
}
READ, FIRST = pages.read_page, pages.read_first


@pytest.mark.parametrize("kind", HTML)
def test_no_kind_of_hostile_page_loses_its_article(kind):
    """Of a page of every kind, small enough to be read, each line of its article comes out, once and whole."""
    found = extract(pages_of(sanitise(HTML[kind](6_000)), kind="html"))

    lines = [text.removeprefix("- ") for text in found.lines["text"]]
    assert found.documents.height + found.skipped.height == 1
    assert kind in HIDDEN or [line for line in TEXT if any(line in text for text in lines)] == list(TEXT)


def fatal(row, guide, *memory):
    """Read a page, but die of some: of a signal, of the end of the time, of an error, or for want of memory."""
    for word, fate in FATES.items():
        if word.encode() in row.content:
            return fate(row)
    return READ(row, guide, *memory)


def fatal_first(row, guide):
    """Read a page alone; what needed much memory among others is read."""
    return READ(row, guide) if GREEDY.encode() in row.content else fatal(row, guide)


def deadly(task):
    """Do the first pass over a shard as it is done, by fatal reading."""
    pages.read_page, pages.read_first = fatal, fatal_first
    try:
        return shard.map_shard(task)
    finally:
        pages.read_page, pages.read_first = READ, FIRST


def files_of(folder):
    """Return the hash of every file of a corpus, but of the manifests' seconds."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lock"):
        data = path.read_bytes()
        if path.suffix == ".json":
            data = json.dumps({k: v for k, v in json.loads(data).items() if k != "seconds"}).encode()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


@pytest.mark.workers
def test_order_workers_and_a_crash_do_not_change_a_byte(tmp_path, monkeypatch):
    """One worker and four, given the files the other way round, write the same bytes, though pages kill and fill some.

    A template is learned, and every hostile page is kept or has its reason.
    """
    monkeypatch.setattr("pipeline.run.first.map_shard", deadly)
    monkeypatch.setattr("pipeline.run.plan.SHARD_FILES", 20)
    write_good(tmp_path / "good", 16)
    write_hostile(tmp_path / "hostile", 20, seed=3)
    for number, word in enumerate(FATES):
        markup = page(f"<article><p>{word}</p><p>{BODY}</p><p>{MORE}</p></article>")
        (tmp_path / "hostile" / f"00001{number}-fate.html").write_text(markup, "utf-8")
    inputs = [str(path) for path in sorted(tmp_path.glob("*/*"))]
    counts, killed, again = [], [], first._again  # noqa: SLF001 - to count

    def counted(*given):
        killed[-1] += 1
        return again(*given)

    monkeypatch.setattr(first, "_again", counted)
    for workers, given in ((1, inputs), (4, inputs[::-1])):
        monkeypatch.setattr(job, "executor_for", lambda *_, count=workers: Local(count, isolate=True))
        config = replace(RunConfig(), run=replace(RunConfig().run, workers=workers))
        killed.append(0)
        counts.append(run(given, tmp_path / str(workers), config, lambda *_: None).counts)

    assert files_of(tmp_path / "1") == files_of(tmp_path / "4")
    assert killed == [1, 1]
    assert counts[0]["pages_by_way"]["template"] == 16
    assert unaccounted(tmp_path / "hostile", tmp_path / "1") == []
    skipped = pl.read_parquet(tmp_path / "1" / "skipped" / "*.parquet").filter(
        pl.col("source").str.contains("fate")
    )
    assert skipped["reason"].to_list() == ["crashed", "cpu_limit"]
    corpus = pl.read_parquet(tmp_path / "1" / "corpus" / "*.parquet")
    assert corpus.filter(pl.col("source").str.ends_with("000012-fate.html")).height == 1
