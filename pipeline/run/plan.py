"""What a run will read: the input files that the corpus does not hold yet, cut into shards.

The plan's key is a function of inputs, settings, packs and versions. Work in progress lies in a folder of that name,
so that a run that was stopped goes on where it stopped, and never on work that another plan began.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import accumulate, chain, groupby
from threading import Event
from typing import NamedTuple

import msgspec
import polars as pl

from pipeline.config import RunConfig, deciding
from pipeline.errors import InputError
from pipeline.execute import deaf
from pipeline.read.files import HTML, Discovered, InputFile, reader_of
from pipeline.rules import RuleTable
from pipeline.schema import SKIPPED, conform
from pipeline.store.manifest import Input, Manifest, PackUsed, versions

# For every shard all patterns are compiled anew, so small ones are dear.
SHARD_BYTES = 128 << 20
SHARD_FILES = 8192
HASHED_FILES, LEAST_BYTES, READ_BYTES = 64, 1 << 12, 1 << 20  # by a thread at a time
HTML_PART = 4
EVEN = 4  # shards: an odd one at the end would leave all workers but one idle
WHOLE_BYTES = 32 << 20  # below, several workers take as long as one


class Given(NamedTuple):
    """The input of a run: its files, each with its ``hash_of``, and ``SKIPPED`` rows for those that no reader takes."""

    hashed: Iterator[tuple[InputFile, str | None]]
    skipped: pl.DataFrame


class Plan(NamedTuple):
    """The new input of a run: ``shards`` of files to read, ``skipped`` files, and all of them as ``inputs``."""

    run: int
    shards: list[list[InputFile]]
    inputs: list[Input]
    skipped: pl.DataFrame
    known: int
    key: str


def plan_run(given: Given, manifests: Sequence[Manifest], config: RunConfig, table: RuleTable) -> Plan:
    """Return the plan of a run over what is ``given``, less what ``manifests`` name."""
    hashed = list(given.hashed)
    unread = [Input(source, 0, None) for source in given.skipped["source"]]
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
            given.skipped.filter(pl.col("source").is_in([item.source for item in new_unread])), SKIPPED
        ),
        known=len(hashed) + len(unread) - len(items),
        key=plan_key(run, items, config, table),
    )


@contextmanager
def hashing(discovered: Discovered) -> Iterator[Given]:
    """Give what was ``discovered`` with its hashes, which threads find meanwhile: they run beside Python's own work."""
    files = discovered.files
    groups = [files[first : first + HASHED_FILES] for first in range(0, len(files), HASHED_FILES)]
    threads, over = ThreadPoolExecutor(os.cpu_count()), Event()
    try:
        with deaf():
            hashed = threads.map(lambda group: [(file, hash_of(file, over)) for file in group], groups)
        yield Given(chain.from_iterable(hashed), discovered.skipped)
    finally:
        over.set()
        threads.shutdown(cancel_futures=True)


def hash_of(file: InputFile, over: Event) -> str | None:
    """Return the SHA-256 of an input file, or None when it cannot be read, or when it is ``over``."""
    digest = hashlib.sha256()
    step = min(max(file.size, LEAST_BYTES) + 1, READ_BYTES)  # a small file at once, without a large buffer
    try:
        with file.path.open("rb", buffering=0) as raw:
            while data := raw.read(step):
                digest.update(data)
                if over.is_set():
                    return None
    except OSError:
        return None
    return digest.hexdigest()


def cut(files: Sequence[InputFile]) -> list[list[InputFile]]:
    """Return ``files`` in shards of about the same size, whatever the number of workers.

    Their number is a multiple of ``EVEN``, or one. A file counts as a few KB more than it has, a page in HTML as a
    part of what it has, for little of it is text.
    """
    weights = [
        file.size // (HTML_PART if reader_of(file.path.name) is HTML else 1) + SHARD_BYTES // SHARD_FILES
        for file in files
    ]
    whole, size = sum(weights), sum(file.size for file in files)
    few = size + len(files) * (SHARD_BYTES // SHARD_FILES) <= WHOLE_BYTES
    count = 1 if few else -(-whole // (SHARD_BYTES * EVEN)) * EVEN
    places = (before * count // whole for before in accumulate(weights, initial=0))
    placed = groupby(zip(files, places, strict=False), key=lambda pair: pair[1])
    return [[file for file, _ in shard] for _, shard in placed]


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
