"""The whole job: plan, first pass over shards, dedup, write, and the manifest that commits it all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline.config import RunConfig, deciding
from pipeline.dedup.known import Known
from pipeline.errors import ConfigError, SkippedError
from pipeline.execute import Local
from pipeline.read.files import discover
from pipeline.rules import RuleTable, load_packs
from pipeline.run.dedupe import LEVELS, Deduped, Earlier, dedupe, settings_of
from pipeline.run.first import executor_for, first_pass, shards_of
from pipeline.run.frequent import Cleaned, earlier_counts, remove_frequent
from pipeline.run.gather import SEEN, Gathered, gather, one_page_an_id
from pipeline.run.known import open_known, write_level
from pipeline.run.learn import TEMPLATES, disproved, known_templates, templates_table
from pipeline.run.notes import notes_of
from pipeline.run.plan import Given, Plan, cut, hashing, plan_run, refuse_unreadable
from pipeline.run.suspects import TOLD, check_suspects, suspects_of
from pipeline.run.write import Tables, tables_of, write_generation
from pipeline.store.corpus import TABLES, compared_lines, paths_of
from pipeline.store.files import read_table, sync, write_table
from pipeline.store.index import keys_path
from pipeline.store.lock import locked
from pipeline.store.manifest import Manifest, Output, PackUsed, commit, read_manifests, standing, versions
from pipeline.strip.sites import COUNTS

UNCOUNTED = ("known", "unknown_format", "nothing_left")  # reasons that are no loss of a page
Watch = Callable[[str, int, int], None]  # a pass's name, how much of it is done, how much there is


class Summary(NamedTuple):
    """What a run did; ``counts`` is null when the corpus held all of the input already."""

    run: int
    known_files: int
    counts: dict[str, Any] | None
    seconds: dict[str, float]


class Job(NamedTuple):
    """What every pass of a run needs to know."""

    folder: Path
    staging: Path
    plan: Plan
    table: RuleTable
    config: RunConfig
    manifests: Sequence[Manifest]


def run(inputs: Sequence[str], folder: Path, config: RunConfig, watch: Watch) -> Summary:
    """Add what is new in ``inputs`` to the corpus in ``folder``, or make that corpus.

    Raises ConfigError, InputError, CorpusError, LockedError or StorageError; then nothing is committed.
    """
    own = folder.resolve()
    discovered = discover(inputs)
    files = [file for file in discovered.files if not file.path.is_relative_to(own)]
    with executor_for(files, config) as executor, hashing(discovered._replace(files=files)) as given:
        executor.start(len(cut(files)))  # beside what is to be known before they have work
        return _run(given, folder, config, executor, watch)


def _run(given: Given, folder: Path, config: RunConfig, executor: Local, watch: Watch) -> Summary:
    table = load_packs(config.rules.packs, config.rules.without)
    fingerprint = fingerprint_of(config)
    with locked(folder):
        manifests = read_manifests(folder)
        check_corpus(folder, manifests, fingerprint)
        plan = plan_run(given, manifests, config, table)
        if manifests and not plan.inputs:
            return Summary(len(manifests), plan.known, None, {})
        job = Job(folder, fresh_staging(folder, manifests, plan.key), plan, table, config, manifests)
        clock = Clock()
        written, replaces, counts = _passes(job, executor, watch, clock)
        manifest = Manifest(
            run=plan.run,
            versions=versions(),
            config=deciding(config),
            packs=[PackUsed(pack.id, pack.sha256) for pack in table.packs],
            fingerprint=fingerprint,
            inputs=plan.inputs,
            outputs=[output for _, output in written],
            replaces=[path.relative_to(folder).as_posix() for path in replaces],
            counts=counts,
            previous=manifests[-1].sha256 if manifests else None,
            seconds=clock.seconds,
        )
        install(folder, written)
        commit(folder, manifest)
        for path in replaces:
            path.unlink(missing_ok=True)
        shutil.rmtree(job.staging.parent)
    return Summary(plan.run, plan.known, counts, clock.seconds)


class Clock:
    """Seconds of each pass, as it goes on."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Count the seconds of one pass."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def fingerprint_of(config: RunConfig) -> dict[str, Any]:
    """Return what every generation of a corpus must agree on to be compared with the others."""
    levels = {level: getattr(config.dedup, level) for level in LEVELS}
    shared = settings_of(config.dedup, "documents").fingerprint()
    del shared["scope"]  # a level's own, and told by it
    return {**shared, **levels}


