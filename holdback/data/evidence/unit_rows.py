"""Units without their ids, listed or counted: for methods that need more than sums."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.arm_evidence import ValueCounts
from holdback.stats.evidence.sample import Sample

__all__ = [
    "EPOCH_DAY",
    "KNOWN_BEFORE",
    "CountedUnits",
    "UnitRows",
    "counted_units",
    "unit_rows",
]

EPOCH_DAY = date(1970, 1, 1)
KNOWN_BEFORE = "known before: "


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitRows:
    """One row a used unit with a value other than 0 in some column.

    `values`: (k, c) in the measures' own units; `at` names the column behind each
    (block, column) that was asked for. `arm` (k,) holds arms by number, `day` (k,)
    days of first exposure since 1970, `matured` (k,) the horizons passed, `levels`
    the (k,) levels of each segment dimension. Rows are sorted by everything they
    hold, so their order tells nothing and never depends on the engine.
    """

    at: Mapping[tuple[str, str], int]
    values: npt.NDArray[np.float64]
    arms: tuple[str, ...]
    arm: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]
    matured: npt.NDArray[np.int64]
    levels: Mapping[str, npt.NDArray[np.str_]]

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same rows of the same columns."""
        if not isinstance(other, UnitRows):
            return NotImplemented
        named = (self.at, self.arms, self.levels.keys())
        return named == (other.at, other.arms, other.levels.keys()) and all(
            map(np.array_equal, self._arrays(), other._arrays())
        )

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def _arrays(self) -> list[npt.NDArray[Any]]:
        by_name = [self.levels[name] for name in sorted(self.levels)]
        return [self.values, self.arm, self.day, self.matured, *by_name]

    def without(self, left_out: Collection[date]) -> Self:
        """The rows of units that did not join on these days."""
        kept = _on_other_days(self.day, left_out)
        return replace(
            self,
            values=self.values[kept],
            arm=self.arm[kept],
            day=self.day[kept],
            matured=self.matured[kept],
            levels={name: levels[kept] for name, levels in self.levels.items()},
        )

    def features(self, block: str) -> list[str]:
        """Columns that were listed for a block because they were known before."""
        return [
            column
            for at, column in self.at
            if at == block and column.startswith(KNOWN_BEFORE)
        ]

    def sample(  # noqa: PLR0913  # the keys of a cell, as in Cells.total
        self,
        block: str,
        columns: Sequence[str],
        arms: Collection[str],
        *,
        n: int,
        needed: int,
        level: tuple[str, str] | None,
        through: date | None,
        since: date | None = None,
    ) -> Sample | None:
        """The rows of `n` units as a sample; None where a column was not asked for."""
        if any((block, column) not in self.at for column in columns):
            return None
        wanted = [i for i, arm in enumerate(self.arms) if arm in arms]
        kept = np.isin(self.arm, wanted) & (self.matured >= needed)
        if level is not None:
            kept &= self.levels[level[0]] == level[1]
        if through is not None:
            kept &= self.day <= (through - EPOCH_DAY).days
        if since is not None:
            kept &= self.day >= (since - EPOCH_DAY).days
        rows = self.values[:, [self.at[block, column] for column in columns]][kept]
        return Sample(columns=tuple(columns), rows=rows[rows.any(axis=1)], n=n)


def unit_rows(
    answers: Sequence[tuple[Any, ...]],
    *,
    arms: Sequence[str],
    dimensions: Sequence[str],
    digits: Sequence[int],
    at: Mapping[tuple[str, str], int],
) -> UnitRows:
    """Rows of the engine, (arm, day, matured, levels …, values …), as arrays."""
    first = 3 + len(dimensions)
    ordered = sorted(answers, key=lambda row: tuple(map(_sortable, row)))
    columns = list(zip(*ordered, strict=True)) or [()] * (first + len(digits))
    quanta = [
        np.array([int(value) for value in column], dtype=float) / 10.0**digit
        for column, digit in zip(columns[first:], digits, strict=True)
    ]
    arm, day, matured = (
        np.array([0 if v is None else int(v) for v in column], dtype=np.int64)
        for column in columns[:3]
    )
    return UnitRows(
        at=at,
        values=np.column_stack(quanta),
        arms=tuple(arms),
        arm=arm,
        day=day,
        matured=matured,
        levels={
            name: np.array([str(value) for value in column], dtype=np.str_)
            for name, column in zip(dimensions, columns[3:first], strict=True)
        },
    )


