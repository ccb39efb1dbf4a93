"""``python -m benchmarks.bench``: measure stripping, extraction and dedup, put the tables into docs/benchmarks.md.

Rounds are interleaved, so that a slow minute of the machine falls on all alike; a figure is the median of the
rounds with the least and the greatest beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from benchmarks.dedup import meaning, measure, table
from benchmarks.extraction_table import extraction_tables
from benchmarks.measure import call, measured, run
from benchmarks.page import write_parts
from benchmarks.peers import python_of
from benchmarks.told import told

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"
PLOT = "benchmarks-dedup.svg"
MATPLOTLIB = ("matplotlib==3.11.2",)
RULES = (200, 2000)
LIBRARIES = ("polars", "pyarrow", "numpy", "numba", "xxhash")
SEED = 1
Samples = dict[str, list[float]]


def strip_tables(lines: int, sample: int, rounds: int) -> list[str]:
    """Return the Markdown of the stripping benchmarks over ``lines`` lines, and ``sample`` lines beside ``re``."""
    with tempfile.TemporaryDirectory() as folder:
        made = call("strip:prepare", folder=folder, lines=lines, sizes=list(RULES), seed=SEED)
        quarter = max(1, round(len(made["paths"]) / 4))
        parts = {
            "all": (made["paths"], "run.toml"),
            "quarter": (made["paths"][:quarter], "run.toml"),
            **{f"rules{size}": (made["paths"][:quarter], f"rules{size}.toml") for size in RULES},
        }
        taken: Samples = defaultdict(list)
        for _ in range(rounds):
            for name, (paths, settings) in parts.items():
                used, _ = run(call("strip:command", folder=folder, files=paths, settings=settings))
                for field, value in used._asdict().items():
                    taken[f"{name} {field}"].append(value)
            for name, value in call("strip:beside_re", lines=sample, seed=SEED).items():
                taken[f"sample {name}"].append(value)
    sizes = {
        name: (sum(made["lines"][: len(p)]), sum(made["text_bytes"][: len(p)]))
        for name, (p, _) in parts.items()
    }
    return [
        *_runs(made["rules"], sizes, taken, lines),
        *_beside_re(taken, sample, lines),
    ]


def _runs(built_in: int, sizes: dict[str, tuple[int, int]], taken: Samples, lines: int) -> list[str]:
    head = [
        "## Stripping: `newsieve run`, one worker, dedup off",
        "",
        "JSONL in, corpus and removals out: reading, extracting, every stage of stripping, the check that no line is",
        "missing, writing and hashing. CPU seconds are of all processes and threads; memory is of the largest process.",
        "",
        f"`python -m benchmarks.bench --only strip --lines {lines}`",
        "",
        "| lines | MB of text | rules | CPU s | wall s | MB a CPU second | lines a CPU second | peak MB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    counts = {"all": built_in, "quarter": built_in, **{f"rules{size}": size for size in RULES}}
    for name, (count, size) in sizes.items():
        cpu = taken[f"{name} cpu"]
        head.append(
            f"| {count:,} | {size / 1e6:.1f} | {counts[name]:,} | {told(cpu)} "
            f"| {told(taken[f'{name} wall'])} | {told([size / 1e6 / s for s in cpu])} "
            f"| {count / statistics.median(cpu):,.0f} | {told(taken[f'{name} peak_mb'], 0)} |"
        )
    (full, full_bytes), (part, part_bytes) = sizes["all"], sizes["quarter"]
    more = [a - b for a, b in zip(taken["all cpu"], taken["quarter cpu"], strict=True)]
    growth = [a / b for a, b in zip(taken["all cpu"], taken["quarter cpu"], strict=True)]
    flat = [b / a for a, b in zip(*(taken[f"rules{size} cpu"] for size in RULES), strict=True)]
    facts = [f"- {RULES[1] / RULES[0]:.0f} times the rules cost {told(flat)} times the CPU seconds."]
    if full > part:
        rate = [(full_bytes - part_bytes) / 1e6 / s for s in more]
        facts += [
            f"- {full / part:.2f} times the lines cost {told(growth)} times the CPU seconds.",
            f"- Beyond the first {part:,} lines, start and proof of the rules paid: {told(rate)} MB a CPU second.",
        ]
    return [*head, "", *facts, ""]


def _beside_re(taken: Samples, sample: int, lines: int) -> list[str]:
    size = statistics.median(taken["sample bytes"])
    names = {"ours": "newsieve", "re_keywords": "`re`, keywords first", "re": "`re`, every pattern"}
    rows = [
        f"| {title} | {told(taken[f'sample {name}'])} | {told([size / 1e6 / s for s in taken[f'sample {name}']])} | "
        f"{told([a / b for a, b in zip(taken[f'sample {name}'], taken['sample ours'], strict=True)])} |"
        for name, title in names.items()
    ]
    return [
        "## Rules: newsieve beside Python's `re`",
        "",
        f"The {taken['sample rules'][0]:.0f} built-in rules that `re` can read, on the same {sample:,} distinct lines,",
        f"{size / 1e6:.1f} MB. newsieve also returns spans and evidence, which `re` here does not. `re` goes line by",
        "line, rule by rule; with keywords first it looks for them with `in`. The pairs of line and rule found agree",
        f"by {100 * min(taken['sample agree']):.2f} %.",
        "",
        f"`python -m benchmarks.bench --only strip --lines {lines} --sample {sample}`",
        "",
        "| matcher | CPU s | MB a CPU second | times newsieve's CPU |",
        "|---|---:|---:|---:|",
        *rows,
        "",
    ]


def dedup_tables(sizes: Sequence[tuple[str, int]], rounds: int, *, write: bool) -> list[str]:
    """Measure dedup beside peers; return what the figures mean.

    A table is printed as soon as it is there, and with ``write`` put into the page; the picture is of all tables there.
    """
    for workload in measure(sizes, rounds, SEED):
        text = "\n".join([*table(workload), *machine(rounds)])
        sys.stdout.write(text + "\n\n")
        if write:
            write_parts(DOCS, {f"dedup_{workload.language}_{workload.count:09}": text}, list(PARTS))
    if write:
        python = python_of("plot", MATPLOTLIB)
        measured("plot:dedup", python, page=str(DOCS), path=str(DOCS.with_name(PLOT)))
    return meaning(PLOT)


def machine(rounds: int) -> list[str]:
    """Return what the figures depend on: rounds, cores, memory, versions; nothing that names a machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES if find_spec(name))
    cores = len(os.sched_getaffinity(0))
    tools = f"Python {platform.python_version()}, {libraries}"
    return [f"Measured in {rounds} rounds on {cores} cores, {memory:.0f} GB of memory, {tools}."]


