"""The command line: commands and their options, and what each prints."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
import msgspec

from pipeline import __version__
from pipeline.config import RunConfig, load_config, replace
from pipeline.errors import ConfigError, StoppedError
from pipeline.rules import PlacedRule, RuleTable, load_packs
from pipeline.terminal import guarded, talk, tell, watching

Command = Callable[..., Any]
Option = Callable[[Command], Command]


def options(*wanted: Option) -> Option:
    """Put shared options on a command, and gather those about settings into one ``config`` argument."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_config(**given: Any) -> Any:  # noqa: ANN401 - what click passes
            settings = {name: given.pop(name) for name in SETTINGS if name in given}
            return command(config=configured(**settings), **given)

        decorated: Command = with_config
        for option in reversed([CONFIG, RULES, *wanted]):
            decorated = option(decorated)
        return decorated

    return decorate


def _limit(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return float(value[:-1]) / 100 if value.endswith("%") else float(int(value))
    except ValueError:
        raise click.BadParameter("give a number of pages such as 20, or a share such as 1%") from None


SETTINGS = ("config", "rules", "workers", "limit", "strict")
CONFIG: Option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Settings: a run.toml, or the manifest of an earlier run.",
)
RULES: Option = click.option(
    "--rules", multiple=True, metavar="PACK", help="A rule pack beside the built-in ones."
)
WORKERS = click.option("--workers", type=click.IntRange(0), help="Processes; 0 takes one a core.")
ENGINE = click.option("--engine", type=click.Choice(["local"]), default="local", help="What runs the tasks.")
LIMIT = click.option("--limit", callback=_limit, metavar="N", help="Pages that may be skipped: 20, or 1%.")
STRICT = click.option(
    "--strict",
    is_flag=True,
    default=None,
    help="Exit 3 when any page was skipped, stop when a rule takes too much.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
QUIET = click.option("--quiet", is_flag=True, help="No progress and no summary.")
CORPUS = click.option(
    "--corpus", required=True, type=click.Path(path_type=Path), metavar="DIR", help="A corpus folder."
)


def configured(
    config: Path | None,
    rules: tuple[str, ...],
    workers: int | None = None,
    limit: float | None = None,
    strict: bool | None = None,
) -> RunConfig:
    """Return the settings of ``--config`` with what other options say in their place."""
    settings = load_config(config)
    given = {"workers": workers, "limit": limit, "strict": strict}
    changes = {name: value for name, value in given.items() if value is not None}
    packs = replace(settings.rules, packs=(*settings.rules.packs, *rules))
    return replace(settings, run=replace(settings.run, **changes), rules=packs)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show a traceback with an error.")
@click.version_option(__version__, prog_name="newsieve")
@click.pass_context
def cli(context: click.Context, debug: bool) -> None:
    """Raw portal news in, clean Parquet out, and a reason for every line removed.

    Exit codes: 0 done, 1 bug or fallen floor, 2 usage, config or rules, 3 done but too many pages skipped,
    4 input unreadable, 5 corpus damaged or of another version, 6 locked, 7 no space or I/O error,
    8 resource limit, 130/143 stopped by a signal.
    """
    context.obj = debug


@cli.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The corpus folder."
)
@options(WORKERS, ENGINE, LIMIT, STRICT, JSON, QUIET)
def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    inputs: tuple[str, ...], out: Path, config: RunConfig, engine: str, as_json: bool, quiet: bool
) -> None:
    """Turn crawled pages into a clean corpus, or add them to the corpus in DIR.

    INPUT is a file, a folder or a glob of HTML, text, JSONL, Parquet or WARC, plain or compressed (.gz, .zst). What the
    corpus holds already is not read again, and what repeats it is removed.
    """
    from pipeline.run.job import check_limit  # noqa: PLC0415 - so that --help does not wait for it
    from pipeline.run.job import run as run_job  # noqa: PLC0415

    assert engine == "local"
    with watching(quiet=quiet) as watch:
        summary = run_job(inputs, out, config, watch)
    if as_json:
        tell(msgspec.json.encode(summary._asdict(), order="sorted"))
    if not quiet:
        talk(_told(summary.run, summary.known_files, summary.counts, out))
    check_limit(summary, config, out)


