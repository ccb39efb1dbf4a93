"""Every format into pages, and what gives none into skipped rows."""

import gzip
import json
import random
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.read import batch as limits
from pipeline.read import jsonl, read_files, records, text
from pipeline.read.fields import GUESSES
from pipeline.read.files import READERS, InputFile
from pipeline.read.html import declared_charset, declared_url
from pipeline.read.jsonl import lines_of
from pipeline.schema import SKIPPED
from tests.reading import ARTICLE, GUESS, lines, page, parquet, read, refusal

RUBBISH = random.Random(3).randbytes(4000)  # noqa: S311 - a fixed seed


def test_files_of_one_page_share_batches(tmp_path, monkeypatch):
    """Batches are full, hold pages and failures in the files' order, and end before a file of many pages."""
    monkeypatch.setattr("pipeline.read.BATCH_PAGES", 3)
    data = {f"{n}.txt": f"본문 {n}" for n in range(5)} | {"2.txt": ""}
    data |= {"5.jsonl": '{"text": "기사"}\n', "6.html": "<p>끝"}
    files = []
    for name, content in data.items():
        (tmp_path / name).write_text(content, "utf-8")
        files.append(InputFile(tmp_path / name, name, 1))

    batches = list(read_files(files, GUESS))

    sources = [(b.pages["source"].to_list(), b.skipped["source"].to_list()) for b in batches]
    assert sources == [
        (["0.txt", "1.txt"], ["2.txt"]),
        (["3.txt", "4.txt"], []),
        (["5.jsonl#1"], []),
        (["6.html"], []),
    ]


def test_a_text_file_is_one_page(tmp_path):
    """A text is decoded, its line ends made one; its id is a hash of name and content, whatever packed it."""
    plain = page(tmp_path, "a.txt", ARTICLE.replace("\n", "\r\n").encode())

    assert plain == {
        "doc_id": "81c19871bfb6ede905612d3c899be460", "source": "in/a.txt", "url": None, "host": None, "kind": "text",
        "content": ARTICLE, "title": None, "press": None, "published": None, "charset": None,
    }  # fmt: skip
    assert page(tmp_path, "a.text.gz", gzip.compress(ARTICLE.encode("cp949")))["charset"] == "cp949"
    assert page(tmp_path, "b.txt", ARTICLE.encode())["doc_id"] != plain["doc_id"]


HEAD = (
    '<!doctype html><html><head><meta http-equiv="Content-Type" content="text/html; charset=EUC-KR">'
    "<!-- <link rel=canonical href=https://old.test/1> -->"
    "<meta content='https://M.News.test:443/v/2?a=1&amp;b=2' property='og:url'>"
)


