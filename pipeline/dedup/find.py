"""Which items are duplicates, and of what: exact copies collapse, near copies are proposed, verified, resolved.

An item is removed only for a kept item that it was compared with, and the kept set follows from the total order
alone: see docs/dedup.md for the algorithm and the arguments, in the words used here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from pipeline.dedup.alike import distinct
from pipeline.dedup.buckets import (
    Buckets,
    Compared,
    Edges,
    buckets_of,
    keep_first,
    kept_with_removed,
    look_at,
)
from pipeline.dedup.describe import exact_hashes, put_keys
from pipeline.dedup.engine import kernels_for
from pipeline.dedup.known import Known, candidates_of, equal_to_known, near_known_of
from pipeline.dedup.resolve import KEPT, REMOVED
from pipeline.dedup.room import BandKeys, Room
from pipeline.dedup.templates import templates_of
from pipeline.dedup.utf8 import Texts, texts_of
from pipeline.dedup.verify import similarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pipeline.dedup.compiled import Kernels
    from pipeline.dedup.settings import Settings

    U32 = npt.NDArray[np.uint32]
    U64 = npt.NDArray[np.uint64]
    I64 = npt.NDArray[np.int64]
    F64 = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    States = npt.NDArray[np.int8]

DUPLICATES = pl.Schema(
    {
        "item": pl.UInt32(),
        "duplicate_of": pl.UInt32(),  # an item, or the number of a known item
        "known": pl.Boolean(),
        "score": pl.Float32(),
        "kind": pl.Enum(["exact", "near"]),
    }
)


class Found(NamedTuple):
    """The verdict on a batch.

    ``removed`` (``DUPLICATES``): a row an item that goes, by item. ``kept``: ``item, hash_hi, hash_lo`` of the kept
    items, and ``keys`` their band keys, for the index; equal texts of one document have one row, the first.
    ``compared``: how many pairs of texts were compared. ``short``: the items of fewer than ``min_chars`` characters.
    """

    removed: pl.DataFrame
    kept: pl.DataFrame
    keys: BandKeys
    compared: int
    short: pl.Series


class _Items(NamedTuple):
    """A batch in the total order; an item's place in it, from 0, stands for the item from here on."""

    item: U32
    doc: U32
    node: I64  # the number of the item's distinct text, -1 if a known item equals it
    short: pl.Series  # items that are left out


class Nodes(NamedTuple):
    """The distinct texts that no known item equals, in the order of their first items."""

    texts: Texts  # of the items
    first: I64  # the place of the first item of each
    last: I64
    doc: U32  # of the first item
    space: U64  # of all its items: mixed into hashes and keys, it lets nothing of two spaces be equal
    spread: Bools  # whether further documents have this text
    hashes: U64  # shape (2, nodes)
    keys: BandKeys


def find_duplicates(
    items: pl.DataFrame, known: Known | None, settings: Settings, room: Room | None = None
) -> Found:
    """Return which of ``items[item u32, doc u32, text, space u64]`` are duplicates of earlier items or of known ones.

    Only items of one ``space`` are compared; without that column all are. An item of fewer than ``min_chars``
    characters is as if it were not there. ``item`` is the rank in the total order and unique; the items of one document
    follow each other in it, and are never compared with each other. Every known item comes before every item. Rows may
    be in any order. ``room`` bounds memory and decides nothing. Raises ValueError when the ranks break these rules,
    CorpusError when a known text is not what the index says, StorageError when the room's folder has none.
    """
    kernels = kernels_for(int(items["text"].str.len_bytes().cast(pl.UInt64).sum()))
    room = room or Room()
    rows, nodes, equal = _collapse(_in_order(items), known, settings, kernels, room)
    candidates = candidates_of(nodes, known)
    near_known = near_known_of(nodes, candidates, known, settings, kernels)
    states = np.zeros(len(nodes.first), np.int8)
    states[near_known["node"].to_numpy()] = REMOVED
    done = _resolve(nodes, states, settings, kernels, room)
    removed = pl.concat(
        [
            _verdicts(equal, known=True, kind="exact"),
            _verdicts(_copies(rows, nodes, states), known=False, kind="exact"),
            _best(rows, states, near_known, _near_kept(nodes, states, done.edges)),
        ]
    )
    stays = np.flatnonzero(states == KEPT)
    kept = pl.DataFrame(
        [
            pl.Series("item", rows.item[nodes.first[stays]], dtype=pl.UInt32),
            pl.Series("hash_hi", nodes.hashes[0, stays]),
            pl.Series("hash_lo", nodes.hashes[1, stays]),
        ]
    )
    return Found(
        removed.sort("item"), kept, nodes.keys.only(stays), len(done.seen) + len(candidates), rows.short
    )


