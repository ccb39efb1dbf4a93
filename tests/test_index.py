"""Index files: what is written is found again, and damaged or foreign files are refused."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError, CorpusError
from pipeline.store import index as module
from pipeline.store.index import (
    ITEMS,
    MERGE_BEYOND,
    index_name,
    keys_path,
    merge_index,
    open_index,
    to_merge,
    write_index,
)

FINGERPRINT = {"bands": 2, "threshold": 0.8, "seed": 1}
HASHES = {"hash_hi": pl.UInt64, "hash_lo": pl.UInt64}
ROWS = pl.DataFrame(
    {"doc_id": ["a", "b", "c"], "line": [4, 0, 1], "hash_hi": [10, 20, 30], "hash_lo": [1, 2, 3]}
)
BANDS = np.array([[20, 50, 70], [21, 21, 71]], np.uint64)


@pytest.fixture
def files(tmp_path):
    """Two generations: the second holds a text equal to one of the first."""
    paths = [tmp_path / index_name("paragraphs", run) for run in (1, 2)]
    write_index(paths[0], ROWS, BANDS, FINGERPRINT)
    write_index(paths[1], ROWS.tail(1).with_columns(doc_id=pl.lit("d")), BANDS[:, 2:], FINGERPRINT)
    return paths


@pytest.fixture
def merged(files, tmp_path):
    """Merge the same two generations into one file."""
    path = tmp_path / "merged.arrow"
    merge_index(path, open_index(files, FINGERPRINT), FINGERPRINT)
    return [path]


@pytest.fixture(params=["files", "merged"])
def index(request):
    """Two generations, in two files or in one."""
    return open_index(request.getfixturevalue(request.param), FINGERPRINT)


def test_names_of_files():
    """An index file is named by level and run; that of its keys is not taken for one of the level."""
    assert index_name("documents", 3) == "index/documents-00000003.arrow"
    assert index_name("keys-documents", 3) == "index/keys-documents-00000003.arrow"


def test_known_items_are_numbered_in_the_total_order(index):
    """Known items count by run, then by rank in their run."""
    places = index.places(pl.Series([0, 1, 2, 3]))
    assert len(index) == 4
    assert places.rows() == [(0, "a", 4, 10, 1), (1, "b", 0, 20, 2), (2, "c", 1, 30, 3), (3, "d", 1, 30, 3)]


def test_exact_finds_the_earliest_equal_item(index):
    """Both halves of a hash must agree, and of two equal known items the earlier is named."""
    asked = pl.DataFrame({"item": [9, 8], "hash_hi": [30, 30], "hash_lo": [3, 1]}, schema_overrides=HASHES)
    assert index.exact(asked).rows() == [(9, 2)]


def test_candidates_share_a_key_of_the_same_band(index):
    """A pair comes once however many keys it shares; an equal key of another band is none."""
    asked = np.array([[20, 21, 70], [21, 20, 71]], np.uint64)
    assert index.candidates(asked).rows() == [(0, 0), (0, 1), (2, 2), (2, 3)]


def test_an_index_without_files_is_empty():
    """The first run has an index that knows nothing."""
    index = open_index([], FINGERPRINT)
    asked = pl.DataFrame({"item": [1], "hash_hi": [30], "hash_lo": [3]}, schema_overrides=HASHES)
    assert len(index) == 0
    assert index.exact(asked).is_empty()
    assert index.candidates(BANDS).is_empty()


def test_merged_files_equal_those_of_one_run(tmp_path, monkeypatch):
    """Files joined hold the bytes that one run over all their rows would have written, in batches of any size."""
    monkeypatch.setattr(module, "_BATCH_ROWS", 1)
    paths = [tmp_path / str(number) for number in range(3)]
    for number, path in enumerate(paths):
        write_index(path, ROWS[number : number + 1], BANDS[:, number : number + 1], FINGERPRINT)
    write_index(tmp_path / "whole", ROWS, BANDS, FINGERPRINT)
    merge_index(tmp_path / "merged", open_index(paths, FINGERPRINT), FINGERPRINT)
    for place in (lambda path: path, keys_path):
        assert place(tmp_path / "merged").read_bytes() == place(tmp_path / "whole").read_bytes()


@given(st.lists(st.sampled_from([0, 1, 7, 8, 2**40, 2**40 + 1, 2**63, 2**64 - 1]), max_size=30))
def test_keys_ascend_and_name_their_items(keys):
    """Whatever bits keys differ in, they come in order, equal ones by the number of their item."""
    with TemporaryDirectory() as folder:
        items = pl.DataFrame({"doc_id": "", "line": 0, "hash_hi": keys, "hash_lo": 0}, schema=ITEMS)
        write_index(Path(folder) / "one", items, np.array([keys], np.uint64), {"bands": 1})
        reader = pa.ipc.open_file(keys_path(Path(folder) / "one"))
        expected = sorted((key, row) for row, key in enumerate(keys))
        for number in range(2):
            batch = reader.get_batch(number)
            assert list(zip(*batch.to_pydict().values(), strict=True)) == expected


@given(st.lists(st.integers(0, 10**6), max_size=200))
def test_files_stay_few_and_rows_are_seldom_written_again(added):
    """Runs of any size leave a bounded number of files, and write a row again about as often as it doubles."""
    files, written = [], 0
    for rows in added:
        files.append(rows)
        joined = to_merge(files)
        if joined > 1:
            files[-joined:] = [sum(files[-joined:])]
            written += files[-1]
            assert all(left > sum(files[place:]) for place, left in enumerate(files[:-1], start=1))
        assert len(files) <= max(MERGE_BEYOND, 2 + sum(added).bit_length())
    assert written <= 21 * sum(added)


def test_a_year_of_nights_is_merged_seldom():
    """Of 365 equal nights, fewer than a tenth merge, and no file is ever the 17th."""
    files, merges = [], 0
    for _ in range(365):
        files.append(1000)
        joined = to_merge(files)
        files[len(files) - joined :] = [sum(files[-joined:])] if joined else []
        merges += joined > 0
    assert sum(files) == 365_000
    assert len(files) <= MERGE_BEYOND
    assert merges < 36


def test_another_fingerprint_is_refused(files):
    """An index of other settings is refused, and every differing key is named."""
    wanted = {"bands": 2, "threshold": 0.7, "shingle": 5}
    with pytest.raises(ConfigError) as refused:
        open_index(files, wanted)
    assert str(refused.value) == (
        f"{files[0]}: the index was written under other dedup settings (seed 1 there, absent here; shingle absent "
        "there, 5 here; threshold 0.8 there, 0.7 here), so its keys cannot be compared with this run's; nothing "
        "was started. Run with the corpus's own settings, or write to a new folder."
    )


@pytest.mark.parametrize("place", [lambda path: path, keys_path], ids=["items", "keys"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "foreign", "other"])
def test_a_damaged_file_is_refused(files, damage, place):
    """A file that is missing, empty, cut, no index at all or another's is never half read."""
    other, file = place(files[1]).read_bytes(), place(files[0])
    data = file.read_bytes()
    changed = {"empty": b"", "cut": data[: len(data) // 2], "foreign": b"PAR1" * 10, "other": other}
    file.unlink() if damage == "missing" else file.write_bytes(changed[damage])
    named = keys_path(files[0]) if damage == "other" else file
    with pytest.raises(CorpusError, match=f"^{named}: damaged or missing"):
        open_index(files, FINGERPRINT)


@pytest.mark.parametrize("place", [lambda path: path, keys_path], ids=["items", "keys"])
def test_a_flipped_bit_never_changes_what_is_read(files, place):
    """With any one bit wrong, the file is refused or reads as it was written."""

    def read():
        index = open_index(files[:1], FINGERPRINT)
        return index.places(pl.Series(range(3))), index.candidates(BANDS), index.exact(asked)

    file = place(files[0])
    asked = ROWS.select(pl.col("line").alias("item"), pl.col(HASHES).cast(pl.UInt64))
    data, written = file.read_bytes(), read()
    refused = 0
    for byte in range(0, len(data), 13):
        file.write_bytes(data[:byte] + bytes([data[byte] ^ 1]) + data[byte + 1 :])
        try:
            assert all(new.equals(old) for new, old in zip(read(), written, strict=True))
        except CorpusError:
            refused += 1
    assert refused > 50
