"""The page of benchmark figures is put together from parts that are measured at different times."""

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
