"""Hostile pages of every kind, and whole runs among which a page kills its worker."""

import hashlib
import json
import os
import signal

import pytest

from benchmarks.hostile import unaccounted, write_good, write_hostile
from benchmarks.hostile_pages import HTML, TEXT
from pipeline.config import RunConfig, replace
from pipeline.execute import Local
from pipeline.extract import extract
from pipeline.read.charset import sanitise
from pipeline.run import first, job, shard
from pipeline.run.job import run
from tests.test_extract import pages_of

HIDDEN = {"templates", "noscripts", "framesets", "breaks", "one line"}  # kinds that show no such article
KILLER = "이 쪽은 일꾼을 죽인다"


@pytest.mark.parametrize("kind", HTML)
def test_no_kind_of_hostile_page_loses_its_article(kind):
    """Of a page of every kind, small enough to be read, each line of its article comes out, once and whole."""
    found = extract(pages_of(sanitise(HTML[kind](6_000)), kind="html"))

    lines = [text.removeprefix("- ") for text in found.lines["text"]]
    assert found.documents.height + found.skipped.height == 1
    assert kind in HIDDEN or [line for line in TEXT if any(line in text for text in lines)] == list(TEXT)


def fragile(pages, guide):
    """Extract, but die of the page that kills."""
    if pages["content"].str.contains(KILLER).any():
        os.kill(os.getpid(), signal.SIGKILL)
    return extract(pages, guide)


def deadly(task):
    """Do the first pass over a shard as it is done, by the fragile extraction."""
    real, shard.extract = shard.extract, fragile
    try:
        return shard.map_shard(task)
    finally:
        shard.extract = real


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
    """One worker and four, given the files the other way round, write the same bytes, though a page kills one.

    A template is learned, and every hostile page is kept or has its reason.
    """
    monkeypatch.setattr("pipeline.run.first.map_shard", deadly)
    monkeypatch.setattr("pipeline.run.plan.SHARD_FILES", 20)
    write_good(tmp_path / "good", 16)
    write_hostile(tmp_path / "hostile", 20, seed=3)
    (tmp_path / "hostile" / "000010-killer.html").write_text(f"<p>{KILLER}</p>", "utf-8")
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
