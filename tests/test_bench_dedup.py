"""The dedup benchmark: its truth, and how a search's result is scored."""

import numpy as np
import polars as pl
import pytest

from benchmarks import dedup, workload
from benchmarks.measure import Usage
from benchmarks.searches import SEARCHES, run
from benchmarks.workload import prepare, scores

COUNT = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a small workload."""
    home = tmp_path_factory.mktemp("workload")
    prepare(str(home), "ko", COUNT, 1)
    return home


def scored(folder, gone):
    """Score a mask."""
    (folder / "mine.mask").write_bytes(np.asarray(gone, np.bool_).tobytes())
    return scores(str(folder), "mine")


@pytest.mark.parametrize("name", ["newsieve", "mapped"])
def test_what_newsieve_removes_is_the_truth(folder, monkeypatch, name):
    """The search that is clocked removes exactly the texts that must go by the brute-force definition."""
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None)
    run(name, str(folder), COUNT)
    mask = np.frombuffer((folder / f"{name}.mask").read_bytes(), np.bool_)
    assert mask.tolist() == pl.read_parquet(folder / "0" / "truth.parquet")["goes"].to_list()
    assert scores(str(folder), name) == {"precision": 1.0, "recall": 1.0, "lost": 0, "copies": 0}


def test_the_parts_of_a_large_workload_share_nothing(tmp_path, monkeypatch):
    """What is true of each part alone is true of all parts together, so that it may be counted part by part."""
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None)
    monkeypatch.setattr(workload, "PART", COUNT // 2)
    assert prepare(str(tmp_path), "ko", COUNT, 1) == 2
    run("mapped", str(tmp_path), COUNT)
    mask = np.frombuffer((tmp_path / "mapped.mask").read_bytes(), np.bool_)
    truth = pl.concat([pl.read_parquet(tmp_path / part / "truth.parquet") for part in "01"])
    assert mask.tolist() == truth["goes"].to_list()
    assert scores(str(tmp_path), "mapped") == {"precision": 1.0, "recall": 1.0, "lost": 0, "copies": 0}


def test_keeping_all_finds_nothing(folder):
    """A search that keeps everything has no recall, and every further copy is counted."""
    texts = pl.read_parquet(folder / "0" / "truth.parquet")["text"]
    assert scored(folder, [False] * COUNT) == {
        "precision": 1.0,
        "recall": 0.0,
        "lost": 0,
        "copies": COUNT - texts.n_unique(),
    }


def test_flagging_every_copy_loses_texts(folder):
    """A search that takes all copies of a text has lost it: nothing similar is kept."""
    rows = pl.read_parquet(folder / "0" / "truth.parquet")
    copied = rows.select(pl.len().over("text") > 1)["len"]
    found = scored(folder, copied)
    near = scored(folder, [True] * COUNT)
    assert found["lost"] > 0
    assert found["precision"] < 1
    assert near["lost"] == rows["text"].n_unique()


def test_another_copy_may_be_kept(folder):
    """Which copy of a text is kept does not count: the last is as good as the first."""
    rows = pl.read_parquet(folder / "0" / "truth.parquet").with_row_index("row")
    kept = rows.select((~pl.col("goes")).any().over("text"))["goes"]
    last = rows.select(pl.col("row") == pl.col("row").max().over("text"))["row"]
    found = scored(folder, ~(kept & last))
    assert (found["precision"], found["recall"], found["lost"]) == (1.0, 1.0, 0)


SCORE = {"precision": 1.0, "recall": 1.0, "lost": 0, "copies": 0}


def sample(search, wall=1.0):
    """Return a sample of so many CPU and wall seconds."""
    return dedup.Sample(search, wall, Usage(2.0, 2.0, 100.0))


def test_a_search_that_was_left_out_is_named_with_the_reason():
    """The table has a row with the reason for a peer that was not measured."""
    left_out = {"daft": "cannot be installed here"}
    found = dedup.Workload("ko", 10, {"newsieve": [sample(1.0)]}, {"newsieve": SCORE}, left_out, [], [])
    rows = dedup.table(found)
    assert f"| {SEARCHES['daft'].title} | cannot be installed here |{' |' * 8}" in rows


def test_many_texts_are_told_beside_a_million_and_two_cores_beside_one():
    """What a text costs beside one of the first part, and how much sooner two cores are done, are ratios of a round."""
    many = dedup.Workload(
        "ko", 10_000_000, {"mapped": [sample(60.0)]}, {"mapped": SCORE}, {}, [sample(5.0)], []
    )
    assert "a text of all costs 1.20 times what one of these does." in dedup.table(many)
    two = [sample(5.5, wall=2.0), sample(5.0, wall=2.5)]
    names = {"newsieve": [sample(5.0, wall=4.0), sample(5.0, wall=4.0)]}
    both = dedup.Workload("ko", 1_000_000, names, {"newsieve": SCORE}, {}, [], two)
    assert "1.80 (1.60–2.00) times as fast, with 1.05 (1.00–1.10) times the CPU seconds." in dedup.table(both)


def test_beyond_one_part_newsieve_is_alone(monkeypatch):
    """More than a million texts are searched by newsieve alone, whole and the first part; no peer is installed."""
    asked = []

    def measured(_function, _python, **given):
        asked.append((given["name"], given["folder"][-2:] == "/0", given["count"]))
        return Usage(2.0, 2.0, 100.0), (40.0, 40.0)

    monkeypatch.setattr(dedup, "measured", measured)
    monkeypatch.setattr(dedup, "call", lambda *_, **__: SCORE)
    monkeypatch.setattr(dedup, "python_of", None)
    (found,) = dedup.measure([("ko", 10_000_000)], 3, 1)
    assert asked == [("mapped", True, 1_000_000)] * 2 + [("mapped", False, 10_000_000)]
    assert "| newsieve | not beyond 1,000,000 texts" in "\n".join(dedup.table(found))
