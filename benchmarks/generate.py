"""Invented Korean portal news, the same for the same seed: articles with the furniture that portals put around them.

Words are drawn by Zipf's law from everyday nouns and invented ones. The everyday nouns hold what rules look for
(뉴스, 경제, 관련, 영상): text without them would spare the rules their work. Nothing is copied from any article.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

SYLLABLES = (
    "가나다라마바사아자차카타파하거너더러머버서어저처고노도로모보소오조초구누두루무부수우주추그느드르므브스으즈"
    "기니디리미비시이지치간난단란만반산안잔찬강남당람망방상앙장창건선전천경명병성영정청공농동롱몽봉송옹종총"
    "국군금길김민분원윤은인일임입재최한현형호홍화환황회후"
)
EVERYDAY = (
    "정부", "지난해", "올해", "시장", "경제", "사회", "지역", "국제", "문화", "관련", "사업", "주요", "영상", "뉴스",
    "기자", "서울", "계획", "예산", "기업", "투자", "산업", "금융", "전망", "결과", "조사", "내용", "문제", "대책",
    "회의", "위원", "대표", "시민", "학교", "교육", "과학", "부동산", "증권", "수출", "물가", "가격", "금리", "은행",
    "정치", "국회", "의원", "후보", "선거", "정책", "법안", "검찰", "경찰", "사건", "현장", "사진", "방송", "신문",
    "언론", "인터뷰", "공개", "발표", "보도", "제보", "구독", "추천", "인기", "댓글", "공유", "이메일", "전화",
    "홈페이지", "검색", "이슈", "관심", "화제", "생활", "날씨", "스포츠", "축구", "야구", "영화", "연예", "종합",
    "전국", "세계", "오전", "오후", "직전", "위", "팀", "전", "안내", "수정", "등록", "참고", "확인", "번역",
    "언어", "공감", "요약", "본문", "입력",
)  # fmt: skip
PARTICLES = (
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "에서",
    "으로",
    "와",
    "과",
    "도",
    "까지",
    "부터",
    "",
)
ENDINGS = (
    "했다.", "밝혔다.", "전했다.", "있다.", "것으로 보인다.", "이라고 말했다.", "열 예정이다.", "것으로 알려졌다.",
    "나섰다.", "늘었다.", "줄었다.", "이어지고 있다.", "이라는 지적이 나온다.", "때문이다.", "했다고 설명했다.",
)  # fmt: skip
HOSTS = ("v.daum.net/v/{}", "n.news.naver.com/article/001/{}", "news.gana.example/{}")
VOCABULARY = 20_000
FLAT = 20  # without it one noun would be every tenth word
BLOCK = 20_000  # sentences drawn at once
PARAGRAPH_CHARS = (80, 200)  # wanted; the last sentence adds up to 60
PARAGRAPHS = (8, 15)
FILE_LINES = 50_000  # about 16 MB; two of them are a shard


class Written(NamedTuple):
    """What was written: the files in order, and of each its lines and the bytes of its texts in UTF-8."""

    paths: list[str]
    lines: list[int]
    text_bytes: list[int]


def nouns(rng: np.random.Generator, count: int = VOCABULARY) -> list[str]:
    """Return ``count`` distinct nouns, the everyday ones among the frequent first thousand."""
    signs = np.array(list(SYLLABLES))
    drawn = rng.choice(signs, (2 * count, 4))
    sizes = rng.choice([2, 3, 4], 2 * count, p=[0.4, 0.45, 0.15])
    invented = dict.fromkeys("".join(row[:size]) for row, size in zip(drawn, sizes, strict=True))
    words = [word for word in invented if word not in EVERYDAY][: count - len(EVERYDAY)]
    for place, word in zip(np.linspace(0, 1000, len(EVERYDAY)).astype(int), EVERYDAY, strict=True):
        words.insert(int(place), word)
    return words


def zipf(rng: np.random.Generator, size: int, ranks: int = VOCABULARY) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return ``size`` ranks from 0, drawn by the law of Zipf and Mandelbrot: one over the place and ``FLAT``."""
    steps = _steps(ranks)
    drawn: np.ndarray[Any, np.dtype[np.int64]] = np.searchsorted(steps, rng.random(size) * steps[-1])
    return drawn


