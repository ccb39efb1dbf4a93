"""Pages made to hurt: none takes long, none hurts another, and none is read in part without a word."""

import polars as pl
import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract import extract, pages
from pipeline.extract.depth import flat
from pipeline.extract.html import lesson, main_text
from pipeline.extract.limits import TOGETHER_BYTES, Room, cpu_limit
from pipeline.extract.pages import outcome
from pipeline.read.html import declared_charset, declared_url
from pipeline.run.learn import teach
from pipeline.schema import PAGES
from pipeline.store.files import write_table
from tests.test_extract import BODY, MORE, page, pages_of
from tests.test_templates import page as site_page

READ = pages.read_page


@pytest.mark.parametrize(
    "head",
    [
        "<meta canonical " * 20000,
        f"<meta canonical {'a' * 250000}>",
        f"<meta canonical {'a ' * 125000}>",
        f"<meta canonical a{' ' * 250000}>",
        "<style></" * 28000,
        "<meta charset" * 20000,
        f"<meta charset={' ' * 16000}",
    ],
    ids=lambda head: head[:24],
)
def test_a_head_of_one_sign_repeated_takes_no_time(head):
    """What a page declares is found in time in proportion to its head, whatever repeats there."""
    with cpu_limit(5):  # as it was: up to minutes
        assert declared_url(head.encode()) is None
        assert declared_charset(head.encode()) is None


def fragile(row, guide, *room):
    """Read a page, but raise an error of a parser for one."""

    def read():
        return {}["no tag\nat all"]

    if "죽음".encode() in row.content:
        return outcome(read, row.content, Room(TOGETHER_BYTES))
    return READ(row, guide, *room)


def test_an_error_of_a_parser_is_its_pages_alone(monkeypatch):
    """Whatever a library raises of a page, also alone, it is skipped with its words, and its neighbour is read."""
    monkeypatch.setattr(pages, "read_page", fragile)
    monkeypatch.setattr(pages, "read_first", fragile)

    found = extract(pages_of(page("죽음"), page(f"<p>{BODY}</p><p>{MORE}</p>"), kind="html"))

    assert found.documents["doc_id"].to_list() == ["d1"]
    assert found.skipped.select("doc_id", "reason", "detail").rows() == [
        ("d0", "crashed", "KeyError in the parser: 'no tag\\nat all'")
    ]


@pytest.mark.parametrize(
    ("content", "kind", "detail"),
    [
        ("<p>가" * 30_001, "html", "30001 tags; a page may have 30000"),
        (f"<p>{''.join(f'<b id={n}>' for n in range(600))}</p>{'<p>가' * 100}{'<i></i>' * 2_000}", "html",
         "62704 elements; a page may have 20000"),
        (f"<p>{BODY * 15_000}</p>", "html", "bytes of text; a page may have 1048576"),
        (page("<article><pre>" + "가\n" * 50_001 + "</pre></article>"), "html", "50001 lines; a page may have 50000"),
        ("가\n" * 50_000, "text", "50001 lines; a page may have 50000"),
    ],
    ids=["tags", "elements", "text", "lines", "text lines"],
)  # fmt: skip
def test_a_page_has_only_so_much_of_anything(content, kind, detail):
    """Tags, elements, text and lines are counted; too many of them are a reason, and no matter of seconds."""
    found = extract(pages_of(content, kind=kind))

    assert found.skipped["reason"].to_list() == ["too_large"]
    assert found.skipped["detail"][0].endswith(detail)


def test_tags_left_open_fill_no_worker():
    """Of a few KB of open tags the parser would make millions of elements: the page is too large, and that is all."""
    content = f"<p>{''.join(f'<b id={n}>' for n in range(1_900))}</p>{'<p>가' * 1_900}"

    found = extract(pages_of(content, kind="html"))

    assert found.skipped.select("reason", "detail").rows() == [
        ("too_large", "needs more than 96 MiB of memory; the page is not read")
    ]


def test_large_scripts_do_not_count_as_text():
    """A page with megabytes of scripts and style around an article is read."""
    noise = f"<script>{'var a = 1;' * 200_000}</script><style>{'b { c: d }' * 200_000}</style>"

    found = extract(pages_of(page(f"{noise}<p>{BODY}</p><p>{MORE}</p>"), kind="html"))

    assert found.lines["text"].to_list() == [BODY, MORE]


