"""How the units of a plan grow with its weeks: as they did before, never in proportion.

Units that come back are met once. Where the history tells in which weeks they came, a
longer test gains the units that as long a part of the history gained; where nothing
tells, as many are taken to come in every week, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from holdback.data.extraction.weekly_units import week_pairs
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import WEEKS_PER_YEAR
from holdback.stats.design.returning_units import ReturningUnits, WeeklyActivity

__all__ = ["Growth", "returning"]

MOST_WEEKS_AHEAD = 520


def returning(
    experiment: Experiment, frames: Mapping[str, object], last: date
) -> ReturningUnits | None:
    """How units came in the weeks up to `last`; None where no week is whole."""
    told = week_pairs(experiment, frames, last=last)
    if told is None or not told.pairs:
        return None
    return ReturningUnits(activity=WeeklyActivity.of_pairs(told.weeks, told.pairs))


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Units by week, so that the window's `days` hold the plan's `units`."""

    units: float
    days: int
    history: ReturningUnits | None = None

    @property
    def comes_back(self) -> bool:
        """Whether units are known to return, so that later weeks bring fewer."""
        return self.history is not None and not self.history.comes_once

    @property
    def watched(self) -> int | None:
        """Weeks of the history."""
        return None if self.history is None else self.history.activity.weeks

    def after(self, weeks: float, *, new: bool = True) -> float:
        """Different units after so many weeks."""
        curve = self._curve if new else self._curve_without_new
        return float(np.interp(weeks, np.arange(len(curve)), curve))

    def weeks_for(self, units: float, *, new: bool = True) -> int | None:
        """The first whole number of weeks with so many units; None beyond a year."""
        curve = self._curve if new else self._curve_without_new
        reached = np.flatnonzero(curve[: WEEKS_PER_YEAR + 1] >= units * (1 - 1e-9))
        return int(reached[0]) if len(reached) else None

    def is_guess(self, weeks: int | None) -> bool:
        """Whether so many weeks (None: more than a year) are far beyond the history."""
        if not self.comes_back or self.watched is None:
            return False
        return (WEEKS_PER_YEAR if weeks is None else weeks) > 2 * self.watched

    @cached_property
    def _curve(self) -> npt.NDArray[np.float64]:
        return self._scaled(new=True)

    @cached_property
    def _curve_without_new(self) -> npt.NDArray[np.float64]:
        return self._scaled(new=False)

    def _scaled(self, *, new: bool) -> npt.NDArray[np.float64]:
        """After 0, 1 … weeks; the history's units as a multiple that fits the plan."""
        weeks = np.arange(MOST_WEEKS_AHEAD + 1, dtype=float)
        if self.history is None:
            return 7 * weeks * self.units / self.days
        usual = np.concatenate([[0.0], self.history.curve(MOST_WEEKS_AHEAD)])
        window = float(np.interp(self.days / 7, weeks, usual))
        if not new:
            usual[1:] = self.history.curve(MOST_WEEKS_AHEAD, new=False)
        scaled: npt.NDArray[np.float64] = usual * self.units / window
        return scaled
