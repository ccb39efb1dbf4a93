"""Rules on lines: where they apply, which spans they take, what they tell."""

import polars as pl
import pytest

from pipeline.strip.apply import apply, rebuild
from pipeline.strip.chrome import chrome, hits_of
from pipeline.strip.dropped import dropped

from .frames import documents_of, lines_of, rule, table_of

BODY = "정부는 15일 새 표지판을 전국의 모든 국도에 세우기로 했다고 밝혔다. 비용은 국고로 댄다."


def taken(texts, *rules, hosts=(), host=None):
    """Return ``(line, start, end, rule)`` of what rules take of one document."""
    lines = lines_of(texts)
    documents = documents_of(lines, host=[host])
    found = chrome(lines, hits_of(lines, documents, table_of(*rules, hosts=hosts))).found
    return list(found.select("line", "start", "end", "rule").iter_rows())


def test_a_rule_takes_the_whole_line():
    """A pattern without a span takes every line that has it, and no other."""
    assert taken(["복사", BODY, "복사"], rule("^복사$")) == [
        (1, None, None, "test/x"),
        (3, None, None, "test/x"),
    ]


@pytest.mark.parametrize(
    ("where", "lines"),
    [("head", [1]), ("tail", [4]), ("anywhere", [1, 3, 4])],
)
def test_a_rule_keeps_to_its_place(where, lines):
    """Head ends at the first paragraph of the article, tail begins at the last one."""
    found = taken(["공유", BODY, "공유", "공유 " + BODY], rule("공유", where=where))

    assert [row[0] for row in found] == lines


def test_a_paragraph_of_chrome_does_not_end_the_head():
    """A long notice that an anywhere rule takes is no body: the head goes on below it."""
    notice = "이 기사는 자동으로 요약되었으며 전체 맥락을 알려면 본문을 읽으시기를 권해 드립니다."

    found = taken([notice, "공유", BODY], rule("^이 기사는", id="n"), rule("^공유$", id="s", where="head"))

    assert [row[0] for row in found] == [1, 2]


def test_a_span_leaves_the_sentence():
    """A span is counted in characters, at the head or the tail of what the pattern matches."""
    head = rule(r"^(?P<span>\([^()]+\) = )\S", id="h")
    tail = rule(r"다\.(?P<span> \S+@\S+)$", id="t")

    assert taken([f"(서울=가나) = {BODY} a@b.kr"], head, tail) == [
        (1, 0, 10, "test/h"),
        (1, 10 + len(BODY), 17 + len(BODY), "test/t"),
    ]


def test_overlapping_spans_are_taken_once():
    """Where two rules take overlapping text, the one that begins earlier does."""
    found = taken(
        ["(서울=가나) 기자 = 본문이다."],
        rule(r"^(?P<span>\([^()]+\) 기자 = )", id="long"),
        rule(r"(?P<span>기자 = )", id="short"),
    )

    assert [row[3] for row in found] == ["test/long"]


def test_spans_that_leave_only_signs_take_the_line():
    """A line of which nothing readable is left goes whole."""
    found = taken(["[홍길동 기자] ."], rule(r"(?P<span>\[[^\]]+\])", id="b"))

    assert found == [(1, None, None, "test/b")]


@pytest.mark.parametrize(
    ("host", "applies"), [("v.portal.kr", True), ("portal.kr", True), ("notportal.kr", False), (None, True)]
)
def test_a_pack_keeps_to_its_hosts(host, applies):
    """A pack applies to its hosts and what is below them, and to documents of unknown host."""
    assert bool(taken(["복사", BODY], rule("^복사$"), hosts=("portal.kr",), host=host)) == applies


def test_keywords_are_found_in_any_case_and_inside_each_other():
    """The prefilter finds overlapping keywords, ASCII letters in either case."""
    rules = [
        rule("^ALL RIGHTS RESERVED$", id="a", keywords=("all rights",)),
        rule("^ALL RIGHTS", id="b", keywords=("ALL",)),
    ]

    assert {row[3] for row in taken(["ALL RIGHTS RESERVED"], *rules[:1])} == {"test/a"}
    assert {row[3] for row in taken(["ALL RIGHTS RESERVED"], *rules[1:])} == {"test/b"}


def test_credits_are_read_from_what_goes():
    """Press, byline and time that a rule's groups name come out beside the removals."""
    lines = lines_of(["[가나일보 홍길동 기자] " + BODY])
    byline = rule(r"^(?P<span>\[(?P<press>\S+) (?P<byline>\S+ 기자)\] )")

    found = chrome(lines, hits_of(lines, documents_of(lines), table_of(byline))).credits

    assert found.row(0) == (0, 1, "가나일보", "홍길동 기자", None)


def test_removed_spans_go_back_where_they_were():
    """Lines that stand and the record of spans rebuild the extracted line."""
    lines = lines_of([f"(서울=가나) = {BODY} a@b.kr", "복사", BODY])
    rules = [
        rule(r"^(?P<span>\([^()]+\) = )", id="h"),
        rule(r"(?P<span> \S+@\S+)$", id="t"),
        rule("^복사$", id="c"),
    ]
    found = chrome(lines, hits_of(lines, documents_of(lines), table_of(*rules))).found

    after, removed = apply(lines, found, "chrome")

    assert after["text"].to_list() == [BODY, "복사", BODY]
    assert after["gone"].to_list() == [None, "ui", None]
    assert removed["text"].to_list() == ["(서울=가나) = ", " a@b.kr", "복사"]
    standing = after.filter(after["gone"].is_null())
    assert rebuild(standing, removed).equals(lines.select("doc", "line", "text"))


def test_what_a_span_leaves_is_measured_anew():
    """Later stages see the line that is left, not the one that was: here no sentence, and short."""
    lines = lines_of(["우물 고친다 " + BODY])
    found = chrome(lines, hits_of(lines, documents_of(lines), table_of(rule(r"(?P<span> 정부는.*)$")))).found

    after, _ = apply(lines, found, "chrome")

    assert after.equals(lines_of(["우물 고친다"]))


def test_a_part_that_a_selector_drops_is_on_record():
    """A line inside such a part goes, and the record names the pack and the selector."""
    lines = lines_of([BODY, "사진 설명이다."]).with_columns(part=pl.Series([None, "daum/drop .caption"]))

    found = dropped(lines, documents_of(lines))

    assert found.select("line", "rule", "evidence").rows() == [
        (2, "daum/drop", "inside .caption, which is no part of the article")
    ]
