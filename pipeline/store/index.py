"""The index: what later runs need to know of kept items, their exact hashes and band keys.

One file a run and level, written once and never changed: a run adds a file, and the manifest that names it commits it.
It is an Arrow file without compression, mapped into memory: keys lie sorted beside the numbers of their rows, so that a
run looks up its own keys by binary search and reads no more of a large index than it must. The file's metadata carries
the fingerprint of the settings that made the keys, because keys of other settings look alike and mean nothing, and a
digest of every column, because a flipped bit must not change what is read.
"""

from __future__ import annotations

import json
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash

from pipeline.errors import ConfigError, CorpusError
from pipeline.schema import conform
from pipeline.store.files import damaged, whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]
    I64 = npt.NDArray[np.int64]

Fingerprint = dict[str, str | int | float]

_PLACE: Final = ("doc_id", "line")
_HASHES: Final = ("hash_hi", "hash_lo")


def index_name(kind: str, run: int, suffix: str = ".arrow") -> str:
    """Return the name, inside the corpus folder, of one run's file of a level, or of another ``kind`` of index."""
    return f"index/{kind}-{run:08d}{suffix}"


def index_schema(bands: int) -> pa.Schema:
    """Return the columns of an index file.

    A row a kept item in the total order: ``doc_id, line`` (0: the whole document), ``hash_hi, hash_lo`` (the halves
    of the 128-bit xxh3 of the matching form). Beside these, and in an order of their own each: ``key`` and ``row``
    of the upper half of the exact hash, then of each band: keys ascending, with the rows that have them.
    """
    sorted_keys = [
        (f"{name}_{band}", kind)
        for band in ("exact", *range(bands))
        for name, kind in (("key", pa.uint64()), ("row", pa.uint32()))
    ]
    fixed = [("doc_id", pa.large_string()), ("line", pa.uint32())]
    fixed += [(name, pa.uint64()) for name in _HASHES]
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in (*fixed, *sorted_keys)])


def index_batch(rows: pl.DataFrame, bands: int) -> pa.RecordBatch:
    """Return ``rows[doc_id, line, hash_hi, hash_lo, bands]``, in the total order, as an index holds them."""
    kinds = pl.Schema(
        {"doc_id": pl.String(), "line": pl.UInt32(), **dict.fromkeys(_HASHES, pl.UInt64())}
        | {"bands": pl.Array(pl.UInt64(), bands)}
    )
    stored = conform(rows, kinds)
    keys = stored["bands"].to_numpy().reshape(-1, bands)
    columns = [stored["doc_id"].to_arrow(compat_level=pl.CompatLevel.oldest())]
    columns += [pa.array(stored[name].to_numpy()) for name in ("line", *_HASHES)]
    for column in (stored["hash_hi"].to_numpy(), *keys.T):
        order = np.argsort(column, kind="stable")
        columns += [pa.array(column[order]), pa.array(order.astype(np.uint32))]
    return pa.record_batch(columns, index_schema(bands))


def write_index(path: Path, rows: pl.DataFrame, fingerprint: Mapping[str, str | int | float]) -> None:
    """Write the kept items of one run and level: ``rows[item, doc_id, line, hash_hi, hash_lo, bands]``.

    ``item`` is the rank in the run's total order. The rows are stored in that order, which is how later runs
    tell the earlier of two known items. The file appears whole or not at all; equal rows give equal bytes.
    Raises StorageError.
    """
    made_by = json.dumps(dict(fingerprint), sort_keys=True)
    batch = index_batch(rows.sort("item"), int(fingerprint["bands"]))
    batch = batch.replace_schema_metadata({"fingerprint": made_by, "digest": _digest(batch, made_by)})
    with (
        whole_file(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, batch.schema) as out,
    ):
        out.write_batch(batch)


def open_index(paths: Sequence[Path], fingerprint: Mapping[str, str | int | float]) -> Index:
    """Open the index files of one level, given in the order of their runs; none gives an empty index.

    Raises CorpusError for a file that is missing or damaged, ConfigError for one of another fingerprint.
    """
    return Index([_read(path, fingerprint) for path in paths])


class _Sorted(NamedTuple):
    """Keys in ascending order, and the row of each."""

    keys: U64
    rows: U32


