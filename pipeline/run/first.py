"""The first pass over all shards, by the executor: a shard that kills its worker is done again page by page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.config import RunConfig
from pipeline.execute import Crashed, Local, Task
from pipeline.read.files import READERS, InputFile, reader_of
from pipeline.rules import RuleTable
from pipeline.run.plan import Plan
from pipeline.run.shard import Shard, map_shard

SMALL_BYTES = 8 << 20  # below this, starting workers costs more than they save


def first_pass(
    plan: Plan, staging: Path, table: RuleTable, config: RunConfig, watch: Callable[[int, int], None]
) -> list[int]:
    """Run ``map_shard`` on every shard of ``plan``; return how many batches each left in ``staging``."""
    shards = [
        Shard(number, files, staging, config.fields, config.strip, table)
        for number, files in enumerate(plan.shards)
    ]
    tasks = [Task(str(shard.number), map_shard, (shard,)) for shard in shards]
    batches = [0] * len(shards)
    watch(0, len(tasks))
    for done, (name, result) in enumerate(executor_for(plan, config).run(tasks), start=1):
        number = int(name)
        batches[number] = (
            map_shard(shards[number]._replace(alone=True)) if isinstance(result, Crashed) else result
        )
        watch(done, len(tasks))
    return batches


def executor_for(plan: Plan, config: RunConfig) -> Local:
    """Return an executor: HTML never runs in this process, a few megabytes of text always do."""
    files = [file for shard in plan.shards for file in shard]
    html = any(may_hold_html(file) for file in files)
    small = sum(file.size for file in files) < SMALL_BYTES and not html
    return Local(workers=1 if small else config.run.workers, isolate=html)


def may_hold_html(file: InputFile) -> bool:
    """Tell whether pages of a file may need the HTML parser: all but plain text."""
    return reader_of(file.path.name) is not READERS[".txt"]
