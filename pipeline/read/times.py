"""Points in time as Korean pages, feeds and dumps write them.

A time without a zone is Seoul's. That is +09:00 throughout: the daylight saving of 1987 and 1988 is older than any
portal, and a fixed offset needs no zone database.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

SEOUL = timezone(timedelta(hours=9))
ZONES = {"Z": UTC, "UTC": UTC, "GMT": UTC, "KST": SEOUL}
LAST_YEAR = 2099  # as for written years; a larger number is no time
ISO_CHARS = 16  # 2024-05-13T12:52
MAX_CHARS = 100  # longer strings are prose, not a time
# 2024-05-13T12:52:00.5+09:00 | 2024.05.13. 오후 1:40 | 2024/05/13 23:24 | 2024년 5월 13일(월) 오후 1시 40분
WRITTEN = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)\s*[-./년]\s*(?P<month>\d\d?)\s*[-./월]\s*(?P<day>\d\d?)(?!\d)\s*[일.]?"
    r"(?:\s*\([^():]{1,10}\))?"
    r"(?:[\sT,(\[]*(?P<half>오전|오후|AM|PM)?\s*(?P<hour>\d\d?)\s*[:시]\s*(?P<minute>\d\d)\s*분?"
    r"(?:\s*:?\s*(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?\s*초?)?"
    r"(?:\s*(?P<late>AM|PM)\b)?"
    r"\s*(?P<zone>Z\b|UTC|GMT|KST|[+-]\d\d(?::?\d\d)?)?)?",
    re.IGNORECASE,
)
COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?")
EPOCH = re.compile(r"(\d{9,16})(?:\.\d+)?")


def parse_time(text: str | None) -> datetime | None:
    """Return the point in time that ``text`` holds, in UTC; None when it holds none.

    Taken: ISO 8601, ``2024.05.13. 오후 1:40`` and the like, ``20240513125200``, RFC 2822, and seconds,
    milliseconds or microseconds since 1970. A date alone is its first moment in Seoul.
    """
    given = (text or "").strip()
    if not given or len(given) > MAX_CHARS:
        return None
    for read in (_iso, _compact, _epoch, _written, _mail):
        try:
            time = read(given)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
        if time is not None:
            return time
    return None


def _utc(time: datetime) -> datetime:
    return (time if time.tzinfo else time.replace(tzinfo=SEOUL)).astimezone(UTC)


def _iso(text: str) -> datetime | None:
    """Read what nearly all tags hold, a day and a time of day in full, without a pattern."""
    if len(text) < ISO_CHARS or text[4] != "-" or text[10] not in "T " or text[:2] not in {"19", "20"}:
        return None
    return _utc(datetime.fromisoformat(text))


def _compact(text: str) -> datetime | None:
    found = COMPACT.fullmatch(text)
    return _utc(datetime(*(int(part) for part in found.groups() if part))) if found else None  # type: ignore[arg-type]  # noqa: DTZ001


def _epoch(text: str) -> datetime | None:
    """Read a count since 1970: up to 11 digits are seconds, 13 milliseconds, 16 microseconds."""
    found = EPOCH.fullmatch(text)
    if not found:
        return None
    digits = len(found[1])
    scale = 1 if digits <= 11 else 1_000 if digits <= 14 else 1_000_000
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(text) / scale)
    return time if time.year <= LAST_YEAR else None


def _written(text: str) -> datetime | None:
    found = WRITTEN.search(text)
    if not found:
        return None
    part = found.groupdict()
    day = datetime(int(part["year"]), int(part["month"]), int(part["day"]), tzinfo=_zone(part["zone"]))
    if part["hour"] is None:
        return _utc(day)
    hour = _hour(int(part["hour"]), (part["half"] or part["late"] or "").upper())
    micro = int((part["fraction"] or "0")[:6].ljust(6, "0"))
    return _utc(
        day.replace(hour=hour, minute=int(part["minute"]), second=int(part["second"] or 0), microsecond=micro)
    )


def _hour(hour: int, half: str) -> int:
    """Return the hour of 24. Pages also write 오후 13:40; there the half says nothing new."""
    if half in {"오후", "PM"} and hour < 12:
        return hour + 12
    return 0 if half in {"오전", "AM"} and hour == 12 else hour


def _zone(text: str | None) -> timezone:
    if not text:
        return SEOUL
    if text.upper() in ZONES:
        return ZONES[text.upper()]
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _mail(text: str) -> datetime | None:
    """Read RFC 2822, as feeds and HTTP headers write it."""
    return _utc(parsedate_to_datetime(text))
