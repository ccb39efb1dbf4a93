"""The Markdown of the extraction benchmarks: newsieve beside its peers on each set, by host, and a run end to end."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.dedup import compile_kernels
from benchmarks.measure import call, measured, run
from benchmarks.peers import PeerError, python_of
from benchmarks.told import told

NEWSIEVE, STRIPPED, BASIS = "newsieve", "newsieve, stripped", "trafilatura, with metadata"
# lxml_html_clean: without it fresh installs of three of them cannot be imported.
TRAFILATURA = ("trafilatura==2.3.1", "lxml_html_clean==0.4.6")
PEERS: dict[str, tuple[str, ...]] = {
    "trafilatura": TRAFILATURA,
    "trafilatura, fast": TRAFILATURA,
    BASIS: TRAFILATURA,
    "resiliparse": ("Resiliparse==2.0.1",),
    "readability-lxml": ("readability-lxml==0.9", "lxml_html_clean==0.4.6"),
    "newspaper4k": ("newspaper4k==0.9.6", "lxml_html_clean==0.4.6"),
    "jusText": ("jusText==3.0.2", "lxml_html_clean==0.4.6"),
}
PORTAL_PAGES = 100
SETS = {
    "aeb": "{} pages of scrapinghub/article-extraction-benchmark, one or two a site: by its own measure.",
    "hosts": "{} news pages of eight hosts in five languages: F1 of words, of characters in Chinese.",
    "gold": "{} labelled Korean portal and press pages: F1 of lines; body lines lost and lines of chrome left in all.",
    "portal": "{} generated pages of four portals, all read by selectors: F1 of words beside the article's paragraphs.",
}
SCORES = {"F1": 4, "precision": 4, "recall": 4, "lost": 0, "left": 0}
Group = dict[str, float]


class Figures(NamedTuple):
    """What a tool did on a set: ``scores`` and CPU seconds by group of pages, peak MB, and pages that raised errors."""

    scores: dict[str, Group]
    cpu: dict[str, list[float]]
    peak: list[float]
    told: dict[str, Any]


def extraction_tables(rounds: int, files: int, seed: int) -> list[str]:
    """Return the Markdown of all sets whose data is here, and of a run over ``files`` generated pages."""
    with tempfile.TemporaryDirectory() as folder:
        made = call("extraction:prepare", folder=folder, portal=PORTAL_PAGES, seed=seed)
        rows = ["## Extraction: newsieve beside other extractors", "", *_explained()]
        pythons, absent = _pythons()
        for name, count in made["pages"].items():
            figures = _measured(folder, name, pythons, rounds)
            rows += [f"### {name}", "", SETS[name].format(count), "", *_table(figures, count), ""]
            if name == "hosts":
                rows += _by_host(figures)
            elif BASIS in figures:
                rows += _by_way(figures)
        rows += [f"- The set {name} is left out: {why}." for name, why in made["missing"].items()]
        rows += [f"- {tool} is left out: {why}." for tool, why in absent.items()]
    return [*rows, *end_to_end(rounds, files, seed)]


def _explained() -> list[str]:
    return [
        "Every tool gets the same decoded text, in a process and an environment of its own. newsieve takes title,",
        "press, time and reporters out as well, within its limits. CPU seconds are of extraction alone, imports and",
        "reading apart; pages are gone over again until half a CPU second is spent. Peak memory is the process's, all",
        "pages of the set in it.",
        "",
        "`python -m benchmarks.bench --only extraction`",
        "",
    ]


def _pythons() -> tuple[dict[str, str], dict[str, str]]:
    """Return the Python of every peer, and of those that cannot be had why."""
    pythons, absent = {}, {}
    for tool, packages in PEERS.items():
        try:
            pythons[tool] = python_of(packages[0].partition("==")[0], packages)
        except PeerError as error:
            absent[tool] = str(error)
    return pythons, absent


def _measured(folder: str, name: str, pythons: dict[str, str], rounds: int) -> dict[str, Figures]:
    pages = f"{folder}/{name}.jsonl"
    figures: dict[str, Figures] = {}
    for _ in range(rounds):
        for tool in (NEWSIEVE, *pythons):
            answers = f"{folder}/{name}.{tool}"
            given = {"pages": pages, "answers": answers}
            if tool == NEWSIEVE:
                used, did = measured("extraction:newsieve", sys.executable, **given)
            else:
                used, did = measured("extractors:peer", pythons[tool], tool=tool, **given)
            if tool not in figures:
                scores = call("extraction_score:score", name=name, **given)
                figures[tool] = Figures(scores, defaultdict(list), [], did)
            for group, cpu in did["cpu"].items():
                figures[tool].cpu[group].append(cpu)
            figures[tool].peak.append(used.peak_mb)
    if name == "gold":
        figures[STRIPPED] = Figures({"all": call("extraction_score:stripped")}, {}, [], {"errors": 0})
    return figures


def _table(figures: dict[str, Figures], count: int) -> list[str]:
    fields = [field for field in SCORES if field in figures[NEWSIEVE].scores["all"]]
    names = ["", *fields, "pages a CPU second", f"times {BASIS}'s speed", "peak MB", "errors"]
    rows = [f"| {' | '.join(names)} |", f"|---|{'---:|' * (len(names) - 1)}"]
    basis = _total(figures[BASIS].cpu) if BASIS in figures else []
    for tool, it in figures.items():
        scores = [f"{it.scores['all'][field]:.{SCORES[field]}f}" for field in fields]
        cpu = _total(it.cpu)
        speed = [told([count / each for each in cpu], 1) if cpu else ""]
        speed += [told([b / c for b, c in zip(basis, cpu, strict=True)], 1) if cpu and basis else ""]
        peak = told(it.peak, 0) if it.peak else ""
        rows.append(f"| {' | '.join([tool, *scores, *speed, peak, str(it.told['errors'])])} |")
    return rows


def _total(cpu: dict[str, list[float]]) -> list[float]:
    return [sum(each) for each in zip(*cpu.values(), strict=True)]


def _by_host(figures: dict[str, Figures]) -> list[str]:
    ours, theirs = figures[NEWSIEVE], figures.get(BASIS)
    if theirs is None:
        return []
    ways, taught = ours.told["ways"], ours.told["taught"]
    rows = [
        "| host | pages by way | trafilatura F1 | newsieve F1 | trafilatura, with metadata | newsieve | times |"
    ]
    rows += ["|---|---|---:|---:|---:|---:|---:|"]
    for host in sorted(ways):
        count = sum(ways[host].values())
        told_ways = ", ".join(f"{number} {way}" for way, number in sorted(ways[host].items()))
        f1 = [f"{it.scores[host]['F1']:.4f}" for it in (theirs, ours)]
        speeds = [told([count / each for each in it.cpu[host]], 1) for it in (theirs, ours)]
        rows.append(f"| {host} | {told_ways} | {' | '.join([*f1, *speeds, _times(theirs, ours, [host])])} |")
    pages = sum(sum(ways[host].values()) for host in taught)
    return [
        *rows,
        "",
        "Speeds are pages a CPU second.",
        f"- On the {len(taught)} hosts with a learned template: {_times(theirs, ours, list(taught))} times as fast.",
        f"- {sum(taught.values())} of their {pages} pages taught the templates. Learning and checking took",
        f"  {ours.told['learning']:.1f} CPU seconds for all hosts, once; they are not counted above.",
        "",
    ]


def _by_way(figures: dict[str, Figures]) -> list[str]:
    """Return the speed on the pages of each way, where groups of pages have but one."""
    ours, theirs = figures[NEWSIEVE], figures[BASIS]
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for group, ways in ours.told["ways"].items():
        if len(ways) == 1:
            groups[next(iter(ways))].append(group)
    rows = []
    for way, chosen in sorted(groups.items()):
        count = sum(sum(ours.told["ways"][group].values()) for group in chosen)
        speed = told([count / each for each in _total({group: ours.cpu[group] for group in chosen})], 0)
        rows += [
            f"- {count} pages by {way}: {speed} pages a CPU second, {_times(theirs, ours, chosen)} times the speed of",
            f"  {BASIS}.",
        ]
    return [*rows, ""] if rows else []


def _times(theirs: Figures, ours: Figures, hosts: Sequence[str]) -> str:
    pairs = zip(*([_total({h: it.cpu[h] for h in hosts}) for it in (theirs, ours)]), strict=True)
    return told([a / b for a, b in pairs], 1) if hosts else ""


def end_to_end(rounds: int, files: int, seed: int) -> list[str]:
    """Return the Markdown of ``newsieve run`` over ``files`` generated portal pages in HTML files."""
    taken: defaultdict[str, list[float]] = defaultdict(list)
    compile_kernels()
    with tempfile.TemporaryDirectory() as folder:
        size = call("portal:write_pages", folder=f"{folder}/pages", count=files, seed=seed)
        for number in range(rounds):
            command = [
                sys.executable,
                "-m",
                "pipeline",
                "run",
                f"{folder}/pages",
                "--out",
                f"{folder}/{number}",
            ]
            used, _ = run([*command, "--quiet"])
            for field, value in used._asdict().items():
                taken[field].append(value)
        kept = sum(path.stat().st_size for path in Path(folder, "0", "corpus").iterdir())
    walls, cpus = ([files / each for each in taken[name]] for name in ("wall", "cpu"))
    row = [
        f"{files:,}",
        told(taken["wall"]),
        told(walls, 0),
        told(taken["cpu"]),
        told(cpus, 0),
        told(taken["peak_mb"], 0),
    ]
    return [
        "## `newsieve run` end to end: HTML files of portals to a committed corpus, one worker a core",
        "",
        f"{files:,} generated portal pages, {size / 1e6:.0f} MB, a file each; corpus {kept / 1e6:.1f} MB. Start,",
        "reading, selectors, stripping, dedup and writing included; kernels were compiled before, as by a first large",
        "run on a machine.",
        "",
        f"`python -m benchmarks.bench --only extraction --files {files}`",
        "",
        "| pages | wall s | pages a second | CPU s | pages a CPU second | peak MB of a process |",
        "|---:|---:|---:|---:|---:|---:|",
        f"| {' | '.join(row)} |",
        "",
        f"- Other work on the machine is in the wall time: {median(taken['wall']):.0f} s for",
        f"  {median(taken['cpu']):.0f} CPU seconds on {len(os.sched_getaffinity(0))} cores.",
        "",
    ]
