"""The index: what later runs need to know of kept items, their exact hashes and band keys.

One Parquet file a run and level, written once and never changed: a run adds a file, and the manifest that names it
commits it. The file's metadata carries the fingerprint of the settings that made the keys, because keys of other
settings look alike and mean nothing, and a digest of the rows, because a flipped bit outside of Parquet's pages can
change what is read and no page checksum tells.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from polars.exceptions import PanicException, PolarsError

from pipeline.errors import ConfigError, CorpusError
from pipeline.schema import conform
from pipeline.store.files import damaged, read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Fingerprint = dict[str, str | int | float]

_PLACE: Final = ("doc_id", "line")
_HASHES: Final = ("hash_hi", "hash_lo")
PLACED: Final = ("item", *_PLACE, *_HASHES, "bands")  # what a run hands over for each kept item


def index_name(level: Literal["documents", "paragraphs"], run: int) -> str:
    """Return the name, inside the corpus folder, of the index file of one run and level."""
    return f"index/{level}-{run:08d}.parquet"


def index_schema(bands: int) -> pl.Schema:
    """Return the columns of an index file; ``line`` is 0 for a whole document."""
    return pl.Schema(
        {
            "doc_id": pl.String(),
            "line": pl.UInt32(),
            "hash_hi": pl.UInt64(),  # halves of the 128-bit xxh3 of the matching form
            "hash_lo": pl.UInt64(),
            "bands": pl.Array(pl.UInt64(), bands),  # a key for each band
        }
    )


def write_index(path: Path, rows: pl.DataFrame, fingerprint: Mapping[str, str | int | float]) -> None:
    """Write the kept items of one run and level: ``rows[item, doc_id, line, hash_hi, hash_lo, bands]``.

    ``item`` is the rank in the run's total order. The rows are stored in that order, which is how later runs
    tell the earlier of two known items. The file appears whole or not at all; equal rows give equal bytes.
    Raises StorageError.
    """
    schema, made_by = index_schema(int(fingerprint["bands"])), json.dumps(dict(fingerprint), sort_keys=True)
    stored = conform(rows.sort("item"), schema)
    write_table(stored, path, schema, {"fingerprint": made_by, "digest": _digest(stored, made_by)})


def open_index(paths: Sequence[Path], fingerprint: Mapping[str, str | int | float]) -> Index:
    """Open the index files of one level, given in the order of their runs; none gives an empty index.

    Raises CorpusError for a file that is missing or damaged, ConfigError for one of another fingerprint.
    """
    schema = index_schema(int(fingerprint["bands"]))
    parts = [_read(path, fingerprint) for path in paths]
    return Index(pl.concat([pl.DataFrame(schema=schema), *parts], rechunk=True))


class Index:
    """The kept items of earlier runs, numbered from 0 in the total order: by run, then by rank in the run."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self._rows = rows.with_row_index("known")

    def __len__(self) -> int:
        """Return the number of known items."""
        return len(self._rows)

    def exact(self, hashes: pl.DataFrame) -> pl.DataFrame:
        """Return ``item, known`` for the rows of ``hashes[item, hash_hi, hash_lo]`` that a known item equals.

        Of several equal known items, the earliest.
        """
        known = self._rows.lazy().select(*_HASHES, "known")
        asked = hashes.lazy().select("item", *_HASHES)
        matches = asked.join(known, on=_HASHES).group_by("item").agg(pl.col("known").min())
        return matches.sort("item").collect()

    def candidates(self, band_keys: pl.DataFrame) -> pl.DataFrame:
        """Return ``item, known, doc_id, line``: the pairs that share a key of ``band_keys[item, bands]``.

        A pair comes once, however many keys it shares; sorted by item, then known item.
        """
        bands = self._rows.schema["bands"]
        assert isinstance(bands, pl.Array)
        known, asked = self._rows.lazy(), band_keys.lazy()
        pairs = []
        for band in range(bands.size):
            key = pl.col("bands").arr.get(band).alias("key")
            pairs.append(asked.select("item", key).join(known.select("known", key), on="key").drop("key"))
        found = pl.concat(pairs).unique().sort("item", "known")
        return found.join(known.select("known", *_PLACE), on="known", maintain_order="left").collect()

    def places(self, known: pl.Series) -> pl.DataFrame:
        """Return ``known, doc_id, line, hash_hi, hash_lo`` of the known items with these numbers, in order."""
        return self._rows.select("known", *_PLACE, *_HASHES)[known.cast(pl.UInt32)]


def _read(path: Path, fingerprint: Mapping[str, str | int | float]) -> pl.DataFrame:
    """Read one index file, prove that it is what was written, and only then judge its fingerprint."""
    try:
        metadata = pq.read_metadata(path).metadata
        made_by = metadata[b"fingerprint"].decode()
        written = json.loads(made_by)
        rows = read_table(path, index_schema(int(written["bands"])))
        whole = metadata[b"digest"].decode() == _digest(rows, made_by)
    except (
        OSError,
        LookupError,
        TypeError,
        ValueError,
        pa.ArrowException,
        PolarsError,
        PanicException,
    ) as error:
        raise CorpusError(damaged(path, str(error) or type(error).__name__)) from error
    if not whole:
        raise CorpusError(damaged(path, "its rows are not those that were written"))
    _compare(path, written, fingerprint)
    return rows


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


def _digest(rows: pl.DataFrame, made_by: str) -> str:
    """Return the 128-bit xxh3 of the rows' values and the fingerprint, hexadecimal."""
    if any(rows.null_count().row(0)):
        return "null is no value of an index"
    digest = xxhash.xxh3_128(f"{made_by}\n{len(rows)}\n".encode())
    digest.update("\n".join(rows["doc_id"].to_list()).encode())
    for name in ("line", *_HASHES):
        digest.update(rows[name].to_numpy().tobytes())
    digest.update(rows["bands"].explode().to_numpy().tobytes())
    return digest.hexdigest()
