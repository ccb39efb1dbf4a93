"""The 128-bit xxh3 of texts in a UTF-8 buffer, compiled: equal to ``xxhash.xxh3_128``, without a Python object a text.

After Y. Collet's xxHash 0.8 (BSD 2-Clause), seed 0 and default secret; names as there. For little-endian machines.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from pipeline.dedup.jit import Array, Value, exported, high64, kernel, read64, u64

_SECRET: Final = np.frombuffer(
    bytes.fromhex(
        "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
        "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
        "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
        "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
    ),
    np.uint8,
)
_ONE, _TWO, _THREE = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_FOUR, _FIVE = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_ONE32, _TWO32, _THREE32 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
_STRIPE: Final = 64
_STRIPES: Final = 16  # to a block: (192 - 64) / 8
_START: Final = np.array([_THREE32, _ONE, _TWO, _THREE, _FOUR, _TWO32, _FIVE, _ONE32], np.uint64)


@kernel
def _fold(left: Value, right: Value) -> Value:
    return u64(left * right) ^ high64(left, right)


@kernel
def _avalanche(value: Value) -> Value:
    value ^= value >> u64(37)
    value *= u64(0x165667919E3779F9)
    return value ^ (value >> u64(32))


@kernel
def _avalanche64(value: Value) -> Value:
    value ^= value >> u64(33)
    value *= u64(_TWO)
    value ^= value >> u64(29)
    value *= u64(_THREE)
    return value ^ (value >> u64(32))


@kernel
def _swap32(value: Value) -> Value:
    value = ((value & u64(0xFF00FF)) << u64(8)) | ((value >> u64(8)) & u64(0xFF00FF))
    return ((value & u64(0xFFFF)) << u64(16)) | (value >> u64(16))


@kernel
def _swap64(value: Value) -> Value:
    return (_swap32(value & u64(0xFFFFFFFF)) << u64(32)) | _swap32(value >> u64(32))


@kernel
def _read32(data: Array, place: int) -> Value:
    return (
        u64(data[place])
        | (u64(data[place + 1]) << u64(8))
        | (u64(data[place + 2]) << u64(16))
        | (u64(data[place + 3]) << u64(24))
    )


@kernel
def _flip(secret: Array, place: int) -> Value:
    return read64(secret, place) ^ read64(secret, place + 8)


@kernel
def _to_3(data: Array, start: int, size: int, secret: Array) -> tuple[Value, Value]:
    low = (u64(data[start]) << u64(16)) | (u64(data[start + (size >> 1)]) << u64(24))
    low |= u64(data[start + size - 1]) | (u64(size) << u64(8))
    high = _swap32(low)
    high = ((high << u64(13)) | (high >> u64(19))) & u64(0xFFFFFFFF)
    return (
        _avalanche64(high ^ _read32(secret, 8) ^ _read32(secret, 12)),
        _avalanche64(low ^ _read32(secret, 0) ^ _read32(secret, 4)),
    )


@kernel
def _to_8(data: Array, start: int, size: int, secret: Array) -> tuple[Value, Value]:
    both = _read32(data, start) + (_read32(data, start + size - 4) << u64(32))
    keyed, factor = both ^ _flip(secret, 16), u64(_ONE) + (u64(size) << u64(2))
    low, high = u64(keyed * factor), high64(keyed, factor)
    high += low << u64(1)
    low ^= high >> u64(3)
    low ^= low >> u64(35)
    low *= u64(0x9FB21C651E98DF25)
    return _avalanche(high), low ^ (low >> u64(28))


@kernel
def _to_16(data: Array, start: int, size: int, secret: Array) -> tuple[Value, Value]:
    first, last = read64(data, start), read64(data, start + size - 8)
    keyed = first ^ last ^ _flip(secret, 32)
    low, high = u64(keyed * u64(_ONE)), high64(keyed, u64(_ONE))
    low += u64(size - 1) << u64(54)
    last ^= _flip(secret, 48)
    high += last + (last & u64(0xFFFFFFFF)) * u64(_TWO32 - 1)
    low ^= _swap64(high)
    upper = high64(low, u64(_TWO)) + high * u64(_TWO)
    return _avalanche(upper), _avalanche(u64(low * u64(_TWO)))


@kernel
def _mix16(data: Array, place: int, secret: Array, key: int) -> Value:
    left = read64(data, place) ^ read64(secret, key)
    return _fold(left, read64(data, place + 8) ^ read64(secret, key + 8))


@kernel
def _mix32(
    high: Value, low: Value, data: Array, one: int, two: int, secret: Array, key: int
) -> tuple[Value, Value]:
    low = (low + _mix16(data, one, secret, key)) ^ (read64(data, two) + read64(data, two + 8))
    high = (high + _mix16(data, two, secret, key + 16)) ^ (read64(data, one) + read64(data, one + 8))
    return high, low


@kernel
def _to_240(data: Array, start: int, size: int, secret: Array) -> tuple[Value, Value]:
    high, low = u64(0), u64(size) * u64(_ONE)
    if size <= 128:
        for i in range((size - 1) // 32, -1, -1):
            high, low = _mix32(high, low, data, start + 16 * i, start + size - 16 * (i + 1), secret, 32 * i)
    else:
        for i in range(0, 128, 32):
            high, low = _mix32(high, low, data, start + i, start + i + 16, secret, i)
        high, low = _avalanche(high), _avalanche(low)
        for i in range(128, size - 31, 32):
            high, low = _mix32(high, low, data, start + i, start + i + 16, secret, 3 + i - 128)
        high, low = _mix32(high, low, data, start + size - 16, start + size - 32, secret, 136 - 17 - 16)
    upper = low * u64(_ONE) + high * u64(_FOUR) + u64(size) * u64(_TWO)
    return u64(0) - _avalanche(upper), _avalanche(low + high)


@kernel
def _accumulate(sums: Array, data: Array, place: int, secret: Array, key: int) -> None:
    for lane in range(0, 8, 2):
        even, odd = read64(data, place + 8 * lane), read64(data, place + 8 * lane + 8)
        left, right = even ^ read64(secret, key + 8 * lane), odd ^ read64(secret, key + 8 * lane + 8)
        sums[lane] += odd + (left & u64(0xFFFFFFFF)) * (left >> u64(32))
        sums[lane + 1] += even + (right & u64(0xFFFFFFFF)) * (right >> u64(32))


@kernel
def _merged(sums: Array, secret: Array, key: int, start: Value) -> Value:
    for lane in range(0, 8, 2):
        left = sums[lane] ^ read64(secret, key + 8 * lane)
        start += _fold(left, sums[lane + 1] ^ read64(secret, key + 8 * lane + 8))
    return _avalanche(start)


@kernel
def _longer(data: Array, start: int, size: int, secret: Array, sums: Array) -> tuple[Value, Value]:
    for lane in range(8):
        sums[lane] = _START[lane]
    for stripe in range((size - 1) // _STRIPE):
        number = stripe % _STRIPES
        _accumulate(sums, data, start + stripe * _STRIPE, secret, 8 * number)
        if number == _STRIPES - 1:
            for lane in range(8):
                value = sums[lane] ^ (sums[lane] >> u64(47)) ^ read64(secret, 128 + 8 * lane)
                sums[lane] = value * u64(_ONE32)
    _accumulate(sums, data, start + size - _STRIPE, secret, 192 - _STRIPE - 7)
    high = _merged(sums, secret, 192 - _STRIPE - 11, ~(u64(size) * u64(_TWO)))
    return high, _merged(sums, secret, 11, u64(size) * u64(_ONE))


@exported("uint8[::1], int64[::1], uint64[::1], uint64[:, ::1]")
def exact_hashes(data: Array, offsets: Array, sums: Array, found: Array) -> Value:
    """Write the two halves of each text's hash, high and low, to ``found``, shape (2, texts); ``sums`` has 8 places."""
    secret = _SECRET
    for i in range(offsets.size - 1):
        start, size = offsets[i], offsets[i + 1] - offsets[i]
        if size > 240:
            high, low = _longer(data, start, size, secret, sums)
        elif size > 16:
            high, low = _to_240(data, start, size, secret)
        elif size > 8:
            high, low = _to_16(data, start, size, secret)
        elif size > 3:
            high, low = _to_8(data, start, size, secret)
        elif size > 0:
            high, low = _to_3(data, start, size, secret)
        else:
            high, low = _avalanche64(_flip(secret, 80)), _avalanche64(_flip(secret, 64))
        found[0, i], found[1, i] = high, low
    return offsets.size - 1
