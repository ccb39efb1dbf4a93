"""Compiled code in files: what is used, what is made anew, and what a kernel may not do."""

from math import erf
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.dedup import compiled, engine

pytest.importorskip("numba", reason="needs the extra fast")
from pipeline.dedup import jit
from pipeline.dedup import kernels as sources

pytestmark = pytest.mark.xdist_group("kernels")  # one worker compiles, none waits for another

load = compiled.kernels.__wrapped__


def code():
    """Return compiled code as it is kept: a line that says what is in it, and the object file."""
    signatures, program = jit.machine_code([sources.parts])
    return signatures, program


CODE = code()


@pytest.fixture
def made(monkeypatch, tmp_path):
    """Keep code in an empty folder; count how often it is made."""
    calls = []

    def make():
        calls.append(1)
        return CODE

    monkeypatch.setattr(sources, "code_of_all", make)
    monkeypatch.setenv("NEWSIEVE_CACHE_DIR", str(tmp_path / "kept"))
    return calls


def parts(loaded):
    """Return the places of four rows by the top bit of their keys."""
    keys, rows = np.array([1 << 63, 1, 2, 3], np.uint64), np.empty(4, np.uint32)
    largest = loaded.parts(keys, 1, rows, np.empty(4, np.uint64), np.zeros(4, np.int64))
    return largest, rows.tolist()


def test_code_is_made_once(made, monkeypatch):
    """Nothing is compiled unasked, nor LLVM loaded; once made, code is found by every later process."""
    with monkeypatch.context() as without_llvm:
        without_llvm.delattr(compiled, "_processor")
        assert load(make=False) is None
    assert parts(load(make=True)) == parts(load(make=True)) == parts(load(make=False)) == (3, [1, 2, 3, 0])
    assert len(made) == 1


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:200], lambda _data: b""])
def test_damaged_code_is_made_anew(made, tmp_path, damage):
    """A file that is cut short or changed is as if it were not there, and is replaced."""
    load(make=True)
    (file,) = (tmp_path / "kept").iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert load(make=False) is None
    assert parts(load(make=True))[0] == 3
    assert file.read_bytes() == whole
    assert len(made) == 2


@pytest.mark.usefixtures("made")
def test_a_flipped_bit_is_noticed(tmp_path):
    """Machine code that differs in one bit is not run."""
    load(make=True)
    (file,) = (tmp_path / "kept").iterdir()
    data = bytearray(file.read_bytes())
    data[-100] ^= 4
    file.write_bytes(data)
    assert load(make=False) is None


@pytest.mark.parametrize("part", ["_processor", "_SOURCES"])
def test_foreign_code_is_not_used(made, monkeypatch, part):
    """Code of another processor or LLVM, or of other sources, is left alone beside one's own."""
    load(make=True)
    monkeypatch.setattr(compiled, part, (lambda: "another") if part == "_processor" else ("kernels",))
    assert load(make=False) is None
    load(make=True)
    monkeypatch.undo()
    assert len(made) == 2


def test_the_next_folder_takes_what_the_first_refuses(made, monkeypatch, tmp_path):
    """Where one folder cannot be written to, code goes to the next; where none can, it is used all the same."""
    (tmp_path / "__pycache__").write_text("no folder")
    monkeypatch.delenv("NEWSIEVE_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(
        compiled, "_folders", lambda: [tmp_path / "__pycache__", tmp_path / "cache" / "newsieve"]
    )
    assert parts(load(make=True))[0] == 3
    assert load(make=False) is not None
    monkeypatch.setattr(compiled, "_folders", lambda: [tmp_path / "__pycache__"])
    assert parts(load(make=True))[0] == 3
    assert load(make=False) is None
    assert len(made) == 2


def test_folders_follow_the_environment(monkeypatch, tmp_path):
    """Beside the package first, then the user's cache; a named folder takes the place of both."""
    monkeypatch.delenv("NEWSIEVE_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    beside, own = compiled._folders()  # noqa: SLF001
    assert (beside.name, own) == ("__pycache__", tmp_path / "newsieve")
    monkeypatch.setenv("NEWSIEVE_CACHE_DIR", "/named")
    assert [str(folder) for folder in compiled._folders()] == ["/named"]  # noqa: SLF001


def test_a_missing_library_means_numpy(made, monkeypatch):
    """Without numba or LLVM there are no kernels, and no error."""
    monkeypatch.setitem(__import__("sys").modules, "pipeline.dedup.kernels", None)
    assert load(make=True) is None
    assert not made


@pytest.mark.usefixtures("made")
def test_arrays_of_another_kind_are_refused():
    """A kernel is given only the arrays that it was compiled for: it would read past others."""
    kernel = load(make=True).parts
    rows, keys, bounds = np.empty(4, np.uint32), np.empty(4, np.uint64), np.zeros(4, np.int64)
    for wrong in (keys.astype(np.int64), keys.reshape(2, 2), np.zeros(8, np.uint64)[::2]):
        with pytest.raises(TypeError, match="parts: uint64 1, not"):
            kernel(wrong, 1, rows, keys, bounds)


def test_kernels_stand_alone():
    """A kernel that calls a library is refused: its code could not be linked. One that allocates is not compiled."""

    def calls(value):
        return int(erf(value))

    def allocates(size):
        return np.empty(size).size

    with pytest.raises(RuntimeError, match="kernels need erf"):
        jit.machine_code([jit.exported("float64")(calls)])
    with pytest.raises(jit.numba.core.errors.NumbaError):
        jit.machine_code([jit.exported("int64")(allocates)])


def test_size_decides(monkeypatch):
    """Little text is for NumPy, more for kernels that are there, much is worth compiling; not on other byte orders."""
    monkeypatch.setattr(engine, "kernels", lambda *, make: f"make={make}")
    assert engine.kernels_for(1_499_999) is None
    assert engine.kernels_for(1_500_000) == "make=False"
    assert engine.kernels_for(20_000_000) == "make=True"
    monkeypatch.setattr(engine, "sys", SimpleNamespace(byteorder="big"))
    assert engine.kernels_for(20_000_000) is None
