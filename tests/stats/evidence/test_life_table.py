"""Life tables against published figures, statsmodels and a walk through each unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from holdback.facts import Fact, fact
from holdback.stats.evidence.life_table import LifeTable, life_table, log_rank_z
from holdback.stats.methods.survival import compare_survival
from holdback.stats.numeric import two_sided

# (day, event): a worked example whose figures lifelines gives as well.
TREATED = [(6, 1), (7, 0), (10, 1), (15, 1), (19, 0), (25, 1), *[(30, 0)] * 4]
CONTROL = [(3, 1), (5, 1), (7, 1), (8, 1), (12, 1), (14, 0), (20, 1), (22, 1),
           (28, 1), (30, 0)]  # fmt: skip


def table(rows: npt.ArrayLike, days: int = 30) -> LifeTable:
    """The table of (day, event) rows; a unit with an event is watched to the end."""
    day, event = np.asarray(rows).T
    return life_table(
        np.where(event, day, 0), np.where(event, days, day), np.ones(len(day)), days
    )


def lives(
    rng: np.random.Generator, n: int, hazards: npt.ArrayLike
) -> npt.NDArray[np.int64]:
    """Units with these daily hazards, watched for 20 to 40 days: (day, event)."""
    hazard = np.asarray(hazards)
    ended = rng.random((n, len(hazard))) < hazard
    first = np.where(ended.any(axis=1), ended.argmax(axis=1) + 1, 10**6)
    watched = rng.integers(20, 41, n)
    event = first <= watched
    return np.column_stack([np.where(event, first, watched), event])


def test_restricted_mean_against_figures() -> None:
    """Published: 22.9875 and 16.0 days of 30, difference 6.9875 with error 4.3035."""
    treated, control = (table(x).restricted_mean() for x in (TREATED, CONTROL))
    assert treated.value == pytest.approx(22.9875)
    assert control.value == pytest.approx(16.0)
    found = compare_survival(table(CONTROL * 3), table(TREATED * 3), level=0.95)
    assert found.absolute is not None
    assert found.absolute.value == pytest.approx(6.9875)
    error = np.hypot(treated.se, control.se)
    assert error == pytest.approx(4.3035, abs=5e-5)


def test_events_on_the_last_watched_day_against_statsmodels() -> None:
    """A unit watched to the end of the day of its event ended that day, not later."""
    day = np.array([3, 5, 5, 7, 9, 9])
    event = np.array([1, 1, 0, 1, 1, 0])
    found = life_table(np.where(event, day, 0), day, np.ones(6), 9)
    expected = SurvfuncRight(day, event)
    assert found.survival[expected.surv_times] == pytest.approx(expected.surv_prob)
    assert found.events.sum() == 4


def test_log_rank_against_statsmodels() -> None:
    """The square of the statistic is statsmodels' chi-square; p near .0817."""
    z = log_rank_z(table(CONTROL), table(TREATED))
    assert z is not None
    day, event = np.array(CONTROL + TREATED).T
    group = np.repeat([0, 1], [len(CONTROL), len(TREATED)])
    expected, p_value = survdiff(day, event, group)
    assert z**2 == pytest.approx(expected, rel=1e-9)
    assert two_sided(z) == pytest.approx(p_value, rel=1e-9)
    assert p_value == pytest.approx(0.0817, abs=5e-5)
    assert z < 0  # the treated have fewer events


@pytest.mark.parametrize("seed", range(8))
def test_log_rank_with_ties_against_statsmodels(seed: int) -> None:
    """Many units end on the same day, where the tie term (r − d) / (r − 1) matters.

    Without it the chi-square would be a tenth too small here.
    """
    rng = np.random.default_rng(seed)
    sides = []
    for n, last in ((30, 4), (24, 5)):
        day = rng.integers(1, last + 1, n)
        sides.append(np.column_stack([day, rng.random(n) < 0.8]).astype(int))
    z = log_rank_z(table(sides[0], 6), table(sides[1], 6))
    day, event = np.concatenate(sides).T
    expected, _ = survdiff(day, event, np.repeat([0, 1], [30, 24]))
    assert z is not None
    assert z**2 == pytest.approx(expected, rel=1e-9)


