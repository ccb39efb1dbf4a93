"""Every format into pages, and what gives none into skipped rows."""

import gzip
import io
import json
import random
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import FieldNames
from pipeline.read import batch as limits
from pipeline.read import jsonl, read_files, records, text
from pipeline.read.fields import GUESSES
from pipeline.read.files import READERS, InputFile
from pipeline.read.html import declared_charset, declared_url
from pipeline.read.jsonl import lines_of
from pipeline.schema import PAGES, SKIPPED

ARTICLE = "새 다리가 열렸다.\n시민들이 건넜다."
GUESS = FieldNames()
RUBBISH = random.Random(3).randbytes(4000)  # noqa: S311 - a fixed seed


def read(folder, name, data, fields=GUESS):
    """Return the pages and skipped rows of a file of ``data``, having checked what holds of every file."""
    path = folder / name
    path.write_bytes(data)
    file = InputFile(path, f"in/{name}", len(data))
    batches = list(read_files([file], fields))
    again = list(read_files([file], fields))
    assert all(
        one.pages.equals(two.pages) and one.skipped.equals(two.skipped)
        for one, two in zip(batches, again, strict=True)
    )
    assert all(batch.pages.schema == PAGES and batch.skipped.schema == SKIPPED for batch in batches)
    pages, skipped = pl.concat([b.pages for b in batches]), pl.concat([b.skipped for b in batches])
    assert pages.height + skipped.height >= 1
    return pages, skipped


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


def page(folder, name, data, fields=GUESS):
    """Return the one page of a file."""
    pages, skipped = read(folder, name, data, fields)
    assert skipped.rows() == []
    return pages.row(0, named=True)


def refusal(folder, name, data, fields=GUESS):
    """Return reason and detail of a file that gives nothing but its own skipped row."""
    pages, skipped = read(folder, name, data, fields)
    assert pages.is_empty()
    assert skipped["source"].to_list() == [f"in/{name}"]
    return skipped.row(0)[2:4]


def parquet(frame, **options):
    """Return a frame as the bytes of a Parquet file."""
    out = io.BytesIO()
    pq.write_table(frame if isinstance(frame, pa.Table) else frame.to_arrow(), out, **options)
    return out.getvalue()


def lines(*objects):
    """Return objects as JSONL."""
    return b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in objects)


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
    assert declared_url(f"<html><head>{head}") == url


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


def test_a_parquet_row_has_every_column(tmp_path):
    """Columns of any type become text, times in a zone or not become UTC, and a row goes by its number."""
    frame = pl.DataFrame(
        {
            "uuid": [1, 2, 3],
            "headline": pl.Series(["가", "가", None], dtype=pl.Categorical),
            "content": [["한 줄", None, "두 줄"], ["셋"], []],
            "html": ["<p>뉴스".encode("cp949"), None, "<p>뉴스".encode()],
            "date": pl.Series(["2024-05-13 09:00:00", None, "2024-05-13 00:00:00"]).str.to_datetime(),
        }
    )

    pages, skipped = read(tmp_path, "a.parquet.gz", gzip.compress(parquet(frame)))

    assert skipped.is_empty()
    assert pages.select("doc_id", "source", "kind", "content", "title", "charset").rows() == [
        ("1", "in/a.parquet.gz#1", "text", "한 줄\n두 줄", "가", None),
        ("2", "in/a.parquet.gz#2", "text", "셋", "가", None),
        ("3", "in/a.parquet.gz#3", "html", "<p>뉴스", None, None),
    ]
    assert pages["published"].to_list() == [
        datetime(2024, 5, 13, tzinfo=UTC),
        None,
        datetime(2024, 5, 12, 15, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "times",
    [
        pl.Series([datetime(2024, 5, 13, 3, tzinfo=UTC)]).dt.convert_time_zone("America/New_York"),
        pl.Series([datetime(2024, 5, 13, 12, tzinfo=UTC)]).dt.replace_time_zone(None).cast(pl.Datetime("ns")),
        pl.Series([1715569200.0]),
        pl.Series([1715569200000]),
        pl.Series(["2024-05-13T12:00+09:00"]),
    ],
)
def test_parquet_times(tmp_path, times):
    """A time column of any type is the same moment."""
    data = parquet(pl.DataFrame({"text": ["a"], "published": times}))

    assert page(tmp_path, "a.parquet", data)["published"] == datetime(2024, 5, 13, 3, tzinfo=UTC)


def test_parquet_dates_begin_in_seoul(tmp_path):
    """A date column is a day in Seoul."""
    data = parquet(pl.DataFrame({"text": ["a"], "date": [date(2024, 5, 13)]}))

    assert page(tmp_path, "a.parquet", data)["published"] == datetime(2024, 5, 12, 15, tzinfo=UTC)


def test_parquet_bytes_are_decoded(tmp_path):
    """A column of bytes is read as a file is: by its charset, which is noted, and not when it is no text."""
    data = parquet(pl.DataFrame({"raw_html": ["<p>뉴스".encode("cp949"), b"%PDF-1.7", None, b"<p>a"]}))

    pages, skipped = read(tmp_path, "a.parquet", data)

    assert pages.select("source", "content", "charset").rows() == [
        ("in/a.parquet#1", "<p>뉴스", "cp949"),
        ("in/a.parquet#4", "<p>a", None),
    ]
    assert skipped.select("source", "reason", "detail").rows() == [
        ("in/a.parquet#2", "binary", "bytes that are not text"),
        ("in/a.parquet#3", "missing_text", "no field with text"),
    ]


def test_parquet_without_rows_holds_no_record(tmp_path):
    """A table without rows is no error, whatever its columns."""
    assert refusal(tmp_path, "a.parquet", parquet(pl.DataFrame({"x": []}))) == (
        "no_text",
        "the file holds no record",
    )


def test_a_flipped_bit_in_parquet_is_found(tmp_path):
    """A value that does not fit its page's checksum damages the whole file, though all else can be read."""
    frame = pl.DataFrame({"text": [f"article {number}" for number in range(3000)]})
    data = bytearray(parquet(frame, compression="none", use_dictionary=False, write_page_checksum=True))
    data[data.find(b"article 2999")] ^= 1

    reason, detail = refusal(tmp_path, "a.parquet", bytes(data))

    assert reason == "damaged"
    assert "CRC" in detail


def test_parquet_hit_anywhere_is_refused_or_read_whole(tmp_path):
    """Random damage, packed or not, never crashes the reader and never gives half a file."""
    data = parquet(
        pl.DataFrame({"text": [f"article {number}" for number in range(50)]}), write_page_checksum=True
    )
    rng = random.Random(11)  # noqa: S311 - a fixed seed
    for _ in range(100):
        hit = bytearray(data)
        for _ in range(3):
            hit[rng.randrange(4, len(data))] ^= 1 << rng.randrange(8)
        pages, skipped = read(tmp_path, "a.parquet", bytes(hit))
        assert (pages.height, skipped.height) in {(50, 0), (0, 1)}


def test_batches_are_bounded(tmp_path, monkeypatch):
    """No batch has more pages or bytes than allowed, and nothing is lost between them."""
    monkeypatch.setattr(limits, "BATCH_PAGES", 10)
    monkeypatch.setattr(records, "BATCH_BYTES", 500)
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
