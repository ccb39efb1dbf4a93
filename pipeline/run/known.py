"""The index across runs: opened for the search, added to by each run, and merged before its files become many."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.dedup.known import Known
from pipeline.dedup.settings import Settings
from pipeline.run.dedupe import Kept
from pipeline.store.corpus import fetch_texts, paths_of
from pipeline.store.index import keys_path, merge_index, open_index, to_merge, write_index
from pipeline.store.manifest import Manifest


def open_known(folder: Path, manifests: Sequence[Manifest], level: str, settings: Settings) -> Known | None:
    """Return the kept items of a level of all runs; none before the first run."""
    if not manifests:
        return None
    index = open_index(paths_of(folder, manifests, f"index/{level}-"), settings.fingerprint())
    return Known(index, partial(fetch_texts, folder, manifests))


def write_level(
    path: Path, kept: Kept, earlier: Sequence[Path], settings: Settings
) -> tuple[Path, Sequence[Path]]:
    """Write a level's index files beside ``path``; return that of the items, and which ``earlier`` ones it replaces.

    ``earlier`` are the level's files in the order of runs. When they are too many, the last of them are merged with
    what this run keeps, and stand in its file.
    """
    fingerprint = settings.fingerprint()
    write_index(path, kept.items, kept.keys, fingerprint)
    if not earlier:
        return path, ()
    sizes = [len(open_index([each], fingerprint)) for each in (*earlier, path)]
    joined = to_merge(sizes) - 1  # beside this run's own
    if joined < 1:
        return path, ()
    merged = path.with_stem(f"{path.stem}-merged")
    merge_index(merged, open_index([*earlier[-joined:], path], fingerprint), fingerprint)
    return merged, [file for each in earlier[-joined:] for file in (each, keys_path(each))]
