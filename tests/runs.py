"""Whole runs for tests."""

import hashlib
import json

import polars as pl

from pipeline.config import RunConfig
from pipeline.run.job import run

CONFIG = RunConfig()


def build(folder, *inputs, config=CONFIG):
    """Run the job on ``inputs`` and return its summary."""
    return run([str(path) for path in inputs], folder, config, lambda *_: None)


def table(folder, name):
    """Return a table of a corpus, sorted by document and line."""
    frame = pl.read_parquet(folder / name / "*.parquet")
    return frame.sort([column for column in ("doc_id", "line", "source") if column in frame.columns])


def files_of(folder):
    """Return the hash of every file of a corpus, but of the manifests' seconds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "lock":
            data = path.read_bytes()
            if path.suffix == ".json":
                data = json.dumps({k: v for k, v in json.loads(data).items() if k != "seconds"}).encode()
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found