def _told(number: int, known: int, counts: dict[str, Any] | None, out: Path) -> str:
    if counts is None:
        return f"nothing new: {out} holds all {known} input files already"
    from pipeline.run.frequent import in_words as small_hosts  # noqa: PLC0415
    from pipeline.run.suspects import in_words  # noqa: PLC0415

    rows = [
        f"run {number} committed to {out}",
        f"  pages      {counts['pages']:>9,}   documents {counts['documents']:,}",
        *([f"    read by {ways}"] if (ways := _ways(counts["pages_by_way"])) else []),
        f"  lines      {counts['lines_in']:>9,}   kept {counts['lines']:,}, removed {counts['lines_removed']:,}",
        *(f"    {stage:<10}{n:>8,}" for stage, n in counts["removals_by_stage"].items()),
    ]
    if counts["skipped_by_reason"]:
        rows.append("  not in the corpus")
        rows += [f"    {reason:<15}{n:>3,}" for reason, n in counts["skipped_by_reason"].items()]
    if counts["hosts_too_small"]:
        rows.append(f"  {small_hosts(counts['hosts_too_small'])}")
    rows += [f"  look at: {in_words(suspect)}" for suspect in counts["suspects"]]
    rows += [f"  kept whole: {doc_id}: {why}" for doc_id, why in counts["kept_whole"].items()]
    return "\n".join(rows)


def _ways(pages: dict[str, int]) -> str:
    return ", ".join(f"{way} {count:,}" for way, count in pages.items())


@cli.command()
@click.argument("file", default="-")
@options(JSON, QUIET)
def strip(file: str, config: RunConfig, as_json: bool, quiet: bool) -> None:
    """Print the clean text of one document, its title first; FILE - is standard input."""
    story = _story(file, config)
    kept = [line["kept"] for line in story.lines if line["kept"] is not None]
    if as_json:
        tell(_json({**story.head, "text": "\n".join(kept), "lines": story.lines}))
    else:
        for text in ([story.head["title"]] if story.head["title"] else []) + kept:
            tell(text)
    if not quiet:
        stages: dict[str, int] = {}
        for take in (take for line in story.lines for take in line["removals"]):
            name = f"{take['stage']}{'' if take['span'] is None else ' spans'}"
            stages[name] = stages.get(name, 0) + 1
        parts = ", ".join(f"{name} {n}" for name, n in stages.items()) or "nothing"
        talk(f"{len(kept)} of {len(story.lines)} lines kept; removed: {parts}")


@cli.command()
@click.argument("what", metavar="FILE|DOC_ID")
@click.option(
    "--corpus", type=click.Path(path_type=Path), metavar="DIR", help="Explain DOC_ID of this corpus."
)
@options(JSON)
def explain(what: str, corpus: Path | None, config: RunConfig, as_json: bool) -> None:
    """Show every line of a document: kept, or removed by which rule, on what evidence, and what it repeats.

    Of a near-duplicate in a corpus, the words that differ from the text that stands for it: [-removed-] {+kept+}.
    """
    from pipeline.difference import differences_in, notes  # noqa: PLC0415
    from pipeline.explain import as_text, story_in  # noqa: PLC0415

    story = _story(what, config) if corpus is None else story_in(corpus, what)
    found = [] if corpus is None else differences_in(corpus, story)
    plain = {**story.head, "lines": story.lines, "differences": found}
    tell(_json(plain) if as_json else as_text(story, notes(found)))


@cli.command("dedup-curve")
@options(JSON)
def dedup_curve(config: RunConfig, as_json: bool) -> None:
    """Show which share of the pairs of each similarity the search for duplicates compares.

    The settings are those of [dedup]: from the rule, the threshold and the recall wanted follow bands and rows.
    """
    from pipeline.curve import as_text, curve_of  # noqa: PLC0415

    curve = curve_of(config.dedup)
    tell(_json(curve) if as_json else as_text(curve))


@cli.command()
@click.argument("doc_id")
@CORPUS
def restore(doc_id: str, corpus: Path) -> None:
    """Print the extracted text of a document, byte for byte, from corpus and removals alone."""
    from pipeline.explain import restored, story_in  # noqa: PLC0415

    tell(restored(story_in(corpus, doc_id)).encode(), nl=False)


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def verify(folder: Path) -> None:
    """Check every file of a corpus against its manifests, and that no line of any document is missing."""
    from pipeline.verify import verify as verify_corpus  # noqa: PLC0415

    tell(verify_corpus(folder))


