"""One document: the functions of a run on a small frame, for ``strip`` and ``explain``."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl

from pipeline.config import RunConfig
from pipeline.errors import ConfigError, InputError
from pipeline.extract import extract
from pipeline.extract.article import Guide
from pipeline.read import read_files
from pipeline.read.files import InputFile
from pipeline.rules import RuleTable
from pipeline.run.shard import check_law
from pipeline.strip.stages import Stripped, strip


def strip_file(path: Path, config: RunConfig, table: RuleTable, source: str = "") -> Stripped:
    """Read, extract and strip the one document of ``path``.

    Raises InputError when it gives no document, ConfigError when it holds more than one.
    """
    source = source or path.name
    if not path.is_file():
        raise InputError(f"{path}: no such file. Nothing was written.")
    file = InputFile(path, source, path.stat().st_size)
    batches = list(read_files([file], config.fields))
    pages = pl.concat([batch.pages for batch in batches])
    if pages.height > 1:
        raise ConfigError(
            f'{source}: holds {pages.height} pages; this command takes one. Use "newsieve run" for many.'
        )
    extracted = extract(pages, Guide(table.packs))
    if extracted.documents.is_empty():
        rows = pl.concat([*(batch.skipped for batch in batches), extracted.skipped]).to_dicts()
        reason = f"{rows[0]['reason']} ({rows[0]['detail']})" if rows else "it is empty"
        raise InputError(f"{source}: gives no document: {reason}. Nothing was written.")
    stripped = strip(extracted.lines, extracted.documents, table, config.strip)
    check_law(extracted.lines, stripped.lines, stripped.removed)
    return stripped


def strip_bytes(data: bytes, config: RunConfig, table: RuleTable) -> Stripped:
    """Do what ``strip_file`` does with bytes from standard input: HTML if they begin like it, else text."""
    suffix = ".html" if data.lstrip()[:1] == b"<" and b"<html" in data[:4096].lower() else ".txt"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"stdin{suffix}"
        path.write_bytes(data)
        return strip_file(path, config, table, source="-")
