"""The head of a page: title, press, time, reporters and section."""

from datetime import UTC, datetime

import pytest

from pipeline.extract.article import Guide
from pipeline.extract.dates import day_in, written_time
from pipeline.extract.html import read_article
from pipeline.extract.metadata import read_head
from pipeline.extract.page import parsed
from pipeline.read.times import SEOUL
from pipeline.rules import Extract, Pack


def page(body, head=""):
    """Return an HTML page."""
    return f"<html><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("head", "body", "wanted"),
    [
        ('<meta property="og:title" content="새 도서관 - 가나일보"><meta property="og:site_name" content="가나일보">',
         "", ("새 도서관", "가나일보", None, None)),
        ("<title>새 도서관 : 가나 뉴스</title>", "<h1>새 도서관</h1>", ("새 도서관", None, None, None)),
        ("<title>A | B | C</title>", "<h2>A | B</h2>", ("A | B", None, None, None)),
        ("<title>포털 - 뉴스를 읽다</title>", "", ("포털 - 뉴스를 읽다", None, None, None)),
        ('<meta property="og:site_name" content="다음뉴스"><meta property="og:article:author" content="가나통신">',
         "<h3>제목</h3>", ("제목", "가나통신", None, None)),
        ('<meta property="og:article:author" content="가나일보 | 네이버">', "", (None, "가나일보", None, None)),
        ('<meta property="og:regDate" content="20240513125214">', "",
         (None, None, datetime(2024, 5, 13, 3, 52, 14, tzinfo=UTC), None)),
        ('<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"제목","publisher":'
         '{"name":"가나일보"},"datePublished":"2024-05-13T09:00:00+09:00","author":[{"name":"홍길동"},'
         '{"name":"김철수 기자"}]}]}</script>', "",
         ("제목", "가나일보", datetime(2024, 5, 13, tzinfo=UTC), ["홍길동", "김철수 기자"])),
        ('<script type="application/ld+json">{broken</script><meta name="author" content="홍길동 기자 a@b.kr">', "",
         (None, None, None, ["홍길동 기자"])),
        ("<title>Document</title>", "", (None, None, None, None)),
        ('<meta property="og:article:author" content="홍길동 기자">', "", (None, None, None, None)),
        ('<meta name="author" content="가나일보 디지털뉴스부서 모두">', "", (None, None, None, None)),
    ],
)  # fmt: skip
def test_a_head_says_title_press_time_and_reporters(head, body, wanted):
    """Meta tags and JSON-LD give the head; portals are no press, and a site's name is no part of a title."""
    found = read_head(parsed(page(body, head)))

    assert found[:4] == wanted


def test_a_pack_says_where_press_reporters_and_time_are():
    """Selectors win over meta tags; of the elements for reporters only persons count, each once."""
    where = Extract(press=(".who",), byline=(".by",), published=(".when",))
    names = "".join(f"<i class=by>{name}</i>" for name in ("홍길동 기자 a@b.kr", "입력 2024", "홍길동 기자"))
    body = f"<i class=who>다라뉴스</i>{names}"
    head = '<meta property="og:site_name" content="가나일보"><meta name="author" content="김철수">'

    found = read_head(
        parsed(page(f"{body}<i class=when>2024.05.13. 오후 12:52</i>", head)),
        [Pack(title="P", extract=where)],
    )

    assert (found.press, found.byline) == ("다라뉴스", ["홍길동 기자"])
    assert found.published == datetime(2024, 5, 13, 3, 52, tzinfo=UTC)


def test_a_section_is_read_from_meta_tags_or_data():
    """The section comes from a meta tag or from JSON-LD."""
    meta = '<meta property="article:section" content="사회">'
    data = '<script type="application/ld+json">{"@type":"NewsArticle","articleSection":"경제"}</script>'

    assert [read_head(parsed(page("", head))).section for head in (meta, data, "")] == [
        "사회",
        "경제",
        None,
    ]


@pytest.mark.parametrize("meta", ["<meta name=section content=경제>", "<META NAME='section' CONTENT='경제'>"])
@pytest.mark.parametrize("place", ["head", "body", "both"])
def test_meta_tags_are_found_in_head_and_body(meta, place):
    """A head that ends early leaves its tags in the body."""
    first, second = {"head": (meta, ""), "body": ("", meta), "both": (f"{meta}<div>", meta)}[place]

    assert read_head(parsed(page(f"<p>본문</p>{second}", f"<meta charset=utf-8>{first}"))).section == "경제"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (
            "<h3>제목</h3><p>기사입력 <span>2013-10-24</span> <span>03:00:00</span> 수정 2013-10-25 04:00</p>",
            "2013-10-24 03:00",
        ),
        (
            "<p>최종편집 2024.5.1 10:00</p><h3>제목</h3><h6>홍길동  2023. 11. 1. 오후 6:06</h6>",
            "2023-11-01 18:06",
        ),
        ("<h3>제목</h3><p>본문</p><p>등록일 : 2012년 11월 06일</p>", None),
        ("<p>최종편집 2024.5.1 10:00</p><h3>제목</h3><p>본문</p>", None),
        ("<h3>제목</h3><p>하나</p><p>둘</p><p>셋</p><p>넷</p><p>2023. 11. 1. 06:06</p>", None),
    ],
)
def test_a_time_is_read_where_a_page_shows_it(body, wanted):
    """Behind a word that says so or right below the title; a site's clock or its licence is no time of an article."""
    found = written_time(parsed(page(body)), "제목")

    assert (found and found.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")) == wanted


def test_every_pack_of_a_host_speaks_for_the_head():
    """Whichever pack of a host finds the article, the others say where its title and reporters are; no other host's."""
    packs = (
        Pack(title="A", id="a", hosts=("p.kr",), extract=Extract(body=("#story",))),
        Pack(title="B", id="b", hosts=("p.kr",), extract=Extract(title=("#name",), byline=("#who",))),
        Pack(title="C", id="c", extract=Extract(body=(".x",), title=("h1",))),
    )
    body = (
        "<h1>가나 뉴스</h1><h2 id=name>새 도서관</h2><p id=who>홍길동</p><div id=story>"
        + "새 소식을 전한다. " * 20
    )

    head = read_article(page(body).encode(), "d", "p.kr", Guide(packs)).head

    assert (head.title, head.byline) == ("새 도서관", ["홍길동"])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024.05.13 09:10", (2024, 5, 13)),
        ("13/05/2024", (2024, 5, 13)),
        ("05/13/2024", (2024, 5, 13)),
        ("2024.13.45 / 2024.05.13", (2024, 5, 13)),
        ("1900-01-01", None),
        ("1/2345/2024", None),
        ("May 13, 2024", (2024, 5, 13)),
    ],
)
def test_a_day_is_read_in_a_short_text(text, day):
    """Year, day or month first; what is no day hides none behind it, and a placeholder is none."""
    assert day_in(text) == (day and datetime(*day, tzinfo=SEOUL))
