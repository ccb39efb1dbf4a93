"""The curve of the bands: what `newsieve dedup-curve` says is what the search proposes."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.cli import cli
from pipeline.config import Dedup
from pipeline.curve import as_text, curve_of
from pipeline.dedup.bands import band_keys

PAIRS = 20_000


def told(tmp_path, settings, *options):
    """Return what the command prints for ``[dedup]`` settings."""
    (tmp_path / "run.toml").write_text(f"[dedup]\n{settings}", "utf-8")
    done = CliRunner().invoke(cli, ["dedup-curve", "--config", str(tmp_path / "run.toml"), *options])
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("jaccard", [0.55, 0.7, 0.8])
def test_so_many_pairs_share_a_band_key(jaccard):
    """Pairs whose signature values agree by chance share a band key as often as the curve says."""
    curve = curve_of(Dedup())
    rng = np.random.default_rng(7)
    left = rng.integers(0, 1 << 32, (PAIRS, curve.num_perm), np.uint32)
    right = np.where(rng.random(left.shape) < jaccard, left, left + np.uint32(1))
    keys = [band_keys(values, curve.bands, curve.rows) for values in (left, right)]
    share = (keys[0] == keys[1]).any(axis=1).mean()

    (expected,) = (point.proposed for point in curve.points if point.jaccard == jaccard)
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / PAIRS))


@pytest.mark.parametrize(
    ("settings", "start"),
    [
        ("threshold = 0.8", 0.8),
        ("threshold = 0.58", 0.58),
        ("threshold = 0.4\nnum_perm = 512", 0.4),
        ('rule = "coverage"\nthreshold = 0.88', 0.5),
        ("recall = 0.9999", 0.8),
    ],
)
def test_the_curve_reaches_the_recall_wanted(tmp_path, settings, start):
    """From the similarity that the curve names the recall wanted is reached, and it rises from there to 1."""
    curve = json.loads(told(tmp_path, settings, "--json"))

    assert curve["proposed_from"] == start
    points = {point["jaccard"]: point["proposed"] for point in curve["points"]}
    assert points[start] >= curve["recall"]
    assert min(points) <= 0.5
    assert (list(points), list(points.values())) == (sorted(points), sorted(points.values()))
    assert points[1.0] == 1.0


def test_people_see_rule_bands_and_candidates(tmp_path):
    """The text names rule, threshold, bands, rows and the recall wanted, and marks where that begins."""
    text = told(tmp_path, "threshold = 0.7\nrecall = 0.98")

    assert text == as_text(curve_of(Dedup(threshold=0.7, recall=0.98))) + "\n"
    assert "jaccard of at least 0.7" in text
    assert "24 of 5 rows, of 128 permutations" in text
    assert "0.98 wanted from a Jaccard similarity of 0.7 on" in text
    (marked,) = (row for row in text.splitlines() if row.endswith("◀"))
    assert marked.split()[:2] == ["0.7", "98,792"]
