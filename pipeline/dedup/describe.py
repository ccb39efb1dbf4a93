"""What is known of a text without the text: its exact hash and its band keys."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import xxhash

from pipeline.dedup.bands import band_keys, band_seeds
from pipeline.dedup.engine import kernels_for, spread
from pipeline.dedup.normalise import forms_of
from pipeline.dedup.signature import KEYS, permutations, shingle_hashes, signatures, text_blocks
from pipeline.dedup.utf8 import Texts, series_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    import numpy.typing as npt

    from pipeline.dedup.settings import Settings

    I64 = npt.NDArray[np.int64]
    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]

_BLOCK_BYTES: Final = 1 << 20  # of texts that a kernel is given at once: they stay in a core's cache
_LANES: Final = 16  # 32-bit values of the widest vector: permutations are filled up to a multiple


def describe(texts: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return ``item, hash_hi, hash_lo, bands`` for ``texts[item, text]``, in the same order.

    ``hash_hi`` and ``hash_lo`` (u64) are the halves of the 128-bit xxh3 of the matching form's UTF-8; ``bands``
    is an array of one u64 a band.
    """
    column = texts_of(texts["text"])
    kernels = kernels_for(int(column.sizes().sum()))
    hashes, keys = exact_hashes(column, kernels), keys_of(column, np.arange(len(texts)), settings, kernels)
    columns = [pl.Series("hash_hi", hashes[0]), pl.Series("hash_lo", hashes[1]), keys_column(keys)]
    return texts.select("item").with_columns(columns)


def exact_hashes(texts: Texts, kernels: ModuleType | None) -> U64:
    """Return the 128-bit xxh3 of the matching form of each text, high and low half: shape (2, texts)."""
    found = np.empty((2, len(texts.views)), np.uint64)

    def work(block: tuple[int, int]) -> None:
        first, last = block
        forms = forms_of(texts, np.arange(first, last), kernels)
        if kernels is not None:
            kernels.exact_hashes(forms.data, forms.offsets, found[:, first:last])
            return
        data, ends = forms.data.data, forms.offsets.tolist()
        digests = b"".join([xxhash.xxh3_128_digest(data[a:b]) for a, b in pairwise(ends)])
        found[:, first:last] = np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2).T

    _each_block(work, texts.sizes(), kernels)
    return found


def keys_of(texts: Texts, rows: I64, settings: Settings, kernels: ModuleType | None) -> U64:
    """Return the band keys of the matching forms of some rows, shape (bands, rows); signatures are not stored."""
    bands, height = settings.bands()
    keys = np.empty((bands, len(rows)), np.uint64)
    factors, addends = permutations(settings.num_perm, settings.seed)
    by_row = [_by_row(values, bands, height) for values in (factors, addends)]

    def work(block: tuple[int, int]) -> None:
        first, last = block
        forms = forms_of(texts, rows[first:last], kernels)
        if kernels is not None:
            found = keys[:, first:last]
            kernels.band_keys(
                forms.data, forms.offsets, settings.shingle, KEYS, *by_row, height, band_seeds(bands), found
            )
            return
        shingles = shingle_hashes(series_of(forms), settings.shingle)
        keys[:, first:last] = band_keys(
            signatures(shingles, settings.num_perm, settings.seed), bands, height
        ).T

    _each_block(work, texts.sizes()[rows], kernels)
    return keys


def _each_block(work: Callable[[tuple[int, int]], None], sizes: I64, kernels: ModuleType | None) -> None:
    """Call ``work`` for ranges of texts: on all cores with kernels, else one after the other."""
    if kernels is not None:
        spread(work, text_blocks(sizes, _BLOCK_BYTES))
        return
    for block in text_blocks(sizes):
        work(block)


def _by_row(values: U32, bands: int, rows: int) -> U32:
    """Order permutations as the kernel wants them: the first row of all bands, the second, and so on."""
    ordered = values[: bands * rows].reshape(bands, rows).T.ravel()
    return np.concatenate([ordered, np.zeros(-len(ordered) % _LANES, np.uint32)])


def keys_column(keys: U64) -> pl.Series:
    """Return band keys of shape (bands, texts) as one array column named ``bands``."""
    return pl.Series("bands", np.ascontiguousarray(keys.T), dtype=pl.Array(pl.UInt64, len(keys)))
