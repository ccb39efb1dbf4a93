"""Learned templates: where a site keeps its articles, and when that is not to be trusted."""

import json
import random
from datetime import datetime, timedelta

import polars as pl
import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.config import RunConfig, replace
from pipeline.execute import Local
from pipeline.extract.html import lesson, main_text
from pipeline.extract.learning import LEARN_PAGES, Lesson, learn
from pipeline.extract.page import parsed
from pipeline.extract.templates import Template, read, shown_day, signature
from pipeline.extract.walk import own_texts
from pipeline.read.times import SEOUL
from pipeline.run import shard as shard_module
from pipeline.run.job import run
from pipeline.run.learn import disproved, known_templates, templates_table
from pipeline.store.files import write_table

WORDS = [
    "바다",
    "도서관",
    "시장",
    "골목",
    "축제",
    "어부",
    "학생",
    "다리",
    "공원",
    "겨울",
    "사과",
    "지도",
    "편지",
    "기차",
]
OTHERS = ["우승", "금리", "열애", "태풍", "전세", "신곡", "감독", "환율", "부상", "청약"]


def article(number):
    """Return the paragraphs of an article of its own words."""
    order = random.Random(number)  # noqa: S311 - any words will do
    return [
        f"{' '.join(order.choices(WORDS, k=12))}에서 {number}번째 모임이 {n}월에 열렸다고 주민들은 말했다."
        for n in range(1, 7)
    ]


def page(number, holder="story", extra=""):
    """Return a page of the site: menu, article in its element, related links in it, footer."""
    body = "".join(f"<p>{text}</p>" for text in article(number))
    related = "".join(f"<li><a href=/{n}>{' '.join(OTHERS[n : n + 5])}</a></li>" for n in range(6))
    return (
        f"<html><head><title>{number}</title></head><body><div class=menu><a href=/>홈</a></div>"
        f'<div id="page{number}000"><div class="{holder}">{body}<ul class="rel">{related}</ul>{extra}</div></div>'
        "<div class=foot>회사 소개 | 이용 약관</div></body></html>"
    )


def test_a_site_teaches_where_its_articles_are():
    """The element is found by its class, numbered ids are no names, and lists of links in it are dropped."""
    template = learn([lesson(page(n)) for n in range(LEARN_PAGES)])

    assert template.body == "div#.story"
    assert "ul#.rel" in template.drop
    assert template.agreement > 0.95
    assert own_texts(read(parsed(page(99)), template)) == article(99)


def test_lines_of_many_articles_and_lists_of_links_are_dropped():
    """What stands in the element on half of the pages goes, and so does a list without words outside its links."""
    links = "".join(f"<p><a href=/{n}><b>{word} 새 소식 {n}</b></a></p>" for n, word in enumerate(OTHERS))
    pages = [
        page(n, extra=f"<h2>최근 소식</h2>{links}<p>저작권은 이곳에 있다</p>") for n in range(LEARN_PAGES)
    ]

    template = learn([lesson(it) for it in pages])

    assert template.lines == ("저작권은 이곳에 있다", "최근 소식")
    assert own_texts(read(parsed(pages[0]), template)) == article(0)


@pytest.mark.parametrize(
    ("found", "place"),
    [
        ([1, 2, 3, 30, 31, 32, 33, 34], 'input[name="day"]'),  # right on three of eight pages, on three days
        ([1, 1, 1, 30, 31, 32, 33, 34], None),  # on one day alone: it may be today
        ([1, 2, 30, 31, 32, 33, 34, 35], None),
    ],
)
def test_a_site_teaches_which_field_holds_the_day_though_htmldate_errs(found, place):
    """A form's field agrees with htmldate on a third of the pages, and on several days: it is no accident."""
    first, start = datetime(2011, 10, 31, tzinfo=SEOUL), timedelta(days=1)
    lessons = []
    for number, guess in enumerate(found):
        day = first + start * (number + 1 if guess > 9 else guess)
        field = f'<form><input name=day value="{day:%d/%m/%Y}"></form>'
        lessons.append(
            Lesson(
                page(number).replace("</body>", f"{field}</body>"),
                article(number),
                first + start * guess,
                asked=True,
            )
        )

    template = learn(lessons)

    assert template.day == place
    if place:
        assert shown_day(parsed('<input name=day value="9/11/2011">'), template) == datetime(
            2011, 11, 9, tzinfo=SEOUL
        )


def dated(number, day, holder="p class=date"):
    """Return a page of the site that shows a day after its footer."""
    return page(number).replace("</body>", f"<{holder}>{day}</p></body>")


def test_an_element_named_like_a_field_shows_the_day():
    """A custom element whose name begins like a form's field is known by its signature."""
    pages = [dated(n, f"2011-11-0{n + 1}", "input-date class=when") for n in range(6)]

    template = learn([lesson(it) for it in pages])

    assert template.day == "input-date#.when"
    assert shown_day(parsed(pages[2]), template) == datetime(2011, 11, 3, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("pages", "place", "shown"),
    [
        (
            [dated(n, f"November {n + 1}, 2011") for n in range(6)],
            "p#.date",
            datetime(2011, 11, 9, tzinfo=SEOUL),
        ),
        ([page(n) for n in range(6)], "", None),
        ([dated(n, f"2011-11-0{n + 1}", "p") for n in range(6)], None, None),
    ],
)
def test_a_site_teaches_where_it_shows_the_day(pages, place, shown):
    """The element whose text gives the day that htmldate finds; empty where it finds none, None where none fits."""
    template = learn([lesson(it) for it in pages])

    assert template.day == place
    assert shown_day(parsed(dated(99, "November 9, 2011")), template) == shown


