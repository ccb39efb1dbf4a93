"""The first pass over a shard: how its pages are batched is no matter."""

import json

import pytest

from pipeline.config import RunConfig
from pipeline.extract.templates import Template
from pipeline.read.files import discover
from pipeline.rules import load_packs
from pipeline.run import shard as module
from pipeline.run.gather import gather
from pipeline.run.shard import Shard, map_shard, map_waiting
from tests.crawl import record
from tests.test_templates import page

PACKS = load_packs()


def shard_of(folder, staging):
    """Return a shard of five pages of plain text, five of a host whose template is not known, and what is no page."""
    for number in range(5):
        waits = {"url": f"https://site.example/{number}", "html": page(number)}
        rows = [{}, waits, record(number)]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{number}.jsonl").write_text(text, "utf-8")
    files = discover([str(folder)]).files
    return Shard(0, files, staging, RunConfig().fields, RunConfig().strip, PACKS, {})


@pytest.mark.parametrize(("pages", "chars", "batches"), [(1, 1, 10), (1, 600, 7), (4, 1 << 20, 2)])
def test_how_pages_are_batched_is_no_matter(tmp_path, monkeypatch, pages, chars, batches):
    """One page at a time or all, stripped by few or together: the same documents, lines, removals and skipped rows."""
    (tmp_path / "in").mkdir()
    found = []
    for name, limits in (("whole", (100, 1 << 20)), ("parts", (pages, chars))):
        monkeypatch.setattr(module, "BATCH_PAGES", limits[0])
        monkeypatch.setattr(module, "STRIP_CHARS", limits[1])
        shard = shard_of(tmp_path / "in", tmp_path / name)
        first = map_shard(shard)
        taught = shard._replace(templates={"site.example": Template("div#.story")})
        second = map_waiting(taught, first)
        found.append(gather(tmp_path / name, [second.batches]))

    assert second.batches == batches
    whole, parts = found
    assert whole.documents["way"].to_list() == [None] * 5 + ["template"] * 5
    assert (whole.skipped.height, whole.removed.height > 0) == (5, True)
    assert all(one.equals(other) for one, other in zip(whole[:4], parts[:4], strict=True))
