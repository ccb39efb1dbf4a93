"""Index files: what is written is found again, and damaged or foreign files are refused."""

import polars as pl
import pytest

from pipeline.errors import ConfigError, CorpusError
from pipeline.store.index import index_name, open_index, write_index

FINGERPRINT = {"bands": 2, "threshold": 0.8, "seed": 1}
ROWS = pl.DataFrame(
    {
        "item": [7, 2, 5],
        "doc_id": ["c", "a", "b"],
        "line": [1, 4, 0],
        "hash_hi": [30, 10, 20],
        "hash_lo": [3, 1, 2],
        "bands": [[70, 71], [20, 21], [50, 21]],
    }
)


@pytest.fixture
def files(tmp_path):
    """Two generations: the second holds a text equal to one of the first."""
    paths = [tmp_path / index_name("paragraphs", run) for run in (1, 2)]
    write_index(paths[0], ROWS, FINGERPRINT)
    write_index(paths[1], ROWS.head(1).with_columns(doc_id=pl.lit("d")), FINGERPRINT)
    return paths


def test_names_of_files():
    """An index file is named by level and run."""
    assert index_name("documents", 3) == "index/documents-00000003.arrow"


def test_known_items_are_numbered_in_the_total_order(files):
    """Known items count by run, then by rank in their run."""
    index = open_index(files, FINGERPRINT)
    places = index.places(pl.Series([0, 1, 2, 3]))
    assert len(index) == 4
    assert places.rows() == [(0, "a", 4, 10, 1), (1, "b", 0, 20, 2), (2, "c", 1, 30, 3), (3, "d", 1, 30, 3)]


def test_exact_finds_the_earliest_equal_item(files):
    """Both halves of a hash must agree, and of two equal known items the earlier is named."""
    asked = pl.DataFrame({"item": [9, 8], "hash_hi": [30, 30], "hash_lo": [3, 1]}, schema_overrides=U64)
    assert open_index(files, FINGERPRINT).exact(asked).rows() == [(9, 2)]


def test_candidates_share_a_key_of_the_same_band(files):
    """A pair comes once however many keys it shares; an equal key of another band is none."""
    asked = pl.DataFrame(
        {"item": [1, 2, 3], "bands": [[20, 21], [21, 20], [70, 71]]},
        schema={"item": pl.UInt32, "bands": pl.Array(pl.UInt64, 2)},
    )
    found = open_index(files, FINGERPRINT).candidates(asked)
    assert found.rows() == [(1, 0, "a", 4), (1, 1, "b", 0), (3, 2, "c", 1), (3, 3, "d", 1)]


def test_an_index_without_files_is_empty():
    """The first run has an index that knows nothing."""
    index = open_index([], FINGERPRINT)
    assert len(index) == 0
    assert index.exact(
        pl.DataFrame({"item": [1], "hash_hi": [30], "hash_lo": [3]}, schema_overrides=U64)
    ).is_empty()


def test_equal_rows_give_equal_bytes(tmp_path):
    """The order in which rows arrive does not reach the file."""
    write_index(tmp_path / "one", ROWS, FINGERPRINT)
    write_index(tmp_path / "two", ROWS.reverse(), dict(reversed(FINGERPRINT.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


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


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "foreign"])
def test_a_damaged_file_is_refused(files, damage):
    """A file that is missing, empty, cut or no index at all is never half read."""
    data = files[0].read_bytes()
    changed = {"empty": b"", "cut": data[: len(data) // 2], "foreign": b"PAR1" * 10}
    files[0].unlink() if damage == "missing" else files[0].write_bytes(changed[damage])
    with pytest.raises(CorpusError, match=f"^{files[0]}: damaged or missing"):
        open_index(files, FINGERPRINT)


def test_a_flipped_bit_never_changes_what_is_read(files):
    """With any one bit wrong, the file is refused or reads as it was written; page checksums alone miss some."""
    data, rows = files[0].read_bytes(), open_index(files[:1], FINGERPRINT).places(pl.Series(range(3)))
    refused = 0
    for place in [*range(0, len(data), 23), 586, 605, 755, 1361]:
        files[0].write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        try:
            assert open_index(files[:1], FINGERPRINT).places(pl.Series(range(3))).equals(rows)
        except CorpusError:
            refused += 1
    assert refused > 50


U64 = {"item": pl.UInt32, "hash_hi": pl.UInt64, "hash_lo": pl.UInt64}
