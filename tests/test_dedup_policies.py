"""Levels, scopes and who is kept: what ``[dedup]`` says is what a run's second pass does."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pipeline.config import Dedup, RunConfig, checked, replace
from pipeline.errors import ConfigError
from pipeline.run import dedupe as module
from pipeline.run.dedupe import Earlier, dedupe, in_order
from pipeline.run.gather import Gathered
from pipeline.schema import REMOVED, SKIPPED

LONG = "시는 새해부터 시내버스 노선을 모두 바꾸고 배차 간격을 줄이기로 했다고 밝혔고 의회도 이를 받아들였다고 한다"
MORE = "이웃 신문은 같은 글 뒤에 다른 말을 길게 붙였다"
ALONE = Earlier(lambda _level: None, lambda _doc_ids: pl.DataFrame())
HOSTS = ("gana.example", "gana.example", "dara.example")


def gathered(texts):
    """Return documents a, b, c of two hosts; the last is the oldest, the second the longest."""
    count = len(texts)
    documents = pl.DataFrame(
        {
            "doc": pl.Series(range(count), dtype=pl.UInt32),
            "doc_id": list("abc")[:count],
            "host": HOSTS[:count],
            "press": ["가나일보", "마바통신", None][:count],
            "published": [datetime(2024, 5, 9 - n, tzinfo=UTC) for n in range(count)],
        }
    )
    rows = [(doc, line, text) for doc, lines in enumerate(texts) for line, text in enumerate(lines, start=1)]
    lines = pl.DataFrame(rows, {"doc": pl.UInt32, "line": pl.UInt32, "text": pl.String}, orient="row")
    return Gathered(documents, lines, REMOVED.to_frame(), SKIPPED.to_frame())


def kept(config, texts):
    """Return which documents have which lines after dedup."""
    lines = dedupe(gathered(texts), config, ALONE, Path("unused")).lines
    return {"abc"[doc]: sorted(part["line"].to_list()) for (doc,), part in lines.group_by("doc")}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Dedup(), {"c": [1]}),
        (Dedup(documents="host"), {"c": [1]}),  # the paragraph level takes what the other left
        (Dedup(documents="off"), {"c": [1]}),
        (Dedup(documents="host", paragraphs="host"), {"b": [1], "c": [1]}),
        (Dedup(documents="off", paragraphs="off"), {"a": [1], "b": [1], "c": [1]}),
        (Dedup(documents="off", paragraphs="host"), {"b": [1], "c": [1]}),
    ],
)
def test_scopes(config, expected):
    """Copies go across all hosts, within one host or not at all; the earliest of those compared stays."""
    assert kept(config, [[LONG]] * 3) == expected


@pytest.mark.parametrize("rule", ["jaccard", "containment", "coverage"])
@pytest.mark.parametrize("templates", ["remove", "keep"])
@pytest.mark.parametrize("scope", ["all", "host"])
@pytest.mark.parametrize("keep", ["earliest", "longest", "source"])
def test_a_short_line_never_goes(rule, templates, scope, keep):
    """A line below ``min_chars`` in matching form stays in every document by every policy; one of that length goes."""
    quote = '"어제 오전 10시에 들었고, 오늘은 모른다"'
    config = Dedup(
        documents=scope, paragraphs=scope, rule=rule, templates=templates, keep=keep, sources=HOSTS
    )
    texts = [[quote, "".join(map(chr, range(start, start + 99)))] for start in (0xAC00, 0xB000, 0xB400)]
    config = replace(config, documents="off")
    size = len(quote.replace(" ", ""))
    assert kept(replace(config, min_chars=size + 1), texts) == {"a": [1, 2], "b": [1, 2], "c": [1, 2]}
    gone = dedupe(gathered(texts), replace(config, min_chars=size), ALONE, Path("unused")).taken
    assert gone["line"].to_list() == [1] * (2 if scope == "all" else 1)


def test_a_short_document_never_goes():
    """A document of fewer than ``min_chars`` characters is no copy of another."""
    assert kept(Dedup(), [["짧은 글"], ["짧은 글"]]) == {"a": [1], "b": [1]}
    assert kept(Dedup(min_chars=3), [["짧은 글"], ["짧은 글"]]) == {"b": [1]}


@pytest.mark.parametrize("setting", ["_IN_MEMORY", "_JOINED_BYTES"])
def test_texts_in_a_file_change_nothing(setting, monkeypatch, tmp_path):
    """Whole documents that are put together one by one, or lie in a file, are judged the same; the file goes."""
    texts = [[LONG, MORE], [LONG, MORE, "".join(map(chr, range(0xAC00, 0xAD00)))], [LONG, MORE]]
    wanted = dedupe(gathered(texts), Dedup(), ALONE, tmp_path)
    monkeypatch.setattr(module, setting, 0)
    found = dedupe(gathered(texts), Dedup(), ALONE, tmp_path)
    assert wanted.taken["stage"].to_list() == ["document", "document", "exact"]
    for name in ("lines", "taken", "copies"):
        assert getattr(found, name).equals(getattr(wanted, name))
    for level, kept in wanted.kept.items():
        assert found.kept[level].items.equals(kept.items)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("keep", "sources", "first"),
    [
        ("earliest", (), "c"),
        ("longest", (), "b"),
        ("source", ("gana.example",), "b"),
        ("source", ("gana.example", "dara.example", "gana.example"), "b"),
        ("source", ("가나일보", "dara.example"), "a"),
        ("source", ("마바통신", "가나일보"), "b"),
        ("source", (), "c"),
    ],
)
def test_who_is_kept(keep, sources, first):
    """The order of documents follows the policy: time, length, or the place of host or press in a list."""
    texts = [["가"], ["가나"], ["다"]]
    assert in_order(gathered(texts), Dedup(keep=keep, sources=sources))["doc_id"][0] == first


def test_containment_takes_the_contained_text_alone():
    """A text goes for a longer one that holds it; the longer one does not go for the shorter."""
    config = Dedup(rule="containment", documents="off", keep="longest")
    texts = [[LONG], [LONG + MORE]]
    assert kept(config, texts) == {"b": [1]}
    assert kept(Dedup(documents="off", keep="longest"), texts) == {"a": [1], "b": [1]}
    earliest_is_short = [[LONG + MORE], [LONG]]
    assert kept(Dedup(rule="containment", documents="off"), earliest_is_short) == {"a": [1], "b": [1]}
    removed = dedupe(gathered(texts), config, ALONE, Path("unused")).taken
    assert removed["evidence"].to_list() == ["containment 1.0 with b line 1"]


@pytest.mark.parametrize(
    "setting", [{"rule": "cosine"}, {"documents": True}, {"keep": "newest"}, {"paragraphs": "site"}]
)
def test_unknown_words_are_errors(setting):
    """A policy that does not exist is refused before anything starts."""
    with pytest.raises(ConfigError, match=f"run.toml: dedup.{next(iter(setting))}: "):
        checked({"dedup": setting}, RunConfig, "run.toml")
