"""Rule packs: what is refused, and with which words."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError, PackError
from pipeline.rules import load_packs

GOOD = {
    "id": '"notice"',
    "class": '"fontsize"',
    "description": '"the size control"',
    "keywords": '["글자크기"]',
    "pattern": "'^이 글자크기로 변경됩니다\\.?$'",
    "removes": '["이 글자크기로 변경됩니다."]',
    "keeps": '["표지판 글자크기를 키운다."]',
}


def pack(folder: Path, head: str = 'title = "Mine"', **keys: str | None) -> str:
    """Write a pack of one good rule with some of its keys changed (None: left out)."""
    rule = {name: value for name, value in {**GOOD, **keys}.items() if value is not None}
    path = folder / "mine.toml"
    path.write_text(
        "\n".join([head, "[[rule]]", *(f"{name} = {value}" for name, value in rule.items())]), "utf-8"
    )
    return str(path)


def refusal(path: str) -> str:
    """Return the message with which a pack is refused, its path shortened."""
    with pytest.raises(PackError) as caught:
        load_packs([path])
    assert caught.value.exit_code == 2
    return str(caught.value).replace(path, "mine.toml")


def test_a_good_pack_loads(tmp_path):
    """A rule whose examples all hold is taken, under the id of its file."""
    assert "mine/notice" in {placed.id for placed in load_packs([pack(tmp_path)]).rules}


@pytest.mark.parametrize(
    ("keyword", "text"), [("Ⓒ", "Ⓒ 가나"), ("Русский", "Русский 가나"), ("COPY", "copy 가나")]
)
def test_a_keyword_is_found_in_any_case(tmp_path, keyword, text):
    """Keywords lead to their rule whatever their case, beyond ASCII at least as they are written."""
    keys = {
        "keywords": f'["{keyword}"]',
        "pattern": "'(?i)^(?:ⓒ|русский|copy) 가나$'",
        "removes": f'["{text}"]',
    }

    assert "mine/notice" in {placed.id for placed in load_packs([pack(tmp_path, **keys)]).rules}


@pytest.mark.parametrize("selector", ["div[class='story'", "div[class='b", "div[class"])
def test_a_selector_that_its_end_alone_would_close_is_refused(tmp_path, selector):
    """Selectors are asked together, where such a one would take those behind it along."""
    path = pack(tmp_path, head=f'title = "Mine"\n[extract]\nbody = ["{selector}", ".b"]')

    assert "is not a CSS selector. Nothing was started; mend it." in refusal(path)


def test_a_selector_that_is_none_is_refused(tmp_path):
    """A pack's [extract] is checked before any page is read."""
    path = pack(tmp_path, head='title = "Mine"\n[extract]\nbody = ["div[["]')

    assert (
        refusal(path) == 'mine.toml: [extract]: "div[[" is not a CSS selector. Nothing was started; mend it.'
    )


REFUSED = {
    "a line it must keep": (
        {"keeps": '["이 글자크기로 변경됩니다"]'},
        'mine.toml: rule mine/notice would remove a line it must keep: "이 글자크기로 변경됩니다"\n'
        "Nothing was started; mend the rule or its example.",
    ),
    "its own example": (
        {"removes": '["글자크기가 바뀝니다."]'},
        'mine.toml: rule mine/notice does not remove its own example: "글자크기가 바뀝니다."\n'
        "Nothing was started; mend the rule or its example.",
    ),
    "a keyword that is not in the line": (
        {"keywords": '["글꼴"]'},
        'mine.toml: rule mine/notice does not remove its own example: "이 글자크기로 변경됩니다."\n'
        "Nothing was started; mend the rule or its example.",
    ),
    "a line longer than max_chars": (
        {"max_chars": "5"},
        'mine.toml: rule mine/notice does not remove its own example: "이 글자크기로 변경됩니다."\n'
        "Nothing was started; mend the rule or its example.",
    ),
    "another span than the example's": (
        {"pattern": "'^(?P<span>이 )글자크기로'", "removes": '["⟦이 글자⟧크기로 변경됩니다."]'},
        'mine.toml: rule mine/notice removes "⟦이 ⟧글자크기로 변경됩니다." where its example says '
        '"⟦이 글자⟧크기로 변경됩니다."\nNothing was started; mend the rule or its example.',
    ),
    "no lines to keep": (
        {"keeps": "[]"},
        "mine.toml: rule notice: keeps: Expected `array` of length >= 1. Nothing was started; mend this value.",
    ),
    "no lines to keep at all": (
        {"keeps": None},
        "mine.toml: rule notice: keeps must be given. Nothing was started; add what is missing.",
    ),
    "a mistyped key": (
        {"max_char": "10"},
        'mine.toml: rule notice: unknown key "max_char"; did you mean "max_chars"? '
        "Nothing was started; mend or remove the key.",
    ),
    "a place that is none": (
        {"where": '"foot"'},
        "mine.toml: rule notice: where: Invalid enum value 'foot'. Nothing was started; mend this value.",
    ),
    "a pattern that every line has": (
        {"pattern": "'글?'"},
        "mine.toml: rule mine/notice: the pattern matches an empty line, so every line\n"
        "Nothing was started; mend the rule or its example.",
    ),
    "a span in the middle": (
        {"pattern": "'^이(?P<span> )글자크기'"},
        "mine.toml: rule mine/notice: the span must stand at the start or the end of the pattern. "
        "Nothing was started.",
    ),
    "a pattern for a backtracking engine": (
        {"pattern": "'^이 (?=글자크기)'"},
        "mine.toml: rule mine/notice: regex error: regex parse error:\n    ^이 (?=글자크기)\n       ^^^\n"
        "error: look-around, including look-ahead and look-behind, is not supported\n"
        "Nothing was started; mend the pattern.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_pack_is_refused(tmp_path, case):
    """A pack that cannot do what it says is refused with file, rule and text."""
    keys, message = REFUSED[case]

    assert refusal(pack(tmp_path, **keys)) == message


def test_a_pack_that_is_not_toml_is_refused(tmp_path):
    """A syntax error names the file and the line."""
    path = tmp_path / "mine.toml"
    path.write_text("title = ", "utf-8")

    assert refusal(str(path)) == (
        "mine.toml: not a TOML file: Invalid value (at end of document). Nothing was started; mend the pack file."
    )


def test_two_packs_of_one_name_are_refused(tmp_path):
    """Rule ids stay unique: a second pack of one name is refused."""
    path = pack(tmp_path)

    with pytest.raises(PackError, match=r"mine\.toml: mine is there twice\."):
        load_packs([path, path])


def test_leaving_out_what_is_not_there_is_refused():
    """A mistyped id in ``without`` is an error with the one that was probably meant."""
    with pytest.raises(ConfigError) as caught:
        load_packs(without=["comon"])

    assert (
        str(caught.value) == 'no pack or rule is called "comon"; did you mean "common"? Nothing was started.'
    )


def test_a_pack_or_a_rule_can_be_left_out(tmp_path):
    """``without`` takes the id of a pack or of one rule."""
    path = pack(tmp_path)

    assert "mine" not in {pack.id for pack in load_packs([path], ["mine"]).packs}
    assert "mine/notice" not in {placed.id for placed in load_packs([path], ["mine/notice"]).rules}
