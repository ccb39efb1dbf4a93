"""Whole runs: what comes out, in any order, and what is refused."""

import json
import os
import random

import polars as pl
import pytest

from pipeline.config import replace
from pipeline.dedup.utf8 import texts_of
from pipeline.errors import ConfigError, CorpusError, InputError, LockedError, SkippedError, StorageError
from pipeline.execute import Local
from pipeline.explain import restored, story_in
from pipeline.run import job, write
from pipeline.run.gather import SEEN, gather, one_page_an_id
from pipeline.run.job import check_limit
from pipeline.run.shard import STAGED, staged_path
from pipeline.schema import CORPUS, REMOVALS, SKIPPED, conform
from pipeline.store.files import stage_table
from pipeline.store.lock import locked
from pipeline.verify import verify
from tests.crawl import CHROME, WIRE, record, write_crawl
from tests.runs import CONFIG, build, files_of, table

pytestmark = pytest.mark.usefixtures("run_here")


def test_a_run_writes_the_declared_tables_and_keeps_the_law(tmp_path, crawl):
    """The tables have their declared columns; chrome, copies and wire paragraphs went, and all is on record."""
    summary = build(tmp_path / "out", crawl)

    corpus, removals = table(tmp_path / "out", "corpus"), table(tmp_path / "out", "removals")
    assert (corpus.schema, removals.schema) == (CORPUS, REMOVALS)
    assert table(tmp_path / "out", "skipped").schema == SKIPPED
    assert corpus.height == 18
    assert not corpus["text"].str.contains_any(CHROME).any()
    assert corpus["text"].str.contains(WIRE, literal=True).sum() == 1
    assert corpus["cluster_size"].sum() == 24
    assert summary.counts["lines"] + summary.counts["lines_removed"] == summary.counts["lines_in"]
    assert "1 runs" in verify(tmp_path / "out")


def test_what_went_can_be_restored_byte_for_byte(tmp_path, crawl):
    """Every document, kept or not, comes back from corpus and removals as it was extracted."""
    build(tmp_path / "out", crawl)

    for number in range(24):
        wanted = record(number)
        assert restored(story_in(tmp_path / "out", wanted["url"])) == wanted["text"]


def test_the_order_of_files_and_lines_is_no_matter(tmp_path):
    """The same articles in other files, in another order, give the same rows."""
    numbers = list(range(24))
    build(tmp_path / "a", write_crawl(tmp_path / "one" / "x.jsonl", numbers))
    random.Random(5).shuffle(numbers)  # noqa: S311 - any order will do
    parts = [write_crawl(tmp_path / "two" / f"{n}.jsonl", numbers[n::3]) for n in range(3)]

    build(tmp_path / "b", *reversed(parts))

    for name in ("corpus", "removals"):
        drop = [column for column in ("source",) if column in table(tmp_path / "a", name).columns]
        assert table(tmp_path / "a", name).drop(drop).equals(table(tmp_path / "b", name).drop(drop))


def test_the_order_in_which_files_are_named_changes_no_byte(tmp_path):
    """Six files, shuffled five times, give the same bytes in every file of the corpus."""
    parts = [write_crawl(tmp_path / f"{n}.jsonl", range(n, 24, 6)) for n in range(6)]
    found = []
    for shuffle in range(5):
        random.Random(shuffle).shuffle(parts)  # noqa: S311 - any order will do
        build(tmp_path / f"out{shuffle}", *parts)
        found.append(files_of(tmp_path / f"out{shuffle}"))

    assert "document" in set(table(tmp_path / "out0", "removals")["stage"])
    assert all(other == found[0] for other in found[1:])


@pytest.mark.workers
def test_workers_do_not_change_a_byte(tmp_path, monkeypatch):
    """One process, one worker and three workers write the same bytes."""
    paths = [write_crawl(tmp_path / "in" / f"{n}.jsonl", range(6 * n, 6 * n + 6)) for n in range(4)]
    monkeypatch.setattr("pipeline.run.plan.SHARD_FILES", 1)
    found = []
    for executor in (Local(1), Local(1, isolate=True), Local(3)):
        monkeypatch.setattr(job, "executor_for", lambda *_, chosen=executor: chosen)
        build(tmp_path / str(len(found)), *paths)
        found.append(files_of(tmp_path / str(len(found))))

    assert found[0] == found[1] == found[2]


def test_a_corpus_is_written_some_documents_at_a_time(tmp_path, crawl, monkeypatch):
    """Texts that are put together in small groups, in files of few documents, are those of one group and file."""
    build(tmp_path / "whole", crawl)
    monkeypatch.setattr(write, "GROUP_DOCUMENTS", 2)
    monkeypatch.setattr(write, "PART_DOCUMENTS", 5)
    build(tmp_path / "parts", crawl)

    assert table(tmp_path / "parts", "corpus").equals(table(tmp_path / "whole", "corpus"))
    sizes = [pl.read_parquet(path).height for path in sorted(tmp_path.glob("parts/corpus/*"))]
    assert sizes == [5, 5, 5, 3]
    assert "24 documents" in verify(tmp_path / "parts")


