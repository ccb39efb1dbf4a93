"""Evaluation: what is counted, by what, and floors that only get stricter."""

import json
import os
from pathlib import Path

import pytest

from pipeline.config import RunConfig
from pipeline.errors import ConfigError, FloorError
from pipeline.evaluate.floors import check_floors, raised, read_floors
from pipeline.evaluate.report import as_text
from pipeline.evaluate.score import by, classes, evaluate, totals, wrong
from tests.golden import check_golden

PRESS = Path(os.environ.get("NEWSIEVE_GOLD", Path(__file__).parents[2] / "shared" / "gold"))
PRESS_FLOORS = Path(__file__).parent / "floors" / "press.toml"
BODY = "가나시는 5월 새 도서관 문을 열고 주민 누구나 밤 열 시까지 책을 읽을 수 있게 한다고 15일 밝혔다."
LINES = [
    ("(가나=가나통신) 홍길동 기자 = " + BODY, "body", [(0, 19)]),
    ("이 글자크기로 변경됩니다.", "body", []),  # a body line that a rule takes
    ("[가나일보 홍길동 기자] " + BODY[::-1], "body", []),  # a span that the label does not allow
    ("Copyright © 가나일보. 무단전재 및 재배포 금지.", "chrome:copyright", []),
    ("무엇인지 모를 상자", "chrome:widget", []),
    ("홍길동 기자 hong@gana.example", "byline", []),
    ("홍길동 씨가 모은 옛 상자들", "caption", []),
    (BODY[5:] + " 알 수 없는 조각", "body", [(len(BODY) - 4, len(BODY) + 4)]),  # a part that stays
]


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    """Write one labelled text and one labelled page."""
    tmp_path = tmp_path_factory.mktemp("gold")
    (tmp_path / "text").mkdir()
    (tmp_path / "html").mkdir()
    (tmp_path / "text" / "a.txt").write_text("\n".join(text for text, _, _ in LINES), "utf-8")
    lines = [
        {
            "i": n,
            "label": label,
            "text": text,
            "inline": [{"start": s, "end": e, "label": "byline"} for s, e in parts],
        }
        for n, (text, label, parts) in enumerate(LINES)
    ]
    (tmp_path / "text_labels.jsonl").write_text(json.dumps({"id": "a", "lines": lines}) + "\n", "utf-8")
    body = [BODY, BODY[::-1] + "다."]
    markup = "".join(f"<p>{text}</p>" for text in (*body, "Copyright © 가나일보. 무단전재 및 재배포 금지."))
    (tmp_path / "html" / "p.html").write_text(
        f"<html><body><article>{markup}</article></body></html>", "utf-8"
    )
    page = {"id": "p", "title": "제목", "body": [*body, "어디에도 없는 문장이다."], "other_lines": []}
    page["container_lines"] = [
        {"text": "Copyright © 가나일보. 무단전재 및 재배포 금지.", "label": "chrome:copyright"}
    ]
    (tmp_path / "html_labels.jsonl").write_text(json.dumps(page) + "\n", "utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def score(gold):
    """Evaluate the labelled text and page."""
    return evaluate(gold, RunConfig())


def test_every_fate_is_counted_under_its_name(score):
    """Lost, cut and left are told apart; a body line that was not extracted is lost."""
    text = totals(score)["text"]
    assert text == {
        "documents": 1, "body_lines": 4, "body_lost": 1, "body_cut": 1, "chrome_lines": 2, "chrome_left": 1,
        "byline_left": 0, "caption_left": 1, "parts_left": 1,
    }  # fmt: skip
    page = totals(score)["html"]
    assert (page["body_lines"], page["body_lost"], page["chrome_left"]) == (3, 1, 0)


def test_rules_and_stages_answer_for_what_they_took(score):
    """Precision counts chrome against body lines lost or cut; what was not extracted is no rule's fault."""
    rules = {row["rule"]: row for row in by(score, "rule").to_dicts()}
    assert rules["common/font-size-notice"]["body"] == 1
    assert rules["common/bracket-reporter"]["body"] == 1
    assert (rules["common/copyright-press"]["chrome"], rules["common/copyright-press"]["precision"]) == (
        2,
        1.0,
    )
    (stage,) = by(score, "stage").to_dicts()
    assert (stage["stage"], stage["chrome"], stage["neutral"], stage["body"]) == ("chrome", 2, 1, 1)
    assert stage["recall"] == pytest.approx(2 / 3)
    assert {(row["label"], row["left"]) for row in classes(score).to_dicts()} >= {("chrome:widget", 1)}


def test_the_lines_themselves_are_shown(score):
    """The report names document, line, rule and text of all that went wrong."""
    assert [(row["id"], row["line"]) for row in wrong(score)["body lines lost"].to_dicts()] == [
        ("a", 2),
        ("p", None),
    ]
    check_golden("evaluate.txt", as_text(score) + "\n")


def test_floors_hold_and_only_rise(score, tmp_path):
    """A count above its floor fails; raising takes the lower of both counts, never the higher."""
    path = tmp_path / "floors.toml"
    path.write_text("[text]\nbody_lost = 0\nchrome_left = 9\n", "utf-8")
    floors = read_floors(path)

    with pytest.raises(FloorError, match=r"\[text\] body_lost is 1, allowed are 0"):
        check_floors(totals(score), floors, path)
    path.write_text(raised(totals(score), floors), "utf-8")
    assert read_floors(path)["text"] == {
        "body_lost": 0, "body_cut": 1, "chrome_left": 1, "byline_left": 0, "caption_left": 1, "parts_left": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["[text]\nbody_lots = 0", "[pdf]\nbody_lost = 0", '[text]\nbody_lost = "0"', "text = 1"]
)
def test_a_floor_that_is_none_is_refused(tmp_path, text):
    """A misspelt floor would never fall, so it is an error."""
    path = tmp_path / "floors.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(ConfigError, match="unknown floor"):
        read_floors(path)


@pytest.mark.skipif(
    not PRESS.is_dir(), reason="labelled real press text is not part of the project: no gold folder"
)
def test_real_press_text_stays_above_its_floors():
    """On labelled real pages and texts no count is worse than it once was."""
    counts = totals(evaluate(PRESS, RunConfig()))

    check_floors(counts, read_floors(PRESS_FLOORS), PRESS_FLOORS)
