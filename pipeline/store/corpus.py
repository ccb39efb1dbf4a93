"""A committed corpus folder, read: which files belong to it, and the lines of its documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipeline.errors import ConfigError, CorpusError
from pipeline.schema import CORPUS, REMOVALS
from pipeline.store.files import damaged
from pipeline.store.manifest import Manifest, read_manifests, standing

TABLES = ("corpus", "removals", "skipped")
REPEATED = ("exact", "near", "short")  # stages that take repeated paragraphs of documents that stay


def open_corpus(folder: Path) -> list[Manifest]:
    """Return the manifests of the corpus in ``folder``; raises ConfigError when there is none."""
    if not folder.is_dir():
        raise ConfigError(f'{folder}: no such folder. Give the folder that "newsieve run --out" wrote.')
    manifests = read_manifests(folder)
    if not manifests:
        raise ConfigError(
            f'{folder}: holds no corpus: no run has been committed here. See "newsieve run --help".'
        )
    return manifests


def paths_of(folder: Path, manifests: Sequence[Manifest], table: str) -> list[Path]:
    """Return the files of ``table`` (corpus, removals, skipped, or index/…) in the order of generations.

    Raises CorpusError when one is missing.
    """
    names = [output.path for _, output in standing(manifests) if output.path.startswith(table)]
    paths = [folder / name for name in names]
    for path in paths:
        if not path.is_file():
            raise CorpusError(damaged(path, "the manifest lists it, the folder has no such file"))
    return paths


def scan(paths: list[Path], schema: pl.Schema) -> pl.LazyFrame:
    """Return the rows of several files of one table, lazily."""
    if not paths:
        return schema.to_frame().lazy()
    return pl.scan_parquet(paths, schema=schema)


def lines_of(folder: Path, manifests: Sequence[Manifest], doc_ids: pl.Series) -> pl.DataFrame:
    """Return ``doc_id, line, text`` of the kept lines of documents."""
    kept = scan(paths_of(folder, manifests, "corpus"), CORPUS).filter(_one_of(doc_ids))
    rows = kept.select("doc_id", line="line_numbers", text=pl.col("text").str.split("\n"))
    return rows.filter(pl.col("line").list.len() > 0).explode("line", "text").collect()


def removals_of(folder: Path, manifests: Sequence[Manifest], doc_ids: pl.Series) -> pl.DataFrame:
    """Return the removals of documents."""
    return scan(paths_of(folder, manifests, "removals"), REMOVALS).filter(_one_of(doc_ids)).collect()


def _one_of(doc_ids: pl.Series) -> pl.Expr:
    """Return the filter for documents: a scan reads the texts of these alone, where before a join it reads all."""
    return pl.col("doc_id").is_in(doc_ids.unique().implode())


def compared_lines(folder: Path, manifests: Sequence[Manifest], doc_ids: pl.Series) -> pl.DataFrame:
    """Return ``doc_id, line, text`` of documents as their paragraphs were compared, in order: before some went."""
    removed = scan(paths_of(folder, manifests, "removals"), REMOVALS).filter(_one_of(doc_ids))
    repeated = removed.filter(pl.col("stage").is_in(REPEATED)).select("doc_id", "line", "text").collect()
    return pl.concat([lines_of(folder, manifests, doc_ids), repeated]).sort("doc_id", "line")


def fetch_texts(folder: Path, manifests: Sequence[Manifest], keys: pl.DataFrame) -> pl.DataFrame:
    """Return ``doc_id, line, text`` for ``keys[doc_id, line]`` of kept items; line 0 is the whole document.

    A whole document is its text as it was compared: before its repeated paragraphs went, for only then does a
    run that adds to a corpus judge as one run over everything would.
    """
    lines = lines_of(folder, manifests, keys["doc_id"])
    paragraphs = keys.filter(pl.col("line") > 0).join(lines, on=["doc_id", "line"])
    whole = compared_lines(folder, manifests, keys.filter(pl.col("line") == 0)["doc_id"])
    joined = (
        whole.group_by("doc_id", maintain_order=True)
        .agg(pl.col("text").str.join("\n"))
        .select("doc_id", pl.lit(0, pl.UInt32).alias("line"), "text")
    )
    return pl.concat([paragraphs.select("doc_id", "line", "text"), joined])
