"""Learned templates: where a site keeps its articles, and when that is not to be trusted."""

import json
import random

import polars as pl
import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.config import RunConfig, replace
from pipeline.extract.html import main_text
from pipeline.extract.page import parsed
from pipeline.extract.templates import LEARN_PAGES, Template, learn, read, signature
from pipeline.extract.walk import own_texts
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
    template = learn([page(n) for n in range(LEARN_PAGES)], main_text)

    assert template.body == "div#.story"
    assert "ul#.rel" in template.drop
    assert template.agreement > 0.95
    assert own_texts(read(parsed(page(99)), template)) == article(99)


def test_too_few_pages_teach_nothing():
    """Three pages may agree by chance."""
    assert learn([page(n) for n in range(3)], main_text) is None


def test_a_site_that_hides_its_articles_teaches_nothing():
    """Where pages put the article into ever other elements, no element agrees well enough."""
    assert learn([page(n, holder=f"a{n}b") for n in range(16)], main_text) is None


def test_a_page_without_the_element_or_with_two_is_not_read():
    """Such a page falls through to the general extractor."""
    template = Template("div#.story", (), 1.0, 8)

    assert read(parsed(page(1, holder="other")), template) == []
    assert read(parsed(page(1) + page(2)), template) == []


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ('<div id="body" class="b a">', "div#body.a.b"),
        ('<div id="a12345">', None),
        ('<div class="wide p2024 x">', "div#.wide.x"),
        ("<div>", None),
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


def test_a_template_that_audits_disprove_is_withdrawn(tmp_path):
    """A mean agreement below the least, on enough pages, names the host; its row of nulls lets it learn anew."""
    documents = pl.DataFrame(
        {"host": ["a"] * 3 + ["b"] * 3 + ["c"], "audit": [0.9, 0.5, 0.6, 0.9, 0.9, 0.9, 0.1]}
    )
    template = Template("div#x.", ("p#y.",), 0.95, 8)
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path, templates in zip(paths, ({"a": template, "b": template}, {"a": None}), strict=True):
        table = templates_table(templates)
        write_table(table, path, table.schema)

    assert disproved(documents) == {"a"}
    assert known_templates(paths) == {"b": template}
