"""Parquet files into pages: columns, times, bytes, and damage."""

import gzip
import random
from datetime import UTC, date, datetime

import polars as pl
import pytest

from tests.reading import page, parquet, read, refusal


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
