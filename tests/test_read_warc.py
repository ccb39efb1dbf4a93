"""WARC and WET files: every record is a page, nothing, or on record, and no body is ever half a body."""

import io
import zlib
from hashlib import sha256
from pathlib import Path

import brotli
import pytest
import zstandard
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.read import compression, pieces, warc
from pipeline.read import records as raw_records
from pipeline.read.files import InputFile
from pipeline.run.first import may_hold_html
from tests.test_read import read, refusal
from tests.warc import (
    URL,
    article,
    chunked,
    digest,
    gzipped,
    http,
    packed,
    record,
    response,
)
from tests.warc_packings import HTML, PACKINGS, SENT, told

PLAIN = "새 다리가 열렸다.\n시민들이 건넜다."


@pytest.mark.parametrize("name", PACKINGS)
def test_a_record_is_a_page_however_it_is_packed(tmp_path, name):
    """Each record has its number for a source, its address for an id, and no time but the page's own."""
    info = record(b"software: x\r\n", None, "warcinfo")
    data = PACKINGS[name](info, *(response(number) for number in range(1, 30)))

    pages, skipped = read(tmp_path, name, data)

    assert told(skipped) == []
    assert pages.row(0, named=True) == {
        "doc_id": URL.format(1), "source": f"in/{name}#2", "url": URL.format(1), "host": "www.gana.example",
        "kind": "html", "content": HTML, "title": None, "press": None, "published": None, "charset": None,
    }  # fmt: skip
    assert pages["source"].to_list() == [f"in/{name}#{number}" for number in range(2, 31)]
    assert pages["content"].to_list() == [article(number) for number in range(1, 30)]


def test_the_texts_of_a_wet_file_are_pages(tmp_path):
    """A conversion record is a text."""
    data = gzipped(
        record(b"x: y\r\n", "CC.wet.gz", "warcinfo"), record(PLAIN.encode(), URL.format(2), "conversion")
    )

    pages, skipped = read(tmp_path, "CC-MAIN.warc.wet.gz", data)

    assert pages.select("kind", "url", "content").rows() == [("text", URL.format(2), PLAIN)]
    assert skipped.is_empty()


@pytest.mark.parametrize(
    "data",
    [
        record(http(b"", "Location: /2", status="301 Moved")),
        record(http(SENT, status="404 Not Found")),
        record(http(SENT, kind="application/json")),
        record(http(b"GIF89a", kind=None)),
        record(http(b"GIF89a", kind=None), WARC_Identified_Payload_Type="image/gif", WARC_Truncated="length"),
        record(b"GET / HTTP/1.1\r\n\r\n", kind="request"),
        record(b"{}", kind="metadata"),
        record(b"a", kind="a-new-kind"),
        record(b"20240513035200\n1.2.3.4\n", "dns:gana.example", Content_Type="text/dns"),
        record(PLAIN.encode(), "metadata://gnu.example/wget.log", "resource"),
        record(PLAIN.encode(), "urn:text:https://gana.example/1", "resource"),
        record(http(b"User-agent: *", kind="text/plain"), "https://gana.example/robots.txt?x"),
        record(http(b"", status="404 Not Found"), kind="revisit"),
        record(http(b"", kind="image/png"), kind="revisit"),
    ],
)  # fmt: skip
def test_a_record_that_is_no_page_is_nothing(tmp_path, data):
    """What never was a page is neither a page nor a loss; a file with nothing else says so."""
    assert refusal(tmp_path, "a.warc.gz", gzipped(data)) == ("no_text", "no record of the file is a page")


