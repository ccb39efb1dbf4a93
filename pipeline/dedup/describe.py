"""What is known of a text without the text: its exact hash and its band keys."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import xxhash

from pipeline.dedup.bands import band_keys, band_seeds
from pipeline.dedup.engine import spread, work_space
from pipeline.dedup.normalise import forms_of
from pipeline.dedup.room import BandKeys
from pipeline.dedup.signature import KEYS, permutations, shingle_hashes, signatures, text_blocks
from pipeline.dedup.utf8 import Texts, Utf8, series_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from pipeline.dedup.compiled import Kernels
    from pipeline.dedup.settings import Settings

    I64 = npt.NDArray[np.int64]
    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]
    Bools = npt.NDArray[np.bool_]

_BLOCK_BYTES: Final = 1 << 20  # of texts that a kernel is given at once: they stay in a core's cache
_LANES: Final = 16  # 32-bit values of the widest vector: permutations are filled up to a multiple


def exact_hashes(texts: Texts, kernels: Kernels | None, min_chars: int = 0) -> tuple[U64, Bools]:
    """Return the 128-bit xxh3 of the matching form of each text, high and low half: shape (2, texts).

    Also whether each form has at least ``min_chars`` characters.
    """
    found, long = np.empty((2, len(texts.views)), np.uint64), np.empty(len(texts.views), np.bool_)
    order = texts.reading_order(np.arange(len(texts.views)))

    def work(block: tuple[int, int]) -> None:
        rows = order[slice(*block)]
        forms = forms_of(texts, rows, kernels)
        long[rows] = _has_chars(forms, min_chars)
        if kernels is not None:
            hashes = np.empty((2, len(rows)), np.uint64)
            kernels.exact_hashes(*forms, np.empty(8, np.uint64), hashes)
        else:
            data, ends = forms.data.data, forms.offsets.tolist()
            digests = b"".join([xxhash.xxh3_128_digest(data[a:b]) for a, b in pairwise(ends)])
            hashes = np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2).T
        found[:, rows] = hashes

    _each_block(work, texts.sizes(order), kernels)
    return found, long


def _has_chars(texts: Utf8, least: int) -> Bools:
    """Tell which texts have so many characters; few must be counted, for a character has one to four bytes."""
    sizes = np.diff(texts.offsets)
    found = sizes >= 4 * least
    unsure = np.flatnonzero(~found & (sizes >= least))
    if len(unsure):
        ends = np.cumsum(sizes[unsure])
        starts = ends - sizes[unsure]
        data = texts.data[np.arange(ends[-1]) + np.repeat(texts.offsets[unsure] - starts, sizes[unsure])]
        found[unsure] = np.add.reduceat((data & 0xC0) != 0x80, starts, dtype=np.int64) >= least
    return np.asarray(found)


def put_keys(keys: BandKeys, texts: Texts, rows: I64, settings: Settings, kernels: Kernels | None) -> None:
    """Put the band keys of the matching forms of some rows into ``keys``, in their order; signatures are not stored."""
    bands, height = settings.bands()
    factors, addends = permutations(settings.num_perm, settings.seed)
    by_row = [_by_row(values, bands, height) for values in (factors, addends)]

    def work(block: tuple[int, int]) -> None:
        first, last = block
        forms = forms_of(texts, rows[first:last], kernels)
        if kernels is not None:
            found = np.empty((bands, last - first), np.uint64)
            points, hashes = work_space(forms, settings.shingle)
            space = (
                points,
                hashes,
                np.empty_like(points),
                np.empty_like(by_row[0]),
                np.empty(bands, np.uint64),
            )
            given = (settings.shingle, KEYS, *by_row, height, band_seeds(bands))
            kernels.band_keys(*forms, *given, *space, found)
        else:
            shingles = shingle_hashes(series_of(forms), settings.shingle)
            values = signatures(shingles, settings.num_perm, settings.seed, bands * height)
            found = band_keys(values, bands, height).T
        keys.put(first, found)

    _each_block(work, texts.sizes(rows), kernels)


def _each_block(work: Callable[[tuple[int, int]], None], sizes: I64, kernels: Kernels | None) -> None:
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
