"""The command line: whole outputs, exit codes, and what each kind of bad input is told."""

import gzip
import io
import json
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import polars as pl
import pytest
import zstandard

from pipeline.__main__ import main
from pipeline.cli import cli
from pipeline.terminal import guarded
from tests.crawl import record, write_crawl
from tests.golden import check_golden

TEXT = """가나시, 새 도서관 연다
전체 맥락을 이해하기 위해서는 본문 보기를 권장합니다.
가나시는 5월 새 도서관 문을 열고 주민 누구나 밤 열 시까지 책을 읽을 수 있게 한다고 15일 밝혔다.
이 글자크기로 변경됩니다.
가나시는 5월 새 도서관 문을 열고 주민 누구나 밤 열 시까지 책을 읽을 수 있게 한다고 15일 밝혔다. 옛 역사를 고쳐 지었다.
도서관에는 어린이 열람실과 작은 공연장, 텃밭이 딸려 있으며 주민 모임이 함께 꾸려 간다고 담당 공무원은 설명했다.
가나일보 홍길동 기자 hong@gana.example
Copyright © 가나일보. 무단전재 및 재배포 금지.
"""
BAD_PACK = """
title = "Bad"
[[rule]]
id = "start"
class = "ui"
description = "what begins with a place"
pattern = "^가나시"
removes = ["가나시"]
keeps = ["가나시는 새 도서관을 연다."]
"""


@pytest.fixture
def newsieve(capfd, tmp_path, monkeypatch):
    """Return a function that runs a command in an empty folder and gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*args):
        monkeypatch.setattr(sys, "argv", ["newsieve", *args])
        code = guarded(lambda: cli(standalone_mode=False))
        out, err = capfd.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return call


@pytest.fixture
def story(tmp_path):
    """Write a text with its chrome and return its name."""
    (tmp_path / "story.txt").write_text(TEXT, "utf-8")
    return "story.txt"


def test_strip_prints_the_article_and_counts(newsieve, story):
    """The title and the article go to stdout, the counts to stderr."""
    done = newsieve("strip", story)

    assert done.code == 0
    check_golden("strip.txt", done.out + "--- stderr\n" + done.err)


def test_strip_reads_standard_input(newsieve, story, monkeypatch):
    """Without a file, or with -, the text comes from standard input."""
    file = newsieve("strip", story, "--quiet")
    for args in ([], ["-"]):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(TEXT.encode())))
        piped = newsieve("strip", "--quiet", *args)
        assert (piped.out, piped.err) == (file.out, "")


def test_explain_says_of_every_line_why(newsieve, story):
    """Each line is told with its stage, rule, evidence and the line it repeats."""
    done = newsieve("explain", story)

    assert done.code == 0
    check_golden("explain.txt", done.out)


def test_explain_as_json_adds_up(newsieve, story):
    """The machine's form holds every line once, kept or removed."""
    told = json.loads(newsieve("explain", story, "--json").out)

    assert [line["line"] for line in told["lines"]] == list(range(1, 9))
    assert sum(line["kept"] is not None for line in told["lines"]) == 2


def test_a_run_is_told_and_can_be_asked(newsieve, tmp_path):
    """Run, run again, explain, restore and verify, with everything they print."""
    write_crawl(tmp_path / "crawl.jsonl", range(8))
    url = record(3)["url"]
    steps = [
        ("run", "crawl.jsonl", "--out", "corpus", "--quiet", "--json"),
        ("run", "crawl.jsonl", "--out", "corpus"),
        ("explain", "--corpus", "corpus", url),
        ("restore", "--corpus", "corpus", url),
        ("verify", "corpus"),
    ]
    told = []
    for step in steps:
        done = newsieve(*step)
        assert done.code == 0, done.err
        out = done.out
        if "--json" in step:
            out = json.dumps({**json.loads(out), "seconds": "…"}, ensure_ascii=False, indent=1)
        told.append(f"$ newsieve {' '.join(step)}\n{out}\n{done.err}")
    check_golden("run.txt", "\n".join(told))


