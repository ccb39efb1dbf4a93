"""A site for tests: pages of one layout, with furniture that varies, around articles of invented sentences."""

from __future__ import annotations

import random
from typing import NamedTuple

SUBJECTS = (
    "가나시",
    "다라군",
    "마바구",
    "사아읍",
    "자차면",
    "카타동",
    "파하리",
    "노도시",
    "주민회",
    "상인회",
    "조합",
)
THINGS = (
    "도서관",
    "수영장",
    "시장",
    "박물관",
    "정류장",
    "공원",
    "극장",
    "다리",
    "우물",
    "시계탑",
    "분수대",
    "온실",
)
ACTS = (
    "새로 짓기로 했다.",
    "고치기로 뜻을 모았다.",
    "내년까지 옮기기로 했다.",
    "석 달 만에 다시 열었다.",
    "스스로 꾸려 가기로 했다.",
    "넓히는 계획을 내놓았다.",
    "두고 의견이 엇갈린다고 전했다.",
    "놓고 설명회를 열 예정이라고 밝혔다.",
)
REASONS = (
    "오래 기다린 끝에",
    "예산이 늘어나면서",
    "비가 그친 뒤",
    "여러 차례 회의를 거쳐",
    "이웃 마을과 함께",
    "뜻밖의 기부로",
    "지난봄의 약속대로",
    "전문가의 조언을 받아",
)
EXAMPLE = (
    "(보기) 가장 먼저 닿는 소식과 넓은 이야기가 있는 가나포털에서 오늘의 뉴스를 만나 보세요. "
    "가나포털은 날마다 새롭습니다."
)
SURNAMES, GIVEN = "가나다라마바사아", ("길동", "보라", "하늘", "새봄", "다솔", "가람", "나래", "도담")


class Page(NamedTuple):
    """A page's lines, and of each whether it is furniture."""

    lines: list[str]
    chrome: list[bool]


def sentence(rng: random.Random) -> str:
    """Return a sentence of 25 characters or more that hardly ever comes twice."""
    return (
        f"{rng.choice(SUBJECTS)}는 {rng.choice(REASONS)} {rng.choice(SUBJECTS)}의 {rng.choice(THINGS)}과 "
        f"{rng.randrange(3, 900)}번째 {rng.choice(THINGS)}을 {rng.choice(ACTS)}"
    )


def article(rng: random.Random) -> list[str]:
    """Return the paragraphs of an article, now and then with a short one, a sub-heading or a quoted widget."""
    paragraphs = [" ".join(sentence(rng) for _ in range(rng.randint(1, 3))) for _ in range(rng.randint(4, 9))]
    if rng.random() < 0.4:
        paragraphs.insert(
            rng.randint(1, 3), rng.choice(["◇ 전망", "특히", "[앵커]", "-남은 일은?", "그렇습니다."])
        )
    return paragraphs


def reporter(rng: random.Random) -> str:
    """Return an invented reporter's name."""
    return rng.choice(SURNAMES) + rng.choice(GIVEN)


def page(rng: random.Random, host: str = "news.gana.example") -> Page:
    """Return a page of the one layout: 15 to 25 lines of furniture, some of it on 40 of 100 pages."""
    day = f"2024.{rng.randint(1, 12):02d}.{rng.randint(1, 28):02d}"
    clock = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
    name = reporter(rng)
    head = [
        f"{host} 뉴스홈",
        rng.choice(["정치", "경제", "사회", "문화", "지역"]),
        f"입력 {day} {clock}",
        *([f"수정 {day}. 오후 {rng.randint(1, 11)}:{rng.randint(10, 59)}"] if rng.random() < 0.4 else []),
        f"{name} 기자",
        "글자 크기 바꾸기",
        "이 크기로 기사 글자가 바뀝니다.",
        EXAMPLE,
        f"댓글 {rng.randint(0, 3000):,}",
        *(["음성으로 듣기"] if rng.random() < 0.4 else []),
    ]
    tail = [
        f"{name} 기자 {rng.randrange(10**6)}@gana.example",
        "Copyright ⓒ 가나일보. 무단전재 및 재배포 금지.",
        "이 기사를 추천합니다",
        *(
            text
            for label in ("쏠쏠해요", "흥미로워요", "공감해요")
            for text in (label, str(rng.randint(0, 99)))
        ),
        *(["가나포털 앱에서 더 편하게 보실 수 있습니다."] if rng.random() < 0.4 else []),
        f"▶ 제보는 카카오톡 '가나제보', 전화 02-{rng.randint(100, 999)}-0000",
        *([f"가나일보 구독자 {rng.randint(1, 999)}만 명 돌파"] if rng.random() < 0.4 else []),
        "청소년보호책임자 홍길동 | 사업자등록 000-00-00000",
        "맨 위로",
    ]
    body = article(rng)
    return Page([*head, *body, *tail], [True] * len(head) + [False] * len(body) + [True] * len(tail))


def site(count: int, seed: int = 1, host: str = "news.gana.example") -> list[Page]:
    """Return ``count`` pages, the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - invented text
    return [page(rng, host) for _ in range(count)]