@cache
def _steps(ranks: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.cumsum(1 / (np.arange(ranks) + FLAT))


def sentences(rng: np.random.Generator, words: list[str]) -> Iterator[str]:
    """Give sentences of 4 to 10 nouns with particles, some quoted, some with a number, and a verb's ending."""
    tokens = [noun + particle for noun in words for particle in rng.choice(PARTICLES, 3)]
    while True:
        sizes = rng.integers(4, 11, BLOCK)
        ends = np.cumsum(sizes)
        picked = zipf(rng, int(ends[-1])) * 3 + rng.integers(0, 3, int(ends[-1]))
        endings, numbers, kinds = (rng.integers(0, top, BLOCK).tolist() for top in (len(ENDINGS), 999, 10))
        chosen = [tokens[n] for n in picked.tolist()]
        for end, size, ending, number, kind in zip(
            ends.tolist(), sizes.tolist(), endings, numbers, kinds, strict=True
        ):
            text = f"{' '.join(chosen[end - size : end])} {ENDINGS[ending]}"
            yield f'"{text}"' if kind == 0 else f"{number}일 {text}" if kind < 3 else text


def paragraph(stream: Iterator[str], chars: int) -> str:
    """Return sentences joined until there are ``chars`` characters or a few more."""
    parts, size = [], 0
    while size < chars:
        parts.append(next(stream))
        size += len(parts[-1]) + 1
    return " ".join(parts)


def headline(rng: np.random.Generator, words: list[str]) -> str:
    """Return a line of headline shape: nouns, an ellipsis, sometimes a tag or a quote, no verb's ending."""
    a, b, c, d, e, f = (words[n] for n in zipf(rng, 6).tolist())
    forms = (f"{a} {b} {c}… {d} {e} {f}", f"[단독] {a} {b}, {c} '{d}'… {e}", f'"{a} {b} {c}"… {d} {e} {f}')
    return forms[int(rng.integers(3))]


def articles(seed: int) -> Iterator[tuple[dict[str, str], int]]:
    """Give records for JSONL without end, each with the number of its text's lines; a quarter is furniture."""
    rng = np.random.default_rng(seed)
    words = nouns(rng)
    stream = sentences(rng, words)
    names = ["".join(row) for row in rng.choice(np.array(list(SYLLABLES)), (500, 3))]
    for number in range(10**9):
        count = int(rng.integers(PARAGRAPHS[0], PARAGRAPHS[1] + 1))
        body = [paragraph(stream, int(n)) for n in rng.integers(*PARAGRAPH_CHARS, count)]
        lines = furnished(rng, body, names[int(rng.integers(500))], words)
        record = {
            "id": f"{seed}-{number}",
            "url": "https://" + HOSTS[number % len(HOSTS)].format(20240101000000 + number),
            "title": headline(rng, words),
            "press": "가나일보",
            "date": f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d} 10:{number % 60:02d}:00",
            "text": "\n".join(lines),
        }
        yield record, len(lines)


def furnished(rng: np.random.Generator, body: list[str], name: str, words: list[str]) -> list[str]:
    """Return ``body`` with chrome as portals put it: at the head, in the middle, at the tail, and inside lines."""
    chance = rng.random(12).tolist()
    head = [
        (chance[0] < 0.4, "이 글자크기로 변경됩니다."),
        (
            chance[1] < 0.4,
            f"입력 2024. {rng.integers(1, 13)}. {rng.integers(1, 29)}. 오전 9:{rng.integers(10, 60)}",
        ),
        (chance[2] < 0.3, "음성으로 듣기"),
        (chance[3] < 0.4, f"{name} 기자"),
    ]
    tail = [
        (chance[4] < 0.5, f"{name} 기자 {name.encode().hex()[:6]}@gana.example"),
        (chance[5] < 0.6, "Copyright ⓒ 가나일보. 무단전재 및 재배포 금지."),
        (chance[6] < 0.3, f"▶ 네이버에서 가나일보 구독하기 {rng.integers(1, 99)}"),
        (chance[7] < 0.2, "▶ 제보하기 카카오톡 '가나제보' 검색, 이메일 jebo@gana.example"),
    ]
    listed = [headline(rng, words) for _ in range(int(rng.integers(3, 6)))] if chance[8] < 0.2 else []
    if chance[9] < 0.4:
        body[0] = f"(서울=가나통신) {name} 기자 = {body[0]}"
    if chance[10] < 0.2:
        body[-1] += f" {name} 기자 hong@gana.example"
    if chance[11] < 0.15:
        body.insert(len(body) // 2, f"☞관련 기사 : {headline(rng, words)}")
    related = ["관련기사", *listed] if listed else []
    return [text for goes, text in head if goes] + body + [text for goes, text in tail if goes] + related


def write_news(folder: Path, lines: int, seed: int) -> Written:
    """Write JSONL files of ``FILE_LINES`` lines of text each into ``folder``, ``lines`` in all or a few more."""
    written = Written([], [], [])
    stream = articles(seed)
    while sum(written.lines) < lines:
        path = folder / f"news-{len(written.paths):03d}.jsonl"
        goal = min(FILE_LINES, lines - sum(written.lines))
        count = size = 0
        with path.open("wb") as file:
            while count < goal:
                record, height = next(stream)
                file.write(msgspec.json.encode(record) + b"\n")
                count, size = count + height, size + len(record["text"].encode())
        written.paths.append(str(path))
        written.lines.append(count)
        written.text_bytes.append(size)
    return written
