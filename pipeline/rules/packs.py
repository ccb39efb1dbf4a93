"""Packs read from TOML files, built in and the user's own."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Sequence
from importlib.resources import files
from itertools import chain
from pathlib import Path

import msgspec
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.config import checked, read_toml
from pipeline.errors import ConfigError, PackError
from pipeline.rules.match import leads
from pipeline.rules.prove import prove
from pipeline.rules.table import Pack, Rule, RuleTable, rule_table


def load_packs(paths: Sequence[str] = (), without: Sequence[str] = ()) -> RuleTable:
    """Return the built-in packs and those at ``paths``, each rule proven, minus the ids in ``without``.

    Raises PackError for a pack that cannot be used, ConfigError for an id in ``without`` that is none.
    """
    packs = [_read_pack(path) for path in (*builtin_paths(), *map(Path, paths))]
    _refuse_twins(packs)
    table = rule_table(_leave_out(packs, without))
    failures = prove(table)
    if failures:
        raise PackError("\n".join(failures) + "\nNothing was started; mend the rule or its example.")
    return table


def builtin_paths() -> list[Path]:
    """Return the pack files that come with newsieve, ``common`` first."""
    folder = Path(str(files("pipeline") / "packs"))
    return sorted(folder.glob("*.toml"), key=lambda path: (path.stem != "common", path.stem))


def _read_pack(path: Path) -> Pack:
    try:
        values = read_toml(path, "pack")
        data = path.read_bytes()
        rules = values.get("rule", [])
        for number, rule in enumerate(rules if isinstance(rules, list) else [], start=1):
            if isinstance(rule, dict):
                checked(rule, Rule, f"{path}: rule {rule.get('id', f'no. {number}')}")
        pack = checked(values, Pack, str(path))
    except PackError:
        raise
    except ConfigError as error:
        raise PackError(str(error)) from None
    pack = msgspec.structs.replace(
        pack, id=path.stem, sha256=hashlib.sha256(data).hexdigest(), path=path.name
    )
    for selector in chain.from_iterable(msgspec.structs.astuple(pack.extract)):
        _check_selector(selector, f"{path.name}: [extract]")
    for rule in pack.rule:
        _check_span(rule, f"{path.name}: rule {pack.id}/{rule.id}")
    return pack


def _check_selector(selector: str, where: str) -> None:
    try:
        whole = LexborHTMLParser("<hr>").css_first(f"{selector}, hr")  # others are asked beside it
    except SelectolaxError:
        whole = None
    if whole is None:
        raise PackError(f'{where}: "{selector}" is not a CSS selector. Nothing was started; mend it.')


def _check_span(rule: Rule, where: str) -> None:
    if "span" in rule.groups and not (leads(rule.pattern) or rule.pattern.rstrip("$").endswith(")")):
        raise PackError(
            f"{where}: the span must stand at the start or the end of the pattern. Nothing was started."
        )


def _refuse_twins(packs: Iterable[Pack]) -> None:
    seen: set[str] = set()
    for pack in packs:
        for name in (pack.id, *(f"{pack.id}/{rule.id}" for rule in pack.rule)):
            if name in seen:
                raise PackError(
                    f"{pack.path}: {name} is there twice. Nothing was started; rename one of them."
                )
            seen.add(name)


def _leave_out(packs: Sequence[Pack], without: Sequence[str]) -> list[Pack]:
    known = [name for pack in packs for name in (pack.id, *(f"{pack.id}/{rule.id}" for rule in pack.rule))]
    for name in without:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f'did you mean "{near[0]}"?' if near else 'see "newsieve rules list".'
            raise ConfigError(f'no pack or rule is called "{name}"; {hint} Nothing was started.')
    return [
        msgspec.structs.replace(
            pack, rule=tuple(rule for rule in pack.rule if f"{pack.id}/{rule.id}" not in without)
        )
        for pack in packs
        if pack.id not in without
    ]
