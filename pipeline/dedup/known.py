"""Known items, kept by earlier runs: which texts they equal, which they may stand for, and the proof of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import polars as pl

from pipeline.dedup.describe import exact_hashes
from pipeline.dedup.templates import templates_of
from pipeline.dedup.utf8 import texts_of
from pipeline.dedup.verify import similarity
from pipeline.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from pipeline.dedup.compiled import Kernels
    from pipeline.dedup.find import Nodes
    from pipeline.dedup.settings import Settings

    U64 = npt.NDArray[np.uint64]
    I64 = npt.NDArray[np.int64]
    F64 = npt.NDArray[np.float64]

_FETCHED: Final = 1 << 17  # known texts that are in memory at once


class Index(Protocol):
    """The kept items of earlier runs, as ``store.index`` opens them; numbered from 0 in the total order."""

    def exact(self, hashes: pl.DataFrame) -> pl.DataFrame:
        """Return ``hashes[item, hash_hi, hash_lo]``'s matches: ``item, known``, the earliest for each item."""
        ...

    def candidates(self, bands: Iterable[U64]) -> pl.DataFrame:
        """Return ``item, known``: the places and known items that share a key of one of the ``bands``."""
        ...

    def places(self, known: pl.Series) -> pl.DataFrame:
        """Return ``known, doc_id, line, hash_hi, hash_lo`` of known items, by number."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """An index, and how to get its texts: ``fetch_text(keys[doc_id, line])`` adds the column ``text``.

    The text is the one that was described when the item was kept; of a whole document that is what it held
    before its paragraphs were deduplicated.
    """

    index: Index
    fetch_text: Callable[[pl.DataFrame], pl.DataFrame]


def equal_to_known(hashes: U64, known: Known | None) -> I64:
    """Return for each text the earliest known item that has the same exact hash, or -1."""
    taken = np.full(hashes.shape[1], -1)
    if known is not None:
        asked = pl.DataFrame({"hash_hi": hashes[0], "hash_lo": hashes[1]}).with_row_index("item")
        matches = known.index.exact(asked)
        taken[matches["item"].to_numpy()] = matches["known"].to_numpy()
    return taken


def candidates_of(nodes: Nodes, known: Known | None) -> pl.DataFrame:
    """Return ``node, known``: the pairs of a text and a known item that share a band key."""
    if known is None:
        return pl.DataFrame(schema={"node": pl.UInt32, "known": pl.UInt32})
    return known.index.candidates(nodes.keys).rename({"item": "node"})


def near_known_of(
    nodes: Nodes,
    candidates: pl.DataFrame,
    known: Known | None,
    settings: Settings,
    kernels: Kernels | None,
) -> pl.DataFrame:
    """Return ``node, duplicate_of, score`` of the candidates that verification against the known text upholds.

    So many known texts at a time as memory may hold.
    """
    edges = [pl.DataFrame(schema={"node": pl.UInt32, "duplicate_of": pl.UInt32, "score": pl.Float64})]
    if known is not None:
        for some in candidates["known"].unique().sort().to_frame().iter_slices(_FETCHED):
            pairs = candidates.join(some, on="known", how="semi", maintain_order="left")
            scores = _scores(nodes, pairs, known, settings, kernels)
            scored = pairs.select("node", duplicate_of="known", score=pl.Series(scores))
            edges.append(scored.filter(pl.col("score").is_not_nan()))
    return pl.concat(edges)


def _scores(
    nodes: Nodes, pairs: pl.DataFrame, known: Known, settings: Settings, kernels: Kernels | None
) -> F64:
    """Return how well the known item of each pair may stand for the text, NaN if it may not."""
    place = nodes.first[pairs["node"].to_numpy()]
    spaces = pairs.select("known", space=pl.Series(nodes.space[pairs["node"].to_numpy()]))
    texts = _fetch(spaces.unique("known").sort("known"), known, kernels)
    row = pairs["known"].replace_strict(texts["known"], np.arange(len(texts)), return_dtype=pl.Int64)
    both = texts_of(pl.concat([nodes.texts.column, texts["text"]]), nodes.texts.forget)
    one = row.to_numpy() + len(nodes.texts.column)
    scores = similarity(both, one, place, settings, kernels)
    if settings.templates == "keep":
        near = np.flatnonzero(~np.isnan(scores))
        same = templates_of(both, one[near], kernels) == templates_of(both, place[near], kernels)
        scores[near[same]] = np.nan
    return scores


def _fetch(wanted: pl.DataFrame, known: Known, kernels: Kernels | None) -> pl.DataFrame:
    """Return ``known, text`` of ``wanted[known, space]``, each proved to be the text that the index describes."""
    places = known.index.places(wanted["known"])
    texts = known.fetch_text(places.select("doc_id", "line"))
    rows = places.join(texts, on=["doc_id", "line"], how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("text").fill_null(""))
    (high, low), _ = exact_hashes(texts_of(rows["text"]), kernels)
    high ^= wanted["space"].to_numpy()
    wrong = rows.filter((pl.col("hash_hi") != pl.Series(high)) | (pl.col("hash_lo") != pl.Series(low)))
    if len(wrong):
        doc_id, line = wrong.select("doc_id", "line").row(0)
        raise CorpusError(
            f"index and corpus disagree on {len(wrong)} texts, the first at document {doc_id}, line {line}: the "
            "text there is not the one the index describes; nothing was committed. Run `newsieve verify` on the "
            "corpus folder."
        )
    return rows.select("known", "text")
