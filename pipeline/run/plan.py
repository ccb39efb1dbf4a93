"""What a run will read: the input files that the corpus does not hold yet, cut into shards.

The plan's key is a function of inputs, settings, packs and versions. Work in progress lies in a folder of that name,
so that a run that was stopped goes on where it stopped, and never on work that another plan began.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import polars as pl

from pipeline.config import RunConfig, deciding
from pipeline.errors import InputError
from pipeline.read.files import Discovered, InputFile
from pipeline.rules import RuleTable
from pipeline.schema import SKIPPED, conform
from pipeline.store.files import sha256_of
from pipeline.store.manifest import Input, Manifest, PackUsed, versions

SHARD_BYTES = 64 << 20
SHARD_FILES = 256


class Plan(NamedTuple):
    """The new input of a run: ``shards`` of files to read, ``skipped`` files, and all of them as ``inputs``."""

    run: int
    shards: list[list[InputFile]]
    inputs: list[Input]
    skipped: pl.DataFrame
    known: int
    key: str


def plan_run(
    discovered: Discovered, folder: Path, manifests: Sequence[Manifest], config: RunConfig, table: RuleTable
) -> Plan:
    """Return the plan of a run over what was ``discovered`` into ``folder``, less what ``manifests`` name."""
    hashed = [
        (file, hash_of(file)) for file in discovered.files if not file.path.is_relative_to(folder.resolve())
    ]
    unread = [Input(source, 0, None) for source in discovered.skipped["source"]]
    committed = {(item.source, item.sha256) for manifest in manifests for item in manifest.inputs}
    new = [(file, digest) for file, digest in hashed if (file.source, digest) not in committed]
    new_unread = [item for item in unread if (item.source, None) not in committed]
    items = [*(Input(file.source, file.size, digest) for file, digest in new), *new_unread]
    run = len(manifests) + 1
    return Plan(
        run=run,
        shards=cut([file for file, _ in new]),
        inputs=sorted(items, key=lambda item: item.source),
        skipped=conform(
            discovered.skipped.filter(pl.col("source").is_in([item.source for item in new_unread])), SKIPPED
        ),
        known=len(hashed) + len(unread) - len(items),
        key=plan_key(run, items, config, table),
    )


def hash_of(file: InputFile) -> str | None:
    """Return the SHA-256 of an input file, or None when it cannot be read."""
    try:
        return sha256_of(file.path)
    except OSError:
        return None


def cut(files: Iterable[InputFile]) -> list[list[InputFile]]:
    """Return ``files`` in shards of bounded size and number, whatever the number of workers."""
    shards: list[list[InputFile]] = []
    room = 0
    for file in files:
        if not shards or room < file.size or len(shards[-1]) == SHARD_FILES:
            shards.append([])
            room = SHARD_BYTES
        shards[-1].append(file)
        room -= file.size
    return shards


def plan_key(run: int, inputs: list[Input], config: RunConfig, table: RuleTable) -> str:
    """Return a name for the work that this plan's parts are good for."""
    packs = [PackUsed(pack.id, pack.sha256) for pack in table.packs]
    parts = (run, inputs, deciding(config), packs, versions())
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:32]


def refuse_unreadable(plan: Plan, skipped: pl.DataFrame, pages: int) -> None:
    """Raise InputError when not one file of the plan could be read."""
    files = sum(map(len, plan.shards)) + plan.skipped.height
    # An empty file can be read: there is nothing in it. A record's source has a number behind its file's name.
    failed = pl.concat([skipped, plan.skipped]).filter(
        (pl.col("reason") != "no_text") & ~pl.col("source").str.contains("#", literal=True)
    )
    if files and not pages and failed.height >= files:
        first = failed.row(0, named=True)
        raise InputError(
            f"none of the {files} input files could be read; the first, {first['source']}: {first['reason']} "
            f"({first['detail']}). Nothing was committed; mend the input, or give another."
        )
