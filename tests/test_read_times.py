"""Points in time as pages write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.read.times import parse_time


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-13T12:52:00+09:00",
        "2024-05-13T03:52:00Z",
        "2024-05-13T03:52:00.000+0000",
        "2024-05-13 12:52",
        "2024-05-13 12:52:00",
        "2024.05.13. 오후 12:52",
        "2024.5.13 PM 12:52",
        "2024.05.13 12:52 PM",
        "입력 2024.05.13. 오후 12:52",
        "2024/05/13 12:52",
        "2024년 5월 13일 오후 12시 52분",
        "2024-05-13(월) 12:52:00",
        "입력 2024.05.13 (12:52)",
        "기사입력 2024/05/13 [12:52]",
        "20240513125200",
        "202405131252",
        "Mon, 13 May 2024 12:52:00 +0900",
        "Mon, 13 May 2024 03:52:00 GMT",
        "1715572320",
        "1715572320.0",
        "1715572320000",
        "1715572320000000",
    ],
)
def test_every_way_of_writing_one_moment(text):
    """One moment is the same moment in every notation; without a zone it is Seoul's."""
    assert parse_time(text) == datetime(2024, 5, 13, 3, 52, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("오전 12:00", 15), ("오후 12:00", 3), ("오전 1:00", 16), ("오후 1:00", 4), ("오후 13:00", 4)],
)
def test_halves_of_the_day(text, hour):
    """Twelve in the morning is midnight, and an afternoon hour may already count to 24."""
    time = parse_time(f"2024.05.13. {text}")

    assert time is not None
    assert time.hour == hour


def test_a_date_is_its_first_moment_in_seoul():
    """A date without a time begins where Seoul's day begins."""
    assert {parse_time(text) for text in ("2024-05-13", "20240513", "2024. 5. 13.", "2024년 5월 13일")} == {
        datetime(2024, 5, 12, 15, tzinfo=UTC)
    }


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "어제",
        "12:52",
        "2024-13-45",
        "2024-05-13 25:61",
        "2024-05-13T00:00+99:00",
        "5",
        "9" * 16,
        "x" * 200,
    ],
)
def test_no_time_is_none(text):
    """What holds no possible time is None, never an error."""
    assert parse_time(text) is None


@settings(deadline=None)
@given(
    st.text(max_size=40)
    | st.from_regex(r"[12]\d{3}[-.]\d\d?[-.]\d\d? (오후)?\d\d:\d\d[+-Z]?\d{0,4}", fullmatch=True)
)
def test_any_text_gives_a_utc_time_or_none(text):
    """No text makes parsing fail, and what comes out is always in UTC."""
    time = parse_time(text)

    assert time is None or time.tzinfo is UTC
