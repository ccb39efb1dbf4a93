"""Structure: an article's paragraphs, lists, tables and line breaks give the same lines by every way."""

import tomllib
from pathlib import Path

import pytest

from pipeline.extract.article import Guide
from pipeline.extract.html import read_article, unlisted
from pipeline.extract.page import parsed
from pipeline.extract.templates import Template
from pipeline.rules import Extract, Pack

CASES = tomllib.loads((Path(__file__).parent / "cases" / "structure.toml").read_text("utf-8"))["case"]
PROSE = {
    "{A}": "가나시는 15일 새 도서관을 열고 시민 누구나 밤 열 시까지 책을 읽을 수 있게 한다고 밝혔다.",
    "{B}": "도서관은 옛 역사를 고쳐 지었으며 어린이 열람실과 작은 공연장, 텃밭이 딸려 있다고 한다.",
    "{C}": "시장은 개관식에서 책을 빌리러 오는 길이 산책길이 되게 하겠다고 주민들에게 약속했다.",
}
PACK = Pack(title="P", id="p", hosts=("site.example",), extract=Extract(body=("#story",)))
WAYS = {
    "selectors": Guide((PACK,)),
    "template": Guide((), {"site.example": Template("div#story.")}),
    "trafilatura": Guide(),
}


def filled(text):
    """Return a text of a case with its prose."""
    for name, prose in PROSE.items():
        text = text.replace(name, prose)
    return text


@pytest.mark.parametrize(
    ("way", "case"),
    [
        pytest.param(way, case, id=f"{way}: {case['name']}")
        for case in CASES
        for way in case.get("ways", WAYS)
    ],
)
def test_an_article_gives_its_lines_in_reading_order(way, case):
    """Every way gives the lines of the case; trafilatura's marks for list items and table rows are none of a line."""
    story = f"<div id=story>{filled(case['html'])}</div>"
    page = f"<html><body>{story}<aside>{case.get('around', '')}</aside></body></html>"

    found = read_article(page.encode(), "id", "site.example", WAYS[way])

    lines = [("~" if line.part else "") + line.text.removeprefix("- ").strip("| ") for line in found.lines]
    assert found.way == way
    assert lines == [filled(line) for line in case["lines"]]


LINKS = "".join(f"<p><a href=/{n}>다른 기사의 제목 {n}</a></p>" for n in range(3))


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        ([PROSE["{A}"], "- 다른 기사의 제목 1", "다른 기사의 제목 2", "다른 기사의 제목 3"], [0, 1, 1, 0]),
        (["다른 기사의 제목 1", "다른 기사의 제목 2", "끝"], [0, 0, 0]),
    ],
)
def test_what_trafilatura_takes_out_of_a_list_of_links_is_known(texts, parts):
    """Its lines that stand in such a list are a part of their own, unless they are most of the text."""
    found = unlisted(parsed(f"<body><p>{PROSE['{A}']}</p>{LINKS}</body>"), texts)

    assert [line.text for line in found] == texts
    assert [int(line.part is not None) for line in found] == parts


SHORT = f"<p>{PROSE['{A}']}</p>\n<div>하나</div><div>둘</div><h3>작은 제목</h3><p>{PROSE['{B}']}</p>"
PHOTO = "<figure><img src=/1.jpg><figcaption>새 도서관 앞에 선 시민들</figcaption></figure>"


@pytest.mark.parametrize(
    ("story", "lines"),
    [
        (SHORT, ["{A}", "하나", "둘", "작은 제목", "{B}"]),
        (PHOTO + SHORT, ["~새 도서관 앞에 선 시민들", "{A}", "하나", "둘", "작은 제목", "{B}"]),
        (
            f"<div>{PROSE['{A}']}</div>{PROSE['{B}']}<button>접기</button>",
            ["{A} {B}접기"],
        ),  # not what is shown
    ],
)
def test_paragraphs_of_a_short_article_are_not_glued(story, lines):
    """Of a short article trafilatura gives one line; it is parted where the page parts it, and nowhere else."""
    page = f"<html><body><nav>홈</nav><article>{story}</article><footer>{PROSE['{A}']}</footer></body></html>"

    found = read_article(page.encode(), "id", "site.example", Guide())

    assert found.way == "trafilatura"
    assert [("~" if line.part else "") + line.text for line in found.lines] == [
        filled(line) for line in lines
    ]
