"""A line moves to the title column on evidence, and stays in the text without it."""

import polars as pl
import pytest

from pipeline.config import Strip
from pipeline.rules import load_packs
from pipeline.schema import FOUND
from pipeline.strip.stages import strip
from pipeline.strip.title import title
from tests.frames import documents_of, lines_of

TITLE = "가나시, 항만에 수소 충전소 다섯 곳 짓는다"
BODY = [
    "가나시는 15일 항만 배후단지에 수소 충전소 다섯 곳을 새로 짓는 계획을 확정했다고 밝혔다.",
    "시 관계자는 충전소가 들어서면 화물차 200대가 하루에 한 번씩 충전할 수 있다고 설명했다.",
]


def found(texts, gone=None, **columns):
    """Return the lines and evidence that the stage finds; ``gone`` maps texts to the class that took them."""
    taken = gone or {}
    lines = lines_of(texts).with_columns(
        gone=pl.col("text").replace_strict(
            list(taken), list(taken.values()), default=None, return_dtype=pl.String
        )
    )
    rows = title(lines, documents_of(lines, **columns))
    assert rows.schema == FOUND
    return rows.select("line", "evidence").rows()


@pytest.mark.parametrize(
    ("below", "gone", "evidence"),
    [
        (
            ["요약보기"],
            {"요약보기": "autosummary"},
            "right above what portals put below titles (autosummary): “요약보기”",
        ),
        (
            ["홍길동 2024. 1. 3. 09:00"],
            {"홍길동 2024. 1. 3. 09:00": "byline"},
            "right above what portals put below titles (byline): “홍길동 2024. 1. 3. 09:00”",
        ),
        (["◀ 앵커 ▶"], {}, "above an anchor's mark: “◀ 앵커 ▶”"),
        (["■취재파일", "▶<홍길동 / 진행자>"], {}, "above an anchor's mark: “▶<홍길동 / 진행자>”"),
    ],
)
def test_a_first_line_is_the_title_where_something_says_so(below, gone, evidence):
    """Furniture that stands between titles and articles, a name with a date, an anchor's mark."""
    assert found([TITLE, *below, *BODY], gone) == [(1, evidence)]


def test_the_line_below_the_form_of_a_release_is_its_title():
    """It stands alone between the form and the text; of two lines neither is taken."""
    form = {"보 도 자 료": "press_release_form", "담당자 홍길동": "press_release_form"}

    assert found([*form, TITLE, "- 국비 300억 원 투입 -", *BODY], form) == [
        (3, "between the form of a press release (“담당자 홍길동”) and its text")
    ]
    assert found([*form, TITLE, "환경단체와 운수업계도 함께하기로", *BODY], form) == []


@pytest.mark.parametrize(
    ("texts", "gone"),
    [
        ([TITLE, *BODY], {}),
        ([TITLE, "홍길동 기자", *BODY], {"홍길동 기자": "byline"}),
        ([TITLE, f"(가나=다라통신) 홍길동 기자 = {BODY[0]}", *BODY], {}),
        ([TITLE, "▲ 가나항 조감도", *BODY], {"▲ 가나항 조감도": "caption"}),
        ([BODY[0], "요약보기", BODY[1]], {"요약보기": "autosummary"}),
        (["설경", "요약보기", *BODY], {"요약보기": "autosummary"}),
        (["[뉴스데스크]◀ 앵커 ▶", "요약보기", *BODY], {"요약보기": "autosummary"}),
        ([*BODY, TITLE, "좋아요"], {"좋아요": "reaction"}),
    ],
)
def test_a_line_without_evidence_stays(texts, gone):
    """A sub-headline looks like a title, and has datelines, names and captions below it too."""
    assert found(texts, gone) == []


def test_a_given_title_takes_its_line_only_above_the_article():
    """Blanks and marks aside; further down the same words are the article's."""
    same = TITLE.replace(" ", "")

    assert found(["사회", same, *BODY], title=[TITLE]) == [(2, "equal to the page's title")]
    assert found([*BODY, TITLE], title=[TITLE]) == []
    assert found([TITLE, "요약보기", *BODY], {"요약보기": "autosummary"}, title=["다른 제목"]) == []


def test_a_given_title_goes_as_often_as_it_stands_above_the_article():
    """Pages print the title in their navigation and above the article; the document has one row all the same."""
    lines = lines_of([TITLE, "정치", TITLE, *BODY])
    documents = documents_of(lines, title=[TITLE])

    assert found([TITLE, "정치", TITLE, *BODY], title=[TITLE]) == [
        (1, "equal to the page's title"),
        (3, "equal to the page's title"),
    ]
    assert strip(lines, documents, load_packs(), Strip()).documents["title"].to_list() == [TITLE]


def test_first_lines_can_be_titles_by_configuration():
    """``title`` takes the first standing line of a document without a title, ``body`` none."""
    lines = lines_of([TITLE, *BODY], ["짧다"])
    documents = documents_of(lines)

    taken = title(lines, documents, "title").select("doc", "line", "evidence").rows()

    assert taken == [(0, 1, "the first line, as configured"), (1, 1, "the first line, as configured")]
    assert title(lines, documents, "body").is_empty()


def test_the_title_column_has_no_bullet():
    """The removal keeps the line as it stood."""
    lines = lines_of([f"- {TITLE}", "요약보기", *BODY])

    stripped = strip(lines, documents_of(lines), load_packs(), Strip())

    assert stripped.documents["title"].to_list() == [TITLE]
    assert stripped.removed["text"][0] == f"- {TITLE}"
