"""The template of a text: what is left of its matching form when figures and dates are taken out.

Market reports, weather and appointments are written from templates. Texts of one template that differ only in their
figures are near-duplicates by any measure of words, and yet each says something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from pipeline.dedup.engine import spread
from pipeline.dedup.normalise import forms_of
from pipeline.dedup.signature import text_blocks
from pipeline.dedup.utf8 import Texts, series_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from pipeline.dedup.compiled import Kernels

    I64 = npt.NDArray[np.int64]
    U64 = npt.NDArray[np.uint64]

# Matching forms have no blanks and are in lower case.
_FIGURES: Final = (
    r"(?:[0-9]+[.,:/~%+-]*[십백천만억조]*)+"  # 2,601.37 · 3만5천 · 2024-05-01 · 10:30~11:00 · 4.5%
    r"|[월화수목금토일]요일|\([월화수목금토일]\)|오전|오후"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|january|february|march|april|may|june|july|august|september|october|november|december"
)


def templates_of(texts: Texts, rows: I64, kernels: Kernels | None) -> U64:
    """Return a hash of the template of each of some rows; it is good for this process only."""
    found = np.empty(len(rows), np.uint64)

    def work(block: tuple[int, int]) -> None:
        forms = series_of(forms_of(texts, rows[slice(*block)], kernels))
        found[slice(*block)] = forms.str.replace_all(_FIGURES, "0").hash().to_numpy()

    spread(work, text_blocks(texts.sizes(rows)))
    return found
