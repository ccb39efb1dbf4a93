"""Dedup beside peers: the same texts, threshold and permutations, each search in a process of its own on one core.

Peers run in environments of their own; one that cannot be had here is named with the reason.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from benchmarks.measure import Usage, call, measured
from benchmarks.peers import PeerError, python_of
from benchmarks.searches import PART, SEARCHES
from benchmarks.told import told

OURS = "newsieve"
ALONE = "mapped"  # with more texts than one part of a workload
COMPILED = 50_000  # texts: enough for kernels to pay
LONG = 30.0  # CPU seconds: a search that takes longer is measured once
BUDGET = 300.0  # CPU seconds: a search that would take longer is left out, which the table says


class Sample(NamedTuple):
    """One search: CPU and wall seconds of it alone, and what its process used from start to end."""

    search: float
    wall: float
    process: Usage


class Workload(NamedTuple):
    """What was measured on one workload. A search without samples was left out, for the reason in ``left_out``.

    ``part``: samples of the first part alone, beside those of all. ``both``: of newsieve's search on two cores.
    """

    language: str
    count: int
    samples: dict[str, list[Sample]]
    scores: dict[str, dict[str, float]]
    left_out: dict[str, str]
    part: list[Sample]
    both: list[Sample]


def measure(sizes: Sequence[tuple[str, int]], rounds: int, seed: int) -> Iterator[Workload]:
    """Measure every search in interleaved rounds; give each workload when it is done, the smallest first."""
    pythons, missing = _environments([*SEARCHES] if min(sizes, key=itemgetter(1))[1] <= PART else [ALONE])
    compile_kernels()
    found: list[Workload] = []
    for language, count in sorted(sizes, key=itemgetter(1)):
        left_out = missing | _too_long(found, language, count)
        names = [name for name in pythons if name not in left_out]
        with tempfile.TemporaryDirectory() as folder:
            call("workload:prepare", folder=folder, language=language, count=count, seed=seed)
            samples, part, both = _rounds(folder, count, {name: pythons[name] for name in names}, rounds)
            scores = {name: call("workload:scores", folder=folder, name=name) for name in names}
        found.append(Workload(language, count, samples, scores, left_out, part, both))
        yield found[-1]


def _rounds(
    folder: str, count: int, pythons: Mapping[str, str], rounds: int
) -> tuple[dict[str, list[Sample]], list[Sample], list[Sample]]:
    """Return the samples of each search, of the first part of the texts, and of two cores."""
    samples: dict[str, list[Sample]] = {name: [] for name in pythons}
    part: list[Sample] = []
    both: list[Sample] = []
    first, size = f"{folder}/0", min(count, PART)
    _sample(ALONE, first, size)  # the texts are in memory now, and every kernel is compiled
    for number in range(rounds):
        for name, python in pythons.items():
            if number == 0 or samples[name][0].search < LONG:
                part += [_sample(name, first, size)] if count > PART else []
                samples[name].append(_sample(name, folder, count, python))
                both += (
                    [_sample(name, folder, count, python, cores=2)] if count == PART and name == OURS else []
                )
    return samples, part, both


def _sample(name: str, folder: str, count: int, python: str = sys.executable, cores: int = 1) -> Sample:
    process, (search, wall) = measured(
        "searches:run", python, name=name, folder=folder, count=count, cores=cores
    )
    return Sample(search, wall, process)


def _too_long(found: Iterable[Workload], language: str, count: int) -> dict[str, str]:
    """Return which searches are left out, and why."""
    if count > PART:
        return {name: f"not beyond {PART:,} texts" for name in SEARCHES if name != ALONE}
    seconds = _expected(found, language, count)
    return {
        name: f"would take about {needs:,.0f} CPU seconds"
        for name, needs in seconds.items()
        if name not in {OURS, ALONE} and needs > BUDGET
    }


def compile_kernels() -> None:
    """Let kernels be compiled and kept, as they are after the first large run on a machine."""
    with tempfile.TemporaryDirectory() as folder:
        call("workload:prepare", folder=folder, language="ko", count=COMPILED, seed=0)
        call("searches:run", name=OURS, folder=folder, count=COMPILED)


def _environments(names: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the Python of each search, and why a search has none."""
    pythons, missing = {}, {}
    for name in names:
        search = SEARCHES[name]
        try:
            needs = search.requirements
            pythons[name] = python_of(needs[0].partition("==")[0], needs) if needs else sys.executable
        except PeerError as error:
            sys.stderr.write(f"{search.title}: {error}\n")
            missing[name] = "cannot be installed here"
    return pythons, missing


