"""Frequent text: furniture of a site goes everywhere, and what an article says stays however often it is said."""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.strip import frequent as module
from pipeline.strip.apply import apply, rebuild
from pipeline.strip.frequent import MIN_HOST_PAGES, frequent
from pipeline.strip.sites import COUNTS
from tests.frames import documents_of, lines_of
from tests.site import article, sentence, site

HOST = "news.gana.example"
NONE = COUNTS.to_frame()
WIRE = (
    "기상청은 주말까지 남부 지방을 중심으로 비가 이어지고 기온은 평년보다 낮겠다고 내다봤으며, 바닷가에서는 "
    "높은 물결에 조심해 달라고 당부했다."
)
FOOT = "Copyright ⓒ 가나일보. 무단전재 및 재배포 금지."


def stripped(documents, hosts=None, earlier=NONE):
    """Return what goes from documents given as lists of lines: the texts of each, and the whole result."""
    lines = lines_of(*documents)
    known = documents_of(lines, host=hosts or [HOST] * len(documents))
    result = frequent(lines, known, earlier)
    gone = result.found.join(lines, on=["doc", "line"]).sort("doc", "line")
    texts = [gone.filter(pl.col("doc") == doc)["text"].to_list() for doc in range(len(documents))]
    return texts, result


def articles(count, head=(), tail=(), seed=3):
    """Return ``count`` articles, with lines around them that ``head`` and ``tail`` make of the page's number."""
    rng = random.Random(seed)  # noqa: S311 - invented text
    return [[*(make(n) for make in head), *article(rng), *(make(n) for make in tail)] for n in range(count)]


def always(text):
    """Return what makes the same line for every page."""
    return lambda _: text


def test_of_three_hundred_pages_of_a_layout_the_furniture_goes_and_no_line_of_an_article():
    """Without any pack 95 of 100 lines of furniture go, those on 40 of 100 pages too, and no other line."""
    pages = site(300)

    texts, result = stripped([page.lines for page in pages])

    wrong = [
        page.lines[line - 1]
        for page, found in zip(pages, result.found.partition_by("doc", maintain_order=True), strict=True)
        for line in found["line"]
        if not page.chrome[line - 1]
    ]
    assert wrong == []
    assert sum(map(len, texts)) >= 0.95 * sum(sum(page.chrome) for page in pages)


@pytest.mark.parametrize(
    "make",
    [
        always("가나포털 뉴스홈"),
        lambda n: f"입력 2024.05.{n % 28 + 1:02d} {n % 24:02d}:{n % 60:02d}",
        lambda n: f"기사입력 2024년 {n % 12 + 1}월 {n % 28 + 1}일(월) 오전 9:{n % 50 + 10}",
        lambda n: f"댓글 {n * 37:,}",
        lambda n: f"{'가나다라마바사'[n % 7]}길동 기자 hong{n}@gana.example",
        lambda n: f"▶ 제보 전화 02-{100 + n}-1234, https://jebo.gana.example/{n}",
        lambda n: f"구독자 {n + 3}만 명",
    ],
)
@pytest.mark.parametrize("side", ["head", "tail"])
def test_furniture_goes_whatever_varies_in_it(make, side):
    """A line around the articles goes with its dates, counts, names and addresses, at either side."""
    texts, result = stripped(articles(60, **{side: [make, always("맨 위로")]}))

    assert all(make(n) in found for n, found in enumerate(texts))
    assert result.found["rule"].unique().to_list() == ["frequent/line"]
    assert result.found["evidence"][0].startswith("on 60 of 60 pages of news.gana.example, ")


def test_bare_numbers_go_by_the_label_above_them():
    """A count below a widget's label goes; cells of a table at the end of an article stay, though numbers too."""
    pages = articles(60, tail=[always("공감해요"), lambda n: str(n * 7)])
    table = [*articles(1, seed=8)[0], "마을", "12", "3,480", "공감해요", "5"]

    texts, _ = stripped([*pages, table])

    assert all(found == ["공감해요", str(n * 7)] for n, found in enumerate(texts[:-1]))
    assert texts[-1] == ["공감해요", "5"]


