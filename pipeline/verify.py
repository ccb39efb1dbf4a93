"""A corpus folder checked against its manifests, and against the law."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import xxhash

from pipeline.errors import CorpusError
from pipeline.run.gather import SEEN
from pipeline.schema import CORPUS, REMOVALS
from pipeline.store.corpus import open_corpus
from pipeline.store.files import read_table, sha256_of
from pipeline.store.manifest import Manifest, Output, standing
from pipeline.strip.apply import rebuild


def verify(folder: Path) -> str:
    """Return what was found in order in the corpus of ``folder``: a line to print.

    Checks the size and SHA-256 of every file, and that kept lines and removals of every document are exactly the
    lines extracted (their hash is in ``index/seen-*``). Raises CorpusError naming everything that is wrong.
    """
    manifests = open_corpus(folder)
    files = standing(manifests)
    wrong = [reason for manifest, output in files for reason in _wrong_file(folder, manifest, output)]
    if not wrong:
        wrong = [reason for manifest in manifests for reason in _wrong_documents(folder, manifest)]
    if wrong:
        more = f"\n… and {len(wrong) - 20} more" if len(wrong) > 20 else ""
        listed = "\n".join(wrong[:20])
        raise CorpusError(
            f"{folder}: {len(wrong)} things are wrong:\n{listed}{more}\n"
            "Nothing was changed; restore these files from a copy, or build the corpus anew."
        )
    documents = sum(_rows(manifest, "index/seen") for manifest in manifests)
    return f"{folder}: {len(manifests)} runs, {len(files)} files and {documents} documents are as their manifests say"


def _rows(manifest: Manifest, table: str) -> int:
    return sum(output.rows for output in manifest.outputs if output.path.startswith(table))


def _wrong_file(folder: Path, manifest: Manifest, output: Output) -> list[str]:
    path = folder / output.path
    if not path.is_file():
        return [f"{output.path}: missing"]
    if sha256_of(path) != output.sha256:
        return [f"{output.path}: its bytes are not those that run {manifest.run} wrote"]
    return []


def _wrong_documents(folder: Path, manifest: Manifest) -> list[str]:
    """Return the documents of one generation whose lines do not add up."""
    corpus = _table(folder, manifest, "corpus", CORPUS)
    removals = _table(folder, manifest, "removals", REMOVALS).rename({"doc_id": "doc"})
    seen = _table(folder, manifest, "index/seen", SEEN)
    lines = corpus.select(doc="doc_id", line="line_numbers", text=pl.col("text").str.split("\n")).explode(
        "line", "text"
    )
    texts = rebuild(lines, removals).group_by("doc").agg(pl.col("text").str.join("\n"), lines=pl.len())
    hashes = pl.Series(
        "found", [xxhash.xxh3_128_hexdigest(text.encode()) for text in texts["text"]], dtype=pl.String
    )
    found = seen.join(texts.with_columns(hashes), left_on="doc_id", right_on="doc", how="left")
    right = (pl.col("found") == pl.col("content_hash")) & (pl.col("lines") == pl.col("lines_in"))
    bad: Sequence[str] = found.filter(~right.fill_null(value=False))["doc_id"].sort().to_list()
    return [f'document "{doc_id}": kept lines and removals are not the lines extracted' for doc_id in bad]


def _table(folder: Path, manifest: Manifest, table: str, schema: pl.Schema) -> pl.DataFrame:
    paths = [folder / output.path for output in manifest.outputs if output.path.startswith(f"{table}")]
    return pl.concat([schema.to_frame(), *(read_table(path, schema) for path in paths)])
