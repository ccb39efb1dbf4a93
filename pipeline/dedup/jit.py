"""Compiling: with the kernels, the only modules that import numba, so that who needs no kernel waits for nothing.

Compiled code is kept beside this package, or, where that cannot be written to, in the user's cache folder
(``NUMBA_CACHE_DIR`` names another); where neither can be, each process compiles for itself. It never fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Array = Any  # an array, and
Value = Any  # a number: of the width that a kernel casts it to, which Python's types do not tell

_BYTE: Value = types.CPointer(types.uint8)  # type: ignore[no-untyped-call]
u8: Value = numba.uint8
u32: Value = numba.uint32
u64: Value = numba.uint64
place: Value = numba.intp  # where something is, or how many there are


def kernel(function: Kernel) -> Kernel:
    """Compile ``function`` at its first call; other threads run while it works."""
    try:
        return cast("Kernel", numba.njit(function, cache=True, nogil=True))
    except RuntimeError:  # numba found no folder to keep compiled code in
        return cast("Kernel", numba.njit(function, nogil=True))


def _read64(_typing: Value, data: Value, start: Value) -> Value:
    def generate(context: Value, builder: Value, signature: Value, arguments: Value) -> Value:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.gep(array.data, [arguments[1]])
        return builder.load(builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)

    assert start is not None
    return types.uint64(data, types.intp), generate


def _high64(_typing: Value, left: Value, right: Value) -> Value:
    def generate(_context: Value, builder: Value, _signature: Value, arguments: Value) -> Value:
        double = ir.IntType(128)
        product = builder.mul(*(builder.zext(value, double) for value in arguments))
        return builder.trunc(builder.lshr(product, ir.Constant(double, 64)), ir.IntType(64))

    assert (left, right) is not None
    return types.uint64(types.uint64, types.uint64), generate


def _pointer(_typing: Value, address: Value) -> Value:
    def generate(_context: Value, builder: Value, _signature: Value, arguments: Value) -> Value:
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    assert address is not None
    return _BYTE(types.uint64), generate


pointer: Callable[[Value], Value] = cast("Any", intrinsic(_pointer))  # to the byte at an address
array_at: Callable[[Value, tuple[int]], Array] = numba.carray  # type: ignore[attr-defined]  # the array of a shape at a pointer
read64: Callable[[Array, int], Value] = cast(
    "Any", intrinsic(_read64)
)  # the eight bytes at a place, as one value
high64: Callable[[Value, Value], Value] = cast(
    "Any", intrinsic(_high64)
)  # the upper half of a 128-bit product