def test_a_short_name_between_lines_of_the_site_goes():
    """A section's name, too rare by itself, goes where it stands between furniture, and only there."""
    sections = ["정치", "경제", "사회", "문화", "지역", "날씨"]
    pages = articles(60, head=[always("가나포털"), lambda n: sections[n % 6], always("글자 크기")])
    pages.append([*articles(1, seed=9)[0], "정치"])

    texts, result = stripped(pages)

    assert texts[4] == ["가나포털", "지역", "글자 크기"]
    assert texts[-1] == []
    assert set(result.found["rule"]) == {"frequent/line", "frequent/between"}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("글자 크기 바꾸기", [(7, 3)], id="a line of the site quoted in a body"),
        pytest.param(FOOT, [(7, 3)], id="a notice quoted in a body"),
        pytest.param("글자 크기 바꾸기", [(7, -1)], id="a line of the head quoted at the end of a body"),
        pytest.param(WIRE, [(n, 2) for n in range(50)], id="a wire paragraph inside"),
        pytest.param(WIRE, [(n, -1) for n in range(50)], id="a wire paragraph at the end"),
        pytest.param(WIRE, [(n, 0) for n in range(50)], id="a wire paragraph at the top"),
        pytest.param("특히", [(n, 2) for n in range(90)], id="a word between paragraphs"),
        pytest.param("◇ 전망", [(n, 2) for n in range(90)], id="a sub-heading of a series"),
        pytest.param("◇ 개요", [(n, 0) for n in range(90)], id="a sub-heading that opens a series"),
        pytest.param("만드는 법", [(n, 3) for n in range(90)], id="a sub-heading without a sign"),
        pytest.param(
            "만드는 법", [(n, n % 2 * 3) for n in range(90)], id="the same, at the top of every other"
        ),
        pytest.param("[앵커]", [(n, 0) for n in range(90)], id="a broadcaster's mark at the top"),
        pytest.param("[리포트]", [(n, 2) for n in range(90)], id="a broadcaster's mark inside"),
        pytest.param("◆ 앵커> 네, 그렇습니다.", [(n, 2) for n in range(90)], id="an interview turn"),
        pytest.param("◆ 앵커> 감사합니다.", [(n, -1) for n in range(90)], id="a last interview turn"),
        pytest.param("감사합니다.", [(n, -1) for n in range(90)], id="a last answer"),
        pytest.param("Q. 앞으로의 계획은?", [(n, 1) for n in range(90)], id="a question of a series"),
    ],
)
def test_what_an_article_says_stays(text, places):
    """Sub-headings, marks, turns, quoted notices and syndicated paragraphs stay, on however many pages."""
    pages = site(90)
    documents = [list(page.lines) for page in pages]
    for number, place in places:
        body = [line for line, chrome in enumerate(pages[number].chrome) if not chrome]
        documents[number].insert([*body, body[-1] + 1][place], text)

    texts, _ = stripped(documents)

    chrome = [[line for line, chrome in zip(*page, strict=True) if chrome] for page in pages]
    assert [found.count(text) for found in texts] == [lines.count(text) for lines in chrome]
    assert sum(map(len, texts)) > 90 * 15


def test_rows_of_figures_stay():
    """The last rows of a market report differ in what they say: prices and rates are no counts."""
    rows = [lambda n: f"코스피 {2500 + n}.12", lambda n: f"환율 {1300 + n}원", lambda n: f"금리 {n}%"]

    texts, _ = stripped(articles(60, tail=[*rows, always(FOOT)]))

    assert all(found == [FOOT] for found in texts)


def test_furniture_inside_goes_only_in_a_run():
    """Where an article's sentence stands between a page's tools, the tools go by each other's company."""
    tools = ["글자 크기 바꾸기", "이 크기로 기사 글자가 바뀝니다."]
    pages = articles(60, head=[always(text) for text in tools])
    pages.append(
        [
            "다라군은 가나시와 함께 오래된 우물을 고치기로 뜻을 모았다. 일은 봄에 시작한다.",
            *tools,
            *articles(1, seed=7)[0],
        ]
    )

    texts, result = stripped(pages)

    assert texts[-1] == tools
    assert result.found["rule"].to_list()[-2:] == ["frequent/run"] * 2


def test_a_sentence_below_the_foot_does_not_make_the_foot_an_article():
    """Furniture goes although comments of one or two sentences follow it."""
    feet = ["공감해요", FOOT, "가나포털 안내", "이용 약관", "맨 위로"]
    rng = random.Random(2)  # noqa: S311 - invented text
    pages = [
        [*page, f"{rng.random()}, 저도 그렇게 생각합니다."] for page in articles(60, tail=map(always, feet))
    ]
    rng = random.Random(2)  # noqa: S311 - invented text
    pages = [[*page, sentence(rng)] for page in articles(60, tail=[always(text) for text in feet])]

    texts, _ = stripped(pages)

    assert all(set(feet) <= set(found) for found in texts)


def test_too_few_pages_are_said_and_nothing_goes():
    """One page less than the minimum: no line goes, and the host is named with its pages."""
    pages = [page.lines for page in site(MIN_HOST_PAGES - 1)]

    texts, result = stripped(pages)

    assert texts == [[]] * len(pages)
    assert result.small.rows() == [(HOST, MIN_HOST_PAGES - 1)]
    assert stripped([page.lines for page in site(MIN_HOST_PAGES)])[1].small.is_empty()
    assert stripped(articles(MIN_HOST_PAGES))[1].small.is_empty()  # though nothing of it is frequent


@pytest.mark.parametrize("size", [2, 5, 60])
def test_a_small_batch_profits_from_what_earlier_runs_counted(size):
    """With the counts of earlier runs, whatever their size, three pages lose their furniture."""
    pages = [page.lines for page in site(120)]
    counts = NONE
    for start in range(0, 120, size):
        counts = pl.concat([counts, stripped(pages[start : start + size], earlier=counts)[1].counts])
    late = site(3, seed=5)

    texts, result = stripped([page.lines for page in late], earlier=counts)

    assert result.small.is_empty()
    assert sum(map(len, texts)) >= 0.9 * sum(sum(page.chrome) for page in late)
    assert all(
        line in page.lines and page.chrome[page.lines.index(line)]
        for page, found in zip(late, texts, strict=True)
        for line in found
    )


