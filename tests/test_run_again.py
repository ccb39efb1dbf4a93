"""Runs that follow others, and runs that were stopped."""

import json
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.store import index
from pipeline.store.manifest import read_manifests, standing
from pipeline.verify import verify
from tests.crawl import record, write_crawl
from tests.runs import build, files_of, table

pytestmark = pytest.mark.usefixtures("run_here")


def test_a_second_run_from_scratch_writes_the_same_bytes(tmp_path, crawl):
    """Equal input and settings give equal files, but for the seconds a pass took."""
    for name in ("a", "b"):
        build(tmp_path / name, crawl)

    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")


def test_the_same_input_again_changes_nothing(tmp_path, crawl):
    """A run without new input commits nothing and writes nothing."""
    build(tmp_path / "out", crawl)
    before = files_of(tmp_path / "out")

    summary = build(tmp_path / "out", crawl)

    assert (summary.run, summary.known_files, summary.counts) == (1, 1, None)
    assert files_of(tmp_path / "out") == before


def write_nights(folder, bounds):
    """Write articles whose times are in order, so that generation and earliest publication agree on who is kept."""
    rows = [{**record(n), "date": f"2024-05-01T00:{n:02d}:00Z"} for n in range(bounds[-1])]
    paths = [folder / f"{start:02d}.jsonl" for start in bounds[:-1]]
    for path, (start, end) in zip(paths, pairwise(bounds), strict=True):
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows[start:end]), "utf-8")
    return paths


def assert_same_corpus(one, many):
    """Check that two corpora hold the same documents, lines and removals, whichever run wrote them."""
    columns = ["doc_id", "text", "line_numbers"]
    assert table(one, "corpus").select(columns).equals(table(many, "corpus").select(columns))
    assert table(one, "removals").drop("run").equals(table(many, "removals").drop("run"))


@pytest.mark.parametrize("cuts", [(12,), (3, 7), (1, 2, 23)])
def test_nights_in_sequence_equal_one_run(tmp_path, cuts):
    """Batches added one after another leave the documents and lines that one run over all leaves."""
    build(tmp_path / "one", *write_nights(tmp_path, [0, 24]))
    nights = write_nights(tmp_path, [0, *cuts, 24])
    for night in nights:
        build(tmp_path / "many", night)

    assert_same_corpus(tmp_path / "one", tmp_path / "many")
    assert f"{len(nights)} runs" in verify(tmp_path / "many")


def test_a_merged_index_judges_as_its_parts(tmp_path, monkeypatch):
    """Runs that merge the index files of runs before them leave few files, and the corpus of one run over all."""
    build(tmp_path / "one", *write_nights(tmp_path, [0, 24]))
    monkeypatch.setattr(index, "MERGE_BEYOND", 2)
    for night in write_nights(tmp_path, [0, 2, 3, 9, 12, 13, 20, 24]):
        build(tmp_path / "many", night)
        assert "files and" in verify(tmp_path / "many")

    for kind in ("documents", "paragraphs", "keys-documents", "keys-paragraphs"):
        assert len(list(tmp_path.glob(f"many/index/{kind}-*"))) <= 2
    assert_same_corpus(tmp_path / "one", tmp_path / "many")


class StoppedError(BaseException):
    """Stands for the death of the process at a write."""


def stop_at(monkeypatch, number, how="replace"):
    """Let the process die at its ``number``-th rename (or other thing done to paths); return how many there were."""
    real, count = getattr(Path, how), [0]

    def do_or_die(self, *args, **keys):
        count[0] += 1
        if count[0] == number:
            raise StoppedError
        return real(self, *args, **keys)

    monkeypatch.setattr(Path, how, do_or_die)
    return count


def test_stopped_at_any_write_a_run_leaves_no_corpus_or_the_whole(tmp_path, crawl, monkeypatch):
    """Whatever rename a run dies at, readers see no corpus, and the same command then makes the whole one."""
    with monkeypatch.context() as patch:
        writes = stop_at(patch, 0)
        build(tmp_path / "whole", crawl)
    wanted = files_of(tmp_path / "whole")

    for number in range(1, writes[0] + 1):
        out = tmp_path / f"out{number}"
        with monkeypatch.context() as patch:
            stop_at(patch, number)
            with pytest.raises(StoppedError):
                build(out, crawl)
        assert not list(out.glob("manifests/*.json"))
        build(out, crawl)
        assert files_of(out) == wanted


@pytest.mark.parametrize("how", ["replace", "unlink"])
def test_stopped_while_it_merges_a_run_leaves_the_corpus_whole(tmp_path, monkeypatch, how):
    """Whatever rename or removal a merging run dies at, the corpus has its old generations or the new one too."""
    monkeypatch.setattr(index, "MERGE_BEYOND", 1)
    first, second = write_nights(tmp_path, [0, 6, 12])
    build(tmp_path / "start", first)
    with monkeypatch.context() as patch:
        writes = stop_at(patch, 0, how)
        build(shutil.copytree(tmp_path / "start", tmp_path / "whole"), second)
    wanted = files_of(tmp_path / "whole")

    # What comes before is the work of a run that merges nothing: it is stopped everywhere in the test above.
    for number in range(max(1, writes[0] - 11), writes[0] + 1):
        out = shutil.copytree(tmp_path / "start", tmp_path / f"out{number}")
        with monkeypatch.context() as patch:
            stop_at(patch, number, how)
            with pytest.raises(StoppedError):
                build(out, second)
        assert verify(out).startswith(f"{out}: {len(list(out.glob('manifests/*.json')))} runs")
        build(out, second)
        assert files_of(out).items() >= wanted.items()
        assert verify(out)
    build(out, *write_nights(tmp_path, [0, 6, 12, 13]))
    listed = {output.path for _, output in standing(read_manifests(out))}
    assert {path.relative_to(out).as_posix() for path in out.glob("index/*")} <= listed


@pytest.mark.workers
def test_killed_outright_a_run_is_completed_by_the_next(tmp_path):
    """After SIGKILL at some moments of a second run, the corpus is the first generation's, then both."""
    out, command = tmp_path / "out", [sys.executable, "-m", "pipeline", "run", "--quiet", "--out"]
    old = write_crawl(tmp_path / "old.jsonl", range(12))
    new = [write_crawl(tmp_path / f"new{n}.jsonl", range(12 + 4 * n, 16 + 4 * n)) for n in range(3)]
    build(out, old)
    for seconds in (0.9, 1.6):
        process = subprocess.Popen([*command, str(out), *map(str, new)])  # noqa: S603 - the own command
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert verify(out)

    build(out, old, *new)

    assert "2 runs" in verify(out)
    assert set(table(out, "corpus")["run"]) == {1, 2}
