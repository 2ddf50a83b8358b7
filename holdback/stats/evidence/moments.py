"""Moments: what the statistics need of one sample, as exact integers that add.

Each measure is quantized to ``10 ** -digits`` before it is summed, so every power
sum is an integer: the same on every engine, in any order, with any number of
threads, and two samples merge exactly with ``+``. Floats come after, from centred
integer arithmetic, so that no cancellation occurs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["Moments", "pairs", "triples"]

Vector = npt.NDArray[np.float64]


def pairs(k: int) -> list[tuple[int, int]]:
    """Index pairs in the order of `Moments.products`.

    >>> pairs(2)
    [(0, 0), (0, 1), (1, 1)]
    """
    return list(combinations_with_replacement(range(k), 2))


def triples(k: int) -> list[tuple[int, int, int]]:
    """Index triples in the order of `Moments.thirds`.

    >>> triples(2)
    [(0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1)]
    """
    return list(combinations_with_replacement(range(k), 3))


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Power sums of k quantized measures over n units.

    columns: names, (k,); digits: decimals kept of each, (k,);
    sums: Σx, (k,); products: Σxᵢxⱼ in the order of `pairs(k)`;
    thirds: Σxᵢxⱼxₗ in the order of `triples(k)`; all in quanta (integers).
    nonzero: units whose value is not 0, (k,);
    largest: the greatest value of one unit in quanta, (k,), 0 when none is above 0.
    """

    columns: tuple[str, ...]
    digits: tuple[int, ...]
    n: int
    sums: tuple[int, ...]
    products: tuple[int, ...]
    thirds: tuple[int, ...]
    nonzero: tuple[int, ...]
    largest: tuple[int, ...]

    def __post_init__(self) -> None:
        k = len(self.columns)
        shapes = (
            ("digits", self.digits, k),
            ("sums", self.sums, k),
            ("products", self.products, k * (k + 1) // 2),
            ("thirds", self.thirds, k * (k + 1) * (k + 2) // 6),
            ("nonzero", self.nonzero, k),
            ("largest", self.largest, k),
        )
        for name, values, length in shapes:
            if len(values) != length:
                raise ValueError(
                    f"`{name}` must hold {length} values for {k} columns, "
                    f"got {len(values)}."
                )

    def __add__(self, other: Self) -> Self:
        if (self.columns, self.digits) != (other.columns, other.digits):
            raise ValueError(
                f"Only moments of the same measures add: {self.columns} with digits "
                f"{self.digits}, {other.columns} with digits {other.digits}."
            )
        return type(self)(
            columns=self.columns,
            digits=self.digits,
            n=self.n + other.n,
            sums=_added(self.sums, other.sums),
            products=_added(self.products, other.products),
            thirds=_added(self.thirds, other.thirds),
            nonzero=_added(self.nonzero, other.nonzero),
            largest=tuple(map(max, self.largest, other.largest)),
        )

    @classmethod
    def empty(cls, columns: Sequence[str], digits: Sequence[int]) -> Self:
        """Moments of no units: the zero of `+`.

        Raises ValueError where columns and digits are not as many.
        """
        k = len(columns)
        return cls(
            columns=tuple(columns),
            digits=tuple(digits),
            n=0,
            sums=(0,) * k,
            products=(0,) * len(pairs(k)),
            thirds=(0,) * len(triples(k)),
            nonzero=(0,) * k,
            largest=(0,) * k,
        )

    @classmethod
    def of_rows(
        cls, rows: npt.ArrayLike, columns: Sequence[str], digits: Sequence[int]
    ) -> Self:
        """Moments of rows (n, k) of measured values: for simulations and tests.

        Values are quantized half away from zero, as the data engine does. Raises
        ValueError where columns, digits and the rows' values are not as many.
        """
        values = np.asarray(rows, dtype=float).reshape(-1, len(columns))
        scaled = values * np.power(10.0, digits)
        quanta = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
        k = len(columns)
        ints = [[int(value) for value in quanta[:, i]] for i in range(k)]
        return cls(
            columns=tuple(columns),
            digits=tuple(digits),
            n=len(values),
            sums=tuple(sum(column) for column in ints),
            products=tuple(
                sum(a * b for a, b in zip(ints[i], ints[j], strict=True))
                for i, j in pairs(k)
            ),
            thirds=tuple(
                sum(
                    a * b * c for a, b, c in zip(ints[i], ints[j], ints[m], strict=True)
                )
                for i, j, m in triples(k)
            ),
            nonzero=tuple(sum(1 for value in column if value) for column in ints),
            largest=tuple(max([0, *column]) for column in ints),
        )

    def select(self, columns: Sequence[str]) -> Self:
        """The same moments of fewer measures, in the order asked.

        Raises ValueError for a measure that is not there.
        """
        at = [self.columns.index(name) for name in columns]
        k = len(self.columns)
        product = dict(zip(pairs(k), self.products, strict=True))
        third = dict(zip(triples(k), self.thirds, strict=True))
        m = len(at)
        return type(self)(
            columns=tuple(columns),
            digits=tuple(self.digits[i] for i in at),
            n=self.n,
            sums=tuple(self.sums[i] for i in at),
            products=tuple(product[_pair(at[i], at[j])] for i, j in pairs(m)),
            thirds=tuple(third[_triple(at[a], at[b], at[c])] for a, b, c in triples(m)),
            nonzero=tuple(self.nonzero[i] for i in at),
            largest=tuple(self.largest[i] for i in at),
        )

    @property
    def is_stratified(self) -> bool:
        """Whether strata were weighted, so that counts do not tell the means."""
        return False

    @property
    def effective(self) -> float:
        """Units of a plain sample with as small an error."""
        return self.n

    @property
    def total(self) -> Vector:
        """Sums in the measures' own units, (k,)."""
        return np.array(
            [
                float(Fraction(s, 10**d))
                for s, d in zip(self.sums, self.digits, strict=True)
            ]
        )

    @property
    def mean(self) -> Vector:
        """Means over all n units, zeros included, (k,), in the measures' own units.

        Raises ValueError for no units.
        """
        if self.n < 1:
            raise ValueError("The mean of no units is not defined.")
        return np.array(
            [
                float(Fraction(s, self.n * 10**d))
                for s, d in zip(self.sums, self.digits, strict=True)
            ]
        )

    @cached_property
    def cov(self) -> Vector:
        """Sample covariance, divisor n − 1, (k, k): (n Σxᵢxⱼ − Σxᵢ Σxⱼ) / (n (n − 1)).

        In products of the measures' own units; exact integers up to one last rounding
        (derived here). Raises ValueError for fewer than 2 units.
        """
        if self.n < 2:
            raise ValueError(f"A covariance needs 2 units, got {self.n}.")
        k = len(self.columns)
        matrix = np.empty((k, k))
        for (i, j), product in zip(pairs(k), self.products, strict=True):
            centred = self.n * product - self.sums[i] * self.sums[j]
            scale = 10 ** (self.digits[i] + self.digits[j])
            matrix[i, j] = matrix[j, i] = float(
                Fraction(centred, self.n * (self.n - 1) * scale)
            )
        return matrix

    @cached_property
    def third(self) -> Vector:
        """Third central moments, divisor n, (k, k, k), symmetric.

        Σ (xᵢ − m)(xⱼ − m)(xₗ − m) multiplied out, in exact integers up to one last
        rounding (derived here). Raises ValueError for no units.
        """
        if self.n < 1:
            raise ValueError("Third moments of no units are not defined.")
        k, n, s = len(self.columns), self.n, self.sums
        product = dict(zip(pairs(k), self.products, strict=True))
        tensor = np.empty((k, k, k))
        for (a, b, c), raw in zip(triples(k), self.thirds, strict=True):
            crossed = (
                product[_pair(a, b)] * s[c]
                + product[_pair(a, c)] * s[b]
                + product[_pair(b, c)] * s[a]
            )
            centred = n * n * raw - n * crossed + 2 * s[a] * s[b] * s[c]
            scale = 10 ** (self.digits[a] + self.digits[b] + self.digits[c])
            value = float(Fraction(centred, n**3 * scale))
            for i, j, m in {
                (a, b, c),
                (a, c, b),
                (b, a, c),
                (b, c, a),
                (c, a, b),
                (c, b, a),
            }:
                tensor[i, j, m] = value
        return tensor


def _added(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _pair(i: int, j: int) -> tuple[int, int]:
    return (i, j) if i <= j else (j, i)


def _triple(i: int, j: int, k: int) -> tuple[int, int, int]:
    low, middle, high = sorted((i, j, k))
    return low, middle, high
