"""What is known of a metric in one arm: moments, and where needed rows or counts.

A metric kind says which of them it needs; whoever compares two arms hands over one of
these for each and need not know the kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.sample import Sample

__all__ = ["ArmEvidence", "StratifiedCounts", "ValueCounts"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueCounts:
    """How many units have which values together; every unit counts once.

    `values` (k, m) in the measures' own units, zeros included; `units` (k,) how many
    units have them; `watched` (k,) whole days that those units have been watched.
    """

    values: npt.NDArray[np.float64]
    units: npt.NDArray[np.int64]
    watched: npt.NDArray[np.int64]

    @classmethod
    def of_sample(cls, sample: Sample) -> Self:
        """Every unit of a sample, the zeros together, with no time watched."""
        zeros = sample.n - len(sample.rows)
        units = np.array([*[1] * len(sample.rows), zeros], dtype=np.int64)
        return cls(
            values=np.vstack([sample.rows, np.zeros(len(sample.columns))]),
            units=units,
            watched=np.zeros_like(units),
        )

    @property
    def n(self) -> int:
        """Units in all."""
        return int(self.units.sum())

    @property
    def strata(self) -> tuple[tuple[float, ValueCounts], ...]:
        """What each stratum weighs in both arms, and its units; here it is one."""
        return ((1.0, self),)

    def listed(self, columns: Sequence[str]) -> Sample:
        """The same units one by one; `columns` names the m measures."""
        valued = self.values.any(axis=1)
        rows = np.repeat(self.values[valued], self.units[valued], axis=0)
        return Sample(columns=tuple(columns), rows=rows, n=self.n)


@dataclass(frozen=True, kw_only=True, eq=False)
class StratifiedCounts(ValueCounts):
    """The counts of one arm over strata whose weights all arms share.

    `parts`: those of each stratum, (s,); `weights`: the stratum's share of all units,
    (s,). As counts they are those of all units together.
    """

    parts: tuple[ValueCounts, ...]
    weights: tuple[float, ...]

    @classmethod
    def of_parts(
        cls, parts: Sequence[ValueCounts], weights: Sequence[float]
    ) -> StratifiedCounts:
        """From the strata of an arm and their common weights."""
        return cls(
            values=np.concatenate([part.values for part in parts]),
            units=np.concatenate([part.units for part in parts]),
            watched=np.concatenate([part.watched for part in parts]),
            parts=tuple(parts),
            weights=tuple(weights),
        )

    @property
    def strata(self) -> tuple[tuple[float, ValueCounts], ...]:
        """What each stratum weighs in both arms, and its units."""
        return tuple(zip(self.weights, self.parts, strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class ArmEvidence:
    """One arm's units as a metric reads them.

    `moments` and `rows` hold the measures of the metric's formula, in its order;
    `rows` are at hand only where a method may need them, `counts` only for a kind
    that is read from them.
    """

    moments: Moments
    rows: Sample | None = None
    counts: ValueCounts | None = None

    @property
    def value_counts(self) -> ValueCounts:
        """The counts. Raises ValueError where none were collected."""
        if self.counts is None:
            raise ValueError("no value counts were collected for this metric.")
        return self.counts