def _in_order(items: pl.DataFrame) -> pl.DataFrame:
    """Return ``items`` in the total order; refuse ranks that are not one."""
    rows = items if "space" in items.columns else items.with_columns(space=pl.lit(0, pl.UInt64))
    rows = rows.select("item", "doc", "text", "space")
    if not rows["item"].is_sorted():
        rows = rows.sort("item")
    item, doc = rows["item"].to_numpy(), rows["doc"].to_numpy()
    if (item[1:] == item[:-1]).any():
        raise ValueError("items: two items have the same rank")
    if (doc[1:] < doc[:-1]).any() and _comes_again(doc):
        raise ValueError("items: the items of a document do not follow each other in the total order")
    return rows


def _comes_again(values: U32) -> bool:
    """Tell whether a value comes again after another one."""
    begins = np.sort(values[np.append(True, values[1:] != values[:-1])])
    return bool((begins[1:] == begins[:-1]).any())


def _collapse(
    rows: pl.DataFrame, known: Known | None, settings: Settings, kernels: Kernels | None, room: Room
) -> tuple[_Items, Nodes, pl.DataFrame]:
    """Return the items, their distinct texts, and ``item, duplicate_of`` of those that a known item equals."""
    texts = texts_of(rows["text"], room.forget)
    hashes, long = exact_hashes(texts, kernels, settings.min_chars)
    short = rows["item"].to_numpy()[~long]
    if len(short):
        rows, hashes = rows.filter(long), hashes.compress(long, axis=1)
        texts = texts_of(rows["text"], room.forget)
    item, doc = rows["item"].to_numpy(), rows["doc"].to_numpy()
    space = rows["space"].to_numpy()
    hashes[0] ^= space
    text, first, last = distinct(hashes, kernels)
    hashes = hashes[:, first]
    taken = equal_to_known(hashes, known)
    number, fresh = text, np.flatnonzero(taken < 0)
    if len(fresh) < len(taken):
        place = np.full(len(first), -1)
        place[fresh] = np.arange(len(fresh))
        number, first, last, hashes = place[text], first[fresh], last[fresh], hashes[:, fresh]
    spread = doc[first] != doc[last]  # the items of a document follow each other
    order = texts.reading_order(first)
    keys = BandKeys(settings.bands()[0], space[first[order]], room)
    put_keys(keys, texts, first[order], settings, kernels)
    keys = keys.only(np.argsort(order)) if room.forget else keys
    nodes = Nodes(texts, first, last, doc[first], space[first], spread, hashes, keys)
    old = np.flatnonzero(number < 0)
    equal = pl.DataFrame({"item": item[old], "duplicate_of": taken[text[old]]})
    return _Items(item, doc, number, pl.Series(short)), nodes, equal