@pytest.mark.parametrize(
    ("data", "kind", "content"),
    [
        (record(SENT, kind="resource", Content_Type="text/html"), "html", HTML),
        (record(http(PLAIN.encode(), kind="text/plain")), "text", PLAIN),
        (record(http(SENT, kind="application/xhtml+xml")), "html", HTML),
        (record(http(SENT, kind="TEXT/HTML , text/html")), "html", HTML),
        (record(http(SENT, kind=None)), "html", HTML),
        (record(http(b"<p>a", kind=None), WARC_Identified_Payload_Type="text/html"), "html", "<p>a"),
        (record(http(SENT), f"<{URL.format(1)}>"), "html", HTML),
        (record(b"HTTP/1.1 203 X\ncontent-type:\n text/html\nbroken\n\n<p>a"), "html", "<p>a"),
        (record(b"HTTP/2 200\r\ncontent-type: text/html\r\n\r\n<p>a"), "html", "<p>a"),
        (record(b"HTTP/1.1 200 OK\r\n\r\n<html>\r\n\r\na"), "html", "<html>\n\na"),
        (record(http(SENT), Content_Length=f"\r\n {len(http(SENT))}"), "html", HTML),
        (record(http(SENT)).replace(b"WARC/1.0\r", b"WARC/0.18").replace(b"\r\n\r\nHTTP", b"\n\nHTTP"), "html", HTML),
        (record(http(SENT), WARC_Block_Digest="sha-3x:zz"), "html", HTML),
        (record(http(SENT), WARC_Block_Digest="md5:"), "html", HTML),
        (record(http(SENT), WARC_Block_Digest="sha-256:" + sha256(http(SENT)).hexdigest().upper()), "html", HTML),
    ],
)  # fmt: skip
def test_unusual_records_are_understood(tmp_path, data, kind, content):
    """A page is known by what the server said, then by what the crawler found, then by how it begins."""
    pages, skipped = read(tmp_path, "a.warc", data)

    assert told(skipped) == []
    assert pages.select("kind", "url", "content").rows() == [(kind, URL.format(1), content)]


