"""A small crawl for tests of whole runs: articles with chrome, wire copies and repeats, as JSONL records."""

from __future__ import annotations

import json
from pathlib import Path

PLACES = ["가나시", "다라군", "마바구", "사아읍", "자차면", "카타동", "파하리", "노도시"]
THINGS = ["도서관", "수영장", "시장", "박물관", "정류장", "공원", "극장", "다리"]
WIRE = (
    "기상청은 주말까지 남부 지방을 중심으로 비가 이어지고 기온은 평년보다 2도가량 낮겠다고 내다봤으며, "
    "바닷가에서는 높은 물결에 조심해 달라고 당부했다."
)
CHROME = ["이 글자크기로 변경됩니다.", "Copyright © 가나일보. 무단전재 및 재배포 금지."]


def record(number: int) -> dict[str, str]:
    """Return article ``number``: every fourth is a re-published copy, every third carries the wire paragraph."""
    told = number - 1 if number % 4 == 3 else number
    place, thing = PLACES[told % 8], THINGS[told // 8 % 8]
    body = [
        f"{place}는 {told + 3}월 새 {thing} 문을 열고 주민 {told * 137 + 1000}명이 쓸 수 있게 한다고 15일 밝혔다.",
        f"{thing} 건립에는 {told + 11}억 원이 들었고 {place} 주민 모임이 터를 고르는 일부터 함께했다고 한다.",
        f'{place} 관계자는 "{thing} 다음에는 {told + 5}번째 사업으로 골목길을 손보겠다"고 말했다.',
    ]
    wire = [WIRE] if told % 3 == 0 else []
    return {
        "url": f"https://news.example/{number:04d}",
        "title": f"{place}, 새 {thing} 연다",
        "date": f"2024-05-{1 + number % 28:02d}T09:00:00+09:00",
        "text": "\n".join([CHROME[0], *body, *wire, CHROME[1]]),
    }


def write_crawl(path: Path, numbers: range | list[int]) -> Path:
    """Write articles of ``numbers`` as JSONL and return the path."""
    rows = (json.dumps(record(number), ensure_ascii=False) for number in numbers)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row}\n" for row in rows), "utf-8")
    return path
