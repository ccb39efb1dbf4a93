"""The template of a text: what is left of its matching form when figures, dates and names of persons are taken out.

Market reports, weather and appointments are written from templates. Texts of one template that differ only in their
figures or names are near-duplicates by any measure of words, and yet each says something else.
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

# No list of names: one of the surnames that nearly all Koreans have, one or two syllables, and a title or an age beside
# them. That they are no name may be: it matters for texts that are equal but for such a place, and then both stay.
_NAME: Final = (
    "(?:남궁|황보|제갈|선우|독고|사공|"
    "[가간감강견경계고공곽교구국궁권금기길김나남노당도동두라려류마맹명모목문민박반방배백범변보복봉부빈사상서석선설성소손송승"
    "시신심안양어엄여연염예오옥온왕용우원위유육윤은음이인임장전점정제조종좌주지진차창채천초최추탁탄태팽편표피하한함허현형호홍"
    "화황])[가-힣]{1,2}?"
)
_TITLE: Final = (
    "(?:대통령|총리|장관|차관|대변인|위원장|위원|의원|의장|지사|군수|시장|청장|총장|교장|원장|소장|관장|단장|처장|실장|"
    "국장|부장|차장|과장|팀장|센터장|회장|사장|행장|총재|대표|이사|전무|상무|사무관|서기관|주무관|이사관|경무관|총경|경정|검사|판사|"
    "변호사|교수|박사|연구원|애널리스트|감독|선수|기자|후보|씨)"
)
_AFTER_TITLE: Final = rf"({_TITLE}){_NAME}([^가-힣]|$)"  # 총무과장 홍길동 △
_BEFORE_TITLE: Final = rf"{_NAME}({_TITLE}|\([0-9])"  # 홍길동 교수 · 홍길동(45)


def templates_of(texts: Texts, rows: I64, kernels: Kernels | None) -> U64:
    """Return a hash of the template of each of some rows; it is good for this process only."""
    found = np.empty(len(rows), np.uint64)

    def work(block: tuple[int, int]) -> None:
        forms = series_of(forms_of(texts, rows[slice(*block)], kernels))
        named = forms.str.replace_all(_AFTER_TITLE, "${1}0$2").str.replace_all(_BEFORE_TITLE, "0$1")
        found[slice(*block)] = named.str.replace_all(_FIGURES, "0").hash().to_numpy()

    spread(work, text_blocks(texts.sizes(rows)))
    return found