def deflated(data):
    """Return bare deflate data, as many servers send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (chunked(SENT), ["Transfer-Encoding: chunked"]),
        (SENT, ["Transfer-Encoding: chunked"]),
        (chunked(SENT, 1).replace(b"1\r\n", b"1 ;x=y\n", 3), ["transfer-encoding:\r\n chunked"]),
        (packed(SENT), ["Content-Encoding: gzip"]),
        (packed(SENT[:9]) + packed(SENT[9:]), ["Content-Encoding: x-gzip"]),
        (SENT, ["Content-Encoding: gzip"]),
        (chunked(packed(SENT)), ["Content-Encoding: gzip", "Transfer-Encoding: Chunked"]),
        (zlib.compress(SENT), ["Content-Encoding: deflate"]),
        (deflated(SENT), ["Content-Encoding: deflate"]),
        (brotli.compress(SENT), ["Content-Encoding: br"]),
        (SENT, ["Content-Encoding: br"]),
        (zstandard.compress(SENT), ["Content-Encoding: zstd"]),
        (brotli.compress(packed(SENT)), ["Content-Encoding: gzip", "Content-Encoding: br"]),
        (SENT, ["Content-Encoding: UTF-8"]),
        (SENT, ["Content-Encoding: identity", f"Content-Length: {len(SENT)}"]),
        (SENT, ["Content-Length: 3"]),
    ],
)
def test_the_transfer_is_undone(tmp_path, body, fields):
    """Chunks are joined and encodings undone; a body that was stored undone under the old header stays."""
    pages, skipped = read(tmp_path, "a.warc", record(http(body, *fields)))

    assert told(skipped) == []
    assert pages["content"].to_list() == [HTML]


@pytest.mark.parametrize(
    ("body", "fields", "reason", "why"),
    [
        (chunked(SENT)[:-5], ["Transfer-Encoding: chunked"], "truncated",
         "the chunked body ends before its last chunk"),
        (chunked(SENT)[:50], ["Transfer-Encoding: chunked"], "truncated",
         "the chunked body ends before its last chunk"),
        (chunked(SENT).replace(b"\r\n64\r\n", b"\r\n63\r\n", 1), ["Transfer-Encoding: chunked"], "damaged",
         "no chunk begins 209 bytes into the chunked body"),
        (SENT, ["Content-Length: 9999"], "truncated", f"the body has {len(SENT)} of the 9999 bytes that were sent"),
        (packed(SENT)[:-1], ["Content-Encoding: gzip"], "truncated",
         f"gzip ends before its end, {len(SENT)} bytes in"),
        (packed(SENT)[:-8] + bytes(8), ["Content-Encoding: gzip"], "damaged",
         "gzip, 0 bytes in: Error -3 while decompressing data: incorrect data check"),
        (deflated(SENT)[:-3], ["Content-Encoding: deflate"], "truncated", "deflate ends before its end"),
        (zlib.compress(SENT)[:-1], ["Content-Encoding: deflate"], "truncated", "deflate ends before its end"),
        (zlib.compress(SENT)[:-4] + b"abcd", ["Content-Encoding: deflate"], "damaged",
         "deflate: Error -3 while decompressing data: incorrect data check"),
        (brotli.compress(SENT)[:-1], ["Content-Encoding: br"], "truncated", "brotli ends before its end"),
        (b"\xff" * 50, ["Content-Encoding: br"], "damaged", "brotli: brotli: decoder failed"),
        (zstandard.compress(SENT)[:-1], ["Content-Encoding: zstd"], "truncated",
         "zstd ends before its end, 0 bytes in"),
        (b"abc", ["Content-Encoding: sdch"], "bad_record", "unsupported Content-Encoding sdch"),
        (b" \n", [], "no_text", "the body is empty"),
        (b"\x89PNG\r\n\x1a\n", [], "binary", "not text: it begins with 89 50 4e 47 0d 0a 1a 0a"),
        (packed(b"a" * 3000), ["Content-Encoding: gzip"], "too_large",
         "the body unpacks to more than 0 MiB, the most a page may have"),
        (brotli.compress(b"a" * 3000), ["Content-Encoding: br"], "too_large",
         "the body unpacks to more than 0 MiB, the most a page may have"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_whole_is_never_a_page(tmp_path, monkeypatch, body, fields, reason, why):  # noqa: PLR0917
    """A page that was lost on its way is on record under its address, with the record's place."""
    monkeypatch.setattr(warc, "PAGE_BYTES", 2000)
    data = record(http(body, *fields))

    pages, skipped = read(tmp_path, "a.warc", data + response(2))

    assert told(skipped) == [
        ("in/a.warc#1", URL.format(1), reason, f"byte offset 0, {len(data) - 4} bytes: {why}")
    ]
    assert pages["content"].to_list() == [article(2)]


@pytest.mark.parametrize(
    ("data", "reason", "why"),
    [
        (record(http(SENT), WARC_Truncated="length"), "truncated", "the crawler cut it off (WARC-Truncated: length)"),
        (record(http(SENT), WARC_Segment_Number="1"), "truncated", "a segment of a record"),
        (record(http(SENT, status="206 Partial Content")), "truncated", "a part of a page (HTTP 206)"),
        (record(http(SENT), WARC_Block_Digest=digest(b"")), "damaged",
         "the block does not fit the digest that the record has"),
        (record(http(SENT, status="404 Not Found"), WARC_Block_Digest=digest(b"")), "damaged",
         "the block does not fit the digest that the record has"),
        (record(http(b"a" * 4000)), "too_large", "4059 bytes; a page may have 2000"),
        (record(SENT), "bad_record", "no HTTP response: it has no status line"),
        (record(b"", kind="revisit", WARC_Refers_To_Target_URI="https://a.example/1", WARC_Refers_To_Date="2024-01-01"),
         "known", "a revisit of https://a.example/1 of 2024-01-01"),
        (record(http(b"", kind=None, status="304 Not Modified"), kind="revisit"), "known",
         "a revisit of an earlier capture"),
    ],
)  # fmt: skip
def test_a_page_that_is_not_here_is_on_record(tmp_path, monkeypatch, data, reason, why):
    """A page cut off by the crawler, or held by another record, has a row with its address."""
    monkeypatch.setattr(warc, "PAGE_BYTES", 2000)
    monkeypatch.setattr(warc, "BLOCK_BYTES", 3000)

    _, skipped = read(tmp_path, "a.warc.gz", gzipped(data))

    size = len(gzipped(data))
    assert told(skipped) == [("in/a.warc.gz#1", URL.format(1), reason, f"byte offset 0, {size} bytes: {why}")]


