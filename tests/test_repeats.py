"""Repeats inside a document go where they are copies, and stay where they are meant."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.schema import FOUND
from pipeline.strip.repeats import repeats
from tests.frames import documents_of, lines_of
from tests.stage_cases import cases

PARAGRAPHS = [
    "가나시는 15일 항만 배후단지에 수소 충전소 다섯 곳을 새로 짓는 계획을 확정했다고 밝혔다.",
    "시 관계자는 충전소가 들어서면 화물차 200대가 하루에 한 번씩 충전할 수 있다고 설명했다.",
    "가나시는 내년 상반기에 착공해 하반기부터 충전소를 차례로 운영할 계획이라고 덧붙였다.",
    "이 사업에는 국비와 시비 300억 원이 들어가며, 시의회는 다음 달 예산안을 심사하기로 했다.",
]
TEXTS = [
    *PARAGRAPHS,
    f"{PARAGRAPHS[0]} {PARAGRAPHS[1]}",
    "짧은 줄",
    f"{PARAGRAPHS[0]} {PARAGRAPHS[1][:20]}…",
    '"요금은 운수업계와 먼저 상의해서 정하겠다고 약속한다."',
]
SENTENCES = re.compile(r"(?<=\.) ")


def found(lines):
    """Return what the stage finds."""
    return repeats(lines, documents_of(lines))


def pairs(case):
    """Return the lines that the stage takes from a case, each with the line it repeats."""
    rows = found(case.lines)
    return dict(zip(rows["line"], rows["same_as"], strict=True))


@pytest.mark.parametrize("case", cases("repeats", "wild"), ids=lambda case: case.name)
def test_a_copy_goes_and_the_articles_line_stays(case):
    """The copies go, each naming the line that stays, by the rule that fits."""
    assert pairs(case) == case.takes
    assert sorted(found(case.lines)["rule"]) == sorted(case.rules)


@pytest.mark.parametrize("case", cases("repeats", "negative"), ids=lambda case: case.name)
def test_a_repeat_that_is_meant_stays(case):
    """Refrains, questions, short answers, figures and sub-headlines stay."""
    assert pairs(case) == {}


@pytest.mark.parametrize("case", cases("repeats", "known_failure"), ids=lambda case: case.name)
@pytest.mark.xfail(reason="known: letters alone do not show it", strict=True)
def test_what_the_stage_cannot_see_yet(case):
    """A repeat that the stage leaves today; when it goes, the case moves to the wild ones."""
    assert pairs(case) == case.takes


def test_evidence_says_what_is_repeated():
    """Equal lines score 1 and name the line; a sentence of a longer line scores its share of it."""
    lines = lines_of(
        [PARAGRAPHS[0], PARAGRAPHS[2], f"(가나=다라통신) {PARAGRAPHS[0]}", PARAGRAPHS[1], PARAGRAPHS[2]]
    )

    rows = found(lines)

    assert rows.schema == FOUND
    assert rows["evidence"].to_list() == [
        "the first sentence, after the dateline, of line 3",
        "equal to line 5",
    ]
    assert rows["score"][0] == pytest.approx(38 / 47, abs=0.05)
    assert rows["score"][1] == 1.0


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(TEXTS), max_size=14), max_size=4))
def test_no_text_leaves_with_its_last_copy(documents):
    """Whatever repeats whatever: the line a repeat names stands, and every sentence that went stands somewhere."""
    lines = lines_of(*documents)
    rows = found(lines)
    gone = set(rows.select("doc", "line").iter_rows())

    assert len(gone) == len(rows)
    assert not gone & set(rows.select("doc", "same_as").iter_rows())
    for doc, texts in enumerate(documents):
        standing = " ".join(text for line, text in enumerate(texts, start=1) if (doc, line) not in gone)
        assert all(sentence in standing for text in texts for sentence in SENTENCES.split(text.rstrip("…")))


def test_a_line_of_another_document_is_no_repeat():
    """Equal lines of two documents are dedup's business."""
    assert found(lines_of(PARAGRAPHS, PARAGRAPHS)).is_empty()


def test_an_article_extracted_twice_stays_once_and_in_order():
    """Ten paragraphs and the same ten again: the second ten go."""
    article = [f"{number}번 부두에서는 {text}" for text in PARAGRAPHS for number in ("1", "2", "3")][:10]

    assert found(lines_of(article + article))["line"].to_list() == list(range(11, 21))