def test_survival_against_statsmodels() -> None:
    """The product-limit curve on every day with events."""
    rows = lives(np.random.default_rng(1), 400, np.full(60, 0.03))
    found = table(rows, 40)
    expected = SurvfuncRight(rows[:, 0], rows[:, 1])
    times = expected.surv_times.astype(int)
    kept = times <= 40
    assert found.survival[times[kept]] == pytest.approx(expected.surv_prob[kept])


def test_restricted_mean_against_means_without_censoring() -> None:
    """Watched to the end, the mean and its error are those of min(time, horizon)."""
    rng = np.random.default_rng(2)
    first = rng.geometric(0.04, 500)
    found = life_table(
        np.where(first <= 30, first, 0), np.full(500, 30), np.ones(500), 30
    ).restricted_mean()
    stayed = np.minimum(first, 30)
    assert found.value == pytest.approx(stayed.mean())
    assert found.se == pytest.approx(stayed.std() / np.sqrt(500), rel=1e-9)


def test_an_event_on_a_day_half_watched_is_left_open() -> None:
    """Who left on day 8 after 7 whole days watched counts as still there."""
    found = life_table([8, 0], [7, 7], [1, 1], 7)
    assert found.events.sum() == 0
    assert found.at_risk.tolist() == [2] * 7


@pytest.mark.parametrize(
    ("control", "note"),
    [
        (
            table([(5, 1)] * 30 + [(6, 0)] * 30),
            fact("survival.not_watched", side="control", days=30),
        ),
        (
            table([(5, 1)] * 9 + [(30, 0)] * 30),
            fact("survival.few_events", side="control", events=9, least=10),
        ),
        (
            life_table([], [], [], 30),
            fact("survival.not_watched", side="control", days=30),
        ),
        (
            table([(30, 0)] * 30),
            fact("survival.few_events", side="control", events=0, least=10),
        ),
    ],
)
def test_what_cannot_be_computed_is_said(control: LifeTable, note: Fact) -> None:
    """No number, and the reason, where chance or the horizon cannot be judged."""
    rows = lives(np.random.default_rng(3), 400, np.full(60, 0.03))
    found = compare_survival(control, table(rows), level=0.95)
    assert found.relative is None
    assert found.p_value is None
    assert found.note == note


def test_no_horizon_is_refused() -> None:
    """A table of no day has nothing to count."""
    with pytest.raises(ValueError, match="at least 1"):
        life_table([1], [1], [1], 0)


LONG = pytest.mark.calibration
CROSSING = np.concatenate([np.full(12, 0.06), np.full(28, 0.005)])
LATE = np.concatenate([np.full(12, 0.01), np.full(28, 0.05)])


def crossing_pair() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Hazards that cross and leave the same mean up to day 30."""

    def mean(hazard: npt.NDArray[np.float64]) -> float:
        return float(np.concatenate([[1], np.cumprod(1 - hazard[:29])]).sum())

    low, high = 0.0, 10.0
    for _ in range(60):  # bisection: the scale that equals the means
        scale = (low + high) / 2
        low, high = (
            (scale, high) if mean(scale * LATE) > mean(CROSSING) else (low, scale)
        )
    return CROSSING, scale * LATE


@pytest.mark.parametrize("runs", [400, pytest.param(2_000, marks=LONG)])
@pytest.mark.parametrize("hazards", ["same", "crossing"])
def test_no_difference_is_missed_alike_on_both_sides(hazards: str, runs: int) -> None:
    """300 against 2,700 units: each side of the interval within the 99.9 % band.

    The means are equal, with equal hazards or with hazards that cross, where a
    log-rank test sees a difference.
    """
    from scipy import stats

    one, two = (np.full(40, 0.03),) * 2 if hazards == "same" else crossing_pair()
    rng = np.random.default_rng(14)
    above = below = log_rank = 0
    for _ in range(runs):
        control, treated = table(lives(rng, 300, one)), table(lives(rng, 2_700, two))
        found = compare_survival(control, treated, level=0.95)
        assert found.relative is not None
        interval = found.relative.interval
        above += (interval.lower or 0) > 0
        below += (interval.upper or 0) < 0
        z = log_rank_z(control, treated)
        log_rank += abs(z or 0) > 1.96
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, 0.025)
    assert low <= above <= high
    assert low <= below <= high
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, 0.05)
    if hazards == "same":
        assert low <= log_rank <= high
    else:  # the same check finds what is there
        assert log_rank > high
