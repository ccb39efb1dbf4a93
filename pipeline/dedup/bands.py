"""Bands: how signatures propose candidate pairs.

Two signatures that agree in all rows of one band share that band's key. The pair is then only a candidate:
verification decides. So bands are chosen for recall alone, and false candidates cost time, never text.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    import numpy.typing as npt

_GOLDEN: Final = 0x9E3779B97F4A7C15  # 2^64 / golden ratio: tells the bands' seeds apart
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)  # multiplier of the "rrmxmx" 64-bit mixer (P. Evensen, 2018)
_HALF: Final = np.uint64(32)

# What bands cost a text, in the time that one permutation of it takes:
_BAND_COST: Final = 3  # to keep a key and find its equals
_PAIR_COST: Final = 125  # to verify a pair; each is one of two texts'
_UNRELATED: Final = 0.02  # similarity of unrelated texts, counted high
_TEXTS: Final = 1_000_000  # that a text is unrelated to
_LANES: Final = 8  # keys that a vector holds


def recall_at(similarity: float, bands: int, rows: int) -> float:
    """Return the chance that a pair of this Jaccard similarity shares a band key: 1 - (1 - s^rows)^bands."""
    return float(1.0 - (1.0 - similarity**rows) ** bands)


@cache
def bands_for(threshold: float, num_perm: int, recall: float) -> tuple[int, int]:
    """Return the (bands, rows) of least cost whose recall at ``threshold`` is at least ``recall``.

    More rows take more permutations, fewer propose more unrelated pairs: see docs/dedup.md for the cost. Bands are
    filled up to what vectors hold, if ``num_perm`` has so many. Raises ConfigError if even one row a band falls short.
    """
    costs = []
    for rows in range(1, num_perm + 1):
        most = num_perm // rows
        enough = next(
            (bands for bands in range(1, most + 1) if recall_at(threshold, bands, rows) >= recall), 0
        )
        bands = min(most, -(-enough // _LANES) * _LANES)
        cost = bands * (rows + _BAND_COST + _PAIR_COST * _TEXTS * _UNRELATED**rows)
        costs += [(cost, bands, rows)] if enough else []
    if not costs:
        raise ConfigError(
            f"dedup: no bands of {num_perm} permutations reach recall {recall} at threshold {threshold}; "
            "nothing was started. Raise num_perm or threshold, or lower recall."
        )
    return min(costs)[1:]


def band_seeds(bands: int) -> npt.NDArray[np.uint64]:
    """Return the value that each band's key starts from: multiples of 2^64 / golden ratio."""
    return np.arange(1, bands + 1, dtype=np.uint64) * np.uint64(_GOLDEN)


def band_keys(signatures: npt.NDArray[np.uint32], bands: int, rows: int) -> npt.NDArray[np.uint64]:
    """Return one 64-bit key a band, shape (texts, bands), of signatures of shape (texts, num_perm).

    The band's number seeds its key, so equal rows in different bands give different keys.
    """
    used = signatures[:, : bands * rows].reshape(-1, bands, rows).astype(np.uint64)
    keys = np.broadcast_to(band_seeds(bands), used.shape[:2]).copy()
    for row in range(rows):
        keys ^= used[:, :, row]
        keys *= _MIX
        keys ^= keys >> _HALF
    keys *= _MIX
    keys ^= keys >> _HALF
    return keys
