"""What a rule, a pack of rules and the table of all rules are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Literal, NamedTuple

import msgspec
import polars as pl
from msgspec import Meta, Struct

CREDITS = ("press", "byline", "published")
GROUPS = ("span", *CREDITS)
Text = Annotated[str, Meta(min_length=1)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1)]


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[rule]]`` of a pack; docs/rules.md says what each key means."""

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


class Pack(Struct, frozen=True, cache_hash=True, forbid_unknown_fields=True):
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

    @property
    def place(self) -> str:
        """Where it is written, for messages."""
        return f"{self.pack.path}: rule {self.id}"


class RuleTable(NamedTuple):
    """Every rule of a run in order, and ``keywords[keyword, rule, longest]`` that lead to them.

    A rule without keywords has one row, with none. ``longest``: characters of a line that the rule looks at; null: any.
    """

    packs: tuple[Pack, ...]
    rules: tuple[PlacedRule, ...]
    keywords: pl.DataFrame


def rule_table(packs: Sequence[Pack]) -> RuleTable:
    """Return the rules of ``packs`` in order, with their keywords."""
    rules = tuple(PlacedRule(pack, rule) for pack in packs for rule in pack.rule)
    rows = [
        (word, number, None if "span" in placed.rule.groups else placed.rule.max_chars)
        for number, placed in enumerate(rules)
        for word in dict.fromkeys(placed.rule.keywords or (None,))
    ]
    schema = {"keyword": pl.String, "rule": pl.UInt32, "longest": pl.UInt32}
    keywords = pl.DataFrame(rows, schema=schema, orient="row")
    return RuleTable(tuple(packs), rules, keywords)


def fits_host(host: str | None, hosts: tuple[str, ...]) -> bool:
    """Tell whether a pack of ``hosts`` applies to a page of ``host``; every pack does when the host is unknown."""
    return host is None or not hosts or f".{host}".endswith(_endings(hosts))


@cache
def _endings(hosts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f".{name}" for name in hosts)