def test_too_few_pages_teach_nothing():
    """Three pages may agree by chance."""
    assert learn([lesson(page(n)) for n in range(3)]) is None


def test_a_site_that_hides_its_articles_teaches_nothing():
    """Where pages put the article into ever other elements, no element agrees well enough."""
    assert learn([lesson(page(n, holder=f"a{n}b")) for n in range(16)]) is None


def test_a_page_without_the_element_or_with_two_is_not_read():
    """Such a page falls through to the general extractor."""
    template = Template("div#.story")

    assert read(parsed(page(1, holder="other")), template) == []
    assert read(parsed(page(1) + page(2)), template) == []


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ('<div id="body" class="b a">', "div#body.a.b"),
        ('<div id="a12345">', None),
        ('<div class="wide p2024 x">', "div#.wide.x"),
        ("<div>", None),
        ("<div id='a.b' class='md:flex c'>", "div#.c"),
    ],
)
def test_a_signature_is_what_pages_share(markup, name):
    """Tag, id and sorted classes, without parts that number the page."""
    assert signature(LexborHTMLParser(markup).css_first("div")) == name


def crawl(path, numbers, host="site.example"):
    """Write pages as JSONL."""
    rows = [{"url": f"https://{host}/{n}", "html": page(n)} for n in numbers]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


def build(folder, *inputs, workers=2):
    """Run the job and return its counts."""
    config = replace(RunConfig(), run=replace(RunConfig().run, workers=workers))
    return run(inputs, folder, config, lambda *_: None).counts


@pytest.mark.workers
def test_a_run_learns_keeps_and_uses_a_template(tmp_path, monkeypatch):
    """One run learns, whatever the order of pages and the number of workers; the next reads by what it kept."""
    monkeypatch.setattr("pipeline.run.plan.SHARD_FILES", 1)
    numbers = list(range(10))
    first = build(tmp_path / "one", crawl(tmp_path / "a" / "all.jsonl", numbers), workers=1)
    random.Random(3).shuffle(numbers)  # noqa: S311 - any order will do
    build(tmp_path / "two", *(crawl(tmp_path / "b" / f"{k}.jsonl", numbers[k::2]) for k in range(2)))
    later = build(tmp_path / "one", crawl(tmp_path / "c" / "new.jsonl", [50]), workers=1)

    assert first["pages_by_way"] == {"template": 10}
    assert list(first["templates"]) == ["site.example"]
    assert (later["pages_by_way"], later["templates"]) == ({"template": 1}, {})
    one, two = (pl.read_parquet(tmp_path / name / "corpus" / "*.parquet") for name in ("one", "two"))
    columns = ["doc_id", "text", "line_numbers"]
    assert (
        one.filter(pl.col("run") == 1)
        .select(columns)
        .sort("doc_id")
        .equals(two.select(columns).sort("doc_id"))
    )
    assert one.filter(pl.col("doc_id").str.ends_with("/50"))["text"].item() == "\n".join(article(50))


@pytest.mark.workers
def test_pages_that_taught_in_vain_are_not_extracted_twice(tmp_path, monkeypatch):
    """A host without a template gets from its teaching pages the texts that trafilatura found while they taught."""
    pages = [page(n, holder=f"a{n}b") for n in range(5)]
    rows = [{"url": f"https://site.example/{n}", "html": html} for n, html in enumerate(pages)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    known = []

    def kept(shard, batch):
        found = texts_of(shard, batch)
        known.append(sorted(found.values()))
        return found

    texts_of = shard_module.found_texts
    monkeypatch.setattr(shard_module, "found_texts", kept)
    monkeypatch.setattr("pipeline.run.job.executor_for", lambda *_: Local(1))
    counts = build(tmp_path / "out", str(tmp_path / "in.jsonl"), workers=1)

    assert counts["pages_by_way"] == {"trafilatura": 5}
    assert known == [[], sorted(main_text(html) for html in pages)]


def test_a_template_that_audits_disprove_is_withdrawn(tmp_path):
    """A mean agreement below the least, on enough pages, names the host; its row of nulls lets it learn anew."""
    documents = pl.DataFrame(
        {"host": ["a"] * 3 + ["b"] * 3 + ["c"], "audit": [0.9, 0.5, 0.6, 0.9, 0.9, 0.9, 0.1]}
    )
    template = Template("div#x.", ("p#y.",), ("z",), "p#day.", 0.95, 8)
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path, templates in zip(paths, ({"a": template, "b": template}, {"a": None}), strict=True):
        table = templates_table(templates)
        write_table(table, path, table.schema)

    assert disproved(documents) == {"a"}
    assert known_templates(paths) == {"b": template}
