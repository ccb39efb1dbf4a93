"""Extraction: lines of texts and pages, heads of pages, and pages that give nothing."""

import json

import polars as pl
import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract import extract
from pipeline.extract.article import Guide
from pipeline.extract.html import main_text
from pipeline.extract.page import parsed
from pipeline.extract.selectors import layouts_of, selected_lines
from pipeline.extract.walk import paragraphs
from pipeline.rules import Extract, Pack
from pipeline.schema import PAGES, conform

BODY = "가나시는 15일 새 도서관을 열고 시민 누구나 밤 열 시까지 책을 읽을 수 있게 한다고 밝혔다."
MORE = "도서관은 옛 역사를 고쳐 지었으며 어린이 열람실과 작은 공연장, 텃밭이 딸려 있다고 한다."


def pages_of(*contents, kind="text", **columns):
    """Return pages with contents, one of each."""
    rows = pl.DataFrame(
        {
            "doc_id": [f"d{n}" for n in range(len(contents))],
            "source": [f"f{n}" for n in range(len(contents))],
            "kind": [kind] * len(contents),
            "content": list(contents),
            **columns,
        }
    )
    return conform(rows, PAGES)


def page(body, head=""):
    """Return an HTML page."""
    return f"<html><head>{head}</head><body>{body}</body></html>"


def test_a_text_is_its_lines_without_blank_ones():
    """Lines lose the blanks at their ends and blank lines; the rest stays and is numbered from 1."""
    found = extract(pages_of("  제목\n\n\t\n본문이다. \n끝", "하나"))

    rows = found.lines.select("doc", "line", "text").rows()
    assert rows == [(0, 1, "제목"), (0, 2, "본문이다."), (0, 3, "끝"), (1, 1, "하나")]
    assert found.documents["lines_in"].to_list() == [3, 1]
    assert found.documents["chars_in"].to_list() == [8, 2]


def test_a_page_without_text_is_on_record_and_others_close_up():
    """A blank page is skipped with its reason; documents are numbered without a gap."""
    found = extract(pages_of("하나", " \n ", "둘"))

    assert found.skipped.select("source", "doc_id", "reason").rows() == [("f1", "d1", "no_text")]
    assert found.documents.select("doc", "doc_id").rows() == [(0, "d0"), (1, "d2")]
    assert found.lines.select("doc", "text").rows() == [(0, "하나"), (1, "둘")]


def test_what_a_page_came_with_wins_over_its_html():
    """A title given beside the content stays; what was not given comes from the page."""
    head = '<meta property="og:title" content="다른 제목"><meta property="og:site_name" content="가나일보">'
    content = page(f"<article><p>{BODY}</p><p>{MORE}</p></article>", head)

    found = extract(pages_of(content, kind="html", title=["준 제목"]))

    assert found.documents.select("title", "press").row(0) == ("준 제목", "가나일보")
    assert found.lines["text"].to_list() == [BODY, MORE]


def test_a_pack_says_where_the_article_is():
    """The element that fits a host's selector is read, less what is to be dropped; other hosts go without."""
    pack = Pack(title="P", id="p", hosts=("p.kr",), extract=Extract(body=("#old", "#new"), drop=(".ad",)))
    body = f"<div>{MORE}</div><div id=new>{BODY}<br><span class=ad>광고</span>{BODY[::-1]}</div>"

    found = extract(pages_of(*[page(body)] * 2, kind="html", host=["m.p.kr", "q.kr"]), Guide((pack,)))

    own, other = found.lines.partition_by("doc")
    assert own.select("text", "part").rows() == [(BODY, None), ("광고", "p/drop .ad"), (BODY[::-1], None)]
    assert MORE in other["text"].to_list()


def test_a_host_s_own_pack_comes_first():
    """What is known of a site goes before what fits any; packs without selectors and of other sites are no layouts."""
    packs = [
        Pack(title="any", extract=Extract(body=("p",))),
        Pack(title="none", hosts=("p.kr",)),
        Pack(title="own", hosts=("q.kr", "p.kr"), extract=Extract(title=("h1",))),
        Pack(title="other", hosts=("op.kr",), extract=Extract(body=("p",))),
    ]

    assert [pack.title for pack in layouts_of("m.p.kr", tuple(packs))] == ["own", "any"]


def test_a_dropped_part_far_down_a_batch_is_read():
    """Columns have their types from the schema, not from the first lines that come by."""
    pack = Pack(title="P", id="p", extract=Extract(body=("#new",), drop=(".ad",)))
    body = "".join(f"<p>{BODY}{n}</p>" for n in range(150)) + "<p class=ad>광고</p>"

    found = extract(pages_of(page(f"<div id=new>{body}</div>"), kind="html"), Guide((pack,)))

    assert found.lines["part"].drop_nulls().to_list() == ["p/drop .ad"]


