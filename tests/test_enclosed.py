"""Bare numbers and words go where the furniture around them leaves no doubt, and nowhere else."""

import polars as pl
import pytest

from pipeline.schema import FOUND
from pipeline.strip.enclosed import enclosed
from tests.frames import documents_of, lines_of
from tests.stage_cases import cases


def found(lines):
    """Return what the stage finds."""
    return enclosed(lines, documents_of(lines))


@pytest.mark.parametrize("case", cases("enclosed", "wild"), ids=lambda case: case.name)
def test_what_furniture_encloses_goes(case):
    """Every bare number and label between parts of an interface goes."""
    assert found(case.lines)["line"].to_list() == list(case.takes)


@pytest.mark.parametrize("case", cases("enclosed", "negative"), ids=lambda case: case.name)
def test_what_may_be_the_articles_stays(case):
    """A line beside a standing line, or among furniture that is no interface, stays."""
    assert found(case.lines).is_empty()


def test_evidence_names_both_neighbours():
    """The rows are FOUND, of the class above, and say what stands on both sides."""
    lines = lines_of(["좋아요", "27", "화나요"], ["27"]).with_columns(
        gone=pl.when(pl.col("text") != "27").then(pl.lit("reaction"))
    )

    rows = found(lines)

    assert rows.schema == FOUND
    assert rows.select("doc", "line", "rule", "evidence", "gone").rows() == [
        (0, 2, "chrome/enclosed", "reaction: a bare number between “좋아요” and “화나요”", "reaction")
    ]
    assert found(lines_of()).equals(pl.DataFrame(schema=FOUND))