def _size(text: str) -> tuple[str, int]:
    language, _, count = text.rpartition(":")
    return language or "ko", int(count)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument(
        "--only", choices=list(PARTS), help="measure one part and leave the others as they are"
    )
    parser.add_argument("--print", action="store_true", help="print what was measured and write no file")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of generated news")
    parser.add_argument("--sample", type=int, default=20_000, help="distinct lines beside Python's re")
    parser.add_argument(
        "--files", type=int, default=20_000, help="generated portal pages of a run end to end"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--paragraphs",
        type=_size,
        nargs="+",
        metavar="[ko:|en:]N",
        default=[("ko", 20_000), ("ko", 100_000), ("ko", 1_000_000), ("ko", 10_000_000), ("en", 5_000)],
        help="texts of each dedup workload",
    )
    return parser.parse_args(arguments)


PARTS: dict[str, Callable[[argparse.Namespace], list[str]]] = {
    "strip": lambda given: strip_tables(given.lines, given.sample, given.rounds),
    "extraction": lambda given: extraction_tables(given.rounds, given.files, SEED),
    "dedup": lambda given: dedup_tables(given.paragraphs, given.rounds, write=not given.print),
}


def main(arguments: Sequence[str]) -> None:
    """Measure the chosen parts; print each, and put it into the documentation as soon as it is there."""
    options = _options(arguments)
    for name in [options.only] if options.only else PARTS:
        text = "\n".join([*PARTS[name](options), *machine(options.rounds)])
        sys.stdout.write(text + "\n")
        if not options.print:
            write_parts(DOCS, {name: text}, list(PARTS))


if __name__ == "__main__":
    main(sys.argv[1:])
