"""Frequent text in whole runs: without any pack, over several nights, and on record like everything else."""

import json
import random

import polars as pl
import pytest

from pipeline.config import RunConfig, replace
from pipeline.errors import CorpusError
from pipeline.execute import Local
from pipeline.explain import restored, story_in
from pipeline.rules import builtin_paths
from pipeline.run import job
from pipeline.run.frequent import in_words
from pipeline.run.job import run
from pipeline.verify import verify
from tests.site import site

BARE = replace(RunConfig(), rules=replace(RunConfig().rules, without=tuple(p.stem for p in builtin_paths())))


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch):
    """Run tasks here: there is no HTML to parse."""
    monkeypatch.setattr(job, "executor_for", lambda *_: Local(1))


def crawl(path, pages, start=0):
    """Write pages as records of one host."""
    rows = [
        {"url": f"https://news.gana.example/{n}", "title": f"가나시 소식 {n}", "text": "\n".join(page.lines)}
        for n, page in enumerate(pages, start=start)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def build(folder, *paths, config=BARE):
    """Run the job and return its counts."""
    return run([str(path) for path in paths], folder, config, lambda *_: None).counts


def table(folder, name):
    """Return a table of a corpus."""
    return pl.read_parquet(folder / name / "*.parquet").sort("doc_id")


def furniture_left(folder, pages, start=0):
    """Return the share of the pages' furniture that is still in the corpus, and the article lines that are not."""
    kept = dict(table(folder, "corpus").select("doc_id", "line_numbers").iter_rows())
    left, lost, every = 0, [], 0
    for number, page in enumerate(pages, start=start):
        stays = set(kept[f"https://news.gana.example/{number}"])
        every += sum(page.chrome)
        left += sum(chrome for line, chrome in enumerate(page.chrome, 1) if line in stays)
        lost += [
            page.lines[line - 1]
            for line, chrome in enumerate(page.chrome, 1)
            if not chrome and line not in stays
        ]
    return left / every, lost


def test_a_portal_without_a_pack_is_cleaned(tmp_path):
    """All packs left out, a run over 100 pages of a layout keeps its articles whole and hardly any furniture."""
    pages = site(100)

    counts = build(tmp_path / "out", crawl(tmp_path / "x.jsonl", pages))

    left, lost = furniture_left(tmp_path / "out", pages)
    assert (left < 0.05, lost) == (True, [])
    removals = table(tmp_path / "out", "removals").filter(pl.col("stage") == "frequent")
    assert counts["removals_by_stage"]["frequent"] == removals.height
    assert removals["evidence"].str.contains(r"^on \d+ of 100 pages of news\.gana\.example, ").all()
    assert counts["hosts_too_small"] == {}


def test_what_went_can_be_restored(tmp_path):
    """The law holds through the pass: every document comes back as extracted, and verify agrees."""
    pages = site(40)
    build(tmp_path / "out", crawl(tmp_path / "x.jsonl", pages))

    for number in (0, 17, 39):
        story = story_in(tmp_path / "out", f"https://news.gana.example/{number}")
        assert restored(story) == "\n".join(pages[number].lines)
    assert "40 documents" in verify(tmp_path / "out")


def test_tonight_profits_from_last_month(tmp_path):
    """Three pages alone are too few and say so; added to a corpus of the site they lose their furniture."""
    month, night = site(80), site(3, seed=9)
    old, new = crawl(tmp_path / "old.jsonl", month), crawl(tmp_path / "new.jsonl", night, start=500)

    alone = build(tmp_path / "alone", new)
    build(tmp_path / "out", old)
    added = build(tmp_path / "out", new)

    assert alone["hosts_too_small"] == {"news.gana.example": 3}
    assert "frequent" not in alone["removals_by_stage"]
    assert added["hosts_too_small"] == {}
    left, lost = furniture_left(tmp_path / "out", night, start=500)
    assert (left < 0.1, lost) == (True, [])


def test_lost_counts_are_noticed(tmp_path):
    """A corpus whose counts are damaged is refused, naming the file."""
    build(tmp_path / "out", crawl(tmp_path / "x.jsonl", site(3)))
    path = tmp_path / "out" / "index" / "frequent-00000001.parquet"
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(CorpusError, match=path.name):
        build(tmp_path / "out", crawl(tmp_path / "y.jsonl", site(3, seed=2), start=10))


def test_it_can_be_switched_off(tmp_path):
    """With [strip] frequent = false nothing is counted and nothing goes."""
    config = replace(BARE, strip=replace(BARE.strip, frequent=False))

    counts = build(tmp_path / "out", crawl(tmp_path / "x.jsonl", site(40)), config=config)

    assert "frequent" not in counts["removals_by_stage"]
    assert not list((tmp_path / "out" / "index").glob("frequent*"))


def test_files_and_their_order_are_no_matter(tmp_path):
    """The same pages in three files, shuffled, give the same corpus, removals and counts."""
    pages = list(enumerate(site(60)))
    whole = crawl(tmp_path / "x.jsonl", [page for _, page in pages])
    rows = whole.read_text("utf-8").splitlines(keepends=True)
    random.Random(6).shuffle(rows)  # noqa: S311 - any order will do
    parts = [tmp_path / f"{n}.jsonl" for n in range(3)]
    for n, path in enumerate(parts):
        path.write_text("".join(rows[n::3]), "utf-8")

    build(tmp_path / "a", whole)
    build(tmp_path / "b", *parts)

    columns = ["doc_id", "line", "rule", "evidence", "score"]
    a, b = (table(tmp_path / name, "removals").select(columns).sort(columns) for name in "ab")
    assert a.equals(b)
    name = "index/frequent-00000001.parquet"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_many_small_hosts_are_told_in_one_line():
    """The largest are named, the others counted."""
    assert in_words({f"h{n}.example": n for n in range(1, 8)}) == (
        "frequent text: a site needs 30 pages of different text; fewer: "
        "h7.example 7, h6.example 6, h5.example 5, h4.example 4, h3.example 3 and 2 more"
    )
