"""What is known of a text without the text: its exact hash and its band keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import xxhash

from pipeline.dedup.bands import band_keys
from pipeline.dedup.normalise import matching_form
from pipeline.dedup.signature import shingle_hashes, signatures, text_blocks

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipeline.dedup.settings import Settings


def describe(texts: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return ``item, hash_hi, hash_lo, bands`` for ``texts[item, text]``, in the same order.

    ``hash_hi`` and ``hash_lo`` (u64) are the halves of the 128-bit xxh3 of the matching form's UTF-8; ``bands``
    is an array of one u64 a band.
    """
    forms = matching_form(texts["text"])
    hashes, keys = exact_hashes(forms), keys_of(forms, settings)
    return pl.concat([texts.select("item"), hashes, keys_column(keys).to_frame()], how="horizontal")


def exact_hashes(forms: pl.Series) -> pl.DataFrame:
    """Return ``hash_hi, hash_lo``: the 128-bit xxh3 of each matching form, as two u64."""
    digests = b"".join([xxhash.xxh3_128_digest(form) for form in forms.cast(pl.Binary)])
    halves = np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2)
    return pl.DataFrame({"hash_hi": halves[:, 0], "hash_lo": halves[:, 1]})


def keys_of(forms: pl.Series, settings: Settings) -> npt.NDArray[np.uint64]:
    """Return the band keys of matching forms, shape (texts, bands); the signatures themselves are not stored."""
    bands, rows = settings.bands()
    keys = np.empty((len(forms), bands), np.uint64)
    for first, last in text_blocks(forms):
        shingles = shingle_hashes(forms[first:last], settings.shingle)
        found = signatures(shingles, settings.num_perm, settings.seed)
        keys[first:last] = band_keys(found, bands, rows)
    return keys


def keys_column(keys: npt.NDArray[np.uint64]) -> pl.Series:
    """Return band keys of shape (texts, bands) as one array column named ``bands``."""
    return pl.Series("bands", keys, dtype=pl.Array(pl.UInt64, keys.shape[1]))
