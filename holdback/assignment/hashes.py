"""Hashes of keys: text in UTF-8 → a whole number of so many bits.

SHA-256, SHA-1 and MD5 give their leading hexadecimal digits, read big-endian; the
others 32 bits. None of them guards a secret here: they spread ids over buckets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import md5, sha1, sha256
from typing import Any, Literal

from holdback.errors import EnvironmentFault, Problem

__all__ = ["DIGESTS", "HashName", "bits_of", "fnv_1a", "hashed", "java"]

HashName = Literal[
    "sha256", "sha1", "md5", "murmur3", "fnv1a", "fnv1a_utf16", "fnv1a_twice", "java"
]
DIGESTS: dict[str, Callable[..., Any]] = {"sha256": sha256, "sha1": sha1, "md5": md5}
_BITS32 = 0xFFFFFFFF


def hashed(name: HashName, key: str, *, digits: int = 8, seed: int = 0) -> int:
    """Hash of a key: `digits` hexadecimal digits of a digest, or 32 bits.

    Raises EnvironmentFault when MurmurHash3 is asked for and mmh3 is not installed.

    >>> hashed("md5", "abc", digits=4) == 0x9001
    True
    """
    digest = DIGESTS.get(name)
    if digest is not None:
        text = digest(key.encode(), usedforsecurity=False).hexdigest()
        return int(text[:digits], 16)
    return _SHORT[name](key, seed)


def bits_of(name: HashName, digits: int) -> int:
    """Bits of the number that `hashed` gives."""
    return 4 * digits if name in DIGESTS else 32


def fnv_1a(data: Iterable[int]) -> int:
    """FNV-1a of 32 bits over units: bytes, or 16-bit code units.

    Fowler, Noll & Vo, IETF draft-eastlake-fnv: offset basis 0x811C9DC5, prime
    0x01000193; each unit is mixed in before the multiplication. The vector is the
    draft's own for "a".

    >>> fnv_1a(b"a") == 0xE40C292C
    True
    """
    value = 0x811C9DC5
    for unit in data:
        value = (value ^ unit) * 0x01000193 & _BITS32
    return value


def java(key: str, seed: int) -> int:
    """Split's legacy hash: `31 * h + c` over code points in 32 bits, xor the seed.

    The absolute value of the signed result (splitio python-client,
    splitio/engine/hashfns/legacy.py and splitters.py).
    """
    value = 0
    for char in key:
        value = (31 * value + ord(char)) & _BITS32
    value = (value ^ seed) & _BITS32
    return value if value < 2**31 else 2**32 - value


def _fnv_of_text(key: str, seed: int) -> int:  # noqa: ARG001  # no seed by design
    return fnv_1a(key.encode())


def _fnv_of_utf16(key: str, seed: int) -> int:  # noqa: ARG001  # no seed by design
    if key.isascii():
        return fnv_1a(key.encode("ascii"))
    pairs = key.encode("utf-16-le")
    return fnv_1a(pairs[i] | pairs[i + 1] << 8 for i in range(0, len(pairs), 2))


def _fnv_twice(key: str, seed: int) -> int:
    return fnv_1a(str(_fnv_of_utf16(key, seed)).encode())


def _murmur(key: str, seed: int) -> int:
    try:
        import mmh3
    except ImportError as error:
        raise EnvironmentFault(
            Problem(
                what="MurmurHash3 needs the package mmh3, which is not installed",
                fix="Install it: pip install mmh3.",
            )
        ) from error
    return mmh3.hash(key.encode(), seed & _BITS32, signed=False)


_SHORT: dict[str, Callable[[str, int], int]] = {
    "murmur3": _murmur,
    "fnv1a": _fnv_of_text,
    "fnv1a_utf16": _fnv_of_utf16,
    "fnv1a_twice": _fnv_twice,
    "java": java,
}
