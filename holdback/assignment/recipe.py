"""A scheme's decision as data: hashes of the id, and ranges of what they give.

Every vendor's assignment comes down to this, so that one evaluator and one writer of
SQL serve all of them. Numbers are whole; where a vendor compares fractions, the whole
number at which his own comparison turns is found once, so nothing is rounded twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol, get_args

from holdback.assignment.hashes import HashName, bits_of, hashed

__all__ = [
    "REASONS",
    "Assigned",
    "Draw",
    "Gate",
    "Planned",
    "Reason",
    "Recipe",
    "Rules",
    "first",
    "fraction",
    "sha1_draw",
]

Reason = Literal[
    "assigned",
    "override",
    "holdout",
    "not_eligible",
    "outside_layer",
    "outside_traffic",
    "invalid_id",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
SHOWN_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Planned:
    """What every scheme starts from: salt, (arm, share) in order, and traffic."""

    salt: str
    arms: tuple[tuple[str, Fraction], ...]
    traffic: Fraction = Fraction(1)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms, in order."""
        return tuple(name for name, _ in self.arms)

    @property
    def shares(self) -> tuple[Fraction, ...]:
        """Shares of the arms, in order."""
        return tuple(share for _, share in self.arms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A hash of ``before + id + after``, reduced to a whole number below `size`.

    `modulo` takes the remainder by `buckets`, `scale` the integer part of
    ``hash / 2**bits * buckets``, `none` the hash itself, of which `buckets` are only
    shown. `remainder` takes the remainder once more.
    """

    hash: HashName
    buckets: int = SHOWN_BUCKETS
    before: str = ""
    after: str = ""
    digits: int = 8
    seed: int = 0
    reduce: Literal["modulo", "scale", "none"] = "modulo"
    remainder: int | None = None

    @property
    def bits(self) -> int:
        """Bits of the hash before it is reduced."""
        return bits_of(self.hash, self.digits)

    @property
    def size(self) -> int:
        """How many numbers there are: 0 to `size` - 1."""
        return self.remainder or (
            1 << self.bits if self.reduce == "none" else self.buckets
        )

    def number(self, unit: str) -> int:
        """The number of a unit id."""
        key = f"{self.before}{unit}{self.after}"
        value = hashed(self.hash, key, digits=self.digits, seed=self.seed)
        if self.reduce == "modulo":
            value %= self.buckets
        elif self.reduce == "scale":
            value = value * self.buckets >> self.bits
        return value if self.remainder is None else value % self.remainder

    def shown(self, number: int) -> int:
        """The bucket that users see: of long hashes, the share of the leading 32 bits.

        >>> Draw(hash="sha1", digits=15, reduce="none").shown(2**59)
        5000
        """
        if self.reduce != "none":
            return number
        return (number >> self.bits - 32) * self.buckets >> 32


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition before the arm: the number must lie in one of the ranges [a, b)."""

    draw: Draw
    ranges: tuple[tuple[int, int], ...]
    reason: Reason

    def passes(self, unit: str) -> bool:
        """Whether a unit goes on."""
        number = self.draw.number(unit)
        return any(start <= number < end for start, end in self.ranges)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Gates in their order, then the arm: (start, end, position of the arm).

    Of ranges that overlap the earlier one counts; a number in none of them has no arm.
    """

    draw: Draw
    ranges: tuple[tuple[int, int, int], ...]
    gates: tuple[Gate, ...] = ()

    def position(self, number: int) -> int | None:
        """Position of the arm of a number, None without one."""
        for start, end, arm in self.ranges:
            if start <= number < end:
                return arm
        return None

    def widths(self, arms: int) -> tuple[int, ...]:
        """How many numbers each of so many arms has."""
        ends = sorted({edge for start, end, _ in self.ranges for edge in (start, end)})
        widths = [0] * arms
        for start, end in itertools.pairwise(ends):
            arm = self.position(start)
            if arm is not None:
                widths[arm] += end - start
        return tuple(widths)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of one unit: its arm, the bucket of the arm's hash, and why.

    `arm` is None without an arm. `bucket` is the one drawn for the arm, also where
    something earlier decided; it is None for an unusable id only.
    """

    arm: str | None
    bucket: int | None
    reason: Reason


class Rules(Protocol):
    """What decides an arm, as `Split` holds it: all that SQL and columns need of it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms, in order."""

    @property
    def overrides(self) -> Mapping[str, str]:
        """Arms of units that are placed by hand."""

    @property
    def early(self) -> tuple[Gate, ...]:
        """What a unit passes before its eligibility is asked."""

    @property
    def late(self) -> tuple[Gate, ...]:
        """What it passes afterwards."""

    @property
    def recipe(self) -> Recipe:
        """How the arm is drawn."""

    @property
    def draws(self) -> tuple[Draw, ...]:
        """Every hash that decides, in order; the arm's is the last."""

    @property
    def widths(self) -> Mapping[str, int]:
        """How many of the arm's buckets each arm has."""

    def assign(self, unit_id: object) -> Assigned:
        """Arm of one unit id."""


def first(size: int, turned: Callable[[int], bool]) -> int:
    """The least number in [0, size) for which a rising condition holds, else `size`.

    >>> first(1000, lambda n: n / 1000 >= 0.3)
    300
    """
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if turned(middle):
            high = middle
        else:
            low = middle + 1
    return low


LONG_SCALE = float(0xFFFFFFFFFFFFFFF)


def sha1_draw(before: str, after: str = "", buckets: int = 10_000) -> Draw:
    """The first 15 hexadecimal digits of ``sha1(before + id + after)``."""
    return Draw(
        hash="sha1",
        digits=15,
        before=before,
        after=after,
        reduce="none",
        buckets=buckets,
    )


def fraction(number: int) -> float:
    """The number as these systems' fraction: divided by 2**60 - 1 in doubles."""
    return number / LONG_SCALE