def test_a_summary_says_what_a_run_did(newsieve, tmp_path):
    """The talk of a run counts pages, documents, lines by stage, and what is not in the corpus."""
    path = write_crawl(tmp_path / "crawl.jsonl", range(8))
    path.write_text(path.read_text("utf-8") + "{broken\n", "utf-8")

    done = newsieve("run", "crawl.jsonl", "--out", "corpus", "--limit", "1")

    assert done.code == 0
    assert done.out == ""
    check_golden(
        "summary.txt", "".join(line for line in done.err.splitlines(True) if not line.startswith("["))
    )


def test_rules_are_listed_shown_and_proven(newsieve, tmp_path):
    """A user's pack is listed beside the built-in ones, shown with its examples, and proven."""
    pack = BAD_PACK.replace('pattern = "^가나시"', 'pattern = "^가나시$"')
    (tmp_path / "mine.toml").write_text(pack, "utf-8")

    listed = newsieve("rules", "list", "--rules", "mine.toml")
    shown = newsieve("rules", "show", "mine/start", "--rules", "mine.toml")
    proven = newsieve("rules", "check", "mine.toml")

    assert listed.out.splitlines()[-1].split()[0] == "mine/start"
    check_golden("rule.txt", shown.out)
    assert proven.code == 0
    assert proven.out.endswith("do what their examples say\n")


def broken_jsonl(folder):
    """Write a good record and one that is cut off."""
    path = write_crawl(folder / "in.jsonl", [1])
    path.write_text(path.read_text("utf-8") + '{"url": "https://x.exam', "utf-8")


def truncated(compress):
    """Return what writes a compressed dump that ends too early."""

    def write(folder):
        packed = compress(json.dumps(record(1)).encode() * 50)
        (folder / ("in.jsonl.gz" if compress is gzip.compress else "in.jsonl.zst")).write_bytes(packed[:-20])

    return write


def columns(folder):
    """Write a Parquet file without a column of text."""
    pl.DataFrame({"number": [1], "colour": ["red"]}).write_parquet(folder / "in.parquet")


def binary(folder):
    """Write bytes that are no text, under a page's name."""
    (folder / "in.html").write_bytes(bytes(range(256)) * 8)


def settings(folder):
    """Write settings with a key that is none."""
    (folder / "in.txt").write_text(TEXT, "utf-8")
    (folder / "run.toml").write_text("[dedup]\ntreshold = 0.7\n", "utf-8")


def pack(folder):
    """Write a pack that removes a line it must keep."""
    (folder / "in.txt").write_text(TEXT, "utf-8")
    (folder / "bad.toml").write_text(BAD_PACK, "utf-8")


def corpus(folder):
    """Write a folder whose manifest is no manifest."""
    (folder / "in.txt").write_text(TEXT, "utf-8")
    (folder / "out" / "manifests").mkdir(parents=True)
    (folder / "out" / "manifests" / "00000001.json").write_text("{}", "utf-8")