@pytest.mark.parametrize(
    "head",
    [
        f'<script type="application/ld+json">{"[" * 100_000}</script>',
        f'<script type="application/ld+json">{{"@graph":{"[" * 100_000}</script>',
        f'<meta property="og:title" content="{"a - " * 100_000}">',
        f'<meta name="author" content="{"a" * 400_000}">',
        f'<meta property="og:site_name" content="a{" " * 400_000}b">',
        '<script>self.__next_f.push([1,"' + "\\\\" * 1_000_000 + "</script>",
        "<script>" + 'self.__next_f.push([1,"' * 40_000 + "</script>",
    ],
    ids=["json", "graph", "title", "author", "press", "flight", "flights"],
)  # fmt: skip
def test_what_a_head_and_scripts_hold_takes_no_time(head):
    """Deep JSON and endless names cost their page nothing of its text, and no time worth a word."""
    with cpu_limit(5):
        found = extract(pages_of(page(f"<p>{BODY}</p><p>{MORE}</p>", head), kind="html"))

    assert found.lines["text"].to_list() == [BODY, MORE]


@pytest.mark.parametrize(("paragraphs", "alone"), [(100, False), (5_001, True)])
def test_a_large_page_is_asked_of_one_extractor(monkeypatch, paragraphs, alone):
    """On a page of many thousand elements trafilatura asks none that takes the square of their number."""
    asked = []
    monkeypatch.setattr("trafilatura.bare_extraction", lambda *_, fast, **__: asked.append(fast))

    main_text(page("<p>가</p>" * paragraphs))

    assert asked == [alone]


def test_hostile_pages_teach_nothing(tmp_path, monkeypatch):
    """Of a host's pages those of many thousand tags do not teach; where pages break the parser nothing is learned."""
    contents = [site_page(n) for n in range(8)]
    frame = pages_of(*contents, page("<i></i>" * 2_001), kind="html").with_columns(
        host=pl.lit("site.example")
    )
    write_table(frame, tmp_path / "0.parquet", PAGES)
    asked = []

    def seen(content):
        asked.append(content)
        return lesson(content)

    monkeypatch.setattr("pipeline.extract.html.lesson", seen)
    taught = teach("site.example", frame["doc_id"].to_list(), [tmp_path / "0.parquet"])
    assert (taught.template.body, asked) == ("div#.story", contents)

    monkeypatch.setattr("pipeline.extract.html.lesson", lambda content: content.index("no such text"))
    assert teach("site.example", frame["doc_id"].to_list(), [tmp_path / "0.parquet"]) is None


NESTED = {
    "wrappers": "<div>" * 400 + "{}" + "</div>" * 400,
    "left open": "<p><font size=2>가</font><font size=3>" * 400 + "{}",
    "tables": "<table><tr><td>" * 150 + "{}" + "</table>" * 150,
    "lists": "<ul><li>" * 200 + "{}",
    "after": "<div>" * 400 + "가" + "</div>" * 400 + "{}",
    "after a template": "<template>" * 400 + "</template>" * 400 + "{}",
    "after a hundred errors": "</x>" * 200 + "<b>" * 400 + "{}",
}


@pytest.mark.parametrize("markup", NESTED.values(), ids=NESTED)
def test_no_depth_loses_the_rest(markup):
    """What nests deeper than libxml2 reads, and what stands after it, is read from a flatter copy, and noted."""
    lines = [f"{n}번째 {BODY}" for n in range(4)]
    content = page(
        markup.replace("{}", "<article>" + "".join(f"<p>{line}</p>" for line in lines) + "</article>")
    )

    found = extract(pages_of(content, kind="html"))

    assert [text for text in found.lines["text"] if BODY in text] == lines
    assert found.documents["note"].to_list() == ["nested too deep for the parser, read from a flatter copy"]


def test_what_nests_too_deep_keeps_its_paragraphs():
    """Breaks, cells and scripts are in the copy what they are in the page; a page that is no deeper has no copy."""
    deep = (
        "<div>" * 70
        + "<table><tr><td>가</td><td>나</td></tr></table>다<br>라 &lt;b&gt;<script>마</script>"
        + "</div>" * 70
    )

    copy = LexborHTMLParser(flat(page(f"<h1>앞</h1>{deep}<p>뒤</p>"))).body

    assert [node.text() for node in copy.css("h1, p")] == ["앞", "가 | 나", "다", "라 <b>", "뒤"]
    assert extract(pages_of(page("<div>" * 200 + BODY * 3), kind="html")).documents["note"].to_list() == [
        None
    ]
