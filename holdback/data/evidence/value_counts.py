"""How often each value occurs: for metrics that are no function of means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FIRST_DAY", "Tally", "tally_of"]

FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
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

    def chosen(
        self,
        arms: Collection[str],
        *,
        level: tuple[str, str] | None = None,
        through: date | None = None,
        needed: int = 0,
    ) -> npt.NDArray[np.bool_]:
        """Which rows (k,) are of these arms, this segment, and days up to one."""
        wanted = [i for i, arm in enumerate(self.arms) if arm in arms]
        kept = np.isin(self.arm, wanted) & (self.matured >= needed)
        if level is not None:
            kept &= self.levels[level[0]] == level[1]
        if through is not None:
            kept &= self.day <= (through - FIRST_DAY).days
        return kept

    def __eq__(self, other: object) -> bool:
        """Whether both count the same units."""
        if not isinstance(other, Tally):
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


def tally_of(
    found: Sequence[tuple[Any, ...]],
    *,
    arms: Sequence[str],
    dimensions: Sequence[str],
    digits: Sequence[int],
    watched: Callable[[int], int],
) -> Tally:
    """Rows of the engine, (arm, day, matured, levels …, values …, units), as arrays.

    `watched` says for how many whole days the units of a day were watched.
    """
    first = 3 + len(dimensions)
    ordered = sorted(found, key=lambda row: tuple(map(_sortable, row)))
    columns = list(zip(*ordered, strict=True)) or [()] * (first + len(digits) + 1)
    arm, day, matured, units = (
        np.array([0 if v is None else int(v) for v in column], dtype=np.int64)
        for column in (*columns[:3], columns[-1])
    )
    by_day = {int(one): watched(int(one)) for one in np.unique(day)}
    return Tally(
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
        watched=np.array([by_day[int(one)] for one in day], dtype=np.int64),
        levels={
            name: np.array([str(value) for value in column], dtype=np.str_)
            for name, column in zip(dimensions, columns[3:first], strict=True)
        },
    )


def _sortable(value: object) -> tuple[bool, object]:
    return (value is not None, value if value is not None else 0)
