"""Rule packs: read from TOML, proven by their own examples, matched on whole columns of lines.

A rule is data (DESIGN: "a rule is data that proves itself"). Its pattern runs in Polars' linear-time regular
expressions, on distinct lines only, and only where one of its keywords stands, so that the cost of a batch grows
with its text and hardly with the number of rules.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import chain, pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import polars as pl
from msgspec import Meta, Struct
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.config import checked, read_toml
from pipeline.errors import ConfigError, PackError

OPEN, CLOSE = "⟦", "⟧"
CREDITS = ("press", "byline", "published")
GROUPS = ("span", *CREDITS)
LINE_CHARS = 2**32 - 1
LENGTHS = (40, 80, 120, 160, 200)  # characters; classes of lines, each searched for the keywords of rules that fit
Text = Annotated[str, Meta(min_length=1)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1)]
_MATCHES = pl.Schema(
    {
        "key": pl.UInt32,
        "rule": pl.UInt32,
        "start": pl.UInt32,
        "end": pl.UInt32,
        "evidence": pl.String,
        **dict.fromkeys(CREDITS, pl.String),
    }
)


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[rule]]`` of a pack; DESIGN §5 says what each key means."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    kind: Annotated[str, Meta(pattern=r"^[a-z0-9_]+$")] = msgspec.field(name="class")
    description: Text
    pattern: Text
    removes: Texts
    keeps: Texts
    keywords: tuple[Text, ...] = ()
    where: Literal["head", "tail", "anywhere"] = "anywhere"
    max_chars: Annotated[int, Meta(ge=1)] = 200

    @property
    def groups(self) -> tuple[str, ...]:
        """Named groups of the pattern: ``span`` and the credits."""
        return tuple(name for name in GROUPS if f"(?P<{name}>" in self.pattern)


class Extract(Struct, frozen=True, forbid_unknown_fields=True):
    """``[extract]``: CSS selectors of where a portal keeps things."""

    body: tuple[Text, ...] = ()
    title: tuple[Text, ...] = ()
    press: tuple[Text, ...] = ()
    byline: tuple[Text, ...] = ()
    published: tuple[Text, ...] = ()
    drop: tuple[Text, ...] = ()


class Pack(Struct, frozen=True, forbid_unknown_fields=True):
    """One TOML file of rules; ``id`` is the file's name, ``sha256`` its content's."""

    title: Text
    hosts: tuple[Text, ...] = ()
    extract: Extract = Extract()
    rule: tuple[Rule, ...] = ()
    id: str = ""
    sha256: str = ""
    path: str = ""


class PlacedRule(NamedTuple):
    """A rule with the pack it stands in."""

    pack: Pack
    rule: Rule

    @property
    def id(self) -> str:
        """How reports and removals name it, such as ``daum/font-size``."""
        return f"{self.pack.id}/{self.rule.id}"


class RuleTable(NamedTuple):
    """Every rule of a run in order, and ``keywords[keyword, rule, longest]`` that lead to them.

    A rule without keywords has one row, with none. ``longest``: characters of a line that the rule looks at; null: any.
    """

    packs: tuple[Pack, ...]
    rules: tuple[PlacedRule, ...]
    keywords: pl.DataFrame


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


def rule_table(packs: Sequence[Pack]) -> RuleTable:
    """Return the rules of ``packs`` in order, with their keywords."""
    rules = tuple(PlacedRule(pack, rule) for pack in packs for rule in pack.rule)
    rows = [
        (word, number, None if "span" in placed.rule.groups else placed.rule.max_chars)
        for number, placed in enumerate(rules)
        for word in dict.fromkeys(placed.rule.keywords or (None,))
    ]
    schema = {"keyword": pl.String, "rule": pl.UInt32, "longest": pl.UInt32}
    keywords = pl.DataFrame(rows, schema=schema, orient="row").with_columns(_folded())
    return RuleTable(tuple(packs), rules, keywords)


def match_lines(texts: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
    """Return what every rule finds in ``texts[key u32, text]``, wherever the line stands and whatever its host.

    One row a rule and line: ``key, rule, start, end`` (characters; null for the whole line), ``evidence`` and the
    credits the pattern names.
    """
    candidates = _candidates(texts, table).partition_by("rule", as_dict=True, maintain_order=True)
    found = [_MATCHES.to_frame()]
    for (number,), part in candidates.items():
        rule = table.rules[number].rule
        matched = part.filter(pl.col("text").str.contains(rule.pattern))
        if not matched.is_empty():
            found.append(_match_rule(number, rule, matched))
    return pl.concat(found, how="vertical")


def fits_host(host: str | None, hosts: tuple[str, ...]) -> bool:
    """Tell whether a pack of ``hosts`` applies to a page of ``host``; every pack does when the host is unknown."""
    return host is None or not hosts or any(host == name or host.endswith(f".{name}") for name in hosts)


def prove(table: RuleTable) -> list[str]:
    """Return a message for every example that its rule fails; none when all rules do what they say."""
    examples = [
        (placed, kind, text)
        for placed in table.rules
        for kind, texts in (("removes", placed.rule.removes), ("keeps", placed.rule.keeps))
        for text in texts
    ]
    owners = {placed.id: number for number, placed in enumerate(table.rules)}
    texts = pl.DataFrame(
        {"key": range(len(examples)), "text": [_plain(text) for _, _, text in examples]},
        schema={"key": pl.UInt32, "text": pl.String},
    )
    wanted = pl.DataFrame(
        {"key": texts["key"], "rule": pl.Series([owners[p.id] for p, _, _ in examples], dtype=pl.UInt32)}
    )
    matches = match_lines(texts, table).join(wanted, on=["key", "rule"], how="semi")
    spans = {row["key"]: (row["start"], row["end"]) for row in matches.iter_rows(named=True)}
    verdicts = (_verdict(*example, number, spans) for number, example in enumerate(examples))
    return [verdict for verdict in verdicts if verdict]


def _verdict(
    placed: PlacedRule, kind: str, text: str, key: int, spans: dict[int, tuple[Any, Any]]
) -> str | None:
    where = f"{placed.pack.path}: rule {placed.id}"
    if kind == "keeps":
        return f'{where} would remove a line it must keep: "{text}"' if key in spans else None
    if key not in spans:
        return f'{where} does not remove its own example: "{text}"'
    start, end = spans[key]
    got = (
        text
        if start is None
        else f"{_plain(text)[:start]}{OPEN}{_plain(text)[start:end]}{CLOSE}{_plain(text)[end:]}"
    )
    return None if got == text else f'{where} removes "{got}" where its example says "{text}"'


def _plain(example: str) -> str:
    return example.replace(OPEN, "").replace(CLOSE, "")


def _candidates(texts: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
    """Return ``rule, key, text`` for every rule and line that share a keyword; a rule without keywords gets all lines.

    A line that is too long for a rule is none of its candidates, unless the rule takes spans of it.
    """
    sized = texts.with_columns(chars=pl.col("text").str.len_chars())
    everywhere = table.keywords.filter(pl.col("keyword").is_null())
    pairs = [_fitting(sized.join(everywhere, how="cross")), *_by_keyword(sized, table)]
    ranked = pl.concat(pairs).unique().sort("rule", "key")
    return ranked.join(texts, on="key", how="left", maintain_order="left")


def _by_keyword(sized: pl.DataFrame, table: RuleTable) -> Iterator[pl.DataFrame]:
    """Give ``rule, key`` for keywords found, class by class of the lines' lengths: long lines fit few rules."""
    words, longest = table.keywords.drop_nulls("keyword"), pl.col("longest")
    for above, most in pairwise((-1, *LENGTHS, LINE_CHARS)):
        wanted = words.filter((longest > above).fill_null(value=True))
        lines = sized.filter((pl.col("chars") > above) & (pl.col("chars") <= most))
        if wanted.is_empty() or lines.is_empty():
            continue
        # A list, not an expression: for one, Polars builds the automaton anew for every line.
        spelled = wanted["keyword"].unique(maintain_order=True).to_list()
        found = pl.col("text").str.extract_many(spelled, ascii_case_insensitive=True, overlapping=True)
        hits = lines.select("key", "chars", keyword=found).filter(pl.col("keyword").list.len() > 0)
        yield _fitting(hits.explode("keyword").with_columns(_folded()).join(wanted, on="keyword"))


