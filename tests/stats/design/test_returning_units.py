"""Units that come back: counted, exact and simulated histories, and beyond them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import beta

from holdback.stats.design.returning_units import ReturningUnits, WeeklyActivity


def activity(weeks: int, units: Iterable[Iterable[int]]) -> WeeklyActivity:
    """From the weeks of each unit."""
    pairs: Counter[tuple[int, int]] = Counter()
    for active in units:
        before = -1
        for week in sorted(active):
            pairs[before, week] += 1
            before = week
    return WeeklyActivity.of_pairs(weeks, pairs)


def chance(weeks: int, units: float, p: float, new: float) -> WeeklyActivity:
    """The expectation of `units` who come in a week with chance p, and new ones once.

    Week w follows week v with p² (1 − p)^(w − v − 1); w is the first with p (1 − p)^w.
    """
    pairs: dict[tuple[int, int], float] = {}
    for week in range(weeks):
        pairs[-1, week] = units * p * (1 - p) ** week + new
        for before in range(week):
            pairs[before, week] = units * p**2 * (1 - p) ** (week - before - 1)
    return WeeklyActivity.of_pairs(weeks, pairs)  # type: ignore[arg-type]


def simulated(
    weeks: int, units: int, a: float, b: float, new: int, seed: int
) -> WeeklyActivity:
    """Units whose weekly chances are Beta(a, b), and new ones who come once."""
    rng = np.random.default_rng(seed)
    came = rng.random((units, weeks)) < rng.beta(a, b, units)[:, None]
    regulars = [np.flatnonzero(row).tolist() for row in came if row.any()]
    return activity(
        weeks, [*regulars, *([w] for w in range(weeks) for _ in range(new))]
    )


def truth(units: int, a: float, b: float, new: float) -> NDArray[np.float64]:
    """Different units after 1 … 52 weeks: N (1 − E (1 − p)^t) + n t."""
    t = np.arange(1, 53)
    return units * (1 - beta(a, b + t) / beta(a, b)) + new * t


def test_a_small_history_against_counts_by_hand() -> None:
    """Six units in four weeks: 2.75, 4, 5 and 6 different ones."""
    six = activity(4, [{0}, {0, 1}, {1, 3}, {2}, {0, 1, 2, 3}, {3}])
    assert [six.seen(t) for t in (1, 2, 3, 4)] == [2.75, 4, 5, 6]
    steps = ReturningUnits(activity=six).steps
    assert list(steps) == [2.75, 1.25, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_units_seen_against_every_run_of_weeks(seed: int) -> None:
    """The count by idle runs is the mean of the counts of every run of weeks."""
    rng = np.random.default_rng(seed)
    came = rng.random((40, 9)) < rng.random((40, 1))
    history = activity(9, [np.flatnonzero(row).tolist() for row in came if row.any()])
    for t in range(1, 10):
        runs = [came[:, i : i + t].any(axis=1).sum() for i in range(9 - t + 1)]
        assert history.seen(t) == pytest.approx(np.mean(runs))


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (0, [1_948.8, 1_998.7, 2_000, 2_000]),
        (200, [2_748.8, 3_598.7, 7_200, 12_400]),
    ],
)
def test_customers_of_one_chance_against_closed_form(
    new: float, expected: list[float]
) -> None:
    """2,000 who come in 6 weeks of 10, and new ones: 2000 (1 − .4^t) + n t."""
    units = ReturningUnits(activity=chance(12, 2_000, 0.6, new))
    curve = units.curve(52)
    assert curve[[3, 7]] == pytest.approx(expected[:2], abs=0.06)
    assert curve[[25, 51]] == pytest.approx(expected[2:], rel=1e-4)
    t = np.arange(1, 53)
    assert curve == pytest.approx(2_000 * (1 - 0.4**t) + new * t, rel=1e-4)
    without = units.curve(52, new=False)[-1]
    assert without == pytest.approx(2_000 + 12 * new, rel=1e-3)


@pytest.mark.parametrize(
    ("units", "a", "b", "new", "close"),
    [
        (2_000, 0.5, 2.0, 0, 0.12),
        (2_000, 0.5, 2.0, 200, 0.06),
        (20_000, 0.5, 2.0, 500, 0.05),
        (20_000, 0.3, 4.0, 0, 0.12),
    ],
)
def test_beyond_twelve_weeks_against_simulated_years(
    units: int, a: float, b: float, new: int, close: float
) -> None:
    """From twelve weeks of drawn customers: a year's within the band, unbiased."""
    exact = truth(units, a, b, new)[[25, 51]]
    curves = [
        ReturningUnits(activity=simulated(12, units, a, b, new, seed)).curve(52)
        for seed in range(4)
    ]
    ratios = np.array([curve[[25, 51]] / exact for curve in curves])
    assert ratios.mean(axis=0) == pytest.approx(1, abs=close)
    assert ratios[:, 0] == pytest.approx(1, abs=close)


def test_units_that_come_once_grow_in_proportion() -> None:
    """One row a unit: every week brings its own, however short the history is."""
    units = ReturningUnits(activity=chance(3, 0, 0.5, 100))
    assert units.comes_once
    assert units.foretells
    assert units.curve(52) == pytest.approx(100 * np.arange(1, 53))


def test_a_short_history_promises_no_fewer_weeks() -> None:
    """Below six weeks the last week's newcomers are the most that can come."""
    units = ReturningUnits(activity=chance(4, 2_000, 0.6, 0))
    assert not units.foretells
    assert np.all(units.curve(52) >= 2_000 * (1 - 0.4 ** np.arange(1, 53)) - 1e-6)


@pytest.mark.parametrize("pair", [(0, 0), (1, 0), (-2, 0), (0, 4)])
def test_weeks_that_cannot_follow_are_refused(pair: tuple[int, int]) -> None:
    """A week follows an earlier one, inside the history."""
    with pytest.raises(ValueError, match="does not follow"):
        WeeklyActivity.of_pairs(4, {pair: 1})


@pytest.mark.parametrize("weeks", [0, 5])
def test_weeks_that_were_not_watched_are_refused(weeks: int) -> None:
    """Only what lies inside the history is counted."""
    with pytest.raises(ValueError, match="were not watched"):
        activity(4, [{0}]).seen(weeks)