# Too long for a template.
NOTICE = "가나포털 이용 안내 " + "기사의 저작권과 책임은 가나일보에 있으며 문의는 고객 센터로 " * 4


@pytest.mark.parametrize("size", [1, 60])
def test_a_long_notice_goes_by_its_very_text(size):
    """A line too long for a template goes where it stands on other pages as it is: of this run, or of earlier ones."""
    pages = articles(60, tail=[always(NOTICE)])
    counts = NONE
    for start in range(0, 60, size):
        texts, result = stripped(pages[start : start + size], earlier=counts)
        counts = pl.concat([counts, result.counts])

    assert all(found == [NOTICE] for found in texts)
    assert result.found["evidence"][0] == "on 60 of 60 pages of news.gana.example, below the article"


def test_a_long_notice_on_one_page_of_many_goes_by_earlier_counts():
    """It is enough that earlier runs counted it."""
    counts = stripped(articles(60, tail=[always(NOTICE)]))[1].counts
    pages = articles(30, seed=4)

    texts, _ = stripped([[*pages[0], NOTICE], *pages[1:]], earlier=counts)

    assert texts == [[NOTICE], *([[]] * 29)]


def test_what_is_kept_for_later_runs_is_little():
    """Of the templates of 300 pages only those are stored that could ever be frequent, and no sentence of one page."""
    rng = random.Random(2)  # noqa: S311 - invented text
    pages = [[*page.lines, sentence(rng), sentence(rng)[:-6]] for page in site(300)]

    counts = stripped(pages)[1].counts

    assert counts.height < 60
    assert counts.filter(pl.col("template").is_null()).select("host", "head").row(0) == (HOST, 300)
    night = stripped(pages[:5])[1].counts
    assert night.filter(pl.col("middle") > 0)["example"].str.len_chars().max() < 25


@pytest.mark.parametrize("copies", [40, 100])
def test_copies_of_one_article_are_no_pages_of_a_site(copies):
    """An article published a hundred times over makes none of its lines frequent, and is one page at most."""
    copy = ["가나시, 우물 고친다", *articles(1, seed=11)[0], "다라군은 말을 아꼈다"]
    pages = [*articles(60, tail=[always("맨 위로")]), *([*copy, "맨 위로"] for _ in range(copies))]

    texts, result = stripped(pages)

    assert texts[60:] == [["맨 위로"]] * copies
    assert result.counts.filter(pl.col("template").is_null())["head"].item() in {60, 61}


def test_hosts_do_not_vouch_for_each_other():
    """What one host prints everywhere stays on another; pages of unknown host are one site of their own."""
    pages = articles(80, tail=[always("맨 위로")])
    hosts = ["a.example"] * 40 + ["b.example"] * 10 + [None] * 30

    texts, result = stripped(pages, hosts)

    assert [bool(found) for found in texts] == [True] * 40 + [False] * 10 + [True] * 30
    assert result.small.rows() == [("b.example", 10)]
    assert result.found["evidence"][-1] == "on 30 of 30 pages of unknown host, below the article"


def test_a_document_kept_whole_stays_whole():
    """What stripping gave back to a document is not taken again; the document still counts."""
    pages = articles(60, tail=[always("맨 위로")])
    lines = lines_of(*pages)
    known = documents_of(lines, host=[HOST] * 60, kept_whole=["reason", *[None] * 59])

    found = frequent(lines, known, NONE).found

    assert found["doc"].to_list() == list(range(1, 60))


def test_the_order_of_documents_is_no_matter():
    """Shuffled documents lose the same lines and leave the same counts."""
    pages = [page.lines for page in site(90)]
    pages += pages[:20]  # copies
    order = list(range(110))
    random.Random(4).shuffle(order)  # noqa: S311 - any order will do

    texts, result = stripped(pages)
    others, other = stripped([pages[n] for n in order])

    assert [texts[n] for n in order] == others
    assert result.counts.equals(other.counts)


LINE = st.sampled_from(
    [
        "맨 위로",
        "댓글 3",
        "댓글 41",
        "7",
        "[앵커]",
        FOOT,
        WIRE,
        "가나시는 새 도서관을 연다고 15일 밝혔다.",
        "특히",
        "",
        "…",
    ]
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(LINE, min_size=1, max_size=8), min_size=1, max_size=12))
def test_the_law_holds_for_any_lines(documents):
    """Whatever goes, lines and record give the text back, once a line."""
    lines = lines_of(*documents)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MIN_HOST_PAGES", "MIN_PAGES", "FEW"):
            patch.setattr(module, name, 1)
        found = frequent(lines, documents_of(lines), NONE).found

    left, removed = apply(lines, found, "frequent")

    standing = left.filter(pl.col("gone").is_null())
    assert rebuild(standing, removed).equals(lines.select("doc", "line", "text"))
    assert found.select("doc", "line").is_unique().all()
