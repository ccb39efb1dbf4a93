"""The run's settings: one frozen object that ``run.toml`` mirrors, checked in full before any work begins."""

from __future__ import annotations

import difflib
import functools
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from pipeline.errors import ConfigError

Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Scope = Literal["all", "host", "off"]
T = TypeVar("T", bound=Struct)


class FieldNames(Struct, frozen=True, forbid_unknown_fields=True):
    """``[fields]``: which field of a JSONL record or column of a Parquet file holds what; none means guess."""

    id: str | None = None
    url: str | None = None
    text: str | None = None
    html: str | None = None
    title: str | None = None
    press: str | None = None
    published: str | None = None


class Strip(Struct, frozen=True, forbid_unknown_fields=True):
    """``[strip]``: whether a text's first line is its title; ``auto`` asks for evidence in the text.

    ``frequent``: whether a run takes what a site repeats on many pages.
    """

    first_line: Literal["auto", "title", "body"] = "auto"
    frequent: bool = True


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """``[rules]``: packs beside the built-in ones (paths), and packs or rules (ids) to leave out."""

    packs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


class Dedup(Struct, frozen=True, forbid_unknown_fields=True):
    """``[dedup]``: which items of each level are compared, the rule and the threshold, and who is kept.

    ``documents`` and ``paragraphs``: all, those of one host, or none. ``templates``: whether to remove near copies that
    differ in figures, dates and names alone. ``recall`` is that of proposing a pair at the
    threshold. ``min_chars`` counts characters of the matching form; shorter lines go only beside duplicates.
    ``sources``: hosts or presses, the preferred first, for ``keep = "source"``.
    """

    documents: Scope = "all"
    paragraphs: Scope = "all"
    rule: Literal["jaccard", "containment", "coverage"] = "jaccard"
    templates: Literal["remove", "keep"] = "remove"
    threshold: Annotated[float, Meta(ge=0.3, le=1)] = 0.8
    recall: Annotated[float, Meta(gt=0, lt=1)] = 0.995
    num_perm: Annotated[int, Meta(ge=8, le=1024)] = 128
    seed: Count = 1
    shingle: Annotated[int, Meta(ge=1, le=32)] = 5
    min_chars: Positive = 40
    keep: Literal["earliest", "longest", "source"] = "earliest"
    sources: tuple[str, ...] = ()


class Output(Struct, frozen=True, forbid_unknown_fields=True):
    """``[output]``: bylines name persons, so the corpus holds them only when asked for."""

    byline: bool = False


class Run(Struct, frozen=True, forbid_unknown_fields=True):
    """``[run]``: what never changes the corpus. ``limit``: pages that may be skipped, a share if below 1."""

    workers: Count = 0
    limit: Annotated[float, Meta(ge=0)] = 0.01
    strict: bool = False


class RunConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Every setting of a run, with its default."""

    fields: FieldNames = FieldNames()
    strip: Strip = Strip()
    rules: Rules = Rules()
    dedup: Dedup = Dedup()
    output: Output = Output()
    run: Run = Run()


def load_config(path: Path | None) -> RunConfig:
    """Return the settings of ``path``, a ``run.toml`` or the manifest of an earlier run; defaults for None.

    Pack paths in a file are relative to that file. Raises ConfigError with file, key and reason.
    """
    if path is None:
        return RunConfig()
    values = _manifest_config(path) if path.suffix == ".json" else read_toml(path, "setting")
    config = checked(values, RunConfig, path.name)
    packs = tuple(_beside(path, pack) for pack in config.rules.packs)
    return replace(config, rules=replace(config.rules, packs=packs))


def deciding(config: RunConfig) -> dict[str, Any]:
    """Return the settings that decide the corpus, as plain values: all but ``[run]``."""
    values: dict[str, Any] = msgspec.to_builtins(config)
    del values["run"]
    return values


def replace(struct: T, **changes: Any) -> T:  # noqa: ANN401 - any field's type
    """Return ``struct`` with ``changes`` made."""
    return msgspec.structs.replace(struct, **changes)


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Return the tables of a TOML file; raises ConfigError when it cannot be read or parsed."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Nothing was started.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: not a TOML file: {error}. Nothing was started; mend the {what} file."
        ) from None


def checked(values: dict[str, Any], kind: type[T], where: str) -> T:
    """Return ``values`` as ``kind``; raises ConfigError naming the key at fault, and the one probably meant."""
    _check_keys(values, kind, where, ())
    missing = [
        field.encode_name for field in _fields(kind) if field.required and field.encode_name not in values
    ]
    if missing:
        raise ConfigError(
            f"{where}: {', '.join(missing)} must be given. Nothing was started; add what is missing."
        )
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        key = place.rstrip("`").lstrip(".") or "file"
        raise ConfigError(f"{where}: {key}: {reason}. Nothing was started; mend this value.") from None


def _check_keys(values: dict[str, Any], kind: type, where: str, path: tuple[str, ...]) -> None:
    known = _types_of(kind)
    for key, value in values.items():
        if key not in known:
            raise ConfigError(_unknown_key(key, list(known), where, path))
        if isinstance(value, dict) and isinstance(known[key], type) and issubclass(known[key], Struct):
            _check_keys(value, known[key], where, (*path, key))


@functools.cache
def _fields(kind: type) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _types_of(kind: type) -> dict[str, Any]:
    return {field.encode_name: field.type for field in _fields(kind)}


def _unknown_key(key: str, known: list[str], where: str, path: tuple[str, ...]) -> str:
    place = f" in [{'.'.join(path)}]" if path else ""
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}."
    return f'{where}: unknown key "{key}"{place}; {hint} Nothing was started; mend or remove the key.'


def _beside(path: Path, pack: str) -> str:
    """Return a pack's path as ``run.toml`` means it: beside itself. A manifest's stand as they are."""
    return pack if path.suffix == ".json" or Path(pack).is_absolute() else str(path.parent / pack)


def _manifest_config(path: Path) -> dict[str, Any]:
    try:
        manifest = msgspec.json.decode(path.read_bytes())
        config: dict[str, Any] = manifest["config"]
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}). Nothing was started.") from None
    except (msgspec.DecodeError, KeyError, TypeError):
        raise ConfigError(f"{path}: not a manifest of newsieve. Nothing was started.") from None
    return config