def _resolve(
    nodes: Nodes, states: States, settings: Settings, kernels: Kernels | None, room: Room
) -> Compared:
    """Decide every text in ``states`` in place, then compare the removed with every kept text they may name."""

    def compare(left: I64, right: I64) -> F64:
        return similarity(nodes.texts, nodes.first[left], nodes.first[right], settings, kernels)

    buckets = buckets_of(nodes.keys, kernels, room)
    template = None if settings.templates == "remove" else _templates(nodes, buckets, kernels)

    def apart(left: I64, right: I64) -> Bools:
        other = np.asarray(nodes.doc[left] != nodes.doc[right])
        return other if template is None else other & (template[left] != template[right])

    def may_name(kept: I64, removed: I64) -> Bools:
        elsewhere = nodes.spread[removed] | (nodes.doc[kept] != nodes.doc[removed])
        if template is not None:
            elsewhere &= template[kept] != template[removed]
        return np.asarray(elsewhere & (nodes.first[kept] < nodes.last[removed]))

    done = keep_first(buckets, states, apart, compare, template)
    return look_at(done, kept_with_removed(buckets, states), may_name, compare)


def _templates(nodes: Nodes, buckets: Sequence[Buckets], kernels: Kernels | None) -> U64:
    """Return a hash of the template of each text that is in a bucket, 0 for others."""
    met = np.zeros(len(nodes.first), np.bool_)
    for block in buckets:
        met[block.text] = True
    found = np.zeros(len(met), np.uint64)
    found[met] = templates_of(nodes.texts, nodes.first[met], kernels)
    return found


def _copies(rows: _Items, nodes: Nodes, states: States) -> pl.DataFrame:
    """Return ``item, duplicate_of`` of the copies of kept texts in other documents than that of the first."""
    copied = np.append(nodes.spread & (states == KEPT), False)  # node -1 is none
    places = np.flatnonzero(copied[rows.node])
    places = places[rows.doc[places] != nodes.doc[rows.node[places]]]
    first = nodes.first[rows.node[places]]
    return pl.DataFrame({"item": rows.item[places], "duplicate_of": rows.item[first]})


def _near_kept(nodes: Nodes, states: States, edges: Edges) -> pl.DataFrame:
    """Return ``node, first, kept_doc, score``: the edges from a kept text's first item to a removed text."""
    both = (states[edges.stays] == KEPT) & (states[edges.goes] == REMOVED)
    kept = edges.stays[both]
    return pl.DataFrame(
        {
            "node": edges.goes[both],
            "first": nodes.first[kept],
            "kept_doc": nodes.doc[kept],
            "score": edges.score[both],
        }
    )


def _best(rows: _Items, states: States, near_known: pl.DataFrame, near_kept: pl.DataFrame) -> pl.DataFrame:
    """Return for each item of a removed text the kept item of the highest score, among equals the earliest."""
    places = np.flatnonzero(np.append(states == REMOVED, False)[rows.node])  # node -1 is none
    removed = pl.DataFrame({"place": places, "node": rows.node[places], "doc": rows.doc[places]})
    to_kept = removed.join(near_kept, on="node").filter(
        pl.col("first") < pl.col("place"), pl.col("kept_doc") != pl.col("doc")
    )
    to_known = removed.join(near_known.with_columns(pl.col("node").cast(pl.Int64)), on="node")
    columns = ("place", pl.col("number").cast(pl.Int64), "known", "score")
    edges = pl.concat(
        [
            to_known.with_columns(known=True).rename({"duplicate_of": "number"}).select(columns),
            to_kept.with_columns(known=False).rename({"first": "number"}).select(columns),
        ]
    )
    best = edges.sort("place", "score", "known", "number", descending=[False, True, True, False])
    best = best.unique("place", keep="first", maintain_order=True)
    number, is_known = best["number"].to_numpy(), best["known"].to_numpy()
    named = number.copy()
    named[~is_known] = rows.item[number[~is_known]]
    best = best.with_columns(
        item=pl.Series(rows.item[best["place"].to_numpy()]), duplicate_of=pl.Series(named)
    )
    return _verdicts(best, kind="near")


def _verdicts(rows: pl.DataFrame, *, kind: str, known: bool | None = None) -> pl.DataFrame:
    """Return ``DUPLICATES`` rows; where ``known`` is given, all of them are equal texts of that origin."""
    if known is not None:
        rows = rows.with_columns(known=known, score=1.0)
    return rows.with_columns(kind=pl.lit(kind)).select(DUPLICATES.names()).cast(DUPLICATES)
