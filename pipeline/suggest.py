"""A draft of a rule pack from what a corpus showed to be frequent on a site: for a person to read, mend and keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import ConfigError
from pipeline.rules import Pack, Rule, prove, rule_table
from pipeline.schema import CORPUS, REMOVALS
from pipeline.store.corpus import open_corpus, paths_of, scan
from pipeline.store.files import read_table
from pipeline.strip.frequent import UNKNOWN_HOST
from pipeline.strip.sites import COUNTS, documents_of, pages_of, summed
from pipeline.strip.templates import pattern, with_template, words

EXAMPLES = 3  # lines of the corpus in a rule's ``removes``
ROOM = 20  # characters that a line may be longer than the longest one seen
CONTINUED = (
    "{}라는 말이 기사 속에 나왔다."  # every rule keeps its first example, when it goes on as a sentence
)
RULES = ("frequent/line", "frequent/run")  # what goes for its company alone is no rule


def suggest(folder: Path, host: str | None) -> str:
    """Return a draft pack (TOML) for one host of the corpus in ``folder``; the only one when ``host`` is null.

    Raises ConfigError when there is no frequent text of the host, or of more than one host.
    """
    manifests = open_corpus(folder)
    documents = scan(paths_of(folder, manifests, "corpus"), CORPUS).select(
        "doc_id", host=pl.col("host").fill_null("")
    )
    removals = scan(paths_of(folder, manifests, "removals"), REMOVALS).filter(pl.col("rule").is_in(RULES))
    lines = removals.select("doc_id", "text").join(documents, on="doc_id").collect()
    chosen = _chosen(folder, lines["host"].unique().sort().to_list(), host)
    texts = with_template(lines.filter(pl.col("host") == chosen).select("text").unique())
    paths = paths_of(folder, manifests, "index/frequent")
    counts = pl.concat(read_table(path, COUNTS) for path in paths).filter(pl.col("host") == chosen)
    known = summed(counts, texts.with_columns(host=pl.lit(chosen)))
    return _pack(chosen, _rules(texts, known, pages_of(counts).item(0, "pages")))


def _chosen(folder: Path, hosts: list[str], host: str | None) -> str:
    named = [name or UNKNOWN_HOST for name in hosts]
    if not hosts:
        raise ConfigError(
            f"{folder}: no frequent text was found in it, so there is nothing to suggest. A site needs more pages; "
            'see "hosts_too_small" in the manifests.'
        )
    if host is None and len(hosts) > 1:
        raise ConfigError(f"{folder}: holds several sites; name one with --host: {', '.join(named)}.")
    if host is not None and host not in named:
        raise ConfigError(f'{folder}: no frequent text of "{host}"; there is some of {", ".join(named)}.')
    return hosts[named.index(host)] if host is not None else hosts[0]


def _rules(texts: pl.DataFrame, known: pl.DataFrame, pages: int) -> list[dict[str, Any]]:
    """Return the rules that prove themselves, the most frequent first; a bare number is none."""
    worded = texts.filter(pl.col("template").str.contains(r"\p{L}"))
    held = worded.group_by("template").agg(pl.col("text").sort())
    rows = held.join(known.drop("host"), on="template").with_columns(documents=documents_of())
    ordered = rows.sort(["documents", "template"], descending=[True, False]).to_dicts()
    drafts = [_rule(row, pages, f"line-{number}") for number, row in enumerate(ordered, start=1)]
    return [draft for draft in drafts if not prove(rule_table([_as_pack(draft)]))]


def _rule(row: dict[str, Any], pages: int, name: str) -> dict[str, Any]:
    where = "head" if row["head"] > row["tail"] else "tail"
    place = "above" if where == "head" else "below"
    examples = row["text"][:EXAMPLES]
    return {
        "id": name,
        "class": "site",
        "description": f"on {row['documents']} of {pages} pages, {place} the article",
        "keywords": words(row["template"])[:1],
        "pattern": pattern(row["template"]),
        "where": where,
        "max_chars": max(map(len, row["text"])) + ROOM,
        "removes": examples,
        "keeps": [CONTINUED.format(examples[0])],
    }


def _as_pack(draft: dict[str, Any]) -> Pack:
    values = {("kind" if key == "class" else key): value for key, value in draft.items()}
    values |= {key: tuple(values[key]) for key in ("keywords", "removes", "keeps")}
    return Pack(title="draft", rule=(Rule(**values),), id="draft", path="draft")


def _pack(host: str, drafts: list[dict[str, Any]]) -> str:
    hosts = (
        f"hosts = {_value([host])}"
        if host
        else "# hosts = []  # name them, or the pack applies to all documents"
    )
    head = [
        "# A draft: read every rule, give it a name and its class, and add the lines nearest to it to keeps.",
        f"title = {_value(host or UNKNOWN_HOST)}",
        hosts,
    ]
    tables = (
        ["", "[[rule]]", *(f"{key} = {_value(value)}" for key, value in draft.items() if value)]
        for draft in drafts
    )
    return "\n".join([*head, *(line for table in tables for line in table)])


def _value(value: object) -> str:
    """Return a string, number or list as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str) and "\\" in value and value.isprintable() and "''" not in f"{value}'":
        return f"'{value}'" if "'" not in value else f"'''{value}'''"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
