"""Manifests: one JSON file a generation, and the only commit point.

A file of the corpus folder belongs to the corpus because a manifest lists it. Everything in a manifest but
``seconds`` is a function of inputs and settings, and ``sha256`` is that part's.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pipeline import __version__
from pipeline.errors import CorpusError, disk_errors
from pipeline.store.files import damaged, sync

FORMAT = 1
LIBRARIES = ("polars", "pyarrow", "trafilatura", "lxml", "htmldate", "datasketch", "numpy", "xxhash")


class Input(Struct, frozen=True):
    """One input file; ``sha256`` is null where it could not be read or no reader takes it."""

    source: str
    size: int
    sha256: str | None


class Output(Struct, frozen=True):
    """One file of the generation, by its path in the corpus folder."""

    path: str
    rows: int
    sha256: str


class PackUsed(Struct, frozen=True):
    """A rule pack as it was used."""

    id: str
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What one run read, how, and what it wrote. ``replaces``: files of earlier runs whose rows its own now hold."""

    format: int = FORMAT
    run: int
    versions: dict[str, str]
    config: dict[str, Any]
    packs: list[PackUsed]
    fingerprint: dict[str, Any]
    inputs: list[Input]
    outputs: list[Output]
    replaces: list[str] = []
    counts: dict[str, Any]
    previous: str | None = None
    sha256: str = ""
    seconds: dict[str, float] = {}


def versions() -> dict[str, str]:
    """Return the versions of newsieve, Python and the libraries that decide bytes."""
    return {
        "newsieve": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def standing(manifests: Sequence[Manifest]) -> list[tuple[Manifest, Output]]:
    """Return the files of the corpus: those that the manifests list and no later one replaces."""
    gone = {path for manifest in manifests for path in manifest.replaces}
    return [(m, output) for m in manifests for output in m.outputs if output.path not in gone]


def sealed(manifest: Manifest) -> Manifest:
    """Return the manifest with the SHA-256 of all of it but ``seconds``."""
    bare = msgspec.structs.replace(manifest, sha256="", seconds={})
    digest = hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()
    return msgspec.structs.replace(manifest, sha256=digest)


def manifest_path(folder: Path, run: int) -> Path:
    """Return where the manifest of generation ``run`` stands."""
    return folder / "manifests" / f"{run:08d}.json"


def commit(folder: Path, manifest: Manifest) -> None:
    """Make a generation part of the corpus: from one moment to the next, or not at all."""
    path = manifest_path(folder, manifest.run)
    temporary = path.with_name(f".{path.name}.tmp")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(sealed(manifest), order="sorted"), indent=1)
        temporary.write_bytes(text + b"\n")
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)


def read_manifests(folder: Path) -> list[Manifest]:
    """Return the manifests of every generation in order; raises CorpusError for a gap, damage or another format."""
    paths = sorted((folder / "manifests").glob("[0-9]*.json"))
    manifests = [_read(path) for path in paths]
    for number, (path, manifest) in enumerate(zip(paths, manifests, strict=True), start=1):
        if manifest.run != number or path.stem != f"{number:08d}":
            raise CorpusError(damaged(manifest_path(folder, number), "a generation is missing"))
    return manifests


def _read(path: Path) -> Manifest:
    try:
        data = path.read_bytes()
        if msgspec.json.decode(data)["format"] != FORMAT:
            raise CorpusError(
                f"{path}: written by another version of newsieve. Nothing was changed; "
                "use that version, or build the corpus anew."
            )
        manifest = msgspec.json.decode(data, type=Manifest)
    except (OSError, msgspec.DecodeError, KeyError, TypeError) as error:
        raise CorpusError(damaged(path, str(error))) from error
    if sealed(manifest).sha256 != manifest.sha256:
        raise CorpusError(damaged(path, "its checksum does not fit its content"))
    return manifest