def test_an_element_of_links_is_no_article():
    """A selected element that is mostly links, or nearly empty, is passed over for the next."""
    links = "".join(f"<a href=/{n}>{MORE}</a>" for n in range(3))
    tree = parsed(page(f"<div class=a>{links}</div><div class=a>짧다</div><div class=b>{BODY * 2}</div>"))

    pack = Pack(title="P", extract=Extract(body=(".a", ".b")))

    assert selected_lines(tree, [pack]) == ([(BODY * 2, None)], pack)


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("하나 <b>둘</b>\n 셋", ["하나 둘 셋"]),
        ("하나<br>둘<br/><br>셋", ["하나", "둘", "셋"]),
        ("<p>하나<p>둘<div>셋</div>넷", ["하나", "둘", "셋", "넷"]),
        ("<ul><li>하나<li>둘</ul>", ["하나", "둘"]),
        ("<table><tr><td>하나<td>둘<tr><td>셋</table>", ["하나 | 둘", "셋"]),
        ("하나<script>x()</script><style>p{}</style><!-- y --><noscript>z</noscript>둘", ["하나둘"]),
        ("<figure><img><figcaption>사진</figcaption></figure>하나", ["사진", "하나"]),
        ("하나&nbsp;&amp;&nbsp;둘", ["하나 & 둘"]),
        ("<div>" * 5000 + "깊다", ["깊다"]),
    ],
)
def test_what_reads_as_a_line_is_a_line(markup, lines):
    """Blocks and line breaks end a paragraph, inline markup does not, scripts are no text, depth is no matter."""
    found = paragraphs(LexborHTMLParser(f"<div id=x>{markup}</div>").css_first("#x"))

    assert found == [(text, None) for text in lines]


def test_lines_say_in_which_part_they_stand():
    """A part ends the line before it and keeps to itself; parts inside a part are the outer one's."""
    root = LexborHTMLParser("<div id=x>하나 <b>둘<i>셋</i></b>넷<p><b>다섯</b>").css_first("#x")
    names = {root.css_first("b").mem_id: "굵게", root.css_first("i").mem_id: "기울게"}

    found = paragraphs(root, names)

    assert found == [("하나", None), ("둘셋", "굵게"), ("넷", None), ("다섯", None)]


def test_a_page_that_begins_like_an_address_is_not_downloaded(monkeypatch):
    """A source without blanks that begins like an address htmldate would take for one, and fetch it."""
    monkeypatch.setattr("htmldate.utils.fetch_url", lambda url: pytest.fail(f"fetches {url}"))
    text = "".join(f"<p>{part}</p>" for part in (BODY, MORE, BODY[::-1])).replace(" ", "&nbsp;")

    found = extract(pages_of("http://gana.example/" + page(f"<article>{text}</article>"), kind="html"))

    assert found.documents["published"].to_list() == [None]


def in_flight(markup):
    """Return the scripts by which Next.js sends a component with markup, cut into two chunks."""
    text = "3:" + json.dumps(["$", "div", None, {"html": markup, "id": 7}], ensure_ascii=False)
    half = len(text) // 2
    return "".join(
        f"<script>self.__next_f.push([1,{json.dumps(part, ensure_ascii=False)}])</script>"
        for part in (text[:half], text[half:])
    )


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (in_flight(f"<p>{BODY}</p><p>{MORE}</p><p>{BODY[::-1]}{MORE}</p>"), [BODY, MORE, BODY[::-1] + MORE]),
        (
            '<script type="application/ld+json">'
            + json.dumps({"@type": "NewsArticle", "articleBody": f"{BODY}\n{MORE}\n{BODY} {MORE}"})
            + "</script>",
            [BODY, MORE, f"{BODY} {MORE}"],
        ),
    ],
)
def test_an_article_that_only_scripts_hold_is_found(body, wanted):
    """Where the page shows next to nothing, the article comes out of its scripts, and the way says so."""
    content = page(f"<div>홈</div>{body}")

    found = extract(pages_of(content, kind="html"))

    assert found.lines["text"].to_list() == wanted
    assert found.documents["way"].to_list() == ["script"]


def test_a_page_that_shows_its_article_is_read_as_shown():
    """A copy of the article in a script changes nothing."""
    shown = "".join(f"<p>{text}</p>" for text in (BODY, MORE, BODY[::-1]))
    content = page(f"<article>{shown}</article>{in_flight(f'<p>{BODY}</p><p>{MORE}</p><p>{BODY * 2}</p>')}")

    assert extract(pages_of(content, kind="html")).documents["way"].to_list() == ["trafilatura"]


def test_a_table_that_lays_out_a_page_is_no_row():
    """Columns of a page in a table come as paragraphs; a table of figures stays a table."""
    frame = f"<table><tr><td><p>{BODY}</p><p>{MORE}</p></td><td><div>{BODY[::-1]}</div></td></tr></table>"
    figures = "<table><tr><td>가</td><td>1</td></tr><tr><td>나</td><td>2</td></tr></table>"

    lines = main_text(page(f"<article>{frame}<p>{MORE[::-1]}</p>{figures}</article>"))

    assert lines[:2] == [BODY, MORE]
    assert "나 | 2" in lines


def test_main_text_is_folded_and_without_blank_lines():
    """What trafilatura finds comes as lines with single blanks between words."""
    lines = main_text(page(f"<article><p>  {BODY}\n\n  {MORE} </p><p> </p><p>{BODY[::-1]}</p></article>"))

    assert lines == [f"{BODY} {MORE}", BODY[::-1]]