@cli.command()
@click.argument("gold", type=click.Path(path_type=Path))
@click.option("--floors", type=click.Path(path_type=Path), help="Counts that must not be exceeded (TOML).")
@click.option("--raise-floors", is_flag=True, help="Write counts that got better into the floors.")
@options(JSON)
def evaluate(gold: Path, floors: Path | None, raise_floors: bool, config: RunConfig, as_json: bool) -> None:
    """Strip labelled documents; tell body lines lost and chrome left, by stage, rule and class.

    Exits with 1 when a count is above GOLD/floors.toml, or the file of --floors.
    """
    from pipeline.evaluate.floors import check_floors, raised, read_floors  # noqa: PLC0415
    from pipeline.evaluate.report import as_text, as_values  # noqa: PLC0415
    from pipeline.evaluate.score import evaluate as score_gold  # noqa: PLC0415
    from pipeline.evaluate.score import totals  # noqa: PLC0415

    path = floors or gold / "floors.toml"
    known = read_floors(path) if path.is_file() or (floors and not raise_floors) else {}
    score = score_gold(gold, config)
    tell(_json(as_values(score)) if as_json else as_text(score))
    check_floors(totals(score), known, path)
    if raise_floors:
        path.write_text(raised(totals(score), known), "utf-8")


@cli.group()
def rules() -> None:
    """List, show and prove the rules."""


@rules.command("list")
@options(JSON)
def list_rules(config: RunConfig, as_json: bool) -> None:
    """Print every rule: id, class, where it applies, what it is."""
    table = _packs(config)
    if as_json:
        tell(_json([_plain(placed) for placed in table.rules]))
        return
    for placed in table.rules:
        rule = placed.rule
        tell(f"{placed.id:<36} {rule.kind:<18} {rule.where:<9} {rule.description}")


@rules.command()
@click.argument("rule_id", metavar="ID")
@options(JSON)
def show(rule_id: str, config: RunConfig, as_json: bool) -> None:
    """Print one rule with its examples."""
    found = [placed for placed in _packs(config).rules if placed.id == rule_id]
    if not found:
        raise ConfigError(f'no rule is called "{rule_id}"; "newsieve rules list" names them all.')
    plain = _plain(found[0])
    rows = (f"{name:<12} {value}" for name, values in plain.items() for value in _each(values))
    tell(_json(plain) if as_json else "\n".join(rows))


@rules.command()
@click.argument("packs", nargs=-1, metavar="[PACK]...")
@options()
def check(packs: tuple[str, ...], config: RunConfig) -> None:
    """Prove packs by their own examples: the given files beside the built-in ones."""
    table = load_packs((*config.rules.packs, *packs), config.rules.without)
    tell(f"{len(table.rules)} rules in {len(table.packs)} packs do what their examples say")


@rules.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--host", help="The site; not needed when the corpus has one.")
def suggest(folder: Path, host: str | None) -> None:
    """Print a draft pack of the text that is frequent on a site.

    The corpus in DIR shows it. The rules prove themselves; their names and classes are for you to mend.
    """
    from pipeline.suggest import suggest as suggest_pack  # noqa: PLC0415

    tell(suggest_pack(folder, host))


def _packs(config: RunConfig) -> RuleTable:
    return load_packs(config.rules.packs, config.rules.without)


def _plain(placed: PlacedRule) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(placed.rule)
    return {**plain, "id": placed.id, "hosts": placed.pack.hosts}


def _each(values: object) -> list[object]:
    return list(values) if isinstance(values, list | tuple) else [values]


def _story(file: str, config: RunConfig) -> Any:  # noqa: ANN401 - imported late
    from pipeline.explain import story_of  # noqa: PLC0415
    from pipeline.single import strip_bytes, strip_file  # noqa: PLC0415

    table = _packs(config)
    if file == "-":
        return story_of(strip_bytes(sys.stdin.buffer.read(), config, table))
    return story_of(strip_file(Path(file), config, table))


def _json(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")


def main() -> NoReturn:
    """Run the command line and exit with the code of the contract."""
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(guarded(lambda: cli(standalone_mode=False)))


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise StoppedError
