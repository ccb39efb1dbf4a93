"""The corpus folder's files: whole or not there, equal bytes, damage noticed."""

import multiprocessing

import polars as pl
import pytest

from pipeline.errors import CorpusError, LockedError, StorageError
from pipeline.schema import REMOVALS
from pipeline.store import mapped
from pipeline.store.files import read_table, stage_table, write_table
from pipeline.store.lock import locked
from pipeline.store.manifest import Manifest, commit, manifest_path, read_manifests, versions
from pipeline.store.mapped import Mapped, forgetting, mapped_table, shelved

ROWS = pl.DataFrame(
    {
        "doc_id": ["a", "a"],
        "line": [1, 2],
        "text": ["복사", "(서울=가나) "],
        "stage": ["chrome", "chrome"],
        "span": [None, {"start": 0, "end": 8}],
        "duplicate_of": [{"doc_id": "b", "line": 3}, None],
        "run": [1, 1],
    }
)


def manifest(run):
    """Return a manifest of generation ``run`` without files."""
    return Manifest(
        run=run, versions=versions(), config={}, packs=[], fingerprint={}, inputs=[], outputs=[], counts={}
    )


def test_a_table_comes_back_with_its_declared_types(tmp_path):
    """What is written as a table is read back with the schema's types, structs and enums included."""
    path = tmp_path / "removals.parquet"
    write_table(ROWS, path, REMOVALS)

    back = read_table(path, REMOVALS)

    assert back.schema == REMOVALS
    assert pl.read_parquet(path).schema == REMOVALS
    assert back["duplicate_of"].to_list() == [{"doc_id": "b", "line": 3}, None]


def test_equal_rows_give_equal_bytes(tmp_path):
    """Writing the same rows twice gives the same bytes, and no temporary file stays."""
    for name in ("a", "b"):
        write_table(ROWS, tmp_path / name, REMOVALS)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_flipped_bit_is_noticed(tmp_path):
    """A page whose bytes changed on disk is refused, not read wrongly."""
    path = tmp_path / "removals.parquet"
    numbers = pl.int_range(0, 5000, eager=True)
    write_table(pl.DataFrame({"text": (numbers * 2654435761 % 4294967296).cast(pl.String)}), path, REMOVALS)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(
        CorpusError, match=r"removals\.parquet: damaged or missing \(.+\)\. Nothing was changed;"
    ):
        read_table(path, REMOVALS)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    """Where the disk refuses, the message says what that means for the run."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(StorageError, match="The run is not committed and the corpus is as it was"):
        write_table(ROWS, tmp_path / "file" / "table", REMOVALS)


def hold(folder, ready, done):
    """Hold a folder's lock until told."""
    with locked(folder):
        ready.set()
        done.wait(10)


def test_a_second_run_is_locked_out(tmp_path):
    """While one process writes to a corpus, another is turned away at once."""
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, ready, done))
    other.start()
    assert ready.wait(20)

    with pytest.raises(LockedError, match="another run is writing here"), locked(tmp_path):
        pass

    done.set()
    other.join()
    with locked(tmp_path):
        pass


def test_manifests_come_back_in_order(tmp_path):
    """What was committed is read back, oldest first, sealed with a checksum."""
    for run in (1, 2):
        commit(tmp_path, manifest(run))

    assert [found.run for found in read_manifests(tmp_path)] == [1, 2]


def test_a_changed_manifest_is_damaged(tmp_path):
    """A manifest edited by hand no longer fits its checksum."""
    commit(tmp_path, manifest(1))
    path = manifest_path(tmp_path, 1)
    path.write_text(path.read_text().replace('"run": 1', '"run": 2'))

    with pytest.raises(CorpusError, match="its checksum does not fit its content"):
        read_manifests(tmp_path)


def test_a_missing_generation_is_damage(tmp_path):
    """A gap in the manifests is damage, not a shorter corpus."""
    commit(tmp_path, manifest(2))

    with pytest.raises(CorpusError, match="a generation is missing"):
        read_manifests(tmp_path)


def test_a_manifest_of_another_format_is_refused(tmp_path):
    """A corpus of another version is named as such."""
    path = manifest_path(tmp_path, 1)
    path.parent.mkdir()
    path.write_text('{"format": 99}')

    with pytest.raises(CorpusError, match="written by another version of newsieve"):
        read_manifests(tmp_path)


TEXTS = ["가나다라마바사아자차카타파하", "short", "", *(f"{'본문' * 20} {number}" for number in range(50))]


def test_shelved_texts_outlive_their_file_and_its_pages(tmp_path):
    """Texts on a shelf read the same when their pages were let go and the file is gone; nothing is left behind."""
    parts = [pl.Series(TEXTS), pl.Series([], dtype=pl.String), pl.Series(TEXTS[::-1])]
    with shelved(iter(parts), tmp_path / "shelf") as (texts, shelf):
        assert texts.to_list() == TEXTS + TEXTS[::-1]
        shelf.forget()
        assert texts.to_list() == TEXTS + TEXTS[::-1]
    assert texts.to_list() == TEXTS + TEXTS[::-1]
    assert not list(tmp_path.iterdir())


def test_a_shelf_goes_when_the_work_on_it_fails(tmp_path):
    """An error while texts are on the shelf leaves no file."""
    with pytest.raises(ZeroDivisionError), shelved([pl.Series(TEXTS)], tmp_path / "shelf"):
        _ = 1 // 0
    assert not list(tmp_path.iterdir())


def test_pages_are_let_go_when_enough_have_come(tmp_path, monkeypatch):
    """Files are told to forget whenever that many bytes came in since, whatever else comes and goes."""
    stage_table(pl.DataFrame({"text": TEXTS}), tmp_path / "staged", pl.Schema({"text": pl.String}))
    frame, file = mapped_table(tmp_path / "staged", pl.Schema({"text": pl.String}))
    memory, told = {"held": 100}, []
    monkeypatch.setattr(mapped, "_resident", lambda: memory["held"])
    monkeypatch.setattr(Mapped, "forget", lambda _self: told.append(memory.update(held=memory["held"] - 80)))
    forget = forgetting([file], 100)
    counts = []
    for held in (199, 200, 219, 220, 30, 129, 130):
        memory["held"] = held
        forget()
        counts.append(len(told))
    assert counts == [0, 1, 1, 2, 2, 2, 3]
    assert frame["text"].to_list() == TEXTS


def test_a_damaged_staged_table_is_refused(tmp_path):
    """What is no Arrow file, or not there, is named."""
    (tmp_path / "bad").write_bytes(b"no arrow")
    for name in ("bad", "missing"):
        with pytest.raises(CorpusError, match=f"{name}: damaged or missing"):
            mapped_table(tmp_path / name, pl.Schema({"text": pl.String}))
