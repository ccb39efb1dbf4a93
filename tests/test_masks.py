"""The template of a line: what varies from page to page is masked, and nothing else."""

import polars as pl
import pytest

from pipeline.strip.templates import pattern, with_template, words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("입력 2024.05.01 09:12", "입력 ‹date› ‹time›"),
        ("입력2024. 5. 1. 오후 9:12", "입력‹date› ‹time›"),
        ("2024년 5월 1일 (수)", "‹date›"),
        ("댓글 1,234개", "댓글 0개"),
        ("가나일보 홍길동·김보라 기자", "가나일보 ‹name› 기자"),
        ("홍길동 (hong@gana.example)", "‹name› (‹mail›)"),
        ("홍길동 기자 hong@gana.example", "‹name› 기자 ‹mail›"),
        ("제보 hong@gana.example", "제보 ‹mail›"),
        ("전화 02-123-4567 / 1588-0000", "전화 ‹call› / ‹call›"),
        ("http://gana.example/1?a=b 참고", "‹url› 참고"),
        ("기자회견 3번", "기자회견 0번"),
        ("코스피 2,500.12", "코스피 2,500.12"),
        ("영업이익 120억", "영업이익 120억"),
        ("가" * 121 + " 3", "가" * 121 + " 3"),
    ],
)
def test_a_template_masks_what_varies(text, wanted):
    """Dates, times, names, addresses and counts are masked; figures with a unit and long lines are not."""
    masked = with_template(pl.DataFrame({"text": [text]}))["template"].item()

    assert masked == wanted
    assert pl.Series([text]).str.contains(pattern(wanted)).all()
    assert not pl.Series([f"{text}라는 말이 있다"]).str.contains(pattern(wanted)).any()
    assert all(word in text for word in words(wanted))