@pytest.mark.parametrize(
    ("header", "meta", "text", "charset"),
    [
        ("euc-kr", "", "똠방각하", "cp949 declared euc-kr"),
        ("utf-8", "euc-kr", "똠방각하", "cp949 declared euc-kr, utf-8 in the header"),
        ("ISO-8859-1", "ks_c_5601-1987", "가", "cp949 declared ks_c_5601-1987, ISO-8859-1 in the header"),
        ("shift_jis", "euc-kr", "日本", "shift_jis, shift_jis in the header"),
        ("", "", "다리가 열렸다", "cp949"),
    ],
)
def test_the_charset_is_the_servers_unless_that_is_a_default(tmp_path, header, meta, text, charset):
    """The header's charset counts, but one that servers send for every page yields to the page's own."""
    codec = "shift_jis" if header == "shift_jis" else "cp949"
    body = f'<html><meta charset="{meta}">{text}'.encode(codec)

    pages, _ = read(tmp_path, "a.warc", record(http(body, kind=f'text/html; Charset="{header}"')))

    assert pages["charset"].to_list() == [charset]
    assert pages["content"][0].endswith(text)


def test_a_member_beyond_memory_waits_on_disk(tmp_path, monkeypatch):
    """What a member unpacks to is held in memory up to a bound, and is the same beyond it."""
    monkeypatch.setattr(pieces, "SPOOL_BYTES", 1000)
    monkeypatch.setattr(compression, "CHUNK_BYTES", 100)

    pages, _ = read(tmp_path, "a.warc.gz", packed(response(1) + response(2)))

    assert pages["content"].to_list() == [article(1), article(2)]


def test_batches_are_bounded(tmp_path, monkeypatch):
    """Pages come in batches of a bounded number, numbered by the records of the file."""
    monkeypatch.setattr("pipeline.read.batch.BATCH_PAGES", 10)
    monkeypatch.setattr(raw_records, "RECORDS_BYTES", 3000)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzipped(*(response(number) for number in range(35))))

    batches = [batch.pages for batch in warc.read_warc(InputFile(path, "a", path.stat().st_size), None)]

    assert max(batch["content"].str.len_bytes().sum() for batch in batches) <= 3000
    assert [url for batch in batches for url in batch["url"]] == [URL.format(number) for number in range(35)]


def test_a_warc_runs_where_html_may():
    """Pages of a WARC go to the parser in a process of its own."""
    assert may_hold_html(InputFile(Path("a.warc.gz"), "a.warc.gz", 1))


def by_warcio(numbers):
    """Return pages as the writer of another house packs them, request records and all."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    for number in numbers:
        body = article(number).encode()
        sent = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        get = StatusAndHeaders("GET / HTTP/1.1", [], is_http_request=True)
        page, asked = (
            writer.create_warc_record(
                URL.format(number), kind, io.BytesIO(payload), len(payload), http_headers=head
            )
            for kind, payload, head in (("response", body, sent), ("request", b"", get))
        )
        writer.write_request_response_pair(asked, page)
    return out.getvalue()


def test_files_of_another_writer_are_read(tmp_path):
    """What warcio writes is read, and what the tests write warcio reads alike."""
    pages, skipped = read(tmp_path, "a.warc.gz", by_warcio(range(5)))
    theirs = [
        (found.rec_headers.get_header("WARC-Target-URI"), found.content_stream().read().decode())
        for found in ArchiveIterator(io.BytesIO(gzipped(*map(response, range(5)))), check_digests="raise")
    ]

    assert told(skipped) == []
    assert pages.select("url", "content").rows() == theirs
