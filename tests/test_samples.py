"""The samples: one saved run over all of them, and what the labels say of it."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.config import RunConfig
from pipeline.evaluate.score import evaluate, totals
from pipeline.run.job import run
from tests.golden import check_golden

SAMPLES = Path(__file__).parent.parent / "samples"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Run the main job over the samples, by worker processes."""
    folder = tmp_path_factory.mktemp("samples") / "corpus"
    run([str(SAMPLES / "pages")], folder, RunConfig(), lambda *_: None)
    return folder


@pytest.mark.workers
def test_a_run_over_the_samples_gives_what_it_gave(corpus):
    """Counts by stage and reason, and of every document its head and the numbers of its lines."""
    (manifest,) = (corpus / "manifests").glob("*.json")
    counts = json.loads(manifest.read_text("utf-8"))["counts"]
    del counts["removals_by_rule"]
    documents = pl.read_parquet(corpus / "corpus" / "*.parquet").sort("source")
    rows = [
        f"{row['source']}\t{row['press']}\t{row['title']}\t{row['published']}\t{row['cluster_size']}\t"
        f"{' '.join(map(str, row['line_numbers']))}"
        for row in documents.iter_rows(named=True)
    ]
    check_golden("samples.txt", "\n".join([json.dumps(counts, indent=1), *rows, ""]))


@pytest.mark.workers
def test_no_line_of_an_article_is_lost():
    """By the labels of the samples, no body line goes and none is cut."""
    score = totals(evaluate(SAMPLES / "gold", RunConfig()))

    assert set(score) == {"text", "html"}
    assert {counts[name] for counts in score.values() for name in ("body_lost", "body_cut")} == {0}