def check_corpus(folder: Path, manifests: Sequence[Manifest], fingerprint: dict[str, Any]) -> None:
    """Raise CorpusError when a file of the corpus is missing, ConfigError when its dedup settings were others."""
    for table in (*TABLES, "index"):
        paths_of(folder, manifests, table)
    for manifest in manifests[-1:]:
        names = sorted(manifest.fingerprint.keys() | fingerprint.keys())
        other = [
            f"{name} was {manifest.fingerprint.get(name)} and is now {fingerprint.get(name)}"
            for name in names
            if manifest.fingerprint.get(name) != fingerprint.get(name)
        ]
        if other:
            raise ConfigError(
                f"{folder}: this corpus was made with other dedup settings: {'; '.join(other)}. Nothing was started; "
                "use its settings (--config takes its manifest), or another --out."
            )


def fresh_staging(folder: Path, manifests: Sequence[Manifest], key: str) -> Path:
    """Return the staging folder of this plan; clear away what other plans and unfinished commits left."""
    listed = {output.path for _, output in standing(manifests)}
    for name in (*TABLES, "index"):
        for path in (folder / name).glob("*"):
            if path.relative_to(folder).as_posix() not in listed:
                path.unlink()
    for path in (folder / "staging").glob("*"):
        if path.name != key:
            shutil.rmtree(path)
    staging = folder / "staging" / key
    staging.mkdir(parents=True, exist_ok=True)
    return staging


def _passes(
    job: Job, executor: Local, watch: Watch, clock: Clock
) -> tuple[list[tuple[Path, Output]], list[Path], dict[str, Any]]:
    config = job.config
    with clock.time("read, extract, strip"):
        known = known_templates(paths_of(job.folder, job.manifests, "index/templates"))
        shards = shards_of(job.plan, job.staging, job.table, config, known)
        batches, templates = first_pass(shards, executor, watch)
        executor.stop()
        gathered = gather(job.staging, batches)
        refuse_unreadable(job.plan, gathered.skipped, gathered.documents.height)
        skipped = pl.concat([job.plan.skipped, gathered.skipped])
        gathered = one_page_an_id(gathered._replace(skipped=skipped), _seen(job))
    with clock.time("frequent text"):
        watch("frequent text", 0, 1)
        gathered, counts, too_small = _frequent(job, gathered)
        watch("frequent text", 1, 1)
    with clock.time("dedup"):
        watch("dedup", 0, 1)
        suspects = suspects_of(gathered.documents, gathered.removed)
        spared = gathered.documents.drop_nulls("kept_whole")
        if config.run.strict:
            check_suspects(suspects, spared.height)
        earlier = Earlier(partial(_known, job), partial(compared_lines, job.folder, job.manifests))
        deduped = dedupe(gathered, config.dedup, earlier, job.staging)
        watch("dedup", 1, 1)
    with clock.time("write"):
        watch("write", 0, 1)
        tables = tables_of(gathered, deduped, job.plan.run, byline=config.output.byline)
        index, replaces = _index(job, deduped)
        changed = {**templates, **dict.fromkeys(disproved(gathered.documents) & known.keys())}
        if changed:
            index["templates"] = job.staging / "templates.parquet"
            write_table(templates_table(changed), index["templates"], TEMPLATES)
        if config.strip.frequent:
            index["frequent"] = job.staging / "frequent.parquet"
            write_table(counts, index["frequent"], COUNTS)
        written = write_generation(tables, index, job.staging, job.plan.run)
        watch("write", 1, 1)
    told = {
        "hosts_too_small": too_small,
        "pages_by_way": dict(gathered.documents.drop_nulls("way").group_by("way").len().sort("way").rows()),
        "templates": {host: it.agreement for host, it in sorted(templates.items()) if it},
        "suspects": suspects[:TOLD],
        **notes_of(gathered.documents),
        "kept_whole": dict(spared.select("doc_id", "kept_whole").rows()[:TOLD]),
    }
    return written, replaces, {**counts_of(tables, gathered), **told}


