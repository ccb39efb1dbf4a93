"""The law: kept lines and removals are exactly the lines extracted, whatever the lines and the packs."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Strip
from pipeline.rules import load_packs
from pipeline.strip.apply import rebuild
from pipeline.strip.stages import strip

from .frames import documents_of, lines_of, rule, table_of

WORDS = st.sampled_from(
    [
        "정부는",
        "밝혔다.",
        "관련기사",
        "▶",
        "무단전재",
        "ⓒ",
        "[단독]",
        "기자",
        "a@b.kr",
        "(서울=가나)",
        "=",
        "이다.",
        " ",
        "…",
    ]
)
LINE = st.one_of(
    st.lists(WORDS, min_size=1, max_size=12).map(" ".join), st.text(min_size=1, max_size=60)
).map(lambda text: " ".join(text.split()) or "x")
DOCUMENT = st.lists(LINE, min_size=1, max_size=12)
PATTERNS = st.lists(
    st.sampled_from(
        [
            "^관련기사$",
            r"^(?P<span>\([^()]+\) ?=? ?)",
            r"(?P<span> ?\S+@\S+)$",
            "^▶",
            r"(?P<span>무단전재.{0,10})",
            "기자$",
            r"^(?P<span>\[[^\]]+\])",
            ".",
        ]
    ),
    max_size=5,
    unique=True,
)
WHERE = st.sampled_from(["head", "tail", "anywhere"])


@settings(max_examples=30, deadline=None)
@given(st.lists(DOCUMENT, min_size=1, max_size=4), PATTERNS, WHERE)
def test_the_law_holds_for_any_lines_and_rules(documents, patterns, where):
    """Whatever rules take, whole or in part, lines and record give the extracted text back, once a line."""
    lines = lines_of(*documents)
    rules = [rule(pattern, id=f"r{number}", where=where) for number, pattern in enumerate(patterns)]

    stripped = strip(lines, documents_of(lines), table_of(*rules), Strip())

    standing = stripped.lines.filter(pl.col("gone").is_null())
    assert rebuild(standing, stripped.removed).equals(lines.select("doc", "line", "text"))


BUILT_IN = load_packs()


@settings(max_examples=20, deadline=None)
@given(st.lists(DOCUMENT, min_size=2, max_size=4))
def test_documents_of_a_batch_do_not_touch_each_other(documents):
    """A document is stripped in a batch exactly as it is stripped alone."""
    lines = lines_of(*documents)
    together = strip(lines, documents_of(lines), BUILT_IN, Strip()).removed

    for doc, texts in enumerate(documents):
        own = lines_of(texts)
        alone = strip(own, documents_of(own), BUILT_IN, Strip()).removed
        mine = together.filter(pl.col("doc") == doc).with_columns(doc=pl.lit(0, pl.UInt32))
        assert mine.equals(alone)


@settings(max_examples=12, deadline=None)
@given(DOCUMENT)
def test_rules_find_nothing_in_what_they_left(texts):
    """Stripping by rules that may stand anywhere is idempotent: what is left has no line of chrome in it."""
    lines = lines_of(texts)
    rules = table_of(rule("^관련기사$"), rule(r"(?P<span> ?\S+@\S+)$", id="mail"))
    once = strip(lines, documents_of(lines), rules, Strip())
    left = once.lines.filter(pl.col("gone").is_null())["text"].to_list()
    if left:
        again = lines_of(left)
        removed = strip(again, documents_of(again), rules, Strip()).removed
        assert "test/x" not in removed["rule"].to_list()
