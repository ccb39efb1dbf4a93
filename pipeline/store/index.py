"""The index: what later runs need to know of kept items, their exact hashes and band keys.

A run and level has two Arrow files, uncompressed and mapped into memory. One holds the items in the total order, batch
after batch. The other, ``keys-…``, holds in a batch each the upper halves of the exact hashes and the keys of every
band, ascending, each with the number of its item: a run looks its own keys up by binary search, band by band. Files
are written once and never changed, and the manifest that names them commits them. Their metadata carries the
fingerprint of the settings that made the keys, because keys of other settings look alike and mean nothing, and each
batch a digest, because a flipped bit must not change what is read.
"""

from __future__ import annotations

from itertools import accumulate, chain
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pyarrow as pa

from pipeline.errors import CorpusError
from pipeline.schema import conform
from pipeline.store.batches import Batches, Fingerprint, write_batches
from pipeline.store.files import damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]
    I64 = npt.NDArray[np.int64]

MERGE_BEYOND: Final = 16  # files of a level
ITEMS: Final = pl.Schema(
    {"doc_id": pl.String(), "line": pl.UInt32(), "hash_hi": pl.UInt64(), "hash_lo": pl.UInt64()}
)
_ITEM_FIELDS: Final = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in zip(ITEMS, (pa.large_string(), pa.uint32(), pa.uint64(), pa.uint64()), strict=True)
    ]
)
_KEY_FIELDS: Final = pa.schema(
    [pa.field("key", pa.uint64(), nullable=False), pa.field("row", pa.uint32(), nullable=False)]
)
_BATCH_ROWS: Final = 1 << 16  # items of a batch


def index_name(kind: str, run: int, suffix: str = ".arrow") -> str:
    """Return the name, inside the corpus folder, of one run's file of a level, or of another ``kind`` of index."""
    return f"index/{kind}-{run:08d}{suffix}"


def keys_path(path: Path) -> Path:
    """Return where the keys of the items in ``path`` lie."""
    return path.with_name(f"keys-{path.name}")


def write_index(path: Path, items: pl.DataFrame, bands: Iterable[U64], fingerprint: Fingerprint) -> None:
    """Write the kept items of one run and level, ``items`` (``ITEMS``) in the total order, and their keys by band.

    ``path`` is the file of the items; ``keys_path`` says where the keys go. The order is how later runs tell the
    earlier of two known items. Each file appears whole or not at all; equal rows give equal bytes. Raises StorageError.
    """
    rows = conform(items, ITEMS)
    parts = (rows[start : start + _BATCH_ROWS] for start in range(0, len(rows), _BATCH_ROWS))
    columns = (
        [part["doc_id"].to_arrow(compat_level=pl.CompatLevel.oldest())]
        + [pa.array(part[name].to_numpy()) for name in ITEMS.names()[1:]]
        for part in parts
    )
    batches = (pa.record_batch(values, _ITEM_FIELDS) for values in columns)
    write_batches(path, _ITEM_FIELDS, batches, len(rows), fingerprint)
    sorted_keys = map(_ascending, chain([rows["hash_hi"].to_numpy()], bands))
    write_batches(keys_path(path), _KEY_FIELDS, sorted_keys, len(rows), fingerprint)


def merge_index(path: Path, index: Index, fingerprint: Fingerprint) -> None:
    """Write all that ``index`` holds to one file of items and one of keys; a band at a time is in memory."""
    write_batches(path, _ITEM_FIELDS, index.items(), len(index), fingerprint)
    bands = (index.merged(number) for number in range(int(fingerprint["bands"]) + 1))
    write_batches(keys_path(path), _KEY_FIELDS, bands, len(index), fingerprint)


def to_merge(rows: Sequence[int]) -> int:
    """Return how many of the last files, of so many ``rows`` each in the order of runs, shall become one.

    None (0) up to ``MERGE_BEYOND`` files; then as many as leave each other file with more rows than all behind it
    have together. So files stay few, and a row is written again about as often as the rows double, at most.
    """
    if len(rows) <= MERGE_BEYOND:
        return 0
    behind = sum(rows)
    for number, count in enumerate(rows):
        behind -= count
        if count <= behind:
            return len(rows) - number
    return 0


def open_index(paths: Sequence[Path], fingerprint: Fingerprint) -> Index:
    """Open the index of one level by its files of items, in the order of their runs; none gives an empty index.

    Raises CorpusError for a file that is missing or damaged, ConfigError for one of another fingerprint.
    """
    return Index([_Part(path, fingerprint) for path in paths])