class Index:
    """The kept items of earlier runs, numbered from 0 in the total order: by run, then by rank in the run."""

    def __init__(self, parts: Sequence[pa.RecordBatch]) -> None:
        self._parts = parts
        self._starts: list[int] = [0, *accumulate(part.num_rows for part in parts)]

    def __len__(self) -> int:
        """Return the number of known items."""
        return self._starts[-1]

    def exact(self, hashes: pl.DataFrame) -> pl.DataFrame:
        """Return ``item, known`` for the rows of ``hashes[item, hash_hi, hash_lo]`` that a known item equals.

        Of several equal known items, the earliest.
        """
        high, low = (hashes[name].to_numpy() for name in _HASHES)
        found = [pl.DataFrame(schema={"at": pl.UInt32, "known": pl.UInt32})]
        for part, start in zip(self._parts, self._starts, strict=False):
            at, row = _matches(high, _sorted(part, "exact"))
            same = part["hash_lo"].to_numpy()[row] == low[at]
            found.append(_numbers(at=at[same], known=row[same] + start))
        first = pl.concat(found).group_by("at").agg(pl.col("known").min())
        items = hashes.select("item").with_row_index("at")
        return first.join(items, on="at").select("item", "known").sort("item")

    def candidates(self, band_keys: pl.DataFrame) -> pl.DataFrame:
        """Return ``item, known, doc_id, line``: the pairs that share a key of ``band_keys[item, bands]``.

        A pair comes once, however many keys it shares; sorted by item, then known item.
        """
        width = band_keys.schema["bands"]
        assert isinstance(width, pl.Array)
        keys, item = band_keys["bands"].to_numpy().reshape(-1, width.size), band_keys["item"].to_numpy()
        found = [_numbers(item=item[:0], known=item[:0])]
        for band in range(width.size if self._parts else 0):
            asked = np.ascontiguousarray(keys[:, band])
            for part, start in zip(self._parts, self._starts, strict=False):
                at, row = _matches(asked, _sorted(part, band))
                found.append(_numbers(item=item[at], known=row + start))
        pairs = pl.concat(found).unique().sort("item", "known")
        spots = self.places(pairs["known"].unique().sort()).select("known", *_PLACE)
        return pairs.join(spots, on="known", how="left", maintain_order="left")

    def places(self, known: pl.Series) -> pl.DataFrame:
        """Return ``known, doc_id, line, hash_hi, hash_lo`` of the known items with these numbers, in order."""
        numbers = known.to_numpy().astype(np.int64)
        pieces = [pl.DataFrame(schema={"at": pl.UInt32, **_PLACES})]
        for part, start in zip(self._parts, self._starts, strict=False):
            at = np.flatnonzero((numbers >= start) & (numbers < start + part.num_rows))
            taken = part.select(["doc_id", "line", *_HASHES]).take(pa.array(numbers[at] - start))
            frame = pl.DataFrame(pl.from_arrow(taken))
            pieces.append(_numbers(at=at, known=numbers[at]).hstack(frame))
        return pl.concat(pieces).sort("at").drop("at")


_PLACES: Final = {
    "known": pl.UInt32,
    "doc_id": pl.String,
    "line": pl.UInt32,
    **dict.fromkeys(_HASHES, pl.UInt64),
}


def _numbers(**columns: npt.NDArray[np.integer]) -> pl.DataFrame:
    return pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.UInt32))


def _sorted(part: pa.RecordBatch, band: int | str) -> _Sorted:
    return _Sorted(part[f"key_{band}"].to_numpy(), part[f"row_{band}"].to_numpy())


def _matches(asked: U64, known: _Sorted) -> tuple[I64, I64]:
    """Return all pairs (place in ``asked``, row) of equal keys. Sorted needles keep to what the cache holds."""
    order = np.argsort(asked)
    needles = asked[order]
    first = np.searchsorted(known.keys, needles)
    met = np.flatnonzero(first < len(known.keys))
    met = met[known.keys[first[met]] == needles[met]]
    first = first[met]
    count = np.searchsorted(known.keys, needles[met], side="right") - first
    before = np.cumsum(count) - count
    places = np.arange(int(count.sum())) + np.repeat(first - before, count)
    return np.repeat(order[met], count), known.rows[places].astype(np.int64)


def _read(path: Path, fingerprint: Mapping[str, str | int | float]) -> pa.RecordBatch:
    """Map one index file, prove that it is what was written, and only then judge its fingerprint."""
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        made_by = reader.schema.metadata[b"fingerprint"].decode()
        written = json.loads(made_by)
        batch = reader.get_batch(0)
        batch.validate()
        alike = reader.num_record_batches == 1 and batch.schema.equals(index_schema(int(written["bands"])))
        whole = alike and batch.schema.metadata[b"digest"].decode() == _digest(batch, made_by)
    except (OSError, LookupError, TypeError, ValueError, OverflowError, pa.ArrowException) as error:
        raise CorpusError(damaged(path, str(error) or type(error).__name__)) from error
    if not whole:
        raise CorpusError(damaged(path, "its rows are not those that were written"))
    _compare(path, written, fingerprint)
    return batch


def _compare(path: Path, written: Fingerprint, wanted: Mapping[str, str | int | float]) -> None:
    """Refuse an index whose keys were made under other settings."""
    keys = sorted(written.keys() | wanted.keys())
    differing = [
        f"{key} {written.get(key, 'absent')} there, {wanted.get(key, 'absent')} here"
        for key in keys
        if written.get(key) != wanted.get(key)
    ]
    if differing:
        raise ConfigError(
            f"{path}: the index was written under other dedup settings ({'; '.join(differing)}), so its keys "
            "cannot be compared with this run's; nothing was started. Run with the corpus's own settings, or "
            "write to a new folder."
        )


def _digest(batch: pa.RecordBatch, made_by: str) -> str:
    """Return the 128-bit xxh3 of the fingerprint and of every column's values, hexadecimal."""
    digest = xxhash.xxh3_128(f"{made_by}\n{batch.num_rows}\n".encode())
    for column in batch.columns:
        if column.null_count:
            return "null is no value of an index"
        if column.type == pa.large_string():
            offsets, data = column.buffers()[1:]
            starts = np.frombuffer(offsets, np.int64)[: len(column) + 1]
            digest.update(starts.data)
            digest.update(data.slice(0, int(starts[-1])) if data else b"")
        else:
            digest.update(column.to_numpy().data)
    return digest.hexdigest()
