"""The second pass: re-published documents go, then repeated paragraphs of the documents that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl
import xxhash

from pipeline.config import Dedup
from pipeline.dedup.find import find_duplicates
from pipeline.dedup.known import Known
from pipeline.dedup.room import BandKeys, Room
from pipeline.dedup.settings import Settings
from pipeline.dedup.signature import blocks
from pipeline.run.gather import Forget, Gathered
from pipeline.run.short import LinesOf, short_copies
from pipeline.schema import LINE_REF, REMOVALS, REMOVED
from pipeline.store.mapped import forgetting, shelved

_IN_MEMORY: Final = 1 << 29  # bytes of the texts of whole documents; beyond them they go to a file
_LINES: Final = 1 << 18  # counted at once
_JOINED_BYTES: Final = 1 << 26  # of texts put together at once
_RULES = {"jaccard": "Jaccard", "containment": "containment", "coverage": "coverage"}
LEVELS = ("documents", "paragraphs")
TAKEN = pl.Schema([("doc", pl.UInt32()), *REMOVALS.items()])
OpenKnown = Callable[[str], Known | None]


class Earlier(NamedTuple):
    """What earlier runs left: ``known(level)`` opens their kept items, ``lines`` is for ``short_copies``."""

    known: OpenKnown
    lines: LinesOf


class Kept(NamedTuple):
    """What the index shall know of a level's kept items: rows (``ITEMS``) in the total order, and their band keys."""

    items: pl.DataFrame
    keys: BandKeys


class Deduped(NamedTuple):
    """Lines that stand after both levels, every removal (``TAKEN``), and what each level's index shall know.

    ``copies[doc, cluster_size]`` counts the documents that went as duplicates of one, itself included.
    """

    lines: pl.DataFrame
    taken: pl.DataFrame
    kept: dict[str, Kept]
    copies: pl.DataFrame


def settings_of(config: Dedup, level: str) -> Settings:
    """Return the part of ``[dedup]`` that decides signatures and verdicts of a level."""
    scope = config.documents if level == "documents" else config.paragraphs
    return Settings(
        threshold=config.threshold,
        rule=config.rule,
        scope="host" if scope == "host" else "all",
        templates=config.templates,
        min_chars=config.min_chars,
        num_perm=config.num_perm,
        seed=config.seed,
        shingle=config.shingle,
        recall=config.recall,
    )


def dedupe(gathered: Gathered, config: Dedup, earlier: Earlier, folder: Path) -> Deduped:
    """Remove duplicates of documents, then of paragraphs, against each other and against earlier runs.

    ``folder`` takes what is too large for memory, until the search is done. Raises StorageError.
    """
    documents = in_order(gathered, config)
    lines = in_rank_order(gathered.lines, documents)
    taken = [_as_taken(gathered.removed, documents)]
    kept: dict[str, Kept] = {}
    copies = pl.DataFrame(schema={"doc": pl.UInt32, "cluster_size": pl.UInt32})
    if config.documents != "off":
        with whole_texts(lines, documents, folder / "whole.arrow", gathered.forget) as (whole, forget):
            room = Room(folder=folder, forget=forget)
            settings = settings_of(config, "documents")
            rows, kept["documents"], _ = _judge(whole, documents, settings, earlier.known("documents"), room)
        gone = lines.join(rows.drop("item"), on="doc", maintain_order="left")
        taken.append(_removals(gone, documents, "document", pl.lit("document"), config.rule))
        lines = lines.join(rows, on="doc", how="anti", maintain_order="left")
        copies = _cluster_sizes(rows, documents)
    if config.paragraphs != "off":
        room = Room(folder=folder, forget=gathered.forget)
        lines, gone, kept["paragraphs"] = _paragraphs(lines, documents, config, earlier, room)
        taken.append(gone)
    return Deduped(lines.select("doc", "line", "text"), pl.concat(taken), kept, copies)