class Index:
    """The kept items of earlier runs, numbered from 0 in the total order: by run, then by rank in the run.

    Raises CorpusError when what is read is not what was written.
    """

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts
        self._starts: list[int] = [0, *accumulate(len(part) for part in parts)]

    def __len__(self) -> int:
        """Return the number of known items."""
        return self._starts[-1]

    def exact(self, hashes: pl.DataFrame) -> pl.DataFrame:
        """Return ``item, known`` for the rows of ``hashes[item, hash_hi, hash_lo]`` that a known item equals.

        Of several equal known items, the earliest.
        """
        high, low = (hashes[name].to_numpy() for name in ("hash_hi", "hash_lo"))
        found = [_numbers(at=np.empty(0, np.int64), known=np.empty(0, np.int64))]
        order = np.argsort(high)
        for part, start in zip(self._parts, self._starts, strict=False):
            place, row = part.matches(high[order], 0)
            same = part.items(row, ["hash_lo"])["hash_lo"].to_numpy() == low[order[place]]
            found.append(_numbers(at=order[place[same]], known=row[same] + start))
        first = pl.concat(found).group_by("at").agg(pl.col("known").min())
        items = hashes.select("item").with_row_index("at")
        return first.join(items, on="at").select("item", "known").sort("item")

    def candidates(self, bands: Iterable[U64]) -> pl.DataFrame:
        """Return ``item, known``: the places and known items that share a key of one of the ``bands``.

        ``bands`` gives the keys of each band, one an item. A pair comes once, sorted.
        """
        pairs = _numbers(item=np.empty(0, np.int64), known=np.empty(0, np.int64))
        for number, keys in enumerate(bands if self._parts else (), start=1):
            order = np.argsort(keys)
            asked, found = keys[order], [pairs]
            for part, start in zip(self._parts, self._starts, strict=False):
                place, row = part.matches(asked, number)
                found.append(_numbers(item=order[place], known=row + start))
            pairs = pl.concat(found).unique()
        return pairs.sort("item", "known")

    def places(self, known: pl.Series) -> pl.DataFrame:
        """Return ``known, doc_id, line, hash_hi, hash_lo`` of the known items with these numbers, in order."""
        numbers = known.to_numpy().astype(np.int64)
        pieces = [pl.DataFrame(schema={"at": pl.UInt32, "known": pl.UInt32, **ITEMS})]
        for part, start in zip(self._parts, self._starts, strict=False):
            at = np.flatnonzero((numbers >= start) & (numbers < start + len(part)))
            pieces.append(_numbers(at=at, known=numbers[at]).hstack(part.items(numbers[at] - start)))
        return pl.concat(pieces).sort("at").drop("at")

    def items(self) -> Iterator[pa.RecordBatch]:
        """Give all known items, batch by batch, in their order."""
        for part in self._parts:
            yield from part.batches()

    def merged(self, number: int) -> pa.RecordBatch:
        """Return the keys of one batch of all files as one: of the exact hashes (0), or of a band from 1 on."""
        both = [part.keys(number) for part in self._parts]
        rows = [row + np.uint32(start) for (_, row), start in zip(both, self._starts, strict=False)]
        keys, row = np.concatenate([key for key, _ in both]), np.concatenate(rows)
        order = np.argsort(keys, kind="stable")  # which joins ascending stretches in linear time
        return pa.record_batch([pa.array(keys[order]), pa.array(row[order])], schema=_KEY_FIELDS)


class _Part:
    """The index of one run and level, or of several that were merged: items by number, and sorted keys."""

    def __init__(self, path: Path, fingerprint: Fingerprint) -> None:
        self._items = Batches(path, _ITEM_FIELDS, fingerprint)
        self._keys = Batches(keys_path(path), _KEY_FIELDS, fingerprint)
        rows = {self._items.rows, self._keys.rows, int(self._items.starts[-1])}
        if self._keys.count != int(fingerprint["bands"]) + 1 or len(rows) > 1:
            raise CorpusError(damaged(keys_path(path), "its keys are not those of the items beside it"))

    def __len__(self) -> int:
        return self._items.rows

    def keys(self, number: int) -> tuple[U64, U32]:
        """Return the keys of a batch, ascending, and the item of each."""
        batch = self._keys.batch(number)
        return batch["key"].to_numpy(), batch["row"].to_numpy()

    def matches(self, asked: U64, number: int) -> tuple[I64, I64]:
        """Return all pairs (place in ``asked``, which ascends, and item) of equal keys in a batch."""
        keys, rows = self.keys(number)
        first = np.searchsorted(keys, asked)
        met = np.flatnonzero(first < len(keys))
        met = met[keys[first[met]] == asked[met]]
        first = first[met]
        count = np.searchsorted(keys, asked[met], side="right") - first
        before = np.cumsum(count) - count
        places = np.arange(int(count.sum())) + np.repeat(first - before, count)
        found = np.repeat(met, count), rows[places].astype(np.int64)
        self._keys.forget()
        return found

    def items(self, rows: I64, columns: Sequence[str] = tuple(ITEMS)) -> pl.DataFrame:
        """Return the items (``columns`` of ``ITEMS``) with these numbers, in their order."""
        starts = self._items.starts
        where = np.searchsorted(starts, rows, side="right") - 1
        pieces = [pl.DataFrame(schema={"at": pl.UInt32, **{name: ITEMS[name] for name in columns}})]
        for number in np.unique(where).tolist():
            at = np.flatnonzero(where == number)
            batch = self._items.batch(number).select(list(columns))
            taken = batch.take(pa.array(rows[at] - starts[number]))
            pieces.append(_numbers(at=at).hstack(pl.DataFrame(pl.from_arrow(taken))))
        self._items.forget()
        return pl.concat(pieces).sort("at").drop("at")

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give all items in order."""
        for number in range(self._items.count):
            yield self._items.batch(number)
            self._items.forget()


def _ascending(keys: U64) -> pa.RecordBatch:
    """Return keys in order, and the place of each; equal ones by place.

    Sorting single values is faster: the place takes that of a key's low bits, and the few keys that
    differ in these alone are sorted afterwards.
    """
    low = np.uint64((1 << max(1, (len(keys) - 1).bit_length())) - 1)
    order = np.sort((keys & ~low) | np.arange(len(keys), dtype=np.uint64)) & low
    near = np.zeros(len(keys) + 1, np.bool_)
    near[1:-1] = (keys[order[1:]] ^ keys[order[:-1]]) <= low
    members = np.flatnonzero(near[1:] | near[:-1])
    order[members] = order[members][np.lexsort((order[members], keys[order[members]]))]
    return pa.record_batch([pa.array(keys[order]), pa.array(order.astype(np.uint32))], schema=_KEY_FIELDS)


def _numbers(**columns: npt.NDArray[np.integer]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.UInt32))
