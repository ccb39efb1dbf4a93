"""Short lines: they go with the copied paragraphs around them, in runs, and never alone."""

import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Dedup, RunConfig, Strip
from pipeline.dedup.normalise import matching_form
from pipeline.explain import as_text, restored, story_in
from pipeline.rules import load_packs
from pipeline.run import job
from pipeline.run.dedupe import Earlier, dedupe
from pipeline.run.gather import Gathered
from pipeline.run.job import run
from pipeline.schema import REMOVED, SKIPPED
from pipeline.verify import verify

ALONE = Earlier(lambda _level: None, lambda _doc_ids: pl.DataFrame())
A, B, C, D = (  # four paragraphs that share nothing
    "시는 새해부터 시내버스 노선을 모두 바꾸고 배차 간격을 줄이기로 했다고 밝혔고 의회도 이를 받아들였다고 한다",
    "가나은행은 다음 달부터 적금 이자를 올린다며 오래 맡긴 손님에게는 수수료를 받지 않겠다고 지난주에 알렸다고 한다",
    "바다에서 건진 낡은 돛배를 되살리는 사람들이 해마다 여름이면 포구에 모여 잔치를 벌인다는 소식이 들려왔다고 한다",
    "눈이 많이 내린 산골 학교에서는 아이들이 썰매를 만들어 타고 놀며 겨울을 보내느라 심심할 틈이 조금도 없다고 한다",
)
NEAR = A.replace("새해부터", "올해부터")
Q, R = '"나는 모른다"', '"그럴 리 없다"'


def gathered(texts):
    """Return documents a, b, … in their order, with lines numbered 1, 3, 5, …: others went before."""
    names = [chr(ord("a") + doc) for doc in range(len(texts))]
    documents = pl.DataFrame(
        {"doc": range(len(texts)), "doc_id": names}, {"doc": pl.UInt32, "doc_id": pl.String}
    )
    empty = [pl.lit(None, pl.String).alias(name) for name in ("host", "press", "published")]
    rows = [(doc, 2 * at + 1, text) for doc, lines in enumerate(texts) for at, text in enumerate(lines)]
    lines = pl.DataFrame(rows, {"doc": pl.UInt32, "line": pl.UInt32, "text": pl.String}, orient="row")
    return Gathered(documents.with_columns(empty), lines, REMOVED.to_frame(), SKIPPED.to_frame())


def went(texts):
    """Return {line of a document: what it duplicates} of each stage that takes paragraphs."""
    taken = dedupe(gathered(texts), Dedup(documents="off"), ALONE, Path("unused")).taken
    found = {"exact": {}, "near": {}, "short": {}}
    for doc_id, line, stage, twin in taken.select("doc_id", "line", "stage", "duplicate_of").iter_rows():
        found[stage][doc_id, line] = (twin["doc_id"], twin["line"])
    return found


@pytest.mark.parametrize(
    ("second", "short"),
    [
        ([A, Q, B, C], {3: 3}),
        ([NEAR, Q, B, D], {3: 3}),  # beside a near copy
        ([A, Q.replace('"', "“"), B], {3: 3}),  # equal in matching form
        ([D, B, R, Q], {5: 7, 7: 9}),  # two, and then the document ends
        ([A, R, B], {}),  # another text
        ([A, Q, C], {}),  # the paragraphs around it do not follow each other there
        ([A, Q, D], {}),  # one of them stays
        ([D, Q, B], {}),
        ([A, Q, R, B], {}),  # one line more
        ([A, Q, Q, B], {}),
        ([B, R, C], {}),  # one line less
        ([Q, A], {}),  # there is none before
        ([Q, B], {1: 3}),
        ([C, Q], {}),  # nor behind
        ([Q, R], {}),  # nothing but short lines
    ],
)
def test_a_short_line_goes_only_in_a_run(second, short):
    """All short lines between two copied paragraphs go where the first text has them there; a single one never does."""
    found = went([[A, Q, B, R, Q, C], second])["short"]
    assert found == {("b", line): ("a", twin) for line, twin in short.items()}


@pytest.mark.parametrize(
    ("texts", "short"),
    [
        ([[A, Q, C], [D, R, B], [A, Q, B]], {}),
        ([[A, Q], [Q, B], [A, Q, Q], [Q, B]], {("d", 1): ("b", 1)}),
    ],
)
def test_a_run_is_of_one_document(texts, short):
    """Paragraphs copied from different documents make no run, nor do the end of one and the start of another."""
    assert went(texts)["short"] == short


