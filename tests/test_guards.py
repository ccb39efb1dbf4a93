"""Guards: a document is not stripped to nothing, and a rule that takes too much is told."""

import json

import pytest

from pipeline.config import RunConfig, Strip, replace
from pipeline.errors import PackError
from pipeline.rules import load_packs
from pipeline.run.job import run
from pipeline.run.shard import check_law
from pipeline.run.suspects import suspects_of
from pipeline.strip.stages import strip
from tests.frames import documents_of, lines_of, rule, table_of

BODY = [
    f"가나시는 {n}월 새 도서관 문을 열고 주민 누구나 밤 {n} 시까지 책을 읽을 수 있게 한다고 15일 밝혔다."
    for n in range(2, 8)
]
GREEDY = rule(".+", id="all")
PACK = """
title = "Greedy"
[[rule]]
id = "all"
class = "ui"
description = "takes what it should not"
pattern = "^.{20,}$"
max_chars = 500
removes = ["가나시는 새 도서관을 열고 주민을 맞는다."]
keeps = ["짧다."]
"""


def stripped(texts, *rules):
    """Strip one document by rules."""
    lines = lines_of(texts)
    found = strip(lines, documents_of(lines), table_of(*rules), Strip())
    check_law(lines, found.lines, found.removed)
    return found


def test_a_document_that_would_lose_nearly_everything_is_kept_whole():
    """All lines stand again, nothing is on record, and the document says why."""
    found = stripped(["제목", *BODY], GREEDY)

    assert found.lines["gone"].is_null().all()
    assert found.removed.is_empty()
    assert (
        found.documents["kept_whole"].item()
        == "100 % of its characters would have gone, most of them by test/all"
    )


def test_a_page_of_furniture_alone_is_stripped():
    """Where no line reads like a paragraph there was no article to lose."""
    found = stripped(["홈", "뉴스", "로그인", "이전 다음"] * 20, GREEDY)

    assert found.removed.height == 80
    assert found.documents["kept_whole"].item() is None


def test_a_document_that_loses_much_is_stripped():
    """Below the share, what rules take goes."""
    found = stripped(BODY, rule("^가나시는 [2-5]월.*$", id="most"))

    assert found.removed.height == 4
    assert found.documents["kept_whole"].item() is None


@pytest.mark.parametrize(
    ("documents", "lines_in", "taken", "suspects"),
    [
        (1, 10, 7, [("doc_id", 7, 10)]),
        (1, 10, 6, []),
        (1, 7, 7, []),
        (60, 10, 3, [("host", 180, 600)]),
        (60, 10, 2, []),
        (40, 10, 3, []),
    ],
)
def test_a_rule_that_takes_too_much_is_a_suspect(documents, lines_in, taken, suspects):
    """By the share of a document's lines, or of the lines of a host of some size."""
    texts = [
        ["광고"] * taken + [f"{n}가나{line}" for line in range(lines_in - taken)] for n in range(documents)
    ]
    lines = lines_of(*texts)
    numbers = list(range(documents))
    heads = documents_of(
        lines,
        host=["gana.example"] * documents,
        doc_id=[str(n) for n in numbers],
        lines_in=[lines_in] * documents,
    )
    removed = strip(lines, heads, table_of(rule("^광고$")), Strip()).removed

    found = [
        (("host" if "host" in row else "doc_id"), row["taken"], row["lines"])
        for row in suspects_of(heads, removed)
    ]

    assert found == suspects


def test_strict_stops_before_the_commit(tmp_path):
    """With --strict a document kept whole ends the run with the rule's name; without, the manifest tells."""
    (tmp_path / "greedy.toml").write_text(PACK, "utf-8")
    crawl = tmp_path / "crawl.jsonl"
    crawl.write_text(json.dumps({"url": "https://gana.example/1", "text": "\n".join(BODY)}), "utf-8")
    config = RunConfig(rules=replace(RunConfig().rules, packs=(str(tmp_path / "greedy.toml"),)))
    strict = replace(config, run=replace(config.run, strict=True))

    with pytest.raises(PackError, match="kept whole\nNothing was committed"):
        run([str(crawl)], tmp_path / "strict", strict, lambda *_: None)
    told = run([str(crawl)], tmp_path / "out", config, lambda *_: None).counts

    assert not (tmp_path / "strict" / "manifests").exists()
    assert list(told["kept_whole"]) == ["https://gana.example/1"]
    assert load_packs(config.rules.packs).packs[-1].id == "greedy"
