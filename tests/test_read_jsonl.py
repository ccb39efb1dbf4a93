"""JSONL read column by column, where its records are as usual, gives what reading it record by record gives.

And of a record as large as a page may be, few copies are held at once.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import FieldNames
from pipeline.memory import sizes
from pipeline.read import jsonl, records
from pipeline.read.files import InputFile
from pipeline.read.jsonl import Line, _at_once, _one_by_one, read_jsonl
from tests.test_limits import LINUX, outcome_of

VALUES = st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text(), max_size=2), st.just({"a": 1}))
KEYS = st.sampled_from(["text", "Text", "id", "title", "body", "x"])
OBJECTS = st.lists(st.dictionaries(KEYS, VALUES), min_size=1, max_size=4)
UNUSUAL = {
    "a number": b'{"text": "a", "id": 7}',
    "a list": b'{"text": ["a", "b"]}',
    "two names of the text": b'{"text": "", "body": "b"}',
    "two spellings of a name": b'{"text": "a", "Text": "b"}',
    "not an object": b"[1]",
    "half an object": b'{"text": "a"',
    "half a character": b'{"text": "\xea\xb0"}',
    "half a pair": rb'{"text": "\ud800a"}',
    "not a number": b'{"text": "a", "x": NaN}',
}


def lines_of(*objects):
    """Return the lines that hold ``objects``, in bytes."""
    return [Line(number, 0, data) for number, data in enumerate(objects, start=1)]


@settings(deadline=None)
@given(OBJECTS, st.booleans())
def test_reading_at_once_and_one_by_one_agree(objects, escaped):
    """What is read column by column is what is read record by record."""
    lines = lines_of(*(json.dumps(value, ensure_ascii=escaped).encode() for value in objects))
    at_once, one_by_one = _at_once(lines, FieldNames()), _one_by_one(lines, FieldNames())

    assert at_once is None or (at_once.frame.equals(one_by_one.frame) and at_once.keys == one_by_one.keys)


def test_usual_records_are_read_at_once():
    """Strings, nulls, a missing field, a field twice, escapes and a byte order mark are read column by column."""
    lines = lines_of(
        b'\xef\xbb\xbf{"id": "1", "text": "\xea\xb0\x80\\n\\u0000\\ud83d\\ude00", "x": [1, {"y": 2}]}',
        b'{"text": null}',
        b'{"text": "a", "text": "b", "title": ""}',
    )
    at_once = _at_once(lines, FieldNames())

    assert at_once is not None
    assert at_once.frame["text"].to_list() == ["가\n\0😀", None, "b"]
    assert at_once.frame.equals(_one_by_one(lines, FieldNames()).frame)


@pytest.mark.parametrize("case", UNUSUAL)
def test_an_unusual_record_is_read_by_itself(case):
    """A record that a column cannot hold as it is leaves its group to be read one by one."""
    assert _at_once(lines_of(b'{"text": "a"}', UNUSUAL[case]), FieldNames()) is None


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"text": " " * 41, "html": "<p>기사"}, "html"),
        ({"text": "가\r\n" * 10}, "text"),  # 50 bytes, of which ten go
        ({"text": "가나다라마" * 3}, None),
        ({"html": "가나다" * 3}, None),
    ],
)
def test_a_text_is_too_large_when_it_is_clean(tmp_path, monkeypatch, record, kind):
    """Neither a blank text nor line ends of two signs make a record too large; its HTML may have less than its text."""
    for module in (jsonl, records):
        monkeypatch.setattr(module, "PAGE_BYTES", 40)
        monkeypatch.setattr(module, "HTML_BYTES", 20)
    monkeypatch.setattr(jsonl, "LARGE_BYTES", 0)
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "1", **record}), "utf-8")

    ((pages, skipped),) = read_jsonl(InputFile(tmp_path / "a.jsonl", "a", 1), FieldNames())

    assert pages["kind"].to_list() == ([kind] if kind else [])
    assert skipped["reason"].to_list() == ([] if kind else ["too_large"])


def growth(path):
    """Return how many times the bytes of a file a process grows while it reads it."""
    list(
        read_jsonl(InputFile(path.with_name("small.jsonl"), "small", 1), FieldNames())
    )  # what is loaded once
    before = sizes()[0]
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    list(read_jsonl(InputFile(path, "large", 1), FieldNames()))
    peak = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if "VmHWM" in line)
    return ((int(peak.split()[1]) << 10) - before) / path.stat().st_size


@LINUX
@pytest.mark.parametrize(("size", "most"), [(4 << 20, 14), (12 << 20, 7)])
def test_of_a_large_record_few_copies_are_held(tmp_path, size, most):
    """A record of HTML, as large as a page may be or too large, is held a few times."""
    for name, count in (("small", 10), ("large", size // 25)):
        record = {"url": "https://a.example/1", "html": "<p>" + "가나다라 마바사 " * count}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(record, ensure_ascii=False), "utf-8")

    assert outcome_of(growth, tmp_path / "large.jsonl") < most
