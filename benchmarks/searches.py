"""Searches for near-duplicates: newsieve's and those of peers, each called as its documentation says.

A peer runs in an environment of its own that holds its requirements and nothing of ours, so this module imports
nothing else before it is known which search is wanted. ``how`` says settings and deviations.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.measure import clocked

THRESHOLD: Final = 0.8  # of the Jaccard similarity of sets of shingles
PERMUTATIONS: Final = 128
SHINGLE: Final = 5
BANDS: Final = 16  # of 8 rows: for peers that want to be told
SEED: Final = 42
PART: Final = 1_000_000  # texts of one workload; what Python holds of more, and of the truth, fills memory
IN_MEMORY: Final = 1 << 29  # bytes of a mapped file that are read before they are let go, as in a run
BATCH: Final = 20_000  # texts that a peer is given at once where its signatures would fill memory


class Search(NamedTuple):
    """One way to search. Only ``removed`` is clocked as the search; it returns the rows that go, as ints or an array.

    ``requirements``: of its environment, none for this one. ``modules``: imported before. ``given(folder)``: loads
    the texts in the form that the search takes.
    """

    title: str
    requirements: tuple[str, ...]
    modules: tuple[str, ...]
    given: Callable[[Path], Any]
    removed: Callable[[Any], Any]
    how: str


def run(name: str, folder: str, count: int, cores: int = 1) -> tuple[float, float]:
    """Search the ``count`` texts in ``folder``; write the mask of what goes; return CPU and wall seconds."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    search = SEARCHES[name]
    for module in search.modules:
        import_module(module)
    given = search.given(Path(folder))
    start = time.perf_counter()
    mask, cpu = clocked(lambda: _mask(search.removed(given), count))
    wall = time.perf_counter() - start
    (Path(folder) / f"{name}.mask").write_bytes(mask)
    return cpu, wall


def _mask(rows: Any, count: int) -> bytearray:
    mask = bytearray(count)
    if hasattr(rows, "dtype"):
        import numpy as np

        np.frombuffer(mask, np.uint8)[rows] = 1
        return mask
    for row in rows:
        mask[row] = 1
    return mask


def _column(folder: Path) -> Any:
    import polars as pl

    return pl.read_parquet(folder / "0" / "texts.parquet")["text"]


def _uncompiled(folder: Path) -> Any:
    os.environ["NEWSIEVE_CACHE_DIR"] = tempfile.mkdtemp(dir=folder)
    return _column(folder)


def _newsieve(texts: Any, room: Any = None) -> Any:
    import polars as pl

    from pipeline.dedup import Settings, find_duplicates

    numbers = pl.int_range(len(texts), dtype=pl.UInt32, eager=True)
    items = pl.DataFrame({"item": numbers, "doc": numbers, "text": texts})
    settings = Settings(threshold=THRESHOLD, num_perm=PERMUTATIONS, shingle=SHINGLE)
    return find_duplicates(items, None, settings, room).removed["item"].to_numpy()


def _mapped(folder: Path) -> Any:
    import polars as pl

    from pipeline.store.mapped import Mapped

    paths = sorted(folder.rglob("texts.arrow"), key=lambda path: int(path.parent.name))
    files = [Mapped(path) for path in paths]
    return pl.concat([file.frame()["text"] for file in files], rechunk=False), files, folder


def _newsieve_mapped(given: Any) -> Any:
    from pipeline.dedup import Room
    from pipeline.store.mapped import forgetting

    texts, files, folder = given
    return _newsieve(texts, Room(folder=folder, forget=forgetting(files, IN_MEMORY)))


def _lines(folder: Path) -> list[str]:
    return (folder / "0" / "forms.txt").read_text("utf-8").split("\n")


def _arrow(folder: Path) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    found = parquet.read_table(folder / "0" / "forms.parquet", columns=["text"])
    return found.cast(pa.schema({"text": pa.string()}))


def _shingles(text: str) -> list[str]:
    return [text[n : n + SHINGLE] for n in range(max(1, len(text) - SHINGLE + 1))]


def _datasketch(texts: list[str]) -> Iterable[int]:
    import datasketch
    import xxhash

    sets = ({shingle.encode() for shingle in _shingles(text)} for text in texts)
    sketches = datasketch.MinHash.generator(sets, num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)
    index = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    for number, sketch in enumerate(sketches):
        if index.query(sketch):
            yield number
        else:
            index.insert(number, sketch, check_duplication=False)


