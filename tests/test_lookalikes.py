"""Body that looks like chrome: with all built-in packs, no such line goes, wherever in the article it stands."""

import tomllib
from pathlib import Path

import pytest

from pipeline.config import Strip
from pipeline.rules import load_packs
from pipeline.strip.stages import strip
from tests.frames import documents_of, lines_of

CASES = tomllib.loads((Path(__file__).parent / "cases" / "lookalikes.toml").read_text("utf-8"))["case"]
BEFORE = [
    "가나시는 5월 새 도서관 문을 열고 주민 누구나 밤 열 시까지 책을 읽을 수 있게 한다고 15일 밝혔다.",
    "도서관에는 어린이 열람실과 작은 공연장, 텃밭이 딸려 있으며 주민 모임이 함께 꾸려 간다고 담당 공무원은 설명했다.",
]
AFTER = [
    "시는 올해 안에 나머지 두 곳의 터도 정하기로 했고, 주민 설명회는 다음 달 세 차례 열린다고 덧붙였다.",
    '주민 김철수 씨는 "아이와 함께 걸어갈 수 있는 곳이 생겨 반갑다"며 개관식에 꼭 가겠다고 말했다.',
]
FURNITURE = ["가나일보 홍길동 기자 hong@gana.example", "Copyright © 가나일보. 무단전재 및 재배포 금지."]
PLACES = {
    "alone in the middle": lambda line: [*BEFORE, line, *AFTER, *FURNITURE],
    "at the end": lambda line: [*BEFORE, *AFTER, line, *FURNITURE],
    "at the end of a text without furniture": lambda line: [*BEFORE, *AFTER, line],
}


@pytest.fixture(scope="module")
def table():
    """Load the built-in packs once."""
    return load_packs()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", CASES, ids=[case["kind"] for case in CASES])
def test_no_line_of_an_article_goes(table, case, place):
    """Each line alone among paragraphs, in the middle and at the end, whole and uncut."""
    texts = [PLACES[place](line) for line in case["lines"]]
    lines = lines_of(*texts)

    found = strip(lines, documents_of(lines), table, Strip())

    gone = found.removed.filter(found.removed["text"].is_in(FURNITURE).not_()).select(
        "text", "rule", "evidence"
    )
    assert gone.rows() == []


@pytest.mark.parametrize("case", CASES, ids=[case["kind"] for case in CASES])
def test_no_run_of_such_lines_goes(table, case):
    """All lines of a kind one after another, between paragraphs."""
    lines = lines_of([*BEFORE, *case["lines"], *AFTER, *FURNITURE])

    found = strip(lines, documents_of(lines), table, Strip())

    gone = found.removed.filter(found.removed["text"].is_in(FURNITURE).not_()).select(
        "text", "rule", "evidence"
    )
    assert gone.rows() == []
