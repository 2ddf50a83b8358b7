"""Sample: the rows of the few units that are not zero; the zeros are a count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from math import fsum
from operator import add
from typing import Self

import numpy as np
import numpy.typing as npt

__all__ = ["Sample", "StratifiedSample", "data_seed", "in_order", "with_column"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Units of one sample, row by row, for methods that need more than moments.

    columns: names of the measures, (m,). rows: (k, m), in the measures' own units,
    every unit with a value other than 0 in some column (rows of zeros do no harm).
    n: all units, so that n − k of them are zero in every column.
    """

    columns: tuple[str, ...]
    rows: Vector
    n: int

    def __post_init__(self) -> None:
        shape = (len(self.rows), len(self.columns))
        if self.rows.shape != shape:
            raise ValueError(f"`rows` must be (k, m) = {shape}, got {self.rows.shape}.")
        if len(self.rows) > self.n:
            raise ValueError(f"{len(self.rows)} rows cannot stand for {self.n} units.")

    def __add__(self, other: Self) -> Self:
        if self.columns != other.columns:
            raise ValueError(
                f"Only samples of the same measures add: {self.columns} and "
                f"{other.columns}."
            )
        return type(self)(
            columns=self.columns,
            rows=np.concatenate([self.rows, other.rows]),
            n=self.n + other.n,
        )

    @property
    def marks(self) -> list[str]:
        """What seeds of draws from these units are made of.

        The units, and (Σx)²/Σx² of each column to ten digits, so that neither the
        rows' order nor the unit of the values matters.
        """
        return [str(self.n), *(f"{_shape(column):.9e}" for column in self.rows.T)]

    def select(self, columns: Sequence[str]) -> Self:
        """The same units with fewer measures, in the order asked.

        Raises ValueError for a measure that is not there.
        """
        at = [self.columns.index(name) for name in columns]
        return type(self)(columns=tuple(columns), rows=self.rows[:, at], n=self.n)


@dataclass(frozen=True, kw_only=True, eq=False)
class StratifiedSample(Sample):
    """The rows of one arm over strata whose weights all arms share.

    `parts`: the arm's rows in each stratum, (s,); `weights`: the stratum's share of
    all units, (s,). As a sample it is all of its units together.
    """

    parts: tuple[Sample, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, parts: Sequence[Sample], weights: Sequence[float]) -> Self:
        """From the strata of an arm and their common weights."""
        whole = reduce(add, parts)
        return cls(
            columns=whole.columns,
            rows=whole.rows,
            n=whole.n,
            parts=tuple(parts),
            weights=tuple(weights),
        )

    def __add__(self, other: Sample) -> Self:
        """Two arms over the same strata. Raises ValueError for other strata."""
        if not isinstance(other, StratifiedSample) or self.weights != other.weights:
            raise ValueError("Only samples of the same strata add.")
        pairs = zip(self.parts, other.parts, strict=True)
        return type(self).of([a + b for a, b in pairs], self.weights)

    def select(self, columns: Sequence[str]) -> Self:
        """The same units with fewer measures, in the order asked."""
        return type(self).of([p.select(columns) for p in self.parts], self.weights)


def data_seed(numbers: object) -> int:
    """Seed of what is drawn from data: a hash of their numbers, 128 bits.

    Never of a name, so that what is drawn follows from the data alone. Sums of floats
    are to be rounded, or sorted, where the rows' order must not matter.
    """
    return int.from_bytes(sha256(repr(numbers).encode()).digest()[:16], "big")


def in_order(rows: Vector) -> Vector:
    """The rows (k, m) in an order of their own, however they came: (k, m)."""
    return rows[np.lexsort(rows.T)]


def with_column(sample: Sample, name: str, values: Vector) -> Sample:
    """The sample with one more measure last; values: (k,), 0 for the other units.

    Raises ValueError where `values` are not one for each row.
    """
    return Sample(
        columns=(*sample.columns, name),
        rows=np.column_stack([sample.rows, values]),
        n=sample.n,
    )


def _shape(column: Vector) -> float:
    """(Σx)² / Σx², each sum rounded once; 0 where all values are 0."""
    squares = fsum(column**2)
    return fsum(column) ** 2 / squares if squares else 0.0