def _fitting(pairs: pl.DataFrame) -> pl.DataFrame:
    fits = (pl.col("chars") <= pl.col("longest")).fill_null(value=True)
    return pairs.filter(fits).select("rule", "key")


def _folded() -> pl.Expr:
    return pl.col("keyword").str.to_lowercase()


def _match_rule(number: int, rule: Rule, matched: pl.DataFrame) -> pl.DataFrame:
    """Return what a rule finds in ``matched[key, text]``, lines that its pattern matches."""
    names = rule.groups
    found = matched.with_columns(_named_groups(rule))
    if "span" in names:
        found = found.filter(pl.col("span").str.len_chars().is_between(1, rule.max_chars))
        found = found.with_columns(_span_bounds(rule))
    missing = [name for name in ("start", "end", *CREDITS) if name not in found.columns]
    evidence = pl.lit(f"{rule.kind}: {rule.description}")
    filled = found.with_columns(pl.lit(None).alias(name) for name in missing)
    row = filled.with_columns(rule=pl.lit(number, pl.UInt32), evidence=evidence)
    return row.select(pl.col(name).cast(dtype) for name, dtype in _MATCHES.items())


def _named_groups(rule: Rule) -> list[pl.Expr]:
    text = pl.col("text")
    if not rule.groups:
        return []
    groups = text.str.extract_groups(f"(?P<matched>{rule.pattern})").struct
    return [groups.field(name) for name in ("matched", *rule.groups)]


def _span_bounds(rule: Rule) -> dict[str, pl.Expr] | list[pl.Expr]:
    """Return where the span stands, in characters: at the head of the match or at its tail."""
    offset = pl.col("text").str.find(rule.pattern)
    before = pl.col("text").cast(pl.Binary).bin.slice(0, offset).cast(pl.String).str.len_chars()
    length = pl.col("span").str.len_chars()
    start = before if _leads(rule.pattern) else before + pl.col("matched").str.len_chars() - length
    return [start.alias("start"), (start + length).alias("end")]


def _leads(pattern: str) -> bool:
    return re.match(r"(\(\?[a-z]+\))?\^?\(\?P<span>", pattern) is not None


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
        _check_pattern(rule, f"{path.name}: rule {pack.id}/{rule.id}")
    return pack


def _check_selector(selector: str, where: str) -> None:
    try:
        LexborHTMLParser("").css(selector)
    except SelectolaxError:
        raise PackError(
            f'{where}: "{selector}" is not a CSS selector. Nothing was started; mend it.'
        ) from None


def _check_pattern(rule: Rule, where: str) -> None:
    try:
        empty = pl.Series([""]).str.contains(rule.pattern)[0]
    except pl.exceptions.ComputeError as error:
        reason = str(error).partition("\n\nThis error occurred")[0]
        raise PackError(f"{where}: {reason}\nNothing was started; mend the pattern.") from None
    if empty:
        raise PackError(f"{where}: the pattern matches an empty line, so every line. Nothing was started.")
    if "span" in rule.groups and not (_leads(rule.pattern) or rule.pattern.rstrip("$").endswith(")")):
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
