"""Explaining a near-duplicate: its score, the text that stands for it, and the words in which the two differ."""

import json

import pytest
from click.testing import CliRunner

from pipeline.cli import cli
from pipeline.config import RunConfig
from pipeline.difference import compared, differences_in, notes
from pipeline.explain import as_text, story_in
from pipeline.run.job import run
from tests.crawl import PLACES, THINGS, WIRE

NEWS = [
    f"{PLACES[n]} 주민들은 올해 {n + 3}월부터 {THINGS[n]} 옆에 꽃밭을 가꾸고 저녁마다 함께 {n + 11}가지 나물을 심었다."
    for n in range(6)
]
AGAIN = [NEWS[0], NEWS[1].replace("저녁마다", "아침마다"), *NEWS[2:6]]
OTHER = [
    f"{THINGS[n]} 운영을 맡은 {PLACES[7 - n]} 조합은 {n + 20}억 원을 들여 지붕을 고치고 겨울에도 문을 열겠다고 알렸다."
    for n in range(6)
]
WIRE_AGAIN = WIRE.replace("2도가량", "3도가량")
FIRST, SECOND, THIRD = (f"https://news.example/{name}" for name in ("first", "second", "third"))


def page(url, day, lines):
    """Return one JSONL record."""
    return json.dumps({"url": url, "date": f"2024-05-0{day}T09:00:00+09:00", "text": "\n".join(lines)}) + "\n"


@pytest.fixture(scope="module", params=["one run", "two runs"])
def corpus(request, tmp_path_factory):
    """Return a corpus in which a document and a paragraph went as near-duplicates."""
    home = tmp_path_factory.mktemp("near")
    early = page(FIRST, 1, [*NEWS, WIRE])
    late = page(SECOND, 2, [*AGAIN, WIRE]) + page(THIRD, 3, [*OTHER, WIRE_AGAIN])
    nights = [early + late] if request.param == "one run" else [early, late]
    for number, text in enumerate(nights):
        path = home / f"night{number}.jsonl"
        path.write_text(text, "utf-8")
        run((str(path),), home / "corpus", RunConfig(), lambda *_: None)
    return home / "corpus"


def test_a_document_is_shown_beside_the_one_that_stands_for_it(corpus):
    """The difference names the kept document and the score, and holds exactly the word that was changed."""
    (found,) = differences_in(corpus, story_in(corpus, SECOND))

    assert (found.line, found.duplicate_of) == (None, {"doc_id": FIRST, "line": None})
    assert 0.8 <= found.score < 1
    changed = [(part.where, part.text) for part in found.parts if part.where != "both"]
    assert changed == [("removed", "아침마다"), ("kept", "저녁마다")]


def test_a_paragraph_is_shown_beside_the_line_that_stands_for_it(corpus):
    """The difference names document and line of the kept paragraph, which another document holds."""
    (found,) = differences_in(corpus, story_in(corpus, THIRD))

    assert (found.line, found.duplicate_of) == (7, {"doc_id": FIRST, "line": 7})
    assert 0.8 <= found.score < 1
    changed = [(part.where, part.text) for part in found.parts if part.where != "both"]
    assert changed == [("removed", "3도가량"), ("kept", "2도가량")]


def test_people_read_it_below_the_reason(corpus):
    """The marked words stand right below the line with the score and the kept text's id and line."""
    story = story_in(corpus, THIRD)
    told = as_text(story, notes(differences_in(corpus, story))).splitlines()

    (reason,) = (n for n, row in enumerate(told) if f"with {FIRST} line 7" in row)
    assert "paragraph/near: Jaccard 0.851 with" in told[reason]
    assert "이어지고 기온은 평년보다 [-3도가량-] {+2도가량+} 낮겠다고" in told[reason + 1]


def test_a_machine_reads_the_same(corpus):
    """--json gives the differences with their passages, beside the lines."""
    told = json.loads(CliRunner().invoke(cli, ["explain", "--corpus", str(corpus), THIRD, "--json"]).output)

    (found,) = told["differences"]
    assert (found["line"], found["duplicate_of"]) == (7, {"doc_id": FIRST, "line": 7})
    assert {"where": "removed", "text": "3도가량"} in found["parts"]
    assert told["lines"][6]["removals"][0]["score"] == pytest.approx(found["score"])


def test_what_is_kept_has_no_difference(corpus):
    """A document without near-duplicates has nothing to compare."""
    assert differences_in(corpus, story_in(corpus, FIRST)) == []


@pytest.mark.parametrize(
    ("removed", "kept"),
    [
        ("가 나 다", "가 라 다"),
        ("가 나", "가 나\n다 라"),
        ("가\n나\n다", "나\n다"),
        ("", "가 나"),
        ("가 나 다", "라 마"),
    ],
)
def test_both_texts_can_be_read_from_the_parts(removed, kept):
    """The passages of one text and of both, in order, are that text, word for word."""
    parts = compared(removed, kept)
    for text, where in ((removed, "removed"), (kept, "kept")):
        words = " ".join(part.text for part in parts if part.where in ("both", where))
        assert words.split() == text.split()