def test_texts_of_many_shards_stay_in_their_files(tmp_path):
    """A table put together from many batches leaves its texts where they lie, also after some lines are chosen."""
    batches = 3
    for batch in range(batches):
        for name, schema in STAGED.items():
            rows = {"doc": [0, 1], "doc_id": [f"{batch}-{n}" for n in "ab"], "text": ["가" * 50] * 2}
            frame = conform(pl.DataFrame({k: v for k, v in rows.items() if k in schema}), schema)
            stage_table(frame, staged_path(tmp_path, 0, batch, name), schema)
    gathered = gather(tmp_path, [batches])
    files = set(texts_of(gathered.lines["text"]).addresses.tolist())
    chosen = one_page_an_id(gathered, conform(pl.DataFrame({"doc_id": ["1-a"]}), SEEN))

    assert chosen.lines.height == 2 * batches - 1
    assert len(files) == batches
    assert set(texts_of(chosen.lines["text"]).addresses.tolist()) == files


def test_what_was_unusual_in_reading_is_in_the_manifest(tmp_path):
    """Notes are counted without their numbers; pages whose text may be wrong are named."""
    text = record(1)["text"].replace("©", "")
    files = {"a": text.encode(), "b": text.encode("cp949"), "c": (text + "가나").encode()[:-1],
             "d": text.encode().decode("latin-1").encode()}  # fmt: skip
    for name, data in files.items():
        (tmp_path / f"{name}.txt").write_bytes(data)

    counts = build(tmp_path / "out", *(tmp_path / f"{name}.txt" for name in files)).counts

    assert counts["notes"] == {"cp949": 1, "utf-8 encoded twice": 1, "utf-8, characters replaced": 1}
    assert sorted(counts["noted"].values()) == ["utf-8 encoded twice", "utf-8, 1 character replaced"]


def test_a_full_disk_commits_nothing_and_says_so(tmp_path, crawl, monkeypatch):
    """An error of the disk is told as such; the folder holds no corpus."""

    def full(*_args, **_keys):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.store.files.pq.ParquetWriter.write_table", full)
    with pytest.raises(StorageError, match=r"No space left on device.*goes on where it stopped"):
        build(tmp_path / "out", crawl)

    assert not list(tmp_path.glob("out/manifests/*"))


def test_two_runs_at_once_do_not_meet(tmp_path, crawl):
    """The second run on a folder is refused while the first holds it."""
    with locked(tmp_path / "out"), pytest.raises(LockedError):
        build(tmp_path / "out", crawl)


def test_a_missing_file_of_the_corpus_is_noticed_before_any_work(tmp_path, crawl):
    """A run into a corpus that lost a file is refused, naming it."""
    build(tmp_path / "out", crawl)
    (lost,) = (tmp_path / "out" / "corpus").glob("*.parquet")
    lost.unlink()

    with pytest.raises(CorpusError, match=lost.name):
        build(tmp_path / "out", write_crawl(tmp_path / "new.jsonl", [30]))


def test_other_dedup_settings_are_refused_in_words(tmp_path, crawl):
    """A corpus is not added to with another threshold or shingle; the message names both values."""
    build(tmp_path / "out", crawl)
    other = replace(CONFIG, dedup=replace(CONFIG.dedup, shingle=4))

    with pytest.raises(ConfigError, match="shingle was 5 and is now 4"):
        build(tmp_path / "out", write_crawl(tmp_path / "new.jsonl", [30]), config=other)


def test_two_pages_of_one_id_are_settled_and_told(tmp_path):
    """Of pages with one id the longest stays; equal ones are known, others are on record."""
    path = tmp_path / "x.jsonl"
    rows = [record(1), record(1), {**record(1), "text": "짧은 글이다."}]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")

    build(tmp_path / "out", path)

    skipped = table(tmp_path / "out", "skipped")
    assert sorted(skipped["reason"].to_list()) == ["known", "same_id"]
    assert table(tmp_path / "out", "corpus").height == 1


def test_too_many_skipped_pages_are_reported_after_the_commit(tmp_path):
    """Beyond the limit the run is committed and the limit's error says which reasons."""
    path = write_crawl(tmp_path / "x.jsonl", range(4))
    path.write_text(path.read_text("utf-8") + "{broken\n", "utf-8")

    summary = build(tmp_path / "out", path)

    with pytest.raises(SkippedError, match=r"1 of 5 pages were skipped \(1 bad_record\)"):
        check_limit(summary, CONFIG, tmp_path / "out")
    check_limit(summary, replace(CONFIG, run=replace(CONFIG.run, limit=1)), tmp_path / "out")
    assert table(tmp_path / "out", "corpus").height > 0


def test_an_empty_folder_gives_an_empty_corpus(tmp_path):
    """No input files: a valid corpus of no documents, its tables with their columns."""
    (tmp_path / "none").mkdir()

    summary = build(tmp_path / "out", tmp_path / "none")

    assert summary.counts["documents"] == 0
    assert table(tmp_path / "out", "corpus").schema == CORPUS


def test_input_that_cannot_be_read_at_all_commits_nothing(tmp_path):
    """When no file can be read the run is refused; a file that is merely empty can be read."""
    bad, empty = tmp_path / "bad.txt", tmp_path / "empty.txt"
    bad.write_bytes(bytes(range(256)) * 20)
    empty.write_bytes(b"")

    with pytest.raises(InputError, match=r"none of the 1 input files .* bad.txt: binary"):
        build(tmp_path / "out", bad)
    assert build(tmp_path / "out", bad, empty).counts["documents"] == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission_is_skipped(tmp_path, crawl):
    """A file that may not be read is on record as unreadable; the others are in the corpus."""
    locked_file = write_crawl(tmp_path / "locked.jsonl", [40])
    locked_file.chmod(0)

    build(tmp_path / "out", crawl, locked_file)

    assert table(tmp_path / "out", "skipped")["reason"].to_list() == ["unreadable"]
