"""How figures are written."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def told(values: Sequence[float], digits: int = 2) -> str:
    """Return the median of ``values`` with the least and the greatest."""
    low, high = min(values), max(values)
    middle = f"{statistics.median(values):,.{digits}f}"
    return middle if len(values) == 1 else f"{middle} ({low:,.{digits}f}–{high:,.{digits}f})"
