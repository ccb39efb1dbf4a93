"""The first pass over all shards, by the executor, in two halves: pages whose layout is known, then the others.

A shard that kills its worker is done again page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from pipeline.config import RunConfig
from pipeline.execute import Crashed, Local, Task
from pipeline.read.files import TEXT, InputFile, reader_of
from pipeline.rules import RuleTable
from pipeline.run.learn import Templates, disproved, teach, teachers_of
from pipeline.run.plan import Plan
from pipeline.run.shard import TEXTS, Done, Shard, map_shard, map_waiting, staged_path
from pipeline.schema import DOCUMENTS
from pipeline.store.files import staged_table, write_table

SMALL_BYTES = 8 << 20  # below this, starting workers costs more than they save
READS_HTML = "pipeline.extract.html"
Watch = Callable[[str, int, int], None]


class FirstPass(NamedTuple):
    """How many ``batches`` each shard left in the staging folder, and the ``templates`` learned on the way."""

    batches: list[int]
    templates: Templates


def shards_of(
    plan: Plan, staging: Path, table: RuleTable, config: RunConfig, known: Templates
) -> list[Shard]:
    """Return the shards of ``plan``; ``known`` are the templates of earlier runs."""
    return [
        Shard(number, files, staging, config.fields, config.strip, table, known)
        for number, files in enumerate(plan.shards)
    ]


def first_pass(shards: Sequence[Shard], executor: Local, watch: Watch) -> FirstPass:
    """Read, extract and strip every shard."""
    run = partial(_run, executor, watch)
    done: list[Done] = run("read, extract, strip", map_shard, [(shard,) for shard in shards])
    waiting = [number for number, result in enumerate(done) if result.waiting]
    if not waiting:
        return FirstPass([result.batches for result in done], {})
    learned, texts = _learn(shards, done, run)
    while True:
        known = {**shards[0].templates, **learned}
        taught = [shards[n]._replace(templates=known, texts=texts) for n in waiting]
        pairs = [(shard, done[shard.number]) for shard in taught]
        second = dict(zip(waiting, run("extract by template", map_waiting, pairs), strict=True))
        batches = [second.get(number, result).batches for number, result in enumerate(done)]
        wrong = {host for host in disproved(_second_half(shards, done, batches)) if learned.get(host)}
        if not wrong:
            return FirstPass(batches, learned)
        learned = {**learned, **dict.fromkeys(wrong)}


def _learn(
    shards: Sequence[Shard], done: Sequence[Done], run: Callable[..., list[Any]]
) -> tuple[Templates, Path]:
    """Return the templates learned, and where the main texts lie that hosts without a template were to learn from."""
    paths = [
        staged_path(shard.folder, shard.number, batch, "waiting")
        for shard, result in zip(shards, done, strict=True)
        for batch in result.waiting
    ]
    teachers = teachers_of(paths)
    found = run("learn templates", teach, [(host, ids, paths) for host, ids in teachers])
    texts = shards[0].folder / "texts.parquet"
    write_table(pl.concat([TEXTS.to_frame(), *(it.texts for it in found if it)]), texts, TEXTS)
    return {host: it and it.template for (host, _), it in zip(teachers, found, strict=True)}, texts


def _second_half(shards: Sequence[Shard], done: Sequence[Done], batches: Sequence[int]) -> pl.DataFrame:
    """Return the documents that waited."""
    tables = (
        staged_table(staged_path(shard.folder, shard.number, batch, "documents"), DOCUMENTS)
        for shard, first, last in zip(shards, done, batches, strict=True)
        for batch in range(first.batches, last)
    )
    return pl.concat([DOCUMENTS.to_frame(), *tables])


def _run(
    executor: Local,
    watch: Watch,
    name: str,
    function: Callable[..., Any],
    arguments: Sequence[tuple[Any, ...]],
) -> list[Any]:
    """Return the results of ``function`` in the order of ``arguments``."""
    tasks = [Task(str(number), function, given) for number, given in enumerate(arguments)]
    results: list[Any] = [None] * len(tasks)
    watch(name, 0, len(tasks))
    for done, (number, result) in enumerate(executor.run(tasks), start=1):
        given = arguments[int(number)]
        results[int(number)] = _again(function, given) if isinstance(result, Crashed) else result
        watch(name, done, len(tasks))
    return results


def _again(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401 - what the task gives
    """Do a task whose worker died again, here and page by page; a host whose pages kill workers gets no template."""
    if not isinstance(arguments[0], Shard):
        return None
    return function(arguments[0]._replace(alone=True), *arguments[1:])


def executor_for(files: Sequence[InputFile], config: RunConfig) -> Local:
    """Return an executor: HTML never runs in this process, a few megabytes of text always do."""
    html = any(may_hold_html(file) for file in files)
    small = sum(file.size for file in files) < SMALL_BYTES and not html
    modules = [map_shard.__module__, *([READS_HTML] if html else [])]
    return Local(1 if small else config.run.workers, isolate=html, modules=modules)


def may_hold_html(file: InputFile) -> bool:
    """Tell whether pages of a file may need the HTML parser: all but plain text."""
    return reader_of(file.path.name) is not TEXT
