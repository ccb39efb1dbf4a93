"""Bad WARC records of every kind among good ones, in every container."""

import polars as pl
import pytest

from benchmarks.hostile_warc import KINDS, files
from pipeline.config import FieldNames
from pipeline.read import read_files
from pipeline.read.files import InputFile


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_record_costs_no_other(tmp_path, kind):
    """Good records around a bad one come out to the last character; it is skipped with its reason, or read whole."""
    for file in files([kind, kind]):
        path = tmp_path / file.name
        path.write_bytes(file.data)

        found = list(read_files([InputFile(path, file.name, len(file.data))], FieldNames()))

        pages = dict(
            pl.concat([batch.pages for batch in found])
            .select("doc_id", pl.col("content").cast(pl.String))
            .rows()
        )
        skipped = pl.concat([batch.skipped for batch in found])
        assert {url: pages.get(url) for url in file.good} == file.good, file.name
        if KINDS[kind].reasons:
            assert set(skipped["reason"]) <= KINDS[kind].reasons, file.name
            assert skipped.height == len(file.bad), file.name
            assert pages.keys() == file.good.keys(), file.name
        else:
            assert pages.keys() == file.good.keys() | file.bad.keys(), file.name