def _paragraphs(
    lines: pl.DataFrame, documents: pl.DataFrame, config: Dedup, earlier: Earlier, room: Room
) -> tuple[pl.DataFrame, pl.DataFrame, Kept]:
    """Return the lines that stay, the removals of the others, and who stays for the index."""
    settings = settings_of(config, "paragraphs")
    rows, kept, short = _judge(lines, documents, settings, earlier.known("paragraphs"), room)
    copies = short_copies(lines, short, rows, documents, earlier.lines)
    rows = pl.concat(
        [
            rows.select("item", "duplicate_of", "score", pl.col("kind").cast(pl.String)),
            copies.with_columns(score=pl.lit(1, pl.Float32), kind=pl.lit("short")),
        ]
    ).sort("item")
    goes = np.zeros(len(lines), np.bool_)
    goes[rows["item"].to_numpy()] = True
    gone = lines.filter(goes).hstack(rows.drop("item"))
    return lines.filter(~goes), _removals(gone, documents, "paragraph", pl.col("kind"), config.rule), kept


def in_rank_order(lines: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc, line, text`` of the lines of ``documents[doc, rank]`` by rank, then line."""
    ranked = lines.select("doc", "line", "text").join(documents.select("doc", "rank"), on="doc")
    return ranked.sort("rank", "line").drop("rank")


@contextmanager
def whole_texts(
    lines: pl.DataFrame, documents: pl.DataFrame, path: Path, forget_lines: Forget | None
) -> Iterator[tuple[pl.DataFrame, Forget | None]]:
    """Give ``doc, line, text`` of whole documents, line 0, by rank; and how to forget what was read of their texts.

    Where texts are many, they lie in a file at ``path`` meanwhile. ``forget_lines`` is that of the lines, which are
    read by ``doc``: so they lie in their files, and pages are many texts long.
    """
    lines = lines.sort("doc", "line")
    sizes = np.cumsum(lines["text"].str.len_bytes().to_numpy(), dtype=np.int64)
    doc = lines["doc"].to_numpy()
    begins = np.flatnonzero(np.append(True, doc[1:] != doc[:-1])[: len(doc)])
    numbers = pl.DataFrame({"doc": doc[begins], "line": np.zeros(len(begins), np.uint32)})
    starts = np.append(begins, len(doc))
    bounds = [starts[0], *(starts[last] for _, last in blocks(np.append(0, sizes)[starts], _JOINED_BYTES))]
    parts = (_joined(lines[int(first) : int(last)], forget_lines) for first, last in pairwise(bounds))
    if not len(sizes) or sizes[-1] <= _IN_MEMORY:
        texts = pl.concat([pl.Series("text", [], pl.String), *parts])
        yield in_rank_order(numbers.with_columns(texts), documents), None
        return
    with shelved(parts, path) as (texts, shelf):
        yield in_rank_order(numbers.with_columns(texts), documents), forgetting([shelf], _IN_MEMORY)


def _joined(lines: pl.DataFrame, forget: Forget | None) -> pl.Series:
    """Return the texts of whole documents as one column, in the order of their lines."""
    texts = lines.group_by("doc", maintain_order=True).agg(pl.col("text").str.join("\n"))["text"]
    if forget is not None:
        forget()
    return texts


def in_order(gathered: Gathered, config: Dedup) -> pl.DataFrame:
    """Return the documents with ``rank``, their place in the total order: the keep policy, then ``doc_id``.

    ``earliest``: by time of publication, unknown times last. ``longest``: by characters that stand. ``source``: by
    the first of ``sources`` that is the host or the press, then as ``earliest``.
    """
    if config.keep == "longest":
        sized = gathered.documents.join(_sizes(gathered), on="doc", how="left")
        ordered = sized.sort(pl.col("chars").fill_null(0), "doc_id", descending=[True, False]).drop("chars")
    else:
        wanted = tuple(dict.fromkeys(config.sources)) if config.keep == "source" else ()
        places = [
            pl.col(name).replace_strict(
                wanted, range(len(wanted)), default=len(wanted), return_dtype=pl.UInt32
            )
            for name in ("host", "press")
        ]
        ordered = gathered.documents.sort(pl.min_horizontal(places), "published", "doc_id", nulls_last=True)
    return ordered.with_row_index("rank")


def _sizes(gathered: Gathered) -> pl.DataFrame:
    """Return ``doc, chars``: how many characters of each document stand."""
    parts = [pl.DataFrame(schema={"doc": pl.UInt32, "chars": pl.UInt32})]
    for part in gathered.lines.select("doc", "text").iter_slices(_LINES):
        parts.append(part.group_by("doc").agg(chars=pl.col("text").str.len_chars().sum().cast(pl.UInt32)))
        if gathered.forget is not None:
            gathered.forget()
    return pl.concat(parts).group_by("doc").agg(pl.col("chars").sum())


def _judge(
    rows: pl.DataFrame, documents: pl.DataFrame, settings: Settings, known: Known | None, room: Room
) -> tuple[pl.DataFrame, Kept, pl.Series]:
    """Return which of ``rows[doc, line, text]`` go, ``item, doc, score, kind, known, duplicate_of``, and who stays.

    Also which are too short. The rows come in the total order, so that a row's number is its rank, ``item``.
    """
    items = rows.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("item"), "doc", "text")
    if settings.scope == "host":
        items = items.join(_spaces(documents), on="doc", maintain_order="left")
    found = find_duplicates(items, known, settings, room)
    spots = _spots(rows, documents, found.kept["item"])
    kept = Kept(spots.hstack(found.kept.drop("item")), found.keys)
    here, there = found.removed.filter(~pl.col("known")), found.removed.filter("known")
    named = [_spots(rows, documents, here["duplicate_of"])]
    if known is not None:
        named.append(known.index.places(there["duplicate_of"]).select("doc_id", "line"))
    places = pl.concat(named).select(duplicate_of=pl.struct(pl.all()).cast(LINE_REF))
    gone = pl.concat([here, there]).with_columns(places["duplicate_of"]).sort("item")
    return gone.with_columns(doc=rows["doc"][gone["item"]]), kept, found.short


def _spots(rows: pl.DataFrame, documents: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """Return ``doc_id, line`` of some rows."""
    spots = rows.select("doc", "line")[numbers]
    return spots.join(documents.select("doc", "doc_id"), on="doc", maintain_order="left").select(
        "doc_id", "line"
    )


def _spaces(documents: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc, space``: what tells apart documents that are not to be compared, the host; none is one too."""
    named = documents.select("doc", host=pl.col("host").fill_null(""))
    names = named["host"].unique().to_list()
    spaces = [xxhash.xxh3_64_intdigest(name.encode()) for name in names]
    return named.join(
        pl.DataFrame({"host": names, "space": spaces}, {"host": pl.String, "space": pl.UInt64}), on="host"
    ).select("doc", "space")


def _removals(
    gone: pl.DataFrame, documents: pl.DataFrame, what: str, stage: pl.Expr, rule: str
) -> pl.DataFrame:
    ref = pl.col("duplicate_of").struct
    place = ref.field("doc_id") + (
        pl.lit("") if what == "document" else pl.format(" line {}", ref.field("line"))
    )
    how = (
        pl.when(pl.col("kind") == "near")
        .then(pl.format("{} {} with ", pl.lit(_RULES[rule]), pl.col("score").round(3)))
        .otherwise(pl.lit("equal to "))
    )
    beside = (
        pl.when(pl.col("kind") == "short").then(pl.lit(", and so are its neighbours")).otherwise(pl.lit(""))
    )
    ref_line = pl.lit(None, pl.UInt32) if what == "document" else ref.field("line")
    rows = gone.join(documents.select("doc", "doc_id"), on="doc", maintain_order="left").with_columns(
        span=pl.lit(None),
        stage=stage,
        rule=pl.lit(f"{what}/") + pl.col("kind").cast(pl.String),
        evidence=how + place + beside,
        duplicate_of=pl.struct(doc_id=ref.field("doc_id"), line=ref_line),
        run=pl.lit(None),
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in TAKEN.items())


def _as_taken(removed: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Return the stages' ``REMOVED`` rows with ids: a repeat inside a document names a line of that document."""
    assert removed.schema == REMOVED
    named = removed.join(documents.select("doc", "doc_id"), on="doc", maintain_order="left")
    twin = pl.when(pl.col("same_as").is_not_null()).then(pl.struct("doc_id", line="same_as"))
    rows = named.with_columns(duplicate_of=twin, run=pl.lit(None))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in TAKEN.items())


def _cluster_sizes(gone: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    here = gone.filter(~pl.col("known")).select(doc_id=pl.col("duplicate_of").struct.field("doc_id"))
    counts = here.group_by("doc_id").agg(cluster_size=(pl.len() + 1).cast(pl.UInt32))
    return counts.join(documents.select("doc", "doc_id"), on="doc_id").select("doc", "cluster_size")
