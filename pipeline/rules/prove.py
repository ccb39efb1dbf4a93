"""A rule is data that proves itself: its examples are matched whenever packs are loaded."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline.rules.match import candidates_of, matches_of
from pipeline.rules.table import PlacedRule, RuleTable

OPEN, CLOSE = "⟦", "⟧"


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
    empty = pl.DataFrame({"rule": range(len(table.rules))}, schema={"rule": pl.UInt32}).with_columns(
        key=pl.lit(len(examples), pl.UInt32), text=pl.lit("")
    )
    matches = matches_of(pl.concat([candidates_of(texts, table), empty]), table)
    boundless = set(matches.filter(pl.col("key") == len(examples))["rule"])
    own = matches.join(wanted, on=["key", "rule"], how="semi")
    spans = {row["key"]: (row["start"], row["end"]) for row in own.iter_rows(named=True)}
    verdicts = [
        _verdict(*example, number, spans)
        for number, example in enumerate(examples)
        if owners[example[0].id] not in boundless
    ]
    empty_too = "the pattern matches an empty line, so every line"
    told = [f"{table.rules[number].place}: {empty_too}" for number in sorted(boundless)]
    return [*told, *(verdict for verdict in verdicts if verdict)]


def _verdict(
    placed: PlacedRule, kind: str, text: str, key: int, spans: dict[int, tuple[Any, Any]]
) -> str | None:
    where = placed.place
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