def _expected(found: Iterable[Workload], language: str, count: int) -> dict[str, float]:
    """Return the CPU seconds of each search by what it took on the largest workload of the language before."""
    known: dict[str, float] = {}
    for workload in found:
        if workload.language == language:
            for name, samples in workload.samples.items():
                known[name] = statistics.median(s.search for s in samples) * count / workload.count
    return known


def meaning(plot: str) -> list[str]:
    """Return the Markdown of what is measured and how each search is called; ``plot`` names the picture."""
    return [
        "## Dedup: `find_duplicates` beside peers",
        "",
        "Threshold .8, 128 permutations, shingles of 5 characters of the matching form, one core. *Search* is the CPU",
        "time from the texts in memory to the mask of what goes; *process* is all of a fresh process, with start,",
        "imports, loading the texts and, where it happens, compiling. Truth by exact Jaccard, over distinct texts, for",
        "exact copies are easy and would flatter all. *Precision*: for how many of the texts that went a similar one",
        "was kept; *lost*: how many have none, so that nothing of them is left. *Recall*: how many similar texts are",
        "not kept beside each other.",
        "",
        f"![CPU time, recall and precision of the searches]({plot})",
        "",
        "How each is called:",
        "",
        *(f"- **{search.title}**: {search.how}" for search in SEARCHES.values()),
        "",
        f"Peers are given the matching form ready-made. More than {LONG:.0f} CPU seconds are measured once;",
        f"a search that would take more than {BUDGET:.0f} is left out. Beyond {PART:,} texts newsieve is alone.",
        "",
    ]


def table(workload: Workload) -> list[str]:
    """Return the Markdown of one workload."""
    ours = next(iter(workload.samples.values()))
    rows = [
        f"### {workload.count:,} texts, {'Korean' if workload.language == 'ko' else 'English'}",
        "",
        f"`python -m benchmarks.bench --only dedup --paragraphs {workload.language}:{workload.count}`",
        "",
        "| | search CPU s | µs a text | × ours | process CPU s | × ours | peak MB | precision | recall | lost |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, samples in workload.samples.items():
        search, process = [s.search for s in samples], [s.process.cpu for s in samples]
        score = workload.scores[name]
        cells = [
            told(search),
            f"{1e6 * statistics.median(search) / workload.count:.1f}",
            told([a / b.search for a, b in zip(search, ours, strict=False)]),
            told(process),
            told([a / b.process.cpu for a, b in zip(process, ours, strict=False)]),
            f"{statistics.median(s.process.peak_mb for s in samples):,.0f}",
            f"{score['precision']:.4f}",
            f"{score['recall']:.4f}",
            f"{score['lost']:,}",
        ]
        rows.append(f"| {SEARCHES[name].title} | {' | '.join(cells)} |")
    rows += [f"| {SEARCHES[name].title} | {why} |{' |' * 8}" for name, why in workload.left_out.items()]
    return [*rows, "", *_beside_part(workload), *_on_both(workload)]


def _beside_part(workload: Workload) -> list[str]:
    """Return what a text costs beside one of the first part, measured in the same rounds."""
    if not workload.part:
        return []
    times = PART / workload.count
    each = [
        times * all_of.search / first.search
        for all_of, first in zip(workload.samples[ALONE], workload.part, strict=True)
    ]
    cpu, peak = told([s.search for s in workload.part]), told([s.process.peak_mb for s in workload.part], 0)
    return [
        f"The first {PART:,} of these texts alone take {cpu} CPU s and {peak} MB;",
        f"a text of all costs {told(each)} times what one of these does.",
        "",
    ]


def _on_both(workload: Workload) -> list[str]:
    """Return how much sooner newsieve is done on two cores."""
    if not workload.both:
        return []
    alone = workload.samples[OURS]
    sooner = [one.wall / two.wall for one, two in zip(alone, workload.both, strict=True)]
    more = [two.search / one.search for one, two in zip(alone, workload.both, strict=True)]
    walls = told([two.wall for two in workload.both]), told([one.wall for one in alone])
    return [
        f"On two cores newsieve's search takes {walls[0]} s of wall time, on one {walls[1]} s:",
        f"{told(sooner)} times as fast, with {told(more)} times the CPU seconds.",
        "",
    ]