def _seen(job: Job) -> pl.DataFrame:
    paths = paths_of(job.folder, job.manifests, "index/seen")
    return pl.concat([SEEN.to_frame(), *(read_table(path, SEEN) for path in paths)])


def _frequent(job: Job, gathered: Gathered) -> Cleaned:
    if not job.config.strip.frequent:
        return Cleaned(gathered, COUNTS.to_frame(), {})
    return remove_frequent(gathered, earlier_counts(job.folder, job.manifests))


def _known(job: Job, level: str) -> Known | None:
    return open_known(job.folder, job.manifests, level, settings_of(job.config.dedup, level))


def _index(job: Job, deduped: Deduped) -> tuple[dict[str, Path], list[Path]]:
    """Write the index of each level; return the files by kind, and the earlier files that they replace."""
    files: dict[str, Path] = {}
    replaces: list[Path] = []
    for level, kept in deduped.kept.items():
        earlier = paths_of(job.folder, job.manifests, f"index/{level}-")
        settings = settings_of(job.config.dedup, level)
        path, old = write_level(job.staging / f"{level}.arrow", kept, earlier, settings)
        files |= {level: path, f"keys-{level}": keys_path(path)}
        replaces += old
    return files, replaces


def counts_of(tables: Tables, gathered: Gathered) -> dict[str, Any]:
    """Return how much came in, stayed, and went: by stage, by rule, by reason."""
    whole = tables.removals.filter(pl.col("span").is_null())
    return {
        "pages": gathered.documents.height + _lost(tables.skipped),
        "documents_in": gathered.documents.height,
        "documents": tables.documents.height,
        "lines_in": int(gathered.documents["lines_in"].sum()),
        "lines": tables.lines.height,
        "lines_removed": whole.height,
        "spans_removed": tables.removals.height - whole.height,
        "removals_by_stage": _tally(tables.removals, "stage"),
        "removals_by_rule": _tally(tables.removals, "rule"),
        "skipped_by_reason": _tally(tables.skipped, "reason"),
    }


def _lost(skipped: pl.DataFrame) -> int:
    return skipped.filter(~pl.col("reason").is_in(UNCOUNTED)).height


def _tally(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(frame.group_by(pl.col(column).cast(pl.String)).len().sort(column).iter_rows())


def install(folder: Path, written: Sequence[tuple[Path, Output]]) -> None:
    """Move the files of a generation to their places; until its manifest stands they are not of the corpus."""
    for name in {Path(output.path).parent for _, output in written}:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path, output in written:
        path.replace(folder / output.path)
    for name in {Path(output.path).parent for _, output in written}:
        sync(folder / name)


def check_limit(summary: Summary, config: RunConfig, folder: Path) -> None:
    """Raise SkippedError when more pages were skipped than the limit, or any with ``strict``."""
    if summary.counts is None:
        return
    counts = summary.counts
    lost = {reason: n for reason, n in counts["skipped_by_reason"].items() if reason not in UNCOUNTED}
    pages, limit = counts["pages"], config.run.limit
    allowed = 0 if config.run.strict else limit * pages if limit < 1 else limit
    if sum(lost.values()) > allowed:
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(lost.items()))
        raise SkippedError(
            f"{sum(lost.values())} of {pages} pages were skipped ({reasons}), and {allowed:g} are allowed. "
            f"The run is committed without them; {folder}/skipped tells which and why. "
            "Mend the input, or raise --limit."
        )
