"""Blocks of UTF-8 as vectors, in LLVM's own words: what its loops do not become by themselves.

LLVM makes code of it for any processor, but only where that can press the wanted lanes of a vector together is it
faster than a loop.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, Final, cast

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pipeline.dedup.jit import Array, Value

PRESSES: Final = bool(get_host_cpu_features().get("avx512vbmi2"))
BLOCK: Final = 64  # bytes of a block
POINTS: Final = 16  # bytes of a block whose characters are decoded
_tools: Value = cgutils  # which has no types
_BYTE, _WORD, _LONG = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def _of(kind: Value, lanes: int, value: int) -> Value:
    """Return a vector with one value in all lanes."""
    return ir.Constant(ir.VectorType(kind, lanes), [value] * lanes)


def _load(builder: Value, pointer: Value, ahead: int, lanes: int) -> Value:
    """Return the bytes that lie so far ahead of a pointer."""
    start = builder.gep(pointer, [_LONG(ahead)])
    return builder.load(builder.bitcast(start, ir.VectorType(_BYTE, lanes).as_pointer()), align=1)


def _between(builder: Value, values: Value, first: int, last: int) -> Value:
    """Tell which bytes are from ``first`` to ``last``."""
    lanes = values.type.count
    return builder.icmp_unsigned(
        "<=", builder.sub(values, _of(_BYTE, lanes, first)), _of(_BYTE, lanes, last - first)
    )


def _first_lanes(builder: Value, count: Value, lanes: int) -> Value:
    """Tell which lanes are the first so many, or all if there are no more."""
    bits, most = ir.IntType(lanes), count.type(lanes)
    few = builder.icmp_signed("<", count, most)
    shift = builder.select(few, count, count.type(0))
    shift = shift if lanes == 64 else builder.trunc(shift, bits)
    some = builder.sub(builder.shl(bits(1), shift), bits(1))
    return builder.bitcast(builder.select(few, some, bits(-1)), ir.VectorType(ir.IntType(1), lanes))


def _pressed(builder: Value, values: Value, wanted: Value, to: Value) -> Value:
    """Write the wanted lanes side by side to a pointer, and anything behind them; return how many they are."""
    kind, lanes = values.type, values.type.count
    name = f"llvm.experimental.vector.compress.v{lanes}i{kind.element.width}"
    press = _tools.get_or_insert_function(
        builder.module, ir.FunctionType(kind, (kind, wanted.type, kind)), name
    )
    pressed = builder.call(press, (values, wanted, ir.Constant(kind, ir.Undefined)))
    builder.store(pressed, builder.bitcast(to, kind.as_pointer()), align=1)
    count = builder.ctpop(builder.bitcast(wanted, ir.IntType(lanes)))
    return count if lanes == 64 else builder.zext(count, _LONG)


def _plain(_typing: Value, text: Value, at: Value, found: Value, end: Value) -> Value:
    def generate(context: Value, builder: Value, signature: Value, arguments: Value) -> Value:
        source = context.make_array(signature.args[0])(context, builder, arguments[0])
        target = context.make_array(signature.args[2])(context, builder, arguments[2])
        left = builder.sub(builder.extract_value(source.shape, 0), arguments[1])
        start = builder.gep(source.data, [arguments[1]])
        # What is left of a text is copied, for its page may end with it.
        rest = _tools.alloca_once(builder, ir.ArrayType(_BYTE, 2 * BLOCK))
        rest = builder.bitcast(rest, _BYTE.as_pointer())
        short = builder.icmp_signed("<=", left, left.type(BLOCK))
        with builder.if_then(short):
            _tools.memset(builder, rest, _LONG(BLOCK + 1), 0)
            _tools.raw_memcpy(builder, rest, start, left, _LONG(1))
        start = builder.select(short, rest, start)
        byte, after = _load(builder, start, 0, BLOCK), _load(builder, start, 1, BLOCK)
        wanted = _first_lanes(builder, left, BLOCK)
        odd = (
            _between(builder, byte, 0, 0),
            _between(builder, byte, 0x60, 0x60),
            _between(builder, byte, 0xC2, 0xE3),
            _between(builder, byte, 0xEE, 0xFF),
            builder.and_(_between(builder, byte, 0xEA, 0xEA), _between(builder, after, 0, 0xAF)),
            builder.and_(_between(builder, byte, 0xED, 0xED), _between(builder, after, 0x9E, 0xFF)),
        )
        odd = builder.bitcast(builder.and_(reduce(builder.or_, odd), wanted), _LONG)
        blank = builder.or_(_between(builder, byte, 0x20, 0x20), _between(builder, byte, 0x09, 0x0D))
        upper = _between(builder, byte, 0x41, 0x5A)
        lower = builder.select(upper, builder.or_(byte, _of(_BYTE, BLOCK, 0x20)), byte)
        wanted = builder.and_(wanted, builder.not_(blank))
        count = _pressed(builder, lower, wanted, builder.gep(target.data, [arguments[3]]))
        return builder.select(builder.icmp_unsigned("==", odd, _LONG(0)), count, _LONG(-1))

    assert (at, end) is not None
    return types.int64(text, types.uint64, found, types.uint64), generate


def _decoded(_typing: Value, data: Value, at: Value, left: Value, points: Value, count: Value) -> Value:
    def generate(context: Value, builder: Value, signature: Value, arguments: Value) -> Value:
        source = context.make_array(signature.args[0])(context, builder, arguments[0])
        target = context.make_array(signature.args[3])(context, builder, arguments[3])
        start = builder.gep(source.data, [arguments[1]])
        wide = ir.VectorType(_WORD, POINTS)
        first = _load(builder, start, 0, POINTS)
        size = {last: _between(builder, first, 0, last) for last in (0x7F, 0xDF, 0xEF)}
        point = [builder.zext(first, wide)]
        for ahead, bits in ((1, 0x1F), (2, 0x0F), (3, 0x07)):
            own = builder.and_(point[0], _of(_WORD, POINTS, bits))
            for place in range(1, ahead + 1):
                other = builder.zext(_load(builder, start, place, POINTS), wide)
                other = builder.and_(other, _of(_WORD, POINTS, 0x3F))
                own = builder.or_(builder.shl(own, _of(_WORD, POINTS, 6)), other)
            point.append(own)
        value = point[3]
        for last, own in zip((0xEF, 0xDF, 0x7F), (point[2], point[1], point[0]), strict=True):
            value = builder.select(size[last], own, value)
        wanted = builder.not_(_between(builder, first, 0x80, 0xBF))
        wanted = builder.and_(wanted, _first_lanes(builder, arguments[2], POINTS))
        return _pressed(builder, value, wanted, builder.gep(target.data, [arguments[4]]))

    assert (at, left, count) is not None
    return types.int64(data, types.int64, types.int64, points, types.int64), generate


# The matching form of the next BLOCK bytes of a text, or fewer if there are no more: where bytes other than blanks
# stay as they are, but for upper case. It is written to a place of ``found``, and anything behind it, up to BLOCK
# bytes; the size is returned. It is -1 where there is anything but ASCII without U+0000 and the grave accent, U+4000 to
# U+9FFF, and Hangul syllables up to U+D77F.
plain: Callable[[Array, Value, Array, Value], Value] = cast("Any", intrinsic(_plain))

# The code points of the characters that start in the next POINTS bytes, or fewer if there are no more ``left``: written
# to a place of ``points``, and anything behind them, up to POINTS values. Bytes behind are read too, up to three.
decoded: Callable[[Array, int, int, Array, int], Value] = cast("Any", intrinsic(_decoded))