def test_an_html_file_goes_by_its_own_address(tmp_path):
    """The address a page declares is its id and URL, and the host is that address's."""
    found = page(tmp_path, "a.html.zst", zstandard.compress((HEAD + "<p>본문").encode("cp949")))

    url = "https://M.News.test:443/v/2?a=1&b=2"
    assert (found["doc_id"], found["url"], found["host"], found["kind"]) == (url, url, "m.news.test", "html")
    assert found["charset"] == "cp949 declared EUC-KR"
    assert found["content"].endswith("<p>본문")


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ('<link rel="canonical" href="https://a.test/1"><meta property="og:url" content="https://b.test/2">', "https://a.test/1"),
        ('<meta property="og:url" content="https://b.test/2"><link rel="canonical" href="https://a.test/1">', "https://a.test/1"),
        ('<link rel="canonical" href="/1"><meta property="og:url" content="https://b.test/2">', "https://b.test/2"),
        ('<link rel="canonical" href="https://a.test/">', None),
        ('<link rel="canonical" href="https://a.test?id=1">', "https://a.test?id=1"),
        ('<link rel="canonical" href="javascript:alert(1)">', None),
        ('<script>"<link rel=canonical href=https://a.test/1>"</script>', None),
        ('</head><body><link rel="canonical" href="https://a.test/1">', None),
        ("<!--" * 20000 + "<link rel=canonical href=https://a.test/1>", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_declared_address(head, url):
    """The canonical link goes before og:url; front pages, comments, scripts and the body do not count."""
    assert declared_url(f"<html><head>{head}".encode()) == url


@pytest.mark.parametrize(
    ("data", "label"),
    [
        (b'<meta charset="utf-8">', "utf-8"),
        (b"<META HTTP-EQUIV=x CONTENT='text/html;charset=ks_c_5601-1987'>", "ks_c_5601-1987"),
        (b"<?xml version='1.0' encoding='euc-kr'?>", "euc-kr"),
        (b"<p>charset=x", None),
    ],
)
def test_the_declared_charset(data, label):
    """A page names its charset in a meta tag or in its XML declaration."""
    assert declared_charset(data) == label


@pytest.mark.parametrize(
    ("name", "data", "reason", "detail"),
    [
        ("a.html", b"", "no_text", "the file is empty"),
        ("a.txt", b" \r\n\0", "binary", "not text: it begins with 20 0d 0a 00"),
        ("a.txt", b" \r\n\t", "no_text", "the file is empty"),
        ("a.jsonl", b"\n \n", "no_text", "the file holds no record"),
        ("a.html", RUBBISH, "binary", "not text: it begins with fd 3f eb 3c 92 50 b7 97"),
        ("a.html", b"%PDF-1.7 ...", "binary", "not text: it begins with 25 50 44 46 2d 31 2e 37"),
        ("a.jsonl", b"\x89PNG\r\n\x1a\n", "binary", "not text: it begins with 89 50 4e 47 0d 0a 1a 0a"),
        ("a.jsonl", b"\xff\xfe{\0}\0", "undecodable", "UTF-16; convert the file to UTF-8"),
        ("a.txt", b"a\xff b\xfe c\xff", "undecodable", "cp949, 3 characters replaced, of 8; convert the file to UTF-8"),
        ("a.txt.gz", gzip.compress(b"a" * 99, mtime=0)[:-1], "truncated", "gzip ends before its end, 99 bytes in"),
        ("a.jsonl.zst", zstandard.compress(b"a" * 99)[:-1],
         "truncated", "zstd ends before its end, 0 bytes in"),
        ("a.json", b'[\n{"text": "a"}\n]', "unknown_format",
         "a .json file is read when each line is one object; turn an array into that: "
         "jq -c '.[]' file.json > file.jsonl"),
        ("a.parquet", b"", "no_text", "the file is empty"),
        ("a.parquet", b"some text", "damaged", "not a Parquet file, or an encrypted one"),
        ("a.parquet", b"PAR1" + bytes(50), "truncated", "Parquet without its footer, 54 bytes"),
        ("a.pdf", b"", "unknown_format", "no reader for a name like this"),
    ],
)  # fmt: skip
def test_a_file_that_gives_nothing_says_why(tmp_path, name, data, reason, detail):
    """A file that cannot be used is one skipped row, with the file's own source and the reason."""
    assert refusal(tmp_path, name, data) == (reason, detail)


def test_a_file_that_cannot_be_opened_is_on_record(tmp_path):
    """A file that went away, or that the system refuses, is unreadable, in the system's words."""
    for name in ("a.html", "a.txt", "a.jsonl", "a.json", "a.parquet"):
        (batch,) = read_files([InputFile(tmp_path / name, name, 1)], GUESS)
        assert batch.skipped.row(0)[:4] == (name, None, "unreadable", "No such file or directory")


def test_a_page_beyond_the_limit_is_too_large(tmp_path, monkeypatch):
    """The limit holds for whole files, records and lines; what follows a line too long is read."""
    monkeypatch.setattr(text, "PAGE_BYTES", 1 << 20)
    monkeypatch.setattr(records, "PAGE_BYTES", 100)
    monkeypatch.setattr(jsonl, "LINE_BYTES", 1 << 20)
    large = "a" * (1 << 20)

    assert refusal(tmp_path, "a.txt.gz", gzip.compress(b"a" + large.encode())) == (
        "too_large",
        "more than 1 MiB, the most a page may have",
    )
    pages, skipped = read(
        tmp_path, "a.jsonl", lines({"text": "b" * 101}, {"text": large}, {"text": "c" * 100})
    )
    assert pages["source"].to_list() == ["in/a.jsonl#3"]
    assert skipped.select("source", "reason", "detail").rows() == [
        ("in/a.jsonl#1", "too_large", "101 bytes; a page may have 100"),
        ("in/a.jsonl#2", "too_large", "line 2, byte offset 114: longer than 1 MiB"),
    ]


def test_batches_are_bounded(tmp_path, monkeypatch):
    """No batch has more pages or bytes than allowed, and nothing is lost between them."""
    monkeypatch.setattr(limits, "BATCH_PAGES", 10)
    monkeypatch.setattr(records, "RECORDS_BYTES", 500)
    rows = [{"id": number, "text": "a" * (number % 200 + 1)} for number in range(201)]
    for name, data in {"a.jsonl": lines(*rows), "a.parquet": parquet(pl.DataFrame(rows))}.items():
        (tmp_path / name).write_bytes(data)
        batches = [batch.pages for batch in read_files([InputFile(tmp_path / name, name, 1)], GUESS)]
        assert max(batch["content"].str.len_bytes().sum() for batch in batches) <= 500
        assert pl.concat(batches)["doc_id"].to_list() == [str(number) for number in range(201)]


LINE = st.one_of(
    st.binary(max_size=30),
    st.dictionaries(
        st.sampled_from(["text", "html", "id", "url", "date", "본문"]),
        st.one_of(st.none(), st.text(max_size=8), st.floats(), st.integers(), st.lists(st.text(max_size=3))),
    ).map(lambda value: json.dumps(value).encode()),
).map(lambda line: line.replace(b"\n", b" "))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Return a folder that the examples of a property may share."""
    return tmp_path_factory.mktemp("scratch")


@settings(deadline=None)  # files on a busy machine
@given(st.lists(LINE, max_size=8))
def test_every_line_is_a_page_or_on_record(scratch, given_lines):
    """The law of reading: each line that is not blank is one page or one skipped row, unless the file is one."""
    pages, skipped = read(scratch, "a.jsonl", b"\n".join(given_lines))

    told = sorted([*pages["source"], *skipped["source"]])
    numbered = [f"in/a.jsonl#{number}" for number, line in enumerate(given_lines, start=1) if line.strip()]
    assert told in (sorted(numbered), ["in/a.jsonl"])


@settings(deadline=None)  # files on a busy machine
@given(st.binary(max_size=200), st.sampled_from(["a.html", "a.txt.gz", "a.json", "a.jsonl.zst", "a.parquet"]))
def test_any_bytes_are_a_page_or_on_record(scratch, data, name):
    """No bytes under any name make reading fail or vanish."""
    for packed in (data, gzip.compress(data), b"PAR1" + data + b"PAR1"):
        pages, skipped = read(scratch, name, packed)
        assert pages.filter(pl.col("content").str.contains(r"[\x00\r]")).is_empty()
        assert set(skipped["reason"]) <= set(pl.Series(SKIPPED["reason"].categories))


@settings(deadline=None)  # files on a busy machine
@given(st.binary(max_size=60), st.integers(1, 9), st.integers(1, 20))
def test_lines_do_not_depend_on_chunks(data, step, limit):
    """Lines, their numbers and offsets are those of the whole stream, in whatever chunks it comes."""
    chunks = [data[start : start + step] for start in range(0, len(data), step)]

    found = list(lines_of(chunks, limit))

    whole = data.split(b"\n")
    offsets = [sum(len(line) + 1 for line in whole[:number]) for number in range(len(whole))]
    wanted = [
        (number, offset, line.strip() if len(line) <= limit else None)
        for number, (offset, line) in enumerate(zip(offsets, whole, strict=True), start=1)
        if line.strip() or len(line) > limit
    ]
    assert found == wanted


def test_nothing_of_a_truncated_file_is_used(tmp_path, monkeypatch):
    """However many good records stand before the cut, the file gives one row and no page."""
    monkeypatch.setattr(limits, "BATCH_PAGES", 10)
    data = lines(*({"id": number, "text": "a"} for number in range(500)))

    for packed in (gzip.compress(data), zstandard.compress(data)):
        assert refusal(tmp_path, "a.jsonl", packed[:-2])[0] == "truncated"


def test_a_file_that_changes_underway_is_on_record(tmp_path, monkeypatch):
    """When a file fails after its first pages, the pages stand and the file has a row that says so."""
    monkeypatch.setattr(limits, "BATCH_PAGES", 1)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(lines({"text": "a"}, {"text": "b"})))
    monkeypatch.setattr(jsonl, "prove", lambda proved: Path(proved).write_bytes(path.read_bytes()[:-1]))

    batches = list(read_files([InputFile(path, "a", 1)], GUESS))

    assert [batch.skipped["reason"].to_list() for batch in batches][-1] == ["truncated"]


DOCS = (Path(__file__).parent.parent / "docs" / "input.md").read_text("utf-8")


def test_the_documented_names_are_those_looked_for():
    """docs/input.md lists every usual name of every field, in order."""
    for field, names in GUESSES.items():
        assert f"| `{field}` | {', '.join(names)} |" in DOCS


def test_the_documented_suffixes_are_those_read():
    """docs/input.md names every suffix of the reader table."""
    assert [suffix for suffix in READERS if f"`{suffix}`" not in DOCS] == []
