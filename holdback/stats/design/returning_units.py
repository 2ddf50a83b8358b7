"""How many different units a test meets as its weeks go by, where units come back.

Inside the history it is counted: U(t) is the mean, over all runs of t weeks, of the
units that were there in at least one of them (the accumulation curve of ecology:
Gotelli & Colwell 2001, Ecology Letters 4: 379–391, with runs of weeks for samples).
Beyond it the units of a week that are new follow a pool that is used up and a flow
that is not: d(t) = n + N B(a + 1, b + t − 1) / B(a, b), where N units come back, each
with a weekly chance drawn from Beta(a, b), and n come every week for the first time
(the time of first coming is beta-geometric; derived here).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["FEWEST_WEEKS", "ReturningUnits", "WeeklyActivity"]

Vector = npt.NDArray[np.float64]

FEWEST_WEEKS = 6
"""Weeks of history from which units beyond it are foretold."""
CHANCE_STARTS = ((0.5, 2.0), (1.0, 1.0), (4.0, 2.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyActivity:
    """In how many `weeks` units were watched, how many came, and their idle runs.

    `idle` counts runs of weeks without a row, by their length: before a unit's first
    week, between two, and after its last. `returned` is how often a unit came in a
    week that was not its first.
    """

    weeks: int
    units: int
    idle: Mapping[int, int]
    returned: int

    @classmethod
    def of_pairs(
        cls, weeks: int, pairs: Mapping[tuple[int, int], int]
    ) -> WeeklyActivity:
        """From how often an active week follows another, −1 before a unit's first.

        Raises ValueError for a week outside 0 … `weeks` − 1.
        """
        idle: dict[int, int] = {}
        last = [0] * weeks
        for (before, week), count in pairs.items():
            if not -1 <= before < week < weeks:
                raise ValueError(f"week {week} does not follow {before} of {weeks}.")
            idle[week - before - 1] = idle.get(week - before - 1, 0) + count
            last[week] += count
            if before >= 0:
                last[before] -= count
        for week, count in enumerate(last):
            idle[weeks - 1 - week] = idle.get(weeks - 1 - week, 0) + count
        units = sum(count for (before, _), count in pairs.items() if before < 0)
        return cls(
            weeks=weeks,
            units=units,
            idle={run: count for run, count in idle.items() if run and count},
            returned=sum(count for (before, _), count in pairs.items() if before >= 0),
        )

    def seen(self, weeks: int) -> float:
        """Mean number of different units in so many weeks.

        Raises ValueError for more weeks than were watched, or none.
        """
        if not 0 < weeks <= self.weeks:
            raise ValueError(f"{weeks} of {self.weeks} weeks were not watched.")
        missed = sum(
            count * max(run - weeks + 1, 0) for run, count in self.idle.items()
        )
        return self.units - missed / (self.weeks - weeks + 1)


@dataclass(frozen=True, kw_only=True)
class ReturningUnits:
    """Different units by the number of weeks, within and beyond the `activity`."""

    activity: WeeklyActivity

    @cached_property
    def steps(self) -> Vector:
        """Units that each further week adds, inside the history, (weeks,)."""
        weeks = range(1, self.activity.weeks + 1)
        totals = np.array([0.0, *(self.activity.seen(t) for t in weeks)])
        return np.diff(np.maximum.accumulate(totals))

    @property
    def comes_once(self) -> bool:
        """Whether no unit came in two weeks, so that every week's are new."""
        return not self.activity.returned

    @property
    def foretells(self) -> bool:
        """Whether the history is long enough for what lies beyond it."""
        return self.comes_once or self.activity.weeks >= FEWEST_WEEKS

    @cached_property
    def flow(self) -> tuple[float, float, float, float]:
        """n, N, a, b: least squares on the steps, weighted by 1 / step."""
        if self.comes_once:
            return self.activity.units / self.activity.weeks, 0.0, 1.0, 1.0
        return _fitted(self.steps)

    def curve(self, weeks: int, *, new: bool = True) -> Vector:
        """Different units after 1 … `weeks` weeks, (weeks,).

        Where the history is too short, as many come beyond it as in its last week,
        which is too many. Without `new` nobody comes for the first time beyond it but
        those of the pool.
        """
        known = min(weeks, self.activity.weeks)
        inside = np.cumsum(self.steps[:known])
        if weeks <= known:
            return inside
        times = np.arange(known + 1, weeks + 1, dtype=float)
        if self.foretells:
            n, pool, a, b = self.flow
            further = _steps(times, n if new else 0.0, pool, a, b)
        else:
            further = np.full(len(times), self.steps[-1] if new else 0.0)
        return np.concatenate([inside, inside[-1] + np.cumsum(further)])


def _steps(times: Vector, n: float, pool: float, a: float, b: float) -> Vector:
    from scipy.special import betaln

    chances: Vector = np.exp(betaln(a + 1, b + times - 1) - betaln(a, b))
    return n + pool * chances


def _fitted(steps: Vector) -> tuple[float, float, float, float]:
    from scipy.optimize import least_squares

    times = np.arange(1, len(steps) + 1, dtype=float)
    scale = np.sqrt(np.maximum(steps, 1e-9 * steps[0]))

    def misses(logs: Vector) -> Vector:
        n, pool, a, b = np.exp(logs)
        missed: Vector = (_steps(times, n, pool, a, b) - steps) / scale
        return missed

    last, total = max(steps[-1], 1e-3 * steps[0]), float(steps.sum())
    fits = [
        least_squares(
            misses,
            np.log([share * last, total, a, b]),
            bounds=(np.log([1e-9 * last, 1e-6 * total, 1e-3, 1e-3]), LARGEST_LOGS),
            xtol=1e-12,
            ftol=1e-12,
            gtol=1e-12,
        )
        for (a, b), share in zip(CHANCE_STARTS, (0.5, 0.9, 0.1), strict=True)
    ]
    n, pool, a, b = np.exp(min(fits, key=lambda fit: fit.cost).x)
    return float(n), float(pool), float(a), float(b)


LARGEST_LOGS = np.log([1e12, 1e13, 1e4, 1e4])
"""Bounds: more units than there are people, chances that are all alike."""