def _rensa(texts: list[str]) -> Iterable[int]:
    import rensa

    search = rensa.RMinHashDeduplicator(THRESHOLD, PERMUTATIONS, use_lsh=True, num_bands=BANDS, seed=SEED)
    kept = search.add_pairs((str(number), _shingles(text)) for number, text in enumerate(texts))
    return (number for number, keep in enumerate(kept) if not keep)


def _rensa_rho(texts: list[str]) -> Iterable[int]:
    import rensa

    sketches = rensa.RMinHash.digest_matrix_from_token_sets_rho(map(_shingles, texts), PERMUTATIONS, SEED)
    index = rensa.RMinHashLSH(THRESHOLD, PERMUTATIONS, 8)
    flags = index.query_duplicate_flags_matrix_one_shot(sketches)
    return (number for number, flag in enumerate(flags) if flag)


def _gaoya(texts: list[str]) -> Iterable[int]:
    from gaoya.minhash import MinHashStringIndex

    sizes = {"num_bands": BANDS, "band_size": PERMUTATIONS // BANDS, "ngram_range": (SHINGLE, SHINGLE)}
    index = MinHashStringIndex(32, THRESHOLD, analyzer="char", id_container="vec", **sizes)
    for number, text in enumerate(texts):
        if index.query(text):
            yield number
        else:
            index.insert_document(number, text)


def _dupekit(table: Any) -> Iterable[int]:
    import dupekit
    import numpy as np

    do = dupekit.Transformation
    steps = [
        do.MinHash("text", "signature", PERMUTATIONS, SHINGLE, SEED),
        do.MinHashLSH("signature", "buckets", BANDS),
        do.SelectColumns(["buckets"]),
    ]
    batches = table.to_batches(max_chunksize=BATCH)
    found = [dupekit.transform(batch, steps).column(0).flatten().to_numpy() for batch in batches]
    return _later(np.concatenate(found).reshape(-1, BANDS))


def _fastsketch(texts: list[str]) -> Iterable[int]:
    import FastSketchLSH
    import numpy as np

    sketcher = FastSketchLSH.FastSimilaritySketch(size=PERMUTATIONS, seed=SEED)
    index = FastSketchLSH.LSH(num_perm=PERMUTATIONS, num_bands=BANDS, num_threads=1)
    starts = range(0, len(texts), BATCH)
    parts = [sketcher.batch([*map(_shingles, texts[n : n + BATCH])], num_threads=1) for n in starts]
    return np.flatnonzero(index.insert_and_query_duplicates(np.concatenate(parts)))


def _daft(texts: list[str]) -> Iterable[int]:
    import daft
    import numpy as np

    spaced = daft.from_pydict({"text": [" ".join(text) for text in texts]})
    column = daft.col("text").minhash(num_hashes=PERMUTATIONS, ngram_size=SHINGLE, hash_function="xxhash32")
    found = spaced.select(column).to_arrow().column(0).combine_chunks()
    rows = found.flatten().to_numpy().reshape(-1, BANDS, PERMUTATIONS // BANDS).astype(np.uint64)
    factors = np.random.default_rng(SEED).integers(0, 1 << 64, rows.shape[2], np.uint64) | np.uint64(1)
    return _later((rows * factors).sum(axis=2, dtype=np.uint64))


def _later(keys: Any) -> Iterable[int]:
    """Return the rows of ``keys`` (texts, bands) that are not the first of one of their buckets."""
    import numpy as np

    goes = np.zeros(len(keys), bool)
    for band in keys.T:
        later = np.ones(len(keys), bool)
        later[np.unique(band, return_index=True)[1]] = False
        goes |= later
    return np.flatnonzero(goes)


def _textdedup(folder: Path) -> Iterable[int]:
    import datasets
    from text_dedup import minhash, utils

    datasets.disable_progress_bars()
    home = Path(tempfile.mkdtemp(dir=folder))  # a fresh one: it takes up what an earlier round left
    table, kept, cache = str(folder / "0" / "forms.parquet"), str(home / "kept"), str(home / "cache")
    minhash.main.callback(
        io_args=utils.IOArgs("parquet", kept, data_files=table, split="train", cache_dir=cache, num_proc=1),
        meta_args=utils.MetaArgs("spaced"),
        minhash_args=utils.MinHashArgs(
            ngram=SHINGLE, min_length=1, num_perm=PERMUTATIONS, threshold=THRESHOLD, hash_func="xxh3"
        ),
    )
    stays = set(datasets.load_from_disk(kept)["row"])
    every = datasets.Dataset.from_parquet(table, columns=["row"], cache_dir=cache)["row"]
    return (row for row in every if row not in stays)


UNCHECKED = "A pair is a duplicate when it shares a band; nothing is verified."
EVERY = "It flags every member of a pair, so that no copy is kept: the complement of its flags is no corpus."
SEARCHES: dict[str, Search] = {
    "newsieve": Search(
        "newsieve",
        (),
        ("polars", "pipeline.dedup"),
        _column,
        _newsieve,
        "16 bands of 5 rows, every pair verified by exact Jaccard; makes the matching form itself. Takes NumPy for "
        "little text, compiled kernels for more.",
    ),
    "mapped": Search(
        "newsieve, texts in a file",
        (),
        ("polars", "pipeline.dedup", "pipeline.store.mapped"),
        _mapped,
        _newsieve_mapped,
        "The same where texts are too many for memory: they lie in mapped Arrow files, of which 512 MB are held.",
    ),
    "uncompiled": Search(
        "newsieve, first run",
        (),
        ("polars", "pipeline.dedup"),
        _uncompiled,
        _newsieve,
        "The same right after installation: where it takes kernels, it compiles them first.",
    ),
    "datasketch": Search(
        "datasketch 2.0.0",
        ("datasketch==2.0.0", "xxhash==4.1.0"),
        ("datasketch", "xxhash"),
        _lines,
        _datasketch,
        "`MinHash.generator` (its bulk way) over xxh32, `MinHashLSH` with its own choice of 9 bands of 13 rows; the "
        f"first of a bucket stays. {UNCHECKED}",
    ),
    "rensa": Search(
        "rensa 0.5.0",
        ("rensa==0.5.0",),
        ("rensa",),
        _lines,
        _rensa,
        "`RMinHashDeduplicator` with 16 bands, which checks pairs by their signatures and keeps the first. Shingles "
        "are made in Python: it takes tokens.",
    ),
    "rensa-rho": Search(
        "rensa 0.5.0, rho",
        ("rensa==0.5.0",),
        ("rensa",),
        _lines,
        _rensa_rho,
        f"Its fastest way, as in its own benchmark: a sample of the tokens, 8 bands. {EVERY}",
    ),
    "gaoya": Search(
        "gaoya 0.2.2",
        ("gaoya==0.2.2",),
        ("gaoya.minhash",),
        _lines,
        _gaoya,
        "`MinHashStringIndex`, 16 bands of 8 rows, asked and filled text by text (its bulk calls are quadratic in the "
        "copies of a text); checks pairs by their signatures.",
    ),
    "dupekit": Search(
        "marin-dupekit 0.1.1",
        ("marin-dupekit==0.1.1", "pyarrow==26.0.1", "numpy==2.4.6"),
        ("dupekit", "numpy", "pyarrow.parquet"),
        _arrow,
        _dupekit,
        "`MinHash` and `MinHashLSH` over Arrow, 16 bands; it gives buckets, and who is not the first of one goes. "
        f"{UNCHECKED}",
    ),
    "fastsketch": Search(
        "FastSketchLSH 1.0.1",
        ("FastSketchLSH==1.0.1", "numpy==2.4.6"),
        ("FastSketchLSH", "numpy"),
        _lines,
        _fastsketch,
        f"`insert_and_query_duplicates`, 16 bands. Shingles are made in Python: it takes tokens. {UNCHECKED} {EVERY}",
    ),
    "daft": Search(
        "daft 0.7.26",
        ("daft==0.7.26", "numpy==2.4.6"),
        ("daft", "numpy"),
        _lines,
        _daft,
        "`minhash` over xxh32 of text with a space put between its characters, for it knows only words. "
        f"16 bands of 8 rows by NumPy; who is not the first of a bucket goes. {UNCHECKED}",
    ),
    "text-dedup": Search(
        "text-dedup 0.4.0",
        ("text-dedup==0.4.0",),
        ("text_dedup.minhash",),
        lambda folder: folder,
        _textdedup,
        "Its command's function with xxh3 and its own choice of bands, one process, on text with a space between its "
        f"characters, given ready-made. {UNCHECKED} Pairs are chained into clusters. It reads and writes a data set "
        "within the search.",
    ),
}
