"""The files behind the INPUTs of a run, each under a name that does not depend on where the folder lies.

A file's ``source`` goes into every table and, for pages without id and URL, into their ids. So it is what the user
called the file: its name, or the folder's name and the way below it.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipeline.errors import InputError
from pipeline.read.batch import InputFile, OnePage, Reader, skipped_rows
from pipeline.read.charset import decode, sanitise
from pipeline.read.compression import SUFFIXES
from pipeline.read.html import html_page
from pipeline.read.jsonl import read_json, read_jsonl
from pipeline.read.parquet import read_parquet
from pipeline.read.text import text_page
from pipeline.read.warc import read_warc

__all__ = ["READERS", "Discovered", "InputFile", "discover", "reader_of"]

HTML, TEXT = OnePage(html_page), OnePage(text_page)
# A format is one line here. Each suffix also works with .gz and .zst behind it.
READERS: dict[str, Reader | OnePage] = {
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".txt": TEXT,
    ".text": TEXT,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".json": read_json,
    ".parquet": read_parquet,
    ".warc": read_warc,
    ".wet": read_warc,
}


class Discovered(NamedTuple):
    """The files to read, sorted by source, and ``SKIPPED`` rows (run null) for those that no reader takes."""

    files: list[InputFile]
    skipped: pl.DataFrame


class _Found(NamedTuple):
    """A file below an INPUT: ``parts`` of its path as given, of which the last ``depth`` make its source."""

    link: bool
    depth: int
    parts: tuple[str, ...]
    real: str
    problem: tuple[str, str] | None = None

    @property
    def source(self) -> str:
        return "/".join(self.parts[-self.depth :]).lstrip("/")


def discover(inputs: Sequence[str]) -> Discovered:
    """Return the files that ``inputs`` (files, folders, globs) name, whatever their order, each file once.

    Raises InputError for a missing path, a glob that fits nothing, and what is neither file nor folder.
    """
    by_file: dict[str, _Found] = {}
    every = (found for text in inputs for found in _found(text))
    for found in sorted(every, key=lambda found: (found.link, -found.depth, found.parts)):
        by_file.setdefault(found.real, found)
    named = [
        (found._replace(problem=found.problem or _unknown(found)), source)
        for found, source in _named(by_file)
    ]
    folders: dict[tuple[str, ...], Path] = {}
    files = [_input_file(found, source, folders) for found, source in named if found.problem is None]
    problems = [(source, *found.problem) for found, source in named if found.problem]
    return Discovered(files, skipped_rows(problems))


@lru_cache(1 << 16)  # planning asks four times for each file
def reader_of(name: str) -> Reader | OnePage | None:
    """Return the reader for a file name, by its suffix without .gz or .zst; None if there is none."""
    path = Path(name.lower())
    return READERS.get(Path(path.stem).suffix if path.suffix in SUFFIXES else path.suffix)


def _unknown(found: _Found) -> tuple[str, str] | None:
    name = found.parts[-1]
    if reader_of(name):
        return None
    suffix = "".join(Path(_clean(name)).suffixes[-2:])
    return (
        "unknown_format",
        f"no reader for {suffix or 'a name without suffix'}; there are {' '.join(READERS)}",
    )


def _input_file(found: _Found, source: str, folders: dict[tuple[str, ...], Path]) -> InputFile:
    """Return a file to read; ``folders`` are those that were resolved already, by their parts."""
    parts, name = found.parts[:-1], found.parts[-1]
    if parts not in folders:
        folders[parts] = Path(*parts).resolve()
    path = folders[parts] / name
    try:
        return InputFile(path, source, path.stat().st_size)
    except OSError:
        return InputFile(path, source, 0)


def _found(text: str) -> Iterator[_Found]:
    path = Path(os.path.abspath(text))  # noqa: PTH100 - as given: links keep their names
    if path.is_file():
        yield _Found(path.is_symlink(), 1, path.parts, str(path.resolve()))
    elif path.is_dir():
        yield from _walk(path, ())
    elif path.exists():
        raise InputError(f"{text}: neither a file nor a folder. Nothing was read; give a regular file.")
    elif not any(sign in text for sign in "*?["):
        raise InputError(f"{text}: no such file or folder. Nothing was read; mend the path.")
    else:
        fixed = next(number for number, part in enumerate(path.parts) if any(sign in part for sign in "*?["))
        root = Path(*path.parts[:fixed])
        matches = list(_walk(root, path.parts[fixed:])) if root.is_dir() else []
        if not matches:
            raise InputError(f"{text}: the pattern fits no file. Nothing was read; mend the pattern.")
        yield from matches


def _walk(root: Path, pattern: tuple[str, ...]) -> Iterator[_Found]:
    """Give what fits ``pattern`` below ``root``, hidden names left out; all of a folder that fits is taken.

    No link to a folder is followed: inside ``root`` its files are found anyway, outside they are not the user's word.
    """
    inside = str(root.resolve())
    waiting = [(root, _closed({0}, pattern))]
    while waiting:
        folder, places = waiting.pop()
        depth = len(folder.parts) - len(root.parts) + 1
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield _Found(
                link=False, depth=depth, parts=folder.parts, real=str(folder), problem=_refused(error)
            )
            continue
        real = os.path.realpath(folder)
        for entry in entries:
            after = _step(places, entry.name, pattern)
            if entry.name.startswith(".") or not after:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((folder / entry.name, after))
            elif len(pattern) in after:
                found = _Found(
                    entry.is_symlink(), depth + 1, (*folder.parts, entry.name), f"{real}/{entry.name}"
                )
                yield from _entry(entry, found, inside)


def _entry(entry: os.DirEntry[str], found: _Found, inside: str) -> Iterator[_Found]:
    """Give what was found in a folder; a link counts for the file it leads to if that lies in the folder ``inside``."""
    link = found.link
    real = os.path.realpath(entry.path) if link else found.real
    if link and not os.path.exists(real):  # noqa: PTH110 - a str, as of realpath
        problem = ("unreadable", "a link that leads nowhere")
    elif link and os.path.commonpath([real, inside]) != inside:
        problem = ("unreadable", "a link out of the folder is not followed; give it as an INPUT of its own")
    elif link and os.path.isdir(real):  # noqa: PTH112
        return
    elif not entry.is_file():
        problem = ("unreadable", "not a regular file")
    else:
        yield found._replace(real=real)
        return
    yield found._replace(real=entry.path, problem=problem)


def _refused(error: OSError) -> tuple[str, str]:
    return "unreadable", error.strerror or type(error).__name__


def _step(places: frozenset[int], name: str, pattern: tuple[str, ...]) -> frozenset[int]:
    """Return where in ``pattern`` one stands below a name; at its end one stays, so that a folder fits whole."""
    after = set()
    for place in places:
        if place == len(pattern) or pattern[place] == "**":
            after.add(place)
        elif fnmatchcase(name, pattern[place]):
            after.add(place + 1)
    return _closed(after, pattern)


def _closed(places: set[int], pattern: tuple[str, ...]) -> frozenset[int]:
    """Return ``places`` and those that an empty ``**`` leads to."""
    for place, part in enumerate(pattern):
        if place in places and part == "**":
            places.add(place + 1)
    return frozenset(places)


def _named(by_file: dict[str, _Found]) -> list[tuple[_Found, str]]:
    """Return each file with its source, sorted by it; sources that are equal get more parent folders, then numbers."""
    all_found = list(by_file.values())
    while True:
        names = [_clean(found.source) for found in all_found]
        count = Counter(names)
        longer = [
            found._replace(depth=min(found.depth + 1, len(found.parts))) if count[name] > 1 else found
            for found, name in zip(all_found, names, strict=True)
        ]
        if longer == all_found:
            break
        all_found = longer
    named: list[tuple[_Found, str]] = []
    seen: Counter[str] = Counter()
    for name, found in sorted(zip(names, all_found, strict=True)):
        seen[name] += 1
        named.append((found, name if seen[name] == 1 else f"{name}~{seen[name]}"))
    return sorted(named, key=lambda pair: pair[1])


def _clean(source: str) -> str:
    """Return a source that a column holds: composed Hangul as macOS has not, one line, no ``#`` but a record's."""
    text = decode(os.fsencode(source)).text
    return unicodedata.normalize("NFC", sanitise(text)).replace("\n", " ").replace("#", "%23")
