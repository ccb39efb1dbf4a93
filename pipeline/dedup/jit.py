"""Compiling: with the kernels, the only modules that import numba; ``compiled`` calls what they make without it.

A kernel allocates nothing and raises nothing, so that its machine code needs nothing of numba.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeVar, cast

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from pipeline.dedup.compiled import Signature, machine

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Array = Any  # an array, and
Value = Any  # a number: of the width that a kernel casts it to, which Python's types do not tell

_BYTES: Value = types.uint8[::1]
_ALONE: Final[dict[str, Any]] = {
    "error_model": "numpy",  # division by zero gives what the processor gives
    "_nrt": False,  # memory of numba's own
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
u8: Value = numba.uint8
u32: Value = numba.uint32
u64: Value = numba.uint64
place: Value = numba.intp  # where something is, or how many there are


def kernel(function: Kernel) -> Kernel:
    """Let kernels call ``function``."""
    return cast("Kernel", numba.njit(**_ALONE)(function))


class Exported(NamedTuple):
    """A kernel for the program to call, and its arguments as numba writes types; arrays are in C order."""

    function: Any
    arguments: str


def exported(arguments: str) -> Callable[[Callable[..., int]], Exported]:
    """Let the program call a function."""
    return lambda function: Exported(kernel(function), arguments)


def machine_code(kernels: Iterable[Exported]) -> tuple[dict[str, Signature], bytes]:
    """Compile kernels; return the arguments of each by its name, and one object file with all of them.

    Raises RuntimeError if it needs anything beside the C library, or is not called as ``compiled`` calls it.
    """
    whole, signatures = llvm.parse_assembly(""), {}
    for function, arguments in kernels:
        function.compile(f"int64({arguments})")
        (given,), name = function.signatures, function.__name__
        signatures[name] = [(str(getattr(one, "dtype", one)), getattr(one, "ndim", 0)) for one in given]
        module = llvm.parse_assembly(function.inspect_llvm(given))
        entry = module.get_function(function.overloads[given].fndesc.llvm_func_name)
        entry.name = name
        if len([*entry.arguments]) != 2 + sum(5 + 2 * rank if rank else 1 for _, rank in signatures[name]):
            raise RuntimeError(f"{name}: numba {numba.__version__} passes arguments in another way")
        whole.link_in(module)
    wanted = {one.name for one in whole.functions if one.is_declaration and not one.name.startswith("llvm.")}
    if wanted:
        raise RuntimeError(f"kernels need {', '.join(sorted(wanted))}")
    return signatures, machine().emit_object(whole)


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


def _bytes_at(_typing: Value, address: Value, size: Value) -> Value:
    def generate(context: Value, builder: Value, _signature: Value, arguments: Value) -> Value:
        array, one = context.make_array(_BYTES)(context, builder), context.get_constant(types.intp, 1)
        data = builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())
        given = {"shape": [arguments[1]], "strides": [one], "itemsize": one, "meminfo": None}
        populate_array(array, data, **given)  # type: ignore[no-untyped-call]
        return array._getvalue()  # noqa: SLF001 - as all of numba does

    assert (address, size) is not None
    return _BYTES(types.uint64, types.intp), generate


bytes_at: Callable[[Value, int], Array] = cast(
    "Any", intrinsic(_bytes_at)
)  # the array of bytes at an address
read64: Callable[[Array, int], Value] = cast(
    "Any", intrinsic(_read64)
)  # the eight bytes at a place, as one value
high64: Callable[[Value, Value], Value] = cast(
    "Any", intrinsic(_high64)
)  # the upper half of a 128-bit product
