"""The page of benchmark figures is put together from parts that are measured at different times."""

import pytest

from benchmarks.page import parts_of, write_parts

ORDER = ["strip", "dedup"]


def test_refreshing_one_part_leaves_the_others(tmp_path):
    """A part that is measured again replaces its own text, and no other."""
    page = tmp_path / "benchmarks.md"
    write_parts(page, {"dedup": "## Dedup\n\n| 1 |", "strip": "## Strip\n\nslow"}, ORDER)
    write_parts(page, {"strip": "## Strip\n\nfast\n"}, ORDER)
    assert list(parts_of(page.read_text("utf-8")).items()) == [
        ("strip", "## Strip\n\nfast"),
        ("dedup", "## Dedup\n\n| 1 |"),
    ]


def test_a_part_that_is_not_in_the_order_stays_on_the_page(tmp_path):
    """A part that an older command wrote is not lost when another is refreshed."""
    page = tmp_path / "benchmarks.md"
    write_parts(page, {"old": "kept"}, ["old"])
    write_parts(page, {"strip": "new"}, ORDER)
    assert parts_of(page.read_text("utf-8")) == {"strip": "new", "old": "kept"}


def test_tables_stand_behind_what_they_mean(tmp_path):
    """The tables of a part come behind its text, the smaller workload first, before the next part."""
    page = tmp_path / "benchmarks.md"
    for name in ("dedup_ko_000100000", "strip", "zzz", "dedup", "dedup_ko_000020000"):
        write_parts(page, {name: "text"}, ["dedup", "strip"])
    names = ["dedup", "dedup_ko_000020000", "dedup_ko_000100000", "strip", "zzz"]
    assert list(parts_of(page.read_text("utf-8"))) == names


def test_figures_without_a_marker_are_not_lost(tmp_path):
    """A page with figures outside of its parts is refused and stays as it is."""
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\n## Old\n\n1\n", "utf-8")
    with pytest.raises(ValueError, match="outside of its parts"):
        write_parts(page, {"strip": "new"}, ORDER)
    assert page.read_text("utf-8") == "# Benchmarks\n\n## Old\n\n1\n"