def _on_other_days(
    day: npt.NDArray[np.int64], left_out: Collection[date]
) -> npt.NDArray[np.bool_]:
    return ~np.isin(day, [(one - EPOCH_DAY).days for one in left_out])


def _sortable(value: object) -> tuple[bool, object]:
    return (value is not None, value if value is not None else 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountedUnits:
    """Units by arm, day, horizons passed, segments and values; every unit counts once.

    `values`: (k, c) values of the block's outcomes in their own units; `units` (k,)
    how many units have them; `arm`, `day` (days since 1970) and `matured` (k,) as in
    `UnitRows`; `watched` (k,) the whole days that all units of the row have been
    watched since their exposure; `levels` the (k,) levels of each segment dimension.
    """

    arms: tuple[str, ...]
    values: npt.NDArray[np.float64]
    units: npt.NDArray[np.int64]
    arm: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]
    matured: npt.NDArray[np.int64]
    watched: npt.NDArray[np.int64]
    levels: Mapping[str, npt.NDArray[np.str_]]

    def without(self, left_out: Collection[date]) -> Self:
        """The units that did not join on these days."""
        kept = _on_other_days(self.day, left_out)
        return replace(
            self,
            values=self.values[kept],
            units=self.units[kept],
            arm=self.arm[kept],
            day=self.day[kept],
            matured=self.matured[kept],
            watched=self.watched[kept],
            levels={name: levels[kept] for name, levels in self.levels.items()},
        )

    def of(
        self,
        arms: Collection[str],
        *,
        level: tuple[str, str] | None = None,
        since: date | None = None,
        through: date | None = None,
        needed: int = 0,
    ) -> ValueCounts:
        """Those of some arms, one segment's level, and days from one up to one."""
        wanted = [i for i, arm in enumerate(self.arms) if arm in arms]
        kept = np.isin(self.arm, wanted) & (self.matured >= needed)
        if level is not None:
            kept &= self.levels[level[0]] == level[1]
        if since is not None:
            kept &= self.day >= (since - EPOCH_DAY).days
        if through is not None:
            kept &= self.day <= (through - EPOCH_DAY).days
        return ValueCounts(
            values=self.values[kept], units=self.units[kept], watched=self.watched[kept]
        )

    def __eq__(self, other: object) -> bool:
        """Whether both count the same units."""
        if not isinstance(other, CountedUnits):
            return NotImplemented
        return (self.arms, self.levels.keys()) == (
            other.arms,
            other.levels.keys(),
        ) and all(map(np.array_equal, self._arrays(), other._arrays()))

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def _arrays(self) -> list[npt.NDArray[Any]]:
        by_name = [self.levels[name] for name in sorted(self.levels)]
        keys = [self.arm, self.day, self.matured, self.watched]
        return [self.values, self.units, *keys, *by_name]


def counted_units(
    answers: Sequence[tuple[Any, ...]],
    *,
    arms: Sequence[str],
    dimensions: Sequence[str],
    digits: Sequence[int],
    watched: Callable[[int], int],
) -> CountedUnits:
    """Rows of the engine, (arm, day, matured, levels …, values …, units), as arrays.

    `watched` says for how many whole days the units of a day were watched.
    """
    first = 3 + len(dimensions)
    ordered = sorted(answers, key=lambda row: tuple(map(_sortable, row)))
    columns = list(zip(*ordered, strict=True)) or [()] * (first + len(digits) + 1)
    arm, day, matured, units = (
        np.array([0 if v is None else int(v) for v in column], dtype=np.int64)
        for column in (*columns[:3], columns[-1])
    )
    by_day = {int(number): watched(int(number)) for number in np.unique(day)}
    return CountedUnits(
        arms=tuple(arms),
        values=np.column_stack(
            [
                np.array([int(value) for value in column], dtype=float) / 10.0**digit
                for column, digit in zip(columns[first:-1], digits, strict=True)
            ]
        ),
        units=units,
        arm=arm,
        day=day,
        matured=matured,
        watched=np.array([by_day[int(number)] for number in day], dtype=np.int64),
        levels={
            name: np.array([str(value) for value in column], dtype=np.str_)
            for name, column in zip(dimensions, columns[3:first], strict=True)
        },
    )
