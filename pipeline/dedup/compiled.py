"""Machine code of the kernels: made once by numba, kept in a file, loaded and called without numba.

The file lies beside this package or, where that cannot be written to, in the user's cache folder
(``NEWSIEVE_CACHE_DIR`` names another); where neither can be, each process makes its own. Its name says what it is
good for: sources, LLVM, processor. One that is cut short or damaged is as if it were not there, and is written anew.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from ctypes import CFUNCTYPE, byref, c_double, c_int32, c_int64, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xxhash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Signature = list[tuple[str, int]]  # of each argument the type, and the dimensions of an array or 0

_HERE: Final = Path(__file__).parent
_SOURCES: Final = ("characters", "compiled", "grouping", "jit", "kernels", "vectors", "xxh3")
_NUMBERS: Final = {"int64": c_int64, "uint64": c_uint64, "float64": c_double}
_DIGEST: Final = 16  # bytes


class Kernels(SimpleNamespace):
    """The kernels by name. They take arrays and numbers, leave Python's lock, and return a number."""


@cache
def kernels(*, make: bool) -> Kernels | None:
    """Return the kernels; None if they were never compiled here and may not be, or LLVM or numba is missing."""
    name = f"kernels-{_digest(b''.join((_HERE / f'{source}.py').read_bytes() for source in _SOURCES)).hex()}"
    if not make and not any(any(folder.glob(f"{name}-*")) for folder in _folders()):
        return None  # and LLVM, which takes a while, is not loaded
    try:
        file = f"{name}-{_digest(_processor().encode()).hex()}"
        code = next(_kept(file), None) or (_made(file) if make else None)
    except ImportError:
        return None
    return _linked(code) if code else None


def _digest(data: bytes) -> bytes:
    return bytes(xxhash.xxh3_128_digest(data))


def _folders() -> list[Path]:
    """Return where code may be kept, the first choice first."""
    if named := os.environ.get("NEWSIEVE_CACHE_DIR"):
        return [Path(named)]
    return [
        _HERE / "__pycache__",
        Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "newsieve",
    ]


def _processor() -> str:
    import llvmlite  # noqa: PLC0415 - as in machine
    from llvmlite import binding  # noqa: PLC0415

    return f"{llvmlite.__version__} {binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"


def machine() -> Any:  # noqa: ANN401 - llvmlite has no types
    """Return LLVM's machine for this processor."""
    from llvmlite import binding  # noqa: PLC0415 - who needs no kernel does not wait for it

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    target, features = binding.Target.from_default_triple(), binding.get_host_cpu_features().flatten()
    return target.create_target_machine(
        binding.get_host_cpu_name(), features, opt=3, codemodel="jitdefault", jit=True
    )


def _kept(file: str) -> Iterator[bytes]:
    """Yield the code that whole files hold."""
    for folder in _folders():
        try:
            data = (folder / file).read_bytes()
        except OSError:
            continue
        if _digest(data[_DIGEST:]) == data[:_DIGEST]:
            yield data[_DIGEST:]


def _made(file: str) -> bytes:
    """Compile, and keep the code where that can be done: a line of JSON that says what is in it, and an object file."""
    from pipeline.dedup.kernels import code_of_all  # noqa: PLC0415 - it imports numba and compiles

    signatures, program = code_of_all()
    code = json.dumps(signatures).encode() + b"\n" + program
    for folder in _folders():
        part = folder / f"{file}.{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(_digest(code) + code)
            part.replace(folder / file)
            break
        except OSError:
            with suppress(OSError):
                part.unlink()
    return code


def _linked(code: bytes) -> Kernels:
    from llvmlite import binding  # noqa: PLC0415 - as in machine

    signatures, _, program = code.partition(b"\n")
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine())
    engine.add_object_file(binding.ObjectFileRef.from_data(program))
    engine.finalize_object()
    found = Kernels(engine=engine)  # which owns the code
    for name, signature in json.loads(signatures).items():
        setattr(found, name, _callable(name, engine.get_function_address(name), signature))
    return found


def _callable(name: str, address: int, signature: Signature) -> Callable[..., int]:
    """Return the function at an address as Python calls it: numba's convention, with arrays spread out.

    An array is: what counts references to it, its owner, its number of items, bytes of an item, where it lies, its
    shape, its strides. The call raises TypeError for another kind of array.
    """
    types: list[Any] = []
    for kind, rank in signature:
        own = [c_void_p, c_void_p, c_int64, c_int64, c_void_p, *[c_int64] * (2 * rank)]
        types += own if rank else [_NUMBERS[kind]]
    function = CFUNCTYPE(c_int32, c_void_p, c_void_p, *types)(address)
    expected = [(np.dtype(kind), rank) for kind, rank in signature]

    def call(*arguments: Any) -> int:  # noqa: ANN401 - arrays and numbers
        given: list[Any] = []
        for argument, (kind, rank) in zip(arguments, expected, strict=True):
            if not rank:
                given.append(argument)
                continue
            if (argument.dtype, argument.ndim) != (kind, rank) or not argument.flags.c_contiguous:
                raise TypeError(f"{name}: {kind} {rank}, not {argument.dtype} {argument.shape}")
            given += (0, 0, argument.size, argument.itemsize, argument.ctypes.data)
            given += (*argument.shape, *argument.strides)
        result, failure = c_int64(), c_void_p()
        function(byref(result), byref(failure), *given)
        return result.value

    return call
