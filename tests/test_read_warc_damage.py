"""WARC files with wrong, damaged and missing bytes: what is lost is told, and nothing else is."""

import random
import re
from itertools import accumulate

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.read import pieces
from tests.test_read import read
from tests.warc import (
    URL,
    article,
    gzipped,
    http,
    packed,
    record,
    response,
    zstd,
)
from tests.warc_packings import PACKINGS, SENT, told


def bare(data):
    """Return a record without a digest, so that nothing but its length tells of damage."""
    return re.sub(rb"WARC-Block-Digest:[^\n]*\n", b"", data)


@pytest.mark.parametrize("wrong", [-700, -1, 5, 700, 10**6, 10**30])
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "b.warc.gz", "a.warc.zst"])
def test_a_wrong_length_costs_one_record(tmp_path, name, wrong):
    """A Content-Length that leads nowhere costs its record, and the next one is found again."""
    size = len(http(SENT))
    bad = bare(record(http(SENT), Content_Length=str(size + wrong)))

    pages, skipped = read(tmp_path, name, PACKINGS[name](response(7), bad, response(8), response(9)))

    assert pages["url"].to_list() == [URL.format(number) for number in (7, 8, 9)]
    assert skipped["source"].to_list() == [f"in/{name}#2"]
    assert skipped["reason"][0] in {"bad_record", "truncated"}


def test_what_is_no_record_is_told_by_its_place(tmp_path):
    """A stretch without a record counts as one, with where it begins and how long it is."""
    parts = [
        response(1),
        b"\r\nsome rubbish\r\n",
        response(2),
        b"WARC/1.0\r\nnothing\r\n\r\n",
        record(b"", Content_Length="x"),
        response(3),
    ]
    starts = [0, *accumulate(map(len, parts))]
    sizes = [len(part) for part in parts]

    pages, skipped = read(tmp_path, "a.warc", b"".join(parts))

    assert pages["source"].to_list() == ["in/a.warc#1", "in/a.warc#3", "in/a.warc#6"]
    assert told(skipped) == [
        ("in/a.warc#2", None, "damaged", f"byte offset {starts[1] + 2}, 14 bytes: no WARC record"),
        ("in/a.warc#4", None, "bad_record",
         f"byte offset {starts[3]}, {sizes[3]} bytes: a line of its header is no field"),
        ("in/a.warc#5", URL.format(1), "bad_record",
         f"byte offset {starts[4]}, {sizes[4]} bytes: its Content-Length is 'x'"),
    ]  # fmt: skip


@pytest.mark.parametrize("pack", [gzipped, zstd])
def test_a_damaged_member_costs_its_record(tmp_path, monkeypatch, pack):
    """The next member that begins a record is found, whatever stands between; zero bytes are padding."""
    monkeypatch.setattr(pieces, "CHUNK_BYTES", 7)  # so that its first bytes also lie in two chunks
    parts = [pack(response(number)) for number in range(5)]
    parts[1] = parts[1][:100] + bytes(100) + parts[1][200:]
    parts[3] = parts[3][:-30] + b"rubbish"
    starts = [0, *accumulate(map(len, parts))]

    pages, skipped = read(tmp_path, "a.warc.gz", b"".join(parts) + bytes(600))

    assert pages["source"].to_list() == [f"in/a.warc.gz#{number}" for number in (1, 3, 5)]
    assert pages["content"].to_list() == [article(number) for number in (0, 2, 4)]
    assert skipped["reason"].to_list() == ["damaged", "damaged"]
    assert [detail.split(":")[0] for detail in skipped["detail"]] == [
        f"byte offset {starts[number]}, {len(parts[number])} bytes" for number in (1, 3)
    ]


def test_an_end_that_others_follow_is_no_cut(tmp_path):
    """A member that seems to run to the end of the file is damaged when a record begins in it."""
    stored = b"\x00" + (60000).to_bytes(2, "little") + (60000 ^ 0xFFFF).to_bytes(2, "little")
    bad = gzipped(response(1))[:10] + stored + response(1)
    end = len(response(1) + gzipped(response(2)))

    pages, skipped = read(tmp_path, "a.warc.gz", bad + gzipped(response(2)))

    assert pages["url"].to_list() == [URL.format(2)]
    assert told(skipped) == [
        (
            "in/a.warc.gz#1",
            None,
            "damaged",
            f"byte offset 0, {len(bad)} bytes: gzip ends before its end, {end} bytes in",
        )
    ]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.warc.zst"])
