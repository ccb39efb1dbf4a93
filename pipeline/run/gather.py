"""After the first pass: the tables of all shards as one, and one page for every ``doc_id``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from pipeline.run.shard import STAGED, staged_path
from pipeline.schema import SKIPPED, conform
from pipeline.store.files import staged_table
from pipeline.store.mapped import forgetting, mapped_table

Forget = Callable[[], None]
RESIDENT: Final = 1 << 29  # bytes of the lines' files that may be in memory before they are let go

SEEN = pl.Schema(
    {"doc_id": pl.String, "content_hash": pl.String, "lines_in": pl.UInt32, "chars_in": pl.UInt32}
)


class Gathered(NamedTuple):
    """Documents, standing lines and removals of a run; ``doc`` is unique among all shards.

    The lines' texts lie in files; ``forget`` is to be called when some were read, to let go what memory holds of them.
    """

    documents: pl.DataFrame
    lines: pl.DataFrame
    removed: pl.DataFrame
    skipped: pl.DataFrame
    forget: Forget | None = None


def gather(folder: Path, batches: list[int]) -> Gathered:
    """Return the staged tables of all shards; ``batches`` says how many each shard has."""
    frames: dict[str, list[pl.DataFrame]] = {name: [schema.to_frame()] for name, schema in STAGED.items()}
    files = []
    base = 0
    for shard, count in enumerate(batches):
        for batch in range(count):
            paths = {name: staged_path(folder, shard, batch, name) for name in STAGED}
            tables = {name: staged_table(paths[name], STAGED[name]) for name in STAGED if name != "lines"}
            tables["lines"], file = mapped_table(paths["lines"], STAGED["lines"])
            files.append(file)
            for name, frame in tables.items():
                frames[name].append(_moved(frame, base))
            base += tables["documents"].height
    # In one piece each: of a table in many, a join copies every text, and of one only where it lies.
    whole = {name: pl.concat(frames[name]).rechunk() for name in STAGED}
    return Gathered(**whole, forget=forgetting(files, RESIDENT))


def _moved(frame: pl.DataFrame, base: int) -> pl.DataFrame:
    if "doc" not in frame.columns:
        return frame
    return frame.with_columns((pl.col("doc") + pl.lit(base, pl.UInt32)).cast(pl.UInt32))


def one_page_an_id(gathered: Gathered, seen: pl.DataFrame) -> Gathered:
    """Keep one page of every ``doc_id``, none whose id is in ``seen[SEEN]``, and record the others as skipped.

    The page with the most text wins, then the smaller content hash: never the one that came first.
    """
    ranked = gathered.documents.sort(
        "doc_id", "chars_in", "content_hash", "source", descending=[False, True, False, False]
    )
    winners = ranked.unique("doc_id", keep="first", maintain_order=True)
    others = ranked.join(winners, on="doc", how="anti")
    new = winners.join(seen, on="doc_id", how="anti", maintain_order="left")
    beaten = others.join(new, on="doc_id", suffix="_of").with_columns(of=pl.col("source_of"))
    in_corpus = ranked.join(seen, on="doc_id", suffix="_of").with_columns(of=pl.lit("the corpus"))
    columns = ["source", "doc_id", "content_hash", "content_hash_of", "of"]
    losers = pl.concat([beaten.select(columns), in_corpus.select(columns)])
    same = pl.col("content_hash") == pl.col("content_hash_of")
    skipped = losers.select(
        "source",
        "doc_id",
        reason=pl.when(same).then(pl.lit("known")).otherwise(pl.lit("same_id")),
        detail=pl.when(same)
        .then(pl.lit("the same page as in ") + pl.col("of"))
        .otherwise(pl.lit("another text has this id in ") + pl.col("of")),
    )
    return gathered._replace(
        documents=new,
        lines=gathered.lines.join(new, on="doc", how="semi", maintain_order="left"),
        removed=gathered.removed.join(new, on="doc", how="semi", maintain_order="left"),
        skipped=pl.concat([gathered.skipped, conform(skipped, SKIPPED)]),
    )
