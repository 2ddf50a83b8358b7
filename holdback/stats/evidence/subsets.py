"""Random subsets of given sizes, and the sums of what their members have.

A subset is a row of bits. Its bits are drawn as words of random bits, put together to
about the right share, and then members are taken in or out at random until the size
is the one asked for: by symmetry, every subset of that size is equally likely. Sums are
read eight units at a time from a table of what each of their 256 subsets adds up to.
Only sums in a fixed order are made, so the same generator gives the same bytes,
whatever the machine's threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import erf, exp, pi, sqrt

import numpy as np
import numpy.typing as npt

__all__ = ["subset_sums"]

Vector = npt.NDArray[np.float64]
SubsetSizes = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]

UNITS_IN_BYTE = 8
"""Units to a byte, and so to a table of sums."""
SHARES = 256
"""In how many parts the share of set bits is counted."""
BYTES_AT_ONCE = 32_000_000
"""Of bits that are held at once."""
TABLES_AT_ONCE = 64
"""Tables of sums that are held at once."""
WORD = 2**64
MOVE_COST, BIT_COST = 50.0, 0.125
"""What it costs to take a unit in or out, beside a random bit for one."""


def subset_sums(
    groups: Sequence[Vector], sizes: SubsetSizes, generator: np.random.Generator
) -> Vector:
    """Sums over random subsets of `sizes` (draws,), by group: (draws, groups, m).

    Each of `groups` (units, m) holds what its units have; a subset is drawn without
    replacement from the units of all groups together. Raises ValueError for a size
    below 0 or above the number of units.
    """
    units = sum(len(group) for group in groups)
    if len(sizes) and not 0 <= sizes.min() <= sizes.max() <= units:
        raise ValueError(
            f"Subsets of {sizes.min()} to {sizes.max()} of {units} units do not exist."
        )
    bytes_of = [-(-len(group) // UNITS_IN_BYTE) for group in groups]
    at_once = max(1, BYTES_AT_ONCE // max(1, sum(bytes_of)))
    sums = np.empty((len(sizes), len(groups), groups[0].shape[1]))
    for start in range(0, len(sizes), at_once):
        part = slice(start, start + at_once)
        bits = _subsets(_places(groups, bytes_of), sizes[part], generator)
        first = 0
        for i, (group, length) in enumerate(zip(groups, bytes_of, strict=True)):
            sums[part, i] = _sums(group, bits[first : first + length])
            first += length
    return sums


def _places(groups: Sequence[Vector], bytes_of: Sequence[int]) -> SubsetSizes:
    """Where each unit's bit stands; a group begins with a new byte."""
    starts = UNITS_IN_BYTE * np.cumsum([0, *bytes_of[:-1]])
    return np.concatenate(
        [
            start + np.arange(len(group), dtype=np.int64)
            for start, group in zip(starts, groups, strict=True)
        ]
    )


def _subsets(
    places: SubsetSizes, sizes: SubsetSizes, generator: np.random.Generator
) -> Bits:
    """Subsets of exact sizes as bits, (bytes, draws)."""
    length = int(places[-1]) // UNITS_IN_BYTE + 1 if len(places) else 0
    held = np.zeros(length * UNITS_IN_BYTE, dtype=np.uint8)
    held[places] = 1
    bits = _random_bits(_share(len(places), sizes), (length, len(sizes)), generator)
    bits &= np.packbits(held, bitorder="little")[:, None]
    lacking = sizes - np.bitwise_count(bits).sum(axis=0, dtype=np.int64)
    _moved(bits, places, lacking, generator, into=True)
    _moved(bits, places, -lacking, generator, into=False)
    return bits


def _share(units: int, sizes: SubsetSizes) -> int:
    """The share to draw bits with, in 256ths, that leaves least to do.

    The sum of what it costs to make the bits and, the number of bits that are set
    taken as normal, of the expected tries to take units in (they may be in already)
    and out.
    """
    if not units or not sizes.size:
        return 0
    p, scatter = float(sizes.mean()) / units, float(sizes.var())

    def cost(share: int) -> float:
        drawn = share / SHARES
        short = (p - drawn) * units
        sd = sqrt(units * drawn * (1 - drawn) + scatter) or 1e-9
        z = short / sd
        into = sd * exp(-z * z / 2) / sqrt(2 * pi) + short * (1 + erf(z / sqrt(2))) / 2
        tries = into / max(1 - p, 1e-3) + (into - short) / max(p, 1e-3)
        return MOVE_COST * tries + BIT_COST * units * len(_digits(share))

    return min(range(SHARES // 2 + 1), key=cost)


def _digits(share: int) -> list[int]:
    """Binary digits of share/256 after the point, the last one that is set first."""
    digits = [(share >> place) & 1 for place in range(8)]
    return digits[digits.index(1) :] if share else []


def _random_bits(
    share: int, shape: tuple[int, int], generator: np.random.Generator
) -> Bits:
    """Independent bits that are set with probability share/256, as bytes.

    A word of fair bits for each binary digit of the share: from the last digit on,
    "or" where it is 1 (p → (1 + p)/2) and "and" where it is 0 (p → p/2).
    """
    count = shape[0] * shape[1]
    bits = np.zeros(-(-count // UNITS_IN_BYTE), dtype="<u8")
    for digit in _digits(share):
        word = generator.integers(0, WORD, size=len(bits), dtype=np.uint64)
        if digit:
            bits |= word
        else:
            bits &= word
    return bits.view(np.uint8)[:count].reshape(shape)


def _moved(
    bits: Bits,
    places: SubsetSizes,
    left: SubsetSizes,
    generator: np.random.Generator,
    *,
    into: bool,
) -> None:
    """Take `left` (draws,) random units in or out of each subset, in place.

    One try a round for every subset that is not done; a unit that is in (or out)
    already changes nothing.
    """
    flat = bits.reshape(-1)
    draws = bits.shape[1]
    row = np.flatnonzero(left > 0)
    left = left[row]
    masks = (1 << np.arange(UNITS_IN_BYTE)).astype(np.uint8)
    while len(row):
        place = places[generator.integers(0, len(places), size=len(row))]
        at = (place >> 3) * draws + row
        mask, old = masks[place & 7], flat[at]
        new = old | mask if into else old & ~mask
        flat[at] = new
        left = left - (new != old)
        if not left.all():
            open_ = left > 0
            row, left = row[open_], left[open_]


def _sums(group: Vector, bits: Bits) -> Vector:
    """What the units that are in add up to, (draws, m)."""
    m = group.shape[1]
    total = np.zeros((bits.shape[1], m))
    for first, table in _tables(group, len(bits)):
        for values, byte in zip(table, bits[first:], strict=False):
            if m == 2:  # two floats are one complex number, and taken at once
                total.view(np.complex128)[:, 0] += values.view(np.complex128)[
                    :, 0
                ].take(byte)
            else:
                total += values.take(byte, axis=0)
    return total


def _tables(group: Vector, length: int) -> Iterator[tuple[int, Vector]]:
    """Sums of every subset of eight units, some bytes at a time: (bytes, 256, m)."""
    m = group.shape[1]
    padded = np.zeros((length * UNITS_IN_BYTE, m))
    padded[: len(group)] = group
    eights = padded.reshape(length, UNITS_IN_BYTE, m)
    for first in range(0, length, TABLES_AT_ONCE):
        part = eights[first : first + TABLES_AT_ONCE]
        table = np.zeros((len(part), 1 << UNITS_IN_BYTE, m))
        for unit in range(UNITS_IN_BYTE):
            half = 1 << unit
            table[:, half : 2 * half] = table[:, :half] + part[:, unit, None]
        yield first, table
