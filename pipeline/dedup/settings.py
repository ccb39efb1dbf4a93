"""What decides which texts are duplicates, as one frozen object.

Every value here changes signatures or verdicts, so all of them are in the fingerprint that an index carries:
an index written under other settings is refused, never silently misread.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal, get_args

from pipeline.dedup.bands import bands_for
from pipeline.dedup.normalise import NORMALISER_VERSION
from pipeline.dedup.signature import SCHEME, SHINGLE_HASH_VERSION
from pipeline.errors import ConfigError

Rule = Literal["jaccard", "containment", "coverage"]

_MAX_SHINGLE: Final = 32
_ALIKE_ENOUGH: Final = 0.5  # Jaccard from which the other rules' pairs are proposed with the recall wanted


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the search for duplicates.

    ``rule``: what ``threshold``, in (0, 1], is the least of. ``jaccard``: shared shingles by all of both texts.
    ``containment``: the share of the removed text's shingles that the kept one has. ``coverage``: the share of its
    characters that lie in such shingles. ``scope``: whether ``all`` items are compared, or those of one ``host``.
    ``templates``: whether texts that differ in figures, dates and names alone are near copies, or never compared.
    ``min_chars``: characters of the matching form below which an item is no item. ``num_perm``: values a signature.
    ``seed``: of the permutations, as datasketch takes it. ``shingle``: characters a shingle. ``recall``: least share of
    the pairs exactly at the threshold that the bands must propose. Raises ConfigError.
    """

    threshold: float = 0.8
    rule: Rule = "jaccard"
    scope: Literal["all", "host"] = "all"
    templates: Literal["remove", "keep"] = "remove"
    min_chars: int = 0
    num_perm: int = 128
    seed: int = 1
    shingle: int = 5
    recall: float = 0.995

    def __post_init__(self) -> None:
        """Refuse values outside their range, and a recall that no bands reach."""
        checks = {
            "threshold": 0 < self.threshold <= 1,
            "rule": self.rule in get_args(Rule),
            "scope": self.scope in ("all", "host"),
            "templates": self.templates in ("remove", "keep"),
            "min_chars": self.min_chars >= 0,
            "num_perm": 1 <= self.num_perm <= 1024,
            "seed": 0 <= self.seed < 1 << 32,
            "shingle": 1 <= self.shingle <= _MAX_SHINGLE,
            "recall": 0 < self.recall < 1,
        }
        wrong = [f"{name} = {getattr(self, name)}" for name, good in checks.items() if not good]
        if wrong:
            raise ConfigError(
                f"dedup: out of range: {', '.join(wrong)}; nothing was started. Allowed: threshold in (0, 1], "
                f"rule {', '.join(get_args(Rule))}, scope all, host, templates remove, keep, "
                f"min_chars from 0, num_perm 1–1024, seed 0–4294967295, shingle 1–{_MAX_SHINGLE}, recall in (0, 1)."
            )
        self.bands()

    def bands(self) -> tuple[int, int]:
        """Return how many bands a signature is cut into, and the rows (values) of each."""
        return bands_for(self.proposed_from(), self.num_perm, self.recall)

    def proposed_from(self) -> float:
        """Return the Jaccard similarity from which pairs are proposed with the recall wanted."""
        return self.threshold if self.rule == "jaccard" else _ALIKE_ENOUGH

    def fingerprint(self) -> dict[str, str | int | float]:
        """Return what an index must agree on before its hashes and band keys mean anything here."""
        bands, rows = self.bands()
        return {
            **asdict(self),
            "scheme": SCHEME,
            "bands": bands,
            "rows": rows,
            "normaliser": NORMALISER_VERSION,
            "shingle_hash": SHINGLE_HASH_VERSION,
        }
