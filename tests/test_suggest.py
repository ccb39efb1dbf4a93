"""Draft packs: what was frequent on a site becomes rules that prove themselves and do the same work."""

import sys
import tomllib
from types import SimpleNamespace

import polars as pl
import pytest

from pipeline.cli import cli
from pipeline.config import RunConfig, replace
from pipeline.execute import Local
from pipeline.rules import builtin_paths
from pipeline.run import job
from pipeline.run.job import run
from pipeline.terminal import guarded
from tests.site import site
from tests.test_run_frequent import BARE, crawl

HOST = "news.gana.example"


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch):
    """Run tasks here: there is no HTML to parse."""
    monkeypatch.setattr(job, "executor_for", lambda *_: Local(1))


@pytest.fixture
def newsieve(capfd, tmp_path, monkeypatch):
    """Return a function that runs a command in the test's folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def call(*args):
        monkeypatch.setattr(sys, "argv", ["newsieve", *args])
        code = guarded(lambda: cli(standalone_mode=False))
        out, err = capfd.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return call


@pytest.fixture
def corpus(tmp_path):
    """Build a corpus of 60 pages of a site without any pack."""
    path = crawl(tmp_path / "pages.jsonl", site(60))
    run([str(path)], tmp_path / "corpus", BARE, lambda *_: None)
    return tmp_path / "corpus"


def test_a_suggested_pack_proves_itself_and_does_the_work(newsieve, corpus, tmp_path):
    """The printed pack passes rules check as it stands, and with it alone another 10 pages lose their furniture."""
    drafted = newsieve("rules", "suggest", str(corpus))
    (tmp_path / "gana.toml").write_text(drafted.out, "utf-8")

    checked = newsieve("rules", "check", "gana.toml")

    assert (drafted.code, checked.code, checked.err) == (0, 0, "")
    pack = tomllib.loads(drafted.out)
    assert pack["hosts"] == [HOST]
    assert all(rule["class"] == "site" and rule["removes"] and rule["keeps"] for rule in pack["rule"])
    pages = site(10, seed=4)
    rules = replace(RunConfig().rules, packs=("gana.toml",), without=tuple(p.stem for p in builtin_paths()))
    config = replace(RunConfig(), rules=rules)
    run([str(crawl(tmp_path / "new.jsonl", pages))], tmp_path / "new", config, lambda *_: None)
    removals = pl.read_parquet(tmp_path / "new" / "removals" / "*.parquet").filter(
        pl.col("stage") == "chrome"
    )
    furniture = {line for page in pages for line, chrome in zip(*page, strict=True) if chrome}
    assert set(removals["text"]) <= furniture
    assert removals.height >= 0.75 * sum(sum(page.chrome) for page in pages)  # bare numbers are left


def test_rules_tell_where_and_how_often(newsieve, corpus):
    """A rule has its place, its share of pages, a keyword of its own and a pattern for what varies."""
    pack = tomllib.loads(newsieve("rules", "suggest", str(corpus), "--host", HOST).out)

    (entered,) = [rule for rule in pack["rule"] if rule["removes"][0].startswith("입력 ")]
    assert entered["where"] == "head"
    assert entered["description"] == "on 60 of 60 pages, above the article"
    assert entered["keywords"] == ["입력"]
    assert pl.Series(["입력 2031.12.31 23:59"]).str.contains(entered["pattern"]).all()
    assert "tail" in {rule["where"] for rule in pack["rule"]}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--host", "x.example"], 'no frequent text of "x.example"; there is some of news.gana.example'),
        ([], "holds several sites; name one with --host: dara.example, news.gana.example"),
    ],
)
def test_a_site_must_be_named_rightly(newsieve, corpus, tmp_path, args, says):
    """A host that is none, or none where there are several, is told with the hosts that there are."""
    if not args:
        path = crawl(tmp_path / "more.jsonl", site(40, seed=7))
        path.write_text(path.read_text("utf-8").replace(f"https://{HOST}", "https://dara.example"), "utf-8")
        run([str(path)], corpus, BARE, lambda *_: None)

    done = newsieve("rules", "suggest", str(corpus), *args)

    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_nothing_frequent_is_told(newsieve, tmp_path):
    """A corpus of a few pages gives no pack, and the message says what it lacks."""
    path = crawl(tmp_path / "pages.jsonl", site(3))
    run([str(path)], tmp_path / "corpus", BARE, lambda *_: None)

    done = newsieve("rules", "suggest", "corpus")

    assert done.code == 2
    assert "A site needs more pages" in done.err