@pytest.mark.workers
@pytest.mark.parametrize(
    ("write", "args", "code", "says"),
    [
        (lambda folder: (folder / "in").mkdir(), ["in"], 0, ["documents 0"]),
        (lambda _: None, ["missing"], 4, ["missing: no such file or folder", "mend the path"]),
        (lambda _: None, ["*.html"], 4, ["*.html"]),
        (binary, ["in.html"], 4, ["in.html: binary", "Nothing was committed"]),
        (truncated(gzip.compress), ["in.jsonl.gz"], 4, ["in.jsonl.gz: truncated", "Nothing was committed"]),
        (truncated(zstandard.compress), ["in.jsonl.zst"], 4, ["in.jsonl.zst: truncated"]),
        (broken_jsonl, ["in.jsonl"], 3, ["1 of 2 pages were skipped (1 bad_record)", "--limit"]),
        (broken_jsonl, ["in.jsonl", "--limit", "50%"], 0, ["bad_record"]),
        (broken_jsonl, ["in.jsonl", "--limit", "1", "--strict"], 3, ["0 are allowed"]),
        (columns, ["in.parquet"], 4, ["in.parquet: missing_text", "number, colour", "[fields]"]),
        (settings, ["in.txt", "--config", "run.toml"], 2, ['"treshold" in [dedup]', 'did you mean "threshold"?']),
        (settings, ["in.txt", "--config", "none.toml"], 2, ["none.toml: cannot be read"]),
        (pack, ["in.txt", "--rules", "bad.toml"], 2, ["bad.toml: rule bad/start", "가나시는 새 도서관을 연다."]),
        (pack, ["in.txt", "--limit", "many"], 2, ["--limit"]),
        (corpus, ["in.txt"], 5, ["00000001.json"]),
    ],
)  # fmt: skip
def test_bad_input_gets_one_clear_message(  # noqa: PLR0917 - one argument a column of the table
    newsieve, tmp_path, write, args, code, says
):
    """What, where, the effect and the next step, with the exit code of the contract, and no traceback."""
    write(tmp_path)

    done = newsieve("run", *args, "--out", "out")

    assert done.code == code
    assert done.out == ""
    assert "Traceback" not in done.err
    for words in says:
        assert words in done.err
    manifests = [path for path in (tmp_path / "out").glob("manifests/*.json") if path.stat().st_size > 2]
    assert bool(manifests) == (code in {0, 3})


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["strip", "none.txt"], 4, "none.txt: no such file"),
        (["verify", "none"], 2, "none: no such folder"),
        (["rules", "show", "none"], 2, "rules list"),
        (["run", "x.txt"], 2, "--out"),
        (["frobnicate"], 2, "frobnicate"),
        (["evaluate", "."], 2, "text_labels.jsonl"),
    ],
)
def test_wrong_usage_is_told(newsieve, args, code, says):
    """A command that cannot start says why."""
    done = newsieve(*args)

    assert done.code == code
    assert says in done.err


def test_a_bug_is_told_and_shown_on_demand(newsieve, story, monkeypatch):
    """An error that nobody foresaw ends with exit code 1 and what to report."""

    def bug(*_args):
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.single.strip", bug)
    done = newsieve("strip", story)

    assert done.code == 1
    assert done.err.startswith("newsieve: a bug: ZeroDivisionError")
    assert "Traceback" not in done.err
    assert "Traceback" in newsieve("--debug", "strip", story).err


def test_an_interrupt_while_modules_load_ends_quietly(monkeypatch):
    """Ctrl-C right after the start gives the exit code of a signal and no traceback."""

    def find_spec(*_):
        raise KeyboardInterrupt

    monkeypatch.delattr("pipeline.cli")
    monkeypatch.delitem(sys.modules, "pipeline.cli")
    monkeypatch.setattr(sys, "meta_path", [SimpleNamespace(find_spec=find_spec)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 130


@pytest.mark.workers
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_a_run_with_its_exit_code(tmp_path, number, code):
    """A run that is stopped says so, commits nothing, and leaves no worker behind."""
    for n in range(40):
        (tmp_path / f"{n}.html").write_text(
            f"<html><body><article><p>{TEXT}{n}</p></article></body></html>", "utf-8"
        )
    command = [sys.executable, "-m", "pipeline", "run", str(tmp_path), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)  # noqa: S603 - the own command
    while not (tmp_path / "out" / "staging").exists():
        time.sleep(0.01)

    process.send_signal(number)
    _, err = process.communicate(timeout=20)

    assert process.returncode == code
    assert "stopped. Nothing was committed" in err.decode()
    assert not (tmp_path / "out" / "manifests").exists() or not list(
        (tmp_path / "out" / "manifests").iterdir()
    )
