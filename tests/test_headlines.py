"""Lists of other articles' headlines go; everything of the article that looks like them stays."""

import polars as pl
import pytest

from pipeline.schema import FOUND
from pipeline.strip.headlines import headlines
from tests.frames import documents_of, lines_of
from tests.stage_cases import cases

BODY = [
    "가나시는 15일 항만 배후단지에 수소 충전소 다섯 곳을 새로 짓는 계획을 확정했다고 밝혔다.",
    "시 관계자는 충전소가 들어서면 화물차 200대가 하루에 한 번씩 충전할 수 있다고 설명했다.",
    "가나시는 내년 상반기에 착공해 하반기부터 충전소를 차례로 운영할 계획이라고 덧붙였다.",
]
LIST = [
    '"월급 빼고 다 올랐다"…점심값 1만5천원 시대',
    "[속보] 자차카 대표이사, 사임 의사 표명",
    "눈 내린 산사, 발길 '뚝'…상인들 한숨",
]


def found(lines):
    """Return what the stage finds."""
    return headlines(lines, documents_of(lines))


def taken(case):
    """Return the line numbers that the stage takes from a case."""
    return found(case.lines)["line"].to_list()


@pytest.mark.parametrize("case", cases("headlines", "wild"), ids=lambda case: case.name)
def test_a_list_of_other_articles_goes(case):
    """Every line of the list goes, by the rule that its place calls for, and nothing else does."""
    assert taken(case) == list(case.takes)
    assert set(case.rules) == set(found(case.lines)["rule"])


@pytest.mark.parametrize("case", cases("headlines", "negative"), ids=lambda case: case.name)
def test_what_only_looks_like_a_list_stays(case):
    """Not one line of the article goes."""
    assert taken(case) == []


@pytest.mark.parametrize("case", cases("headlines", "known_failure"), ids=lambda case: case.name)
@pytest.mark.xfail(reason="known: the stage would rather leave a headline than lose a line", strict=True)
def test_what_the_stage_cannot_tell_yet(case):
    """A list that the stage leaves today; when it goes, the case moves to the wild ones."""
    assert taken(case) == list(case.takes)


def test_what_it_finds_has_the_shape_of_every_stage():
    """The rows are FOUND, each with a rule, readable evidence and a score."""
    rows = found(lines_of([*BODY, *LIST]))

    assert rows.schema == FOUND
    assert rows["gone"].to_list() == ["headlines"] * 3
    assert (
        rows["evidence"][0]
        == "3 headline-shaped lines in a row at the tail, 0 % of their words occur in the article"
    )
    assert rows["score"].to_list() == [1.0] * 3


def test_evidence_names_the_heading():
    """A line below a removed heading says which."""
    lines = lines_of([*BODY, "관련기사", *LIST]).with_columns(
        gone=pl.when(pl.col("text") == "관련기사").then(pl.lit("related"))
    )

    assert (
        found(lines)["evidence"][0]
        == "in a list of links below “관련기사”, 0 % of their words occur in the article"
    )


def test_a_document_does_not_depend_on_its_batch():
    """The same document gives the same rows alone and among others."""
    other = ["다른 글이다.", *LIST]
    alone = found(lines_of([*BODY, *LIST])).drop("doc")
    among = found(lines_of(other, [*BODY, *LIST], other)).filter(pl.col("doc") == 1).drop("doc")

    assert alone.equals(among)
    assert len(alone) == 3


def test_nothing_in_nothing_out():
    """An empty batch gives no rows, in the right shape."""
    assert found(lines_of()).equals(pl.DataFrame(schema=FOUND))


def test_two_paragraphs_are_too_few_to_judge_by():
    """A list without a heading stays where the article has fewer than three paragraphs to compare it with."""
    assert found(lines_of([*BODY[:2], *LIST])).is_empty()