def expected(texts, verdicts):
    """Return the short lines that go by the definition, line by line, given the verdicts on paragraphs."""
    lines = {chr(ord("a") + doc): text for doc, text in enumerate(texts)}
    forms = {doc: matching_form(pl.Series(text, dtype=pl.String)).to_list() for doc, text in lines.items()}
    found = {}
    for doc, form in forms.items():
        for place in [n for n, text in enumerate(form) if len(text) < Dedup().min_chars]:
            first = max((n for n in range(place) if len(form[n]) >= Dedup().min_chars), default=-1)
            last = min(
                (n for n in range(place, len(form)) if len(form[n]) >= Dedup().min_chars), default=len(form)
            )
            around = [verdicts.get((doc, 2 * n + 1)) for n in (first, last) if 0 <= n < len(form)]
            if not around or None in around or len({other for other, _ in around}) > 1:
                continue
            other, line = around[0]
            start = (line - 1) // 2 + 1 if first >= 0 else (line - 1) // 2 - last
            run = form[first + 1 : last]
            closed = len(around) == 1 or around[1][1] == 2 * (start + len(run)) + 1
            if start >= 0 and closed and forms[other][start : start + len(run)] == run:
                found[doc, 2 * place + 1] = (other, 2 * (start + place - first - 1) + 1)
    return found


LINES = st.lists(st.sampled_from([A, B, C, NEAR, Q, Q, R]), min_size=1, max_size=6)


@given(st.lists(LINES, min_size=2, max_size=6))
@settings(max_examples=150, deadline=None)
def test_short_lines_go_by_the_definition(texts):
    """Runs found for all documents at once are those found line by line, and each names a line that is kept."""
    found = went(texts)
    assert found["short"] == expected(texts, found["exact"] | found["near"])
    gone = {place for stage in found.values() for place in stage}
    assert gone.isdisjoint(found["short"].values())


def write(path, texts):
    """Write documents, the earliest first, as JSONL."""
    rows = [
        {"id": f"{n:02d}", "title": "제목", "date": f"2024-05-01T00:{n:02d}:00Z", "text": "\n".join(lines)}
        for n, lines in texts
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return str(path)


def removed(folder):
    """Return the removals of a corpus, whichever run wrote them."""
    return pl.read_parquet(folder / "removals" / "*.parquet").drop("run").sort("doc_id", "line")


@pytest.mark.parametrize("documents", ["off", "all"])
def test_batches_take_the_short_lines_that_one_run_takes(tmp_path, monkeypatch, documents):
    """Two batches, and three in any split, leave what one run over all leaves, short lines and whole copies too."""
    packs = load_packs()
    monkeypatch.setattr(job, "load_packs", lambda *_: packs)
    config = RunConfig(strip=Strip(first_line="body", frequent=False), dedup=Dedup(documents=documents))
    one, two = [A, Q, B, R, C], [D, Q]
    texts = [*enumerate([one, two, [NEAR, Q, B, R, Q], [Q, B, R, C], [A, Q, B, D, Q], one])]
    found = []
    for number, cuts in enumerate([(0, 6), (0, 1, 6), (0, 4, 6), (0, 1, 3, 6), (0, 2, 5, 6)]):
        out = tmp_path / f"out{number}"
        for part, (start, end) in enumerate(pairwise(cuts)):
            path = write(tmp_path / f"{number}-{part}.jsonl", texts[start:end])
            run([path], out, config, lambda *_: None)
        found.append(removed(out))
        verify(out)
        assert restored(story_in(out, "02")) == "\n".join(texts[2][1])
    short = found[0].filter(stage="short")["doc_id"].to_list()
    assert short == ["02", "03", "03", "04", "04"] + ["05", "05"] * (documents == "off")
    assert all(found[0].equals(other) for other in found[1:])


def test_the_reason_names_the_line_that_is_kept(tmp_path):
    """``explain`` shows stage, rule and what a short line repeats."""
    config = RunConfig(strip=Strip(first_line="body", frequent=False), dedup=Dedup(documents="off"))
    path = write(tmp_path / "in.jsonl", [(0, [A, Q, B]), (1, [A, Q, B, C])])
    run([path], tmp_path / "out", config, lambda *_: None)
    assert (
        f"    2 - short        {Q}\n"
        f"{'':21}paragraph/short: equal to 00 line 2, and so are its neighbours [score 1.00]"
    ) in as_text(story_in(tmp_path / "out", "01"), {})