@pytest.mark.parametrize("cut", [1, 3, 8, 200, -5, -20, -90])
def test_a_cut_costs_the_last_record(tmp_path, name, cut):
    """A file that ends early keeps its whole records, and says of the last that it is cut."""
    pack = PACKINGS[name]
    data = pack(*(response(number) for number in range(4)))
    last = len(pack(response(3)))
    cut = cut + 4 if name == "a.warc" and cut > 0 else cut  # a record without its last line ends is whole

    pages, skipped = read(
        tmp_path, name, data[: len(data) - cut] if cut > 0 else data[: len(data) - last - cut]
    )

    assert pages["content"].to_list() == [article(number) for number in range(3)]
    assert skipped["source"].to_list() == [f"in/{name}#4"]
    assert skipped["reason"].to_list() == ["truncated"]


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b"", "no_text", "the file is empty"),
        (b"\r\n", "no_text", "the file holds no record"),
        (packed(b""), "no_text", "the file holds no record"),
        (b"<html>a", "damaged", "byte offset 0, 7 bytes: no WARC record"),
        (b"WARC/1.0\r\nWARC-Ty", "truncated", "byte offset 0, 17 bytes: ends in a header"),
        (packed(b"<html>"), "damaged", "byte offset 0, 26 bytes: no WARC record"),
        (gzipped(response(1))[:60], "truncated", "byte offset 0, 60 bytes: gzip ends before its end, 0 bytes in"),
        (b"\x5d\x2a\x4d\x18\xff\0\0\0abc", "truncated",
         "byte offset 0, 11 bytes: the zstd dictionary ends after 3 of 255 bytes"),
        (b"\x5d\x2a\x4d\x18\xff\xff\xff\xffabc", "too_large",
         "byte offset 0, 11 bytes: a zstd dictionary of 4294967295 bytes"),
        (record(b"x", kind=""), "bad_record", "no WARC-Type"),
        (record(http(SENT), None), "bad_record", "no WARC-Target-URI"),
    ],
)  # fmt: skip
def test_a_file_that_gives_nothing_says_why(tmp_path, data, reason, detail):
    """A file without a record is one row of its own; a record that is nothing by its header has a row."""
    pages, skipped = read(tmp_path, "a.warc", data)

    assert pages.is_empty()
    assert skipped["reason"].to_list() == [reason]
    assert skipped["detail"][0].endswith(detail)
    assert ("#" in skipped["source"][0]) == (b"\r\n\r\n" in data)


def test_a_bomb_is_bounded(tmp_path, monkeypatch):
    """A file that unpacks beyond all measure ends there, and the records before are used."""
    monkeypatch.setattr(pieces, "BOMB_BYTES", 1 << 20)
    monkeypatch.setattr(pieces, "BOMB_RATIO", 2)
    bomb = record(http(SENT) + bytes(4 << 20))

    pages, skipped = read(tmp_path, "a.warc.gz", gzipped(response(1), bomb, response(2)))

    assert pages["url"].to_list() == [URL.format(1)]
    assert skipped["reason"].to_list() == ["too_large"]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """Return a folder that the examples of a property may share."""
    return tmp_path_factory.mktemp("scratch")


def damaged(data, rng):
    """Return bytes with one stretch overwritten, cut out, doubled or flipped, or their end cut off."""
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.choice([1, 4, 60, 900, 3000]))
    flipped = bytes([data[start] ^ 1 << rng.randrange(8)]) + data[start + 1 : end]
    new = rng.choice([rng.randbytes(end - start), b"", data[start:end] * 2, flipped])
    return data[:start] + new + rng.choice([data[end:], data[end:], b""])


@settings(deadline=None, max_examples=150)  # files on a busy machine
@given(st.sampled_from(sorted(PACKINGS)), st.integers(1, 6), st.integers(0, 2**32))
@example("c.warc.zst", 1, 838164)  # the dictionary came twice, and its text was taken for records
def test_no_body_is_ever_another(scratch, name, count, seed):
    """Whatever happens to a file, a page that comes of it is one that was written, to the last character."""
    rng = random.Random(seed)  # noqa: S311 - a fixed seed
    data = PACKINGS[name](*(response(number) for number in range(count)))

    pages, skipped = read(scratch, name, damaged(data, rng))

    assert set(pages["content"]) <= {article(number) for number in range(count)}
    assert len(set(pages["source"]) | set(skipped["source"])) == pages.height + skipped.height


@settings(deadline=None, max_examples=150)  # files on a busy machine
@given(st.sampled_from(["a.warc", "a.warc.gz", "a.warc.zst"]), st.integers(1, 6), st.integers(0, 2**32))
def test_a_damaged_record_is_on_record_by_its_place(scratch, name, count, seed):
    """When bytes of a record change, it is a page as it was, or bytes of it are in a row's place."""
    rng = random.Random(seed)  # noqa: S311 - a fixed seed
    parts = [PACKINGS[name](response(number)) for number in range(count)]
    data = bytearray(b"".join(parts))
    start = rng.randrange(len(data))
    size = rng.choice([1, 4, 60, 900])
    data[start : start + size] = rng.randbytes(len(data[start : start + size]))

    pages, skipped = read(scratch, name, bytes(data))

    lost = [
        range(int(at), int(at) + int(n))
        for at, n in skipped["detail"].str.extract_groups(PLACE).struct.unnest().drop_nulls().rows()
    ]
    for number, end in enumerate(accumulate(map(len, parts))):
        begin = end - len(parts[number])
        header = parts[number].find(b"\r\n\r\n")  # nothing proves the header of a plain record
        in_header = name == "a.warc" and begin - size < start < begin + header
        on_record = any(gap.start < end and begin < gap.stop for gap in lost)
        assert on_record or in_header or article(number) in set(pages["content"])
    assert set(pages["content"]) <= {article(number) for number in range(count)}


PLACE = r"^byte offset (\d+), (\d+) bytes"
