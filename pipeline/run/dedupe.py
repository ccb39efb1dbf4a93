"""The second pass: re-published documents go, then repeated paragraphs of the documents that stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import polars as pl
import xxhash

from pipeline.config import Dedup
from pipeline.dedup.find import Found, Known, find_duplicates
from pipeline.dedup.normalise import matching_form
from pipeline.dedup.settings import Settings
from pipeline.run.gather import Gathered
from pipeline.schema import LINE_REF, REMOVALS, REMOVED

_RULES = {"jaccard": "Jaccard", "containment": "containment", "coverage": "coverage"}
LEVELS = ("documents", "paragraphs")
TAKEN = pl.Schema([("doc", pl.UInt32()), *REMOVALS.items()])
OpenKnown = Callable[[str], Known | None]


class Deduped(NamedTuple):
    """Lines that stand after both levels, every removal (``TAKEN``), and the rows for each level's index.

    ``copies[doc, cluster_size]`` counts the documents that went as duplicates of one, itself included.
    """

    lines: pl.DataFrame
    taken: pl.DataFrame
    kept: dict[str, pl.DataFrame]
    copies: pl.DataFrame


def settings_of(config: Dedup, level: str) -> Settings:
    """Return the part of ``[dedup]`` that decides signatures and verdicts of a level."""
    scope = config.documents if level == "documents" else config.paragraphs
    return Settings(
        threshold=config.threshold,
        rule=config.rule,
        scope="host" if scope == "host" else "all",
        num_perm=config.num_perm,
        seed=config.seed,
        shingle=config.shingle,
        recall=config.recall,
    )


def dedupe(gathered: Gathered, config: Dedup, known: OpenKnown) -> Deduped:
    """Remove duplicates of documents, then of paragraphs, against each other and against earlier runs.

    ``known(level)`` opens the kept items of earlier runs.
    """
    documents = in_order(gathered, config)
    lines = gathered.lines.join(documents.select("doc", "rank", "doc_id", "host"), on="doc").sort(
        "rank", "line"
    )
    taken = [_as_taken(gathered.removed, documents)]
    kept: dict[str, pl.DataFrame] = {}
    copies = pl.DataFrame(schema={"doc": pl.UInt32, "cluster_size": pl.UInt32})
    if config.documents != "off":
        whole = lines.group_by("rank", "doc", "doc_id", "host", maintain_order=True).agg(
            pl.col("text").str.join("\n")
        )
        items = _items(whole.with_columns(line=pl.lit(0, pl.UInt32)), config.min_chars)
        verdict, rows, kept["documents"] = _judge(items, settings_of(config, "documents"), known("documents"))
        gone = lines.join(rows.drop("line"), on="doc", maintain_order="left")
        taken.append(_removals(gone, "document", pl.lit("document"), config.rule))
        lines = lines.join(rows, on="doc", how="anti", maintain_order="left")
        copies = _cluster_sizes(verdict, items)
    if config.paragraphs != "off":
        items = _items(lines, config.min_chars)
        _, rows, kept["paragraphs"] = _judge(items, settings_of(config, "paragraphs"), known("paragraphs"))
        gone = lines.join(rows, on=["doc", "line"], maintain_order="left")
        taken.append(_removals(gone, "paragraph", pl.col("kind").cast(pl.String), config.rule))
        lines = lines.join(rows, on=["doc", "line"], how="anti", maintain_order="left")
    return Deduped(lines.select("doc", "line", "text"), pl.concat(taken), kept, copies)


def in_order(gathered: Gathered, config: Dedup) -> pl.DataFrame:
    """Return the documents with ``rank``, their place in the total order: the keep policy, then ``doc_id``.

    ``earliest``: by time of publication, unknown times last. ``longest``: by characters that stand. ``source``: by
    the first of ``sources`` that is the host or the press, then as ``earliest``.
    """
    sizes = gathered.lines.group_by("doc").agg(chars=pl.col("text").str.len_chars().sum())
    sized = gathered.documents.join(sizes, on="doc", how="left").with_columns(pl.col("chars").fill_null(0))
    if config.keep == "longest":
        ordered = sized.sort("chars", "doc_id", descending=[True, False])
    else:
        wanted = config.sources if config.keep == "source" else ()
        places = [
            pl.col(name).replace_strict(
                wanted, range(len(wanted)), default=len(wanted), return_dtype=pl.UInt32
            )
            for name in ("host", "press")
        ]
        ordered = sized.sort(pl.min_horizontal(places), "published", "doc_id", nulls_last=True)
    return ordered.with_row_index("rank").drop("chars")


def _items(rows: pl.DataFrame, min_chars: int) -> pl.DataFrame:
    long = rows.filter(matching_form(rows["text"]).str.len_chars() >= min_chars)
    return long.sort("rank", "line").with_row_index("item")


def _judge(
    items: pl.DataFrame, settings: Settings, known: Known | None
) -> tuple[Found, pl.DataFrame, pl.DataFrame]:
    """Return the verdict, ``doc, line, score, kind, duplicate_of`` of what goes, and the index rows of what stays."""
    wanted = items.select("item", "doc", "text", space=_space(items["host"], settings))
    verdict = find_duplicates(wanted, known, settings)
    places = items.select(duplicate_of="item", at=pl.struct("doc_id", "line").cast(LINE_REF))
    here = verdict.removed.filter(~pl.col("known")).join(places, on="duplicate_of")
    there = verdict.removed.filter("known")
    if known is not None and there.height:
        rows = known.index.places(there["duplicate_of"].unique())
        spots = rows.select(duplicate_of="known", at=pl.struct("doc_id", "line").cast(LINE_REF))
        here = pl.concat([here, there.join(spots, on="duplicate_of").select(here.columns)])
    gone = here.join(items.select("item", "doc", "line"), on="item").select(
        "doc", "line", "score", "kind", duplicate_of="at"
    )
    kept = verdict.kept.join(items.select("item", "doc_id", "line"), on="item")
    return verdict, gone, kept


def _space(hosts: pl.Series, settings: Settings) -> pl.Series:
    """Return what tells apart items that are not to be compared: nothing, or the host; no host is one too."""
    named = hosts.fill_null("").to_frame("host")
    names = named["host"].unique().to_list() if settings.scope == "host" else []
    spaces = pl.DataFrame(
        {"host": names, "space": [xxhash.xxh3_64_intdigest(name.encode()) for name in names]},
        schema={"host": pl.String, "space": pl.UInt64},
    )
    return named.join(spaces, on="host", how="left", maintain_order="left")["space"].fill_null(0)


def _removals(gone: pl.DataFrame, what: str, stage: pl.Expr, rule: str) -> pl.DataFrame:
    ref = pl.col("duplicate_of").struct
    place = ref.field("doc_id") + (
        pl.lit("") if what == "document" else pl.format(" line {}", ref.field("line"))
    )
    how = (
        pl.when(pl.col("kind") == "exact")
        .then(pl.lit("equal to "))
        .otherwise(pl.format("{} {} with ", pl.lit(_RULES[rule]), pl.col("score").round(3)))
    )
    ref_line = pl.lit(None, pl.UInt32) if what == "document" else ref.field("line")
    rows = gone.with_columns(
        span=pl.lit(None),
        stage=stage,
        rule=pl.lit(f"{what}/") + pl.col("kind").cast(pl.String),
        evidence=how + place,
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


def _cluster_sizes(verdict: Found, items: pl.DataFrame) -> pl.DataFrame:
    here = verdict.removed.filter(~pl.col("known"))
    counts = here.group_by(item="duplicate_of").agg(cluster_size=(pl.len() + 1).cast(pl.UInt32))
    return counts.join(items.select("item", "doc"), on="item").select("doc", "cluster_size")
