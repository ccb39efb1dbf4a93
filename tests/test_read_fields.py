"""Records of JSONL and Parquet: their fields, their ids, and what is wrong with them."""

from datetime import UTC, datetime

import polars as pl
import pytest

from pipeline.config import FieldNames
from pipeline.read import batch as limits
from tests.reading import ARTICLE, GUESS, lines, page, parquet, read, refusal


def test_a_jsonl_record_has_every_column(tmp_path):
    """The usual names are found in any case, and a record goes by file and line."""
    record = {
        "ID": 7, "제목": " 새 다리 ", "Body": ARTICLE, "URL": "HTTP://User@News.Test.:80/a", "언론사": "가람일보",
        "date": "2024.05.13. 오후 1:40", "other": {"a": [1]},
    }  # fmt: skip

    assert page(tmp_path, "a.ndjson", b"\xef\xbb\xbf" + lines(record)) == {
        "doc_id": "7", "source": "in/a.ndjson#1", "url": "HTTP://User@News.Test.:80/a", "host": "news.test",
        "kind": "text", "content": ARTICLE, "title": "새 다리", "press": "가람일보",
        "published": datetime(2024, 5, 13, 4, 40, tzinfo=UTC), "charset": None,
    }  # fmt: skip


def test_bad_lines_are_skipped_and_the_rest_is_read(tmp_path):
    """Each bad line is on record with its number, offset and reason; blank lines are counted, not recorded."""
    data = b'{"text": "a"}\r\n\r\n{"text": "b"\n[1]\n"x"\n3\ntrue\nnull\n{"text": ""}\n'
    data += b'{"text": {"a": 1}}\n{"x": 1}\n{"text": "c"}'

    pages, skipped = read(tmp_path, "a.jsonl", data)

    assert pages.select("source", "content").rows() == [("in/a.jsonl#1", "a"), ("in/a.jsonl#12", "c")]
    assert skipped.select("source", "reason", "detail").rows() == [
        ("in/a.jsonl#3", "bad_record",
         "line 3, byte offset 17: not JSON: Expecting ',' delimiter: line 1 column 13 (char 12)"),
        ("in/a.jsonl#4", "bad_record", "line 4, byte offset 30: not an object but an array"),
        ("in/a.jsonl#5", "bad_record", "line 5, byte offset 34: not an object but a string"),
        ("in/a.jsonl#6", "bad_record", "line 6, byte offset 38: not an object but a number"),
        ("in/a.jsonl#7", "bad_record", "line 7, byte offset 40: not an object but true or false"),
        ("in/a.jsonl#8", "bad_record", "line 8, byte offset 45: not an object but null"),
        ("in/a.jsonl#9", "missing_text", "the text is empty"),
        ("in/a.jsonl#10", "missing_text", "no field with text"),
        ("in/a.jsonl#11", "missing_text", "no field with text"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "content"),
    [
        (b'{"text": "a", "text": "b"}', "b"),
        (b'{"text": "a", "n": NaN, "i": 123456789012345678901234567890}', "a"),
        (b'{"text": ["a", null, ["b", "c"]]}', "a\nb\nc"),
        (b'{"text": "a\x01b\tc"}', "a b\tc"),
        (b'{"text": "a\\ud800b\\u0000\\u2028c\\ufeff"}', "ab \nc"),
        (b'{"text": "  ", "body": "b"}', "b"),
        (b'{"html": "<p>a", "text": null}', "<p>a"),
        ('{"text": "뉴스"}'.encode("cp949"), "뉴스"),
    ],
)
def test_unusual_records_are_understood(tmp_path, line, content):
    """The last of equal keys counts, lists are lines, and what strict JSON refuses is taken if it is clear."""
    assert page(tmp_path, "a.jsonl", line)["content"] == content


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b"[" * 100_000, "bad_record", "line 1, byte offset 0: nested too deep"),
        (b'{"text": "\xff\xff\xff\xff ab"}', "undecodable", "4 of 7 characters are replaced"),
        (b'{"text": [{"a": "b"}]}', "missing_text", "no field with text"),
        (b'{"text": NaN}', "missing_text", "no field with text"),
    ],
)
def test_records_that_cannot_be_understood(tmp_path, line, reason, detail):
    """What is no text is never half a text."""
    _, skipped = read(tmp_path, "a.jsonl", line)

    assert skipped.rows() == [("in/a.jsonl#1", None, reason, detail, None)]


def test_text_that_is_a_page_is_html(tmp_path):
    """A text that begins as HTML does is HTML; an HTML field is, however it begins."""
    data = lines(
        {"text": " <!DOCTYPE html><p>a"}, {"text": "<html lang=ko>"}, {"text": "<p>a"}, {"html": "<p>a"}
    )

    assert read(tmp_path, "a.jsonl", data)[0]["kind"].to_list() == ["html", "html", "text", "html"]


def test_a_given_name_is_the_only_one(tmp_path):
    """A given name is taken as it is written, and a given text keeps html from being guessed."""
    data = lines({"text": "a", "Lead": "b", "html": "<p>", "id": "1", "key": "2"}, {"html": "<p>a"})

    pages, skipped = read(tmp_path, "a.jsonl", data, FieldNames(text="Lead", id="key"))

    assert pages.select("doc_id", "content").rows() == [("2", "b")]
    assert skipped["detail"].to_list() == ["no field with text"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
@pytest.mark.parametrize(
    ("fields", "what"),
    [
        (
            GUESS,
            "no field has a usual name of the text; the file has x, news. Name the right one as [fields] text",
        ),
        (
            FieldNames(text="News"),
            'no field "News"; the file has x, news. Name the right one as [fields] text',
        ),
        (
            FieldNames(text="news", press="y"),
            'no field "y"; the file has x, news. Name the right one as [fields] press',
        ),
    ],
)
def test_a_file_without_the_field_says_which_it_has(tmp_path, name, fields, what):
    """A field that no record has costs one row, which names the file's fields and the setting."""
    data = (
        lines({"x": 1, "news": "a"})
        if name == "a.jsonl"
        else parquet(pl.DataFrame({"x": [1], "news": ["a"]}))
    )

    assert refusal(tmp_path, name, data, fields) == (
        "missing_text",
        f'{what} = "…" in run.toml and give that with --config',
    )


def test_ids_are_given_or_the_url_or_a_hash(tmp_path):
    """The id comes from identity, so that neither row nor order has a part in it."""
    data = lines(
        {"id": "1", "url": "u", "text": "a"},
        {"id": " ", "url": "u", "text": "a"},
        {"text": "b"},
        {"text": "b"},
    )

    ids = read(tmp_path, "a.jsonl", data)[0]["doc_id"].to_list()

    assert ids[:2] == ["1", "u"]
    assert ids[2] == ids[3] == limits.content_id("in/a.jsonl", b"b")
