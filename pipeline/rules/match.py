"""Rules matched on columns of lines: keywords first, then the patterns of the rules that they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from pipeline.errors import PackError
from pipeline.rules.table import CREDITS, Rule, RuleTable

LINE_CHARS = 2**32 - 1
LENGTHS = (
    40,
    80,
    120,
    160,
    200,
)  # characters; classes of lines, each searched for the keywords of rules that fit
_FOUND: dict[str, type[pl.DataType]] = {
    "key": pl.UInt32,
    "rule": pl.UInt32,
    "start": pl.UInt32,
    "end": pl.UInt32,
    **dict.fromkeys(CREDITS, pl.String),
}


def match_lines(texts: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
    """Return what every rule finds in ``texts[key u32, text]``, wherever the line stands and whatever its host.

    One row a rule and line: ``key, rule, start, end`` (characters; null for the whole line) and the credits that the
    pattern names.
    """
    return matches_of(candidates_of(texts, table), table)


def candidates_of(texts: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
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
    folded = pl.col("keyword").str.to_lowercase()
    for above, most in pairwise((-1, *LENGTHS, LINE_CHARS)):
        wanted = words.filter((longest > above).fill_null(value=True))
        lines = sized.filter((pl.col("chars") > above) & (pl.col("chars") <= most))
        if wanted.is_empty() or lines.is_empty():
            continue
        # A list, not an expression: for one, Polars builds the automaton anew for every line.
        spelled = wanted["keyword"].unique(maintain_order=True).to_list()
        found = pl.col("text").str.extract_many(spelled, ascii_case_insensitive=True, overlapping=True)
        # Each keyword of a line once: a line made to hurt holds one a hundred thousand times.
        hits = lines.select("key", "chars", keyword=found.list.unique()).filter(
            pl.col("keyword").list.len() > 0
        )
        yield _fitting(
            hits.explode("keyword").with_columns(folded).join(wanted.with_columns(folded), on="keyword")
        )


def _fitting(pairs: pl.DataFrame) -> pl.DataFrame:
    fits = (pl.col("chars") <= pl.col("longest")).fill_null(value=True)
    return pairs.filter(fits).select("rule", "key")


def matches_of(candidates: pl.DataFrame, table: RuleTable) -> pl.DataFrame:
    """Return what rules find in their ``candidates[rule, key, text]``; raises PackError for a pattern that is none."""
    found = [pl.DataFrame(schema=_FOUND)]
    for (number,), part in candidates.partition_by("rule", as_dict=True, maintain_order=True).items():
        placed = table.rules[number]
        try:
            fits = part["text"].str.contains(placed.rule.pattern)
        except pl.exceptions.ComputeError as error:
            reason = str(error).partition("\n\nThis error occurred")[0]
            raise PackError(f"{placed.place}: {reason}\nNothing was started; mend the pattern.") from None
        if fits.any():
            found.append(_with_groups(part.filter(fits), placed.rule))
    return pl.concat(found, how="diagonal")


def _with_groups(matched: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Return ``matched[rule, key, text]``, lines that the pattern matches, with what its named groups hold."""
    if not rule.groups:
        return matched.select("rule", "key")
    groups = matched["text"].str.extract_groups(f"(?P<matched>{rule.pattern})").struct
    found = matched.with_columns(groups.field(name) for name in ("matched", *rule.groups))
    if "span" in rule.groups:
        found = found.filter(pl.col("span").str.len_chars().is_between(1, rule.max_chars))
        found = found.with_columns(_span_bounds(rule))
    return found.drop("text", "matched", "span", strict=False)


def _span_bounds(rule: Rule) -> list[pl.Expr]:
    """Return where the span stands, in characters: at the head of the match or at its tail."""
    text, length = pl.col("text"), pl.col("span").str.len_chars()
    if rule.pattern.startswith("^"):
        before = pl.lit(0, pl.UInt32)
    else:
        offset = text.str.find(rule.pattern)
        before = text.cast(pl.Binary).bin.slice(0, offset).cast(pl.String).str.len_chars()
    if leads(rule.pattern):
        start = before
    elif rule.pattern.endswith("$"):
        start = text.str.len_chars() - length
    else:
        start = before + pl.col("matched").str.len_chars() - length
    return [start.alias("start"), (start + length).alias("end")]


def leads(pattern: str) -> bool:
    """Tell whether a pattern begins with its span."""
    return re.match(r"(\(\?[a-z]+\))?\^?\(\?P<span>", pattern) is not None
