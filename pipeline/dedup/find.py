"""Which items are duplicates, and of what: exact copies collapse, near copies are proposed, verified, resolved.

An item is removed only for a kept item that it was compared with, and the kept set follows from the total order
alone: see docs/dedup.md for the algorithm and the arguments, in the words used here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import polars as pl

from pipeline.dedup.buckets import Compared, Edges, buckets_of, keep_first, kept_with_removed, look_at
from pipeline.dedup.describe import exact_hashes, keys_column, keys_of
from pipeline.dedup.normalise import matching_form
from pipeline.dedup.resolve import KEPT, REMOVED
from pipeline.dedup.verify import similarity
from pipeline.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from pipeline.dedup.settings import Settings

    I64 = npt.NDArray[np.int64]
    F64 = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

DUPLICATES = pl.Schema(
    {
        "item": pl.UInt32(),
        "duplicate_of": pl.UInt32(),  # an item, or the number of a known item
        "known": pl.Boolean(),
        "score": pl.Float32(),
        "kind": pl.Enum(["exact", "near"]),
    }
)


class Index(Protocol):
    """The kept items of earlier runs, as ``store.index`` opens them; numbered from 0 in the total order."""

    def exact(self, hashes: pl.DataFrame) -> pl.DataFrame:
        """Return ``hashes[item, hash_hi, hash_lo]``'s matches: ``item, known``, the earliest for each item."""
        ...

    def candidates(self, band_keys: pl.DataFrame) -> pl.DataFrame:
        """Return the pairs that share a band key of ``band_keys[item, bands]``: ``item, known, doc_id, line``."""
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


class Found(NamedTuple):
    """The verdict on a batch.

    ``removed`` (``DUPLICATES``): a row an item that goes, by item. ``kept``: ``item, hash_hi, hash_lo, bands`` of
    the kept items, ready for the index; equal texts of one document have one row, the first. ``compared``: how
    many pairs of texts were compared.
    """

    removed: pl.DataFrame
    kept: pl.DataFrame
    compared: int


class _Texts(NamedTuple):
    """The distinct matching forms of a batch that no known item equals, in the order of their first items."""

    forms: pl.Series
    first: I64  # the first item of each
    last: I64
    doc: I64  # the document of the first item
    spread: Bools  # whether further documents have this text


def find_duplicates(items: pl.DataFrame, known: Known | None, settings: Settings) -> Found:
    """Return which of ``items[item u32, doc u32, text]`` are duplicates of earlier items or of known ones.

    ``item`` is the rank in the total order and unique; the items of one document follow each other in it, and
    are never compared with each other. Every known item comes before every item. Rows may be in any order.
    Raises ValueError when the ranks break these rules, CorpusError when a known text is not what the index says.
    """
    rows = _in_order(items)
    groups = _collapse(rows)
    taken = _equal_to_known(groups, known)
    fresh = groups.join(taken, on="form", how="anti", maintain_order="left").with_row_index("node")
    texts, keys = _texts(fresh), keys_of(fresh["form"], settings)
    candidates = _candidates(fresh, keys, known)
    near_known = _near_known(texts.forms, candidates, known, settings)
    states = np.zeros(len(fresh), np.int8)
    states[near_known["node"].to_numpy()] = REMOVED
    done = _resolve(texts, keys, states, settings)
    rows = rows.join(fresh.select("form", "node"), on="form", how="left")
    removed = pl.concat(
        [
            _verdicts(rows.join(taken, on="form"), known=True, kind="exact"),
            _verdicts(_copies(rows, texts, states), known=False, kind="exact"),
            _best(rows, near_known, _near_kept(texts, states, done.edges)),
        ]
    )
    kept = fresh.with_columns(keys_column(keys)).filter(pl.Series(states == KEPT))
    kept = kept.select(pl.col("first").alias("item"), "hash_hi", "hash_lo", "bands")
    return Found(removed.sort("item"), kept, len(done.seen) + len(candidates))


