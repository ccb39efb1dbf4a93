"""Planning a run: how its files are cut into shards."""

from itertools import chain
from pathlib import Path

import pytest

from pipeline.run.plan import EVEN, HTML_PART, SHARD_BYTES, SHARD_FILES, WHOLE_BYTES, InputFile, cut


@pytest.mark.parametrize(
    ("sizes", "shards"),
    [
        ([], []),
        ([0, 1, 2], [3]),
        ([WHOLE_BYTES // 8] * 4, [4]),
        ([WHOLE_BYTES // 8] * 8, [2] * EVEN),
        ([SHARD_BYTES // 8] * 48, [6] * 8),
        ([1] * 2 * SHARD_FILES, [SHARD_FILES // 2] * EVEN),
        ([SHARD_BYTES * 8, 1, 1, 1], [1, 3]),
    ],
)
def test_files_are_cut_into_even_shards(sizes, shards):
    """Shards hold about as many bytes each and not too many files, in order; few small files are one shard."""
    files = [InputFile(Path(f"{n}"), f"{n}", size) for n, size in enumerate(sizes)]

    cuts = cut(files)

    assert [len(shard) for shard in cuts] == shards
    assert list(chain(*cuts)) == files


def test_pages_in_html_make_larger_shards():
    """Four times the bytes of pages in HTML are as much work for stripping, and make as many shards."""
    sizes = [SHARD_BYTES // 8] * 48
    texts, pages = (
        [InputFile(Path(f"{n}{suffix}"), f"{n}", size * part) for n, size in enumerate(sizes)]
        for suffix, part in ((".txt", 1), (".html.gz", HTML_PART))
    )

    assert [len(shard) for shard in cut(pages)] == [len(shard) for shard in cut(texts)]
