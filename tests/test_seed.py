"""The text that the project began with: a Daum article as a crawler left it. Real press text, so never kept here."""

import os
from pathlib import Path

import polars as pl
import pytest

from pipeline.config import RunConfig
from pipeline.explain import restored, story_in, story_of
from pipeline.rules import load_packs
from pipeline.run.job import run
from pipeline.single import strip_file

FOLDER = Path(os.environ.get("NEWSIEVE_SEED", Path(__file__).parents[2] / "shared" / "seed"))
SEED = FOLDER / "000_9d61e1a2895ce0a0.txt"
BODY = list(range(7, 18))

pytestmark = pytest.mark.skipif(
    not SEED.is_file(), reason=f"real press text is not part of the project: no {SEED.name}"
)


@pytest.fixture(scope="module")
def story():
    """Strip the seed."""
    return story_of(strip_file(SEED, RunConfig(), load_packs()))


def test_the_title_and_exactly_the_article_stay(story):
    """Line 1 is the title, lines 7 to 17 are the article, nothing else stays."""
    kept = [line["line"] for line in story.lines if line["kept"] is not None]

    assert kept == BODY
    assert story.lines[0]["removals"][0]["stage"] == "title"
    assert story.head["title"] == story.lines[0]["text"]


def test_every_other_line_says_why_it_went(story):
    """Lines 3 and 4 name the line they repeat; notices, tip lines and the list of headlines have their stage."""
    takes = {line["line"]: line["removals"][0] for line in story.lines if line["kept"] is None}

    assert {n: take["stage"] for n, take in takes.items() if n in {2, 5, 6, *range(18, 24)}} == dict.fromkeys(
        [2, 5, 6, *range(18, 24)], "chrome"
    )
    assert {takes[n]["stage"] for n in range(24, 34)} == {"headlines"}
    assert [(takes[n]["stage"], takes[n]["duplicate_of"]["line"]) for n in (3, 4)] == [
        ("repeat", 11),
        ("repeat", 12),
    ]
    assert all(take["rule"] and take["evidence"] for take in takes.values())


def test_press_and_byline_are_found(story):
    """The lines at the tail name the press and the reporter."""
    assert story.head["press"] == "노컷뉴스"
    (reporter,) = story.head["byline"]
    assert reporter.endswith(" 기자")
    assert reporter in story.lines[20]["text"]


def test_a_corpus_gives_the_file_back(tmp_path):
    """A run keeps the same lines, and restore gives the extracted text byte for byte."""
    run([str(SEED)], tmp_path / "out", RunConfig(), lambda *_: None)
    doc_id = pl.read_parquet(tmp_path / "out" / "corpus" / "*.parquet")["doc_id"].item()

    assert restored(story_in(tmp_path / "out", doc_id)) == SEED.read_text("utf-8").rstrip("\n")