def _in_order(items: pl.DataFrame) -> pl.DataFrame:
    """Return ``item, doc, form`` in the total order; refuse ranks that are not one."""
    rows = items.select("item", "doc", matching_form(pl.col("text")).alias("form")).sort("item")
    if rows["item"].is_duplicated().any():
        raise ValueError("items: two items have the same rank")
    if rows["doc"].rle_id().n_unique() != rows["doc"].n_unique():
        raise ValueError("items: the items of a document do not follow each other in the total order")
    return rows


def _collapse(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the distinct forms, in the order of their first items, with what is needed of their items."""
    doc = pl.col("doc")
    groups = rows.group_by("form", maintain_order=True).agg(
        pl.col("item").first().alias("first"),
        pl.col("item").last().alias("last"),
        doc.first(),
        (doc.min() != doc.max()).alias("spread"),
    )
    return pl.concat([groups, exact_hashes(groups["form"])], how="horizontal")


def _texts(fresh: pl.DataFrame) -> _Texts:
    first, last, doc = (fresh[name].to_numpy().astype(np.int64) for name in ("first", "last", "doc"))
    return _Texts(fresh["form"], first, last, doc, fresh["spread"].to_numpy())


def _equal_to_known(groups: pl.DataFrame, known: Known | None) -> pl.DataFrame:
    """Return ``form, duplicate_of``: the forms whose exact hash the index holds."""
    if known is None:
        return pl.DataFrame(schema={"form": pl.String, "duplicate_of": pl.UInt32})
    hashes = groups.select(pl.col("first").alias("item"), "hash_hi", "hash_lo")
    matches = known.index.exact(hashes).select(pl.col("item").alias("first"), duplicate_of="known")
    return groups.join(matches, on="first").select("form", "duplicate_of")


def _candidates(fresh: pl.DataFrame, keys: npt.NDArray[np.uint64], known: Known | None) -> pl.DataFrame:
    """Return ``node, known, doc_id, line``: the pairs of a text and a known item that share a band key."""
    if known is None:
        return pl.DataFrame(schema={"node": pl.UInt32, "known": pl.UInt32})
    bands = fresh.select(pl.col("node").alias("item")).with_columns(keys_column(keys))
    return known.index.candidates(bands).rename({"item": "node"})


def _near_known(
    forms: pl.Series, candidates: pl.DataFrame, known: Known | None, settings: Settings
) -> pl.DataFrame:
    """Return ``node, duplicate_of, score`` of the candidates that verification against the known text upholds."""
    edges = candidates.select("node", duplicate_of="known")
    if known is None or candidates.is_empty():
        return edges.with_columns(score=pl.lit(None, pl.Float64))
    texts = _fetch(candidates["known"].unique().sort(), known)
    right = candidates["known"].replace_strict(texts["known"], np.arange(len(texts)), return_dtype=pl.Int64)
    scores = similarity(
        pl.concat([forms.rename("form"), texts["form"]]),
        candidates["node"].to_numpy().astype(np.int64),
        right.to_numpy() + len(forms),
        settings,
    )
    return edges.with_columns(score=pl.Series(scores)).filter(pl.col("score").is_not_nan())


def _fetch(numbers: pl.Series, known: Known) -> pl.DataFrame:
    """Return ``known, form`` of these known items, each proved to be the text that the index describes."""
    places = known.index.places(numbers)
    texts = known.fetch_text(places.select("doc_id", "line"))
    rows = places.join(texts, on=["doc_id", "line"], how="left", maintain_order="left")
    rows = rows.with_columns(matching_form(pl.col("text").fill_null("")).alias("form"))
    found = exact_hashes(rows["form"])
    wrong = rows.filter((found["hash_hi"] != rows["hash_hi"]) | (found["hash_lo"] != rows["hash_lo"]))
    if len(wrong):
        doc_id, line = wrong.select("doc_id", "line").row(0)
        raise CorpusError(
            f"index and corpus disagree on {len(wrong)} texts, the first at document {doc_id}, line {line}: the "
            "text there is not the one the index describes; nothing was committed. Run `newsieve verify` on the "
            "corpus folder."
        )
    return rows.select("known", "form")


def _resolve(
    texts: _Texts, keys: npt.NDArray[np.uint64], states: npt.NDArray[np.int8], settings: Settings
) -> Compared:
    """Decide every text in ``states`` in place, then compare the removed with every kept text they may name."""

    def compare(left: I64, right: I64) -> F64:
        return similarity(texts.forms, left, right, settings)

    def apart(left: I64, right: I64) -> Bools:
        return np.asarray(texts.doc[left] != texts.doc[right])

    def may_name(kept: I64, removed: I64) -> Bools:
        elsewhere = texts.spread[removed] | (texts.doc[kept] != texts.doc[removed])
        return np.asarray(elsewhere & (texts.first[kept] < texts.last[removed]))

    buckets = buckets_of(keys)
    done = keep_first(buckets, states, apart, compare)
    for pairs in kept_with_removed(buckets, states):
        done = look_at(done, pairs, may_name, compare)
    return done


def _copies(rows: pl.DataFrame, texts: _Texts, states: npt.NDArray[np.int8]) -> pl.DataFrame:
    """Return ``item, duplicate_of`` of the copies of kept texts in other documents than that of the first."""
    kept = _nodes(texts, np.flatnonzero(states == KEPT), "node")
    return rows.join(kept, on="node").filter(pl.col("doc") != pl.col("kept_doc"))


def _near_kept(texts: _Texts, states: npt.NDArray[np.int8], edges: Edges) -> pl.DataFrame:
    """Return ``node, duplicate_of, kept_doc, score``: the edges between a removed text and a kept one."""
    earlier, later = states[edges.earlier], states[edges.later]
    forth = (earlier == KEPT) & (later == REMOVED)
    back = (earlier == REMOVED) & (
        later == KEPT
    )  # for copies of the removed text that come after the kept one
    kept = np.concatenate([edges.earlier[forth], edges.later[back]])
    removed = np.concatenate([edges.later[forth], edges.earlier[back]])
    score = np.concatenate([edges.score[forth], edges.score[back]])
    ends = pl.DataFrame({"node": removed, "score": score}, schema_overrides={"node": pl.UInt32})
    return pl.concat([ends, _nodes(texts, kept, "kept")], how="horizontal")


def _nodes(texts: _Texts, nodes: I64, name: str) -> pl.DataFrame:
    columns = {name: nodes, "duplicate_of": texts.first[nodes], "kept_doc": texts.doc[nodes]}
    return pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.UInt32))


def _best(rows: pl.DataFrame, near_known: pl.DataFrame, near_kept: pl.DataFrame) -> pl.DataFrame:
    """Return for each item of a removed text the kept item of the highest score, among equals the earliest."""
    to_kept = rows.join(near_kept, on="node").filter(
        pl.col("duplicate_of") < pl.col("item"), pl.col("kept_doc") != pl.col("doc")
    )
    columns = ("item", "duplicate_of", "known", "score")
    edges = pl.concat(
        [
            rows.join(near_known, on="node").with_columns(known=True).select(columns),
            to_kept.with_columns(known=False).select(columns),
        ]
    )
    best = edges.sort("item", "score", "known", "duplicate_of", descending=[False, True, True, False])
    return _verdicts(best.unique("item", keep="first", maintain_order=True), kind="near")


def _verdicts(rows: pl.DataFrame, *, kind: str, known: bool | None = None) -> pl.DataFrame:
    """Return ``DUPLICATES`` rows; where ``known`` is given, all of them are equal texts of that origin."""
    if known is not None:
        rows = rows.with_columns(known=known, score=1.0)
    return rows.with_columns(kind=pl.lit(kind)).select(DUPLICATES.names()).cast(DUPLICATES)
