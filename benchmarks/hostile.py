"""Hostile pages and records through ``newsieve run``, among good ones: ``make hostile``, or with ``--pages 500`` less.

Fails unless every page is kept or skipped with a reason, the good ones come out as without the others, and no worker
has held more than ``MOST_MB``. A worker's memory is looked at every few milliseconds from outside.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.generate import articles
from benchmarks.hostile_pages import files
from benchmarks.hostile_warc import KINDS, File, whole
from benchmarks.hostile_warc import files as warc_files

MOST_MB = 400  # MB of 10^6 bytes
GOOD_PAGES, HOST_PAGES = 200, 50
LOOK_SECONDS = 0.01


def write_good(folder: Path, count: int) -> None:
    """Write pages of invented articles, enough of a host to learn its template from."""
    folder.mkdir(parents=True)
    for number, (record, _) in enumerate(islice(articles(seed=5), count)):
        body = "".join(f"<p>{escape(line)}</p>" for line in record["text"].split("\n"))
        host = f"news{number // HOST_PAGES}.good.example"
        markup = (
            f"<!doctype html><title>{escape(record['title'])}</title>"
            f"<link rel=canonical href=https://{host}/{number}><div class=menu><a href=/>홈</a></div>"
            f"<div class=story>{body}</div><div class=foot>회사 소개 | 이용 약관</div>"
        )
        (folder / f"good-{number:06d}.html").write_text(markup, "utf-8")


def write_hostile(folder: Path, count: int, seed: int) -> None:
    """Write hostile pages."""
    folder.mkdir(parents=True)
    for page in files(count, seed):
        (folder / page.name).write_bytes(page.data)


def write_records(root: Path) -> list[File]:
    """Write bad WARC records of every kind among good ones in ``records``, and the good ones alone in ``whole``."""
    written = list(warc_files(list(KINDS)))
    for folder in ("records", "whole"):
        (root / folder).mkdir(parents=True)
    for file in written:
        (root / "records" / file.name).write_bytes(file.data)
        (root / "whole" / f"{file.name}.warc").write_bytes(whole(file))
    return written


def wrong_records(given: list[File], out: Path) -> list[str]:
    """Return the kinds of bad records that were neither skipped with a reason of theirs nor, if they can be, read."""
    skipped = pl.read_parquet(out / "skipped" / "*.parquet").select("source", "doc_id", "reason")
    reasons = dict(skipped.drop_nulls("doc_id").select("doc_id", "reason").rows())
    read = set(pl.read_parquet(out / "index" / "seen-*.parquet")["doc_id"])
    wrong = []
    for file in given:
        lost = skipped.filter(pl.col("source").str.contains(f"/{file.name}#", literal=True)).height
        fine = [bool(KINDS[kind].reasons) != (url in read) for url, kind in file.bad.items()]
        told = [reasons.get(url, "") in {"", *KINDS[kind].reasons} for url, kind in file.bad.items()]
        whole = lost == sum(bool(KINDS[kind].reasons) for kind in file.bad.values())
        wrong += [f"{file.name}: {lost} skipped"] if not whole else []
        wrong += [kind for kind, *right in zip(file.bad.values(), fine, told, strict=True) if not all(right)]
    return wrong


def run(inputs: list[Path], out: Path, workers: int) -> tuple[float, float, dict[int, float]]:
    """Run newsieve; return wall seconds, CPU seconds of all processes, and the most MB that each worker held."""
    command = [sys.executable, "-m", "pipeline", "run", *map(str, inputs), "--out", str(out), "--quiet"]
    start = time.perf_counter()
    process = subprocess.Popen([*command, "--limit", "1000000", "--workers", str(workers)])  # noqa: S603 - our own
    held: dict[int, float] = {}
    cpu: dict[int, float] = {}
    over = threading.Event()
    looking = threading.Thread(target=_look, args=(process.pid, over, held, cpu))
    looking.start()
    code = process.wait()
    over.set()
    looking.join()
    if code:
        raise SystemExit(f"newsieve run ended with exit code {code}")
    return time.perf_counter() - start, sum(cpu.values()), held


def _look(parent: int, over: threading.Event, held: dict[int, float], cpu: dict[int, float]) -> None:
    while not over.wait(LOOK_SECONDS):
        for pid in (parent, *_descendants(parent)):
            try:
                status = Path(f"/proc/{pid}/status").read_text("utf-8")
                times = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            cpu[pid] = (int(times[11]) + int(times[12])) / 100
            peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), None)
            if peak and pid != parent:
                held[pid] = max(held.get(pid, 0.0), int(peak.split()[1]) * 1024 / 1e6)


def _descendants(parent: int) -> Iterator[int]:
    try:
        for task in Path(f"/proc/{parent}/task").iterdir():
            for child in map(int, (task / "children").read_text("utf-8").split()):
                yield child
                yield from _descendants(child)
    except OSError:
        return


def good_rows(out: Path) -> pl.DataFrame:
    """Return the corpus rows of the good pages, but for where they came from."""
    rows = pl.read_parquet(out / "corpus" / "*.parquet").drop("source")
    return rows.filter(pl.col("host").str.ends_with(".good.example")).sort("doc_id")


def trial_of_records(root: Path, workers: int) -> list[str]:
    """Run good WARC records alone and among bad ones; return what is wrong."""
    given = write_records(root)
    run([root / "whole"], root / "records-alone", workers)
    _, _, held = run([root / "records"], root / "records-among", workers)
    wrong = wrong_records(given, root / "records-among")
    if not good_rows(root / "records-alone").equals(good_rows(root / "records-among")):
        wrong.append("the good records came out otherwise")
    if max(held.values()) > MOST_MB:
        wrong.append(f"a worker held {max(held.values()):.0f} MB of records")
    return wrong


def unaccounted(folder: Path, out: Path) -> list[str]:
    """Return the hostile files that are neither a document, kept or removed as a copy, nor skipped."""
    seen = pl.read_parquet(out / "index" / "seen-*.parquet")["doc_id"]
    corpus = pl.read_parquet(out / "corpus" / "*.parquet").select("doc_id", "source")
    skipped = pl.read_parquet(out / "skipped" / "*.parquet").select("doc_id", "source")
    told = pl.concat([corpus, skipped])["source"].str.replace("#.*", "").str.replace(".*/", "").unique()
    files_in = pl.Series([path.name for path in sorted(folder.iterdir())])
    missing = files_in.filter(~files_in.is_in(told.implode())).to_list()
    counts = json.loads((out / "manifests" / "00000001.json").read_text("utf-8"))["counts"]
    copies = counts["documents_in"] - corpus.height - counts["skipped_by_reason"].get("nothing_left", 0)
    return [] if len(missing) == copies and seen.len() == counts["documents_in"] else missing


def trial(root: Path, pages: int, seed: int, workers: int) -> dict[str, Any]:
    """Run good pages alone and among ``pages`` hostile ones below ``root``; return what is wrong and what was used."""
    write_good(root / "good", GOOD_PAGES)
    write_hostile(root / "hostile", pages, seed)
    run([root / "good"], root / "alone", workers)
    wall, cpu, held = run([root / "good", root / "hostile"], root / "among", workers)
    wrong = trial_of_records(root, workers)
    if not good_rows(root / "alone").equals(good_rows(root / "among")):
        wrong.append("the good pages came out otherwise")
    if missing := unaccounted(root / "hostile", root / "among"):
        wrong.append(f"pages neither kept nor skipped: {missing[:5]}")
    if max(held.values()) > MOST_MB:
        wrong.append(f"a worker held {max(held.values()):.0f} MB")
    counts = json.loads((root / "among" / "manifests" / "00000001.json").read_text("utf-8"))["counts"]
    return {
        "wrong": wrong,
        "pages": counts["pages"],
        "documents_in": counts["documents_in"],
        "skipped_by_reason": counts["skipped_by_reason"],
        "pages_by_way": counts["pages_by_way"],
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "peak_mb": sorted((round(peak) for peak in held.values()), reverse=True),
    }


def main() -> None:
    """Write, run, judge, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hostile-") as root:
        found = trial(Path(root), given.pages, given.seed, given.workers)
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    raise SystemExit(1 if found["wrong"] else 0)


if __name__ == "__main__":
    main()
