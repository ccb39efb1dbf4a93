"""Reading files for tests."""

import io
import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.config import FieldNames
from pipeline.read import read_files
from pipeline.read.files import InputFile
from pipeline.schema import PAGES, SKIPPED

ARTICLE = "새 다리가 열렸다.\n시민들이 건넜다."

GUESS = FieldNames()


def read(folder, name, data, fields=GUESS):
    """Return the pages and skipped rows of a file of ``data``, having checked what holds of every file."""
    path = folder / name
    path.write_bytes(data)
    file = InputFile(path, f"in/{name}", len(data))
    batches = list(read_files([file], fields))
    again = list(read_files([file], fields))
    assert all(
        one.pages.equals(two.pages) and one.skipped.equals(two.skipped)
        for one, two in zip(batches, again, strict=True)
    )
    assert all(batch.pages.schema == PAGES and batch.skipped.schema == SKIPPED for batch in batches)
    pages, skipped = pl.concat([b.pages for b in batches]), pl.concat([b.skipped for b in batches])
    assert pages.height + skipped.height >= 1
    return pages, skipped


def page(folder, name, data, fields=GUESS):
    """Return the one page of a file."""
    pages, skipped = read(folder, name, data, fields)
    assert skipped.rows() == []
    return pages.row(0, named=True)


def refusal(folder, name, data, fields=GUESS):
    """Return reason and detail of a file that gives nothing but its own skipped row."""
    pages, skipped = read(folder, name, data, fields)
    assert pages.is_empty()
    assert skipped["source"].to_list() == [f"in/{name}"]
    return skipped.row(0)[2:4]


def parquet(frame, **options):
    """Return a frame as the bytes of a Parquet file."""
    out = io.BytesIO()
    pq.write_table(frame if isinstance(frame, pa.Table) else frame.to_arrow(), out, **options)
    return out.getvalue()


def lines(*objects):
    """Return objects as JSONL."""
    return b"".join(json.dumps(item, ensure_ascii=False).encode() + b"\n" for item in objects)
