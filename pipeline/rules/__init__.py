"""Rule packs: read from TOML, proven by their own examples, matched on whole columns of lines.

A rule is data that proves itself (docs/rules.md). Its pattern runs in Polars' linear-time regular
expressions, on distinct lines only, and only where one of its keywords stands, so that the cost of a batch grows
with its text and hardly with the number of rules.
"""

from pipeline.rules.match import match_lines
from pipeline.rules.packs import builtin_paths, load_packs
from pipeline.rules.prove import CLOSE, OPEN, prove
from pipeline.rules.table import (
    CREDITS,
    Extract,
    Pack,
    PlacedRule,
    Rule,
    RuleTable,
    fits_host,
    rule_table,
)

__all__ = [
    "CLOSE",
    "CREDITS",
    "OPEN",
    "Extract",
    "Pack",
    "PlacedRule",
    "Rule",
    "RuleTable",
    "builtin_paths",
    "fits_host",
    "load_packs",
    "match_lines",
    "prove",
    "rule_table",
]
