"""Predicted covariates: they save variance and learn nothing of the arm."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.errors import StatsError
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.sample import Sample, with_column
from holdback.stats.variance_reduction.cuped import Adjusted, adjust, predicted
from tests.calibration.shops import mean

pytest.importorskip("sklearn", reason="predicted covariates need scikit-learn")


def curved(rng: np.random.Generator, n: int, lift: float = 0.0) -> Sample:
    """An outcome that follows two measures from before, one of them in a curve."""
    x, w = rng.normal(0, 1, n), rng.normal(0, 1, n)
    y = (1 + lift) * (10 + 3 * x**2 + w + rng.normal(0, 1, n))
    return Sample(columns=("y", "x", "w"), rows=np.column_stack([y, x, w]), n=n)


def net(control: Sample, treated: Sample, seed: int = 1) -> Adjusted:
    """The lift net of the prediction."""
    values = predicted(
        control, treated, formula=mean, outcomes=["y"], features=["x", "w"], seed=seed
    )
    sides = [
        with_column(side.select(["y"]), "p", value)
        for side, value in zip((control, treated), values, strict=True)
    ]
    moments = [Moments.of_rows(s.rows, s.columns, [4, 4]) for s in sides]
    return adjust(*moments, formula=mean, columns=["y"], covariates=["p"])


def test_a_curve_is_learned_where_a_slope_sees_nothing() -> None:
    """x² has no linear correlation with x; the prediction saves its variance."""
    rng = np.random.default_rng(120)
    control, treated = curved(rng, 1_500), curved(rng, 1_500)
    moments = [
        Moments.of_rows(s.rows, s.columns, [4, 4, 4]) for s in (control, treated)
    ]
    linear = adjust(*moments, formula=mean, columns=["y"], covariates=["x", "w"])
    assert linear.variance_reduction < 0.2
    assert net(control, treated).variance_reduction > 0.75


def test_features_without_meaning_save_nothing() -> None:
    """Out of fold, noise predicts nothing; a model that had seen the unit would."""
    rng = np.random.default_rng(121)
    sides = []
    for _ in range(2):
        rows = np.column_stack([rng.gamma(0.5, 10, 800), rng.normal(size=(800, 2))])
        sides.append(Sample(columns=("y", "x", "w"), rows=rows, n=800))
    assert abs(net(*sides).variance_reduction) < 0.03


def test_units_of_zeros_are_predicted_as_zero() -> None:
    """Units without any value take part as a weight, and stay out of the rows."""
    rng = np.random.default_rng(122)
    sides = []
    for n in (400, 600):
        x = rng.gamma(1, 5, n)
        bought = rng.uniform(size=n) < 0.5
        rows = np.column_stack([bought * x * rng.gamma(2, 0.5, n), x, x])
        sides.append(Sample(columns=("y", "x", "w"), rows=rows, n=20 * n))
    values = predicted(
        *sides, formula=mean, outcomes=["y"], features=["x", "w"], seed=3
    )
    assert [len(v) for v in values] == [400, 600]
    low = np.concatenate(values)[np.concatenate([s.rows[:, 1] for s in sides]) < 0.5]
    high = np.concatenate(values)[np.concatenate([s.rows[:, 1] for s in sides]) > 15]
    assert abs(low.mean()) < 1.5
    assert high.mean() > 5


@pytest.mark.parametrize(
    "runs", [6, pytest.param(1_000, marks=pytest.mark.calibration)]
)
def test_false_alarms_stay_in_their_band(runs: int) -> None:
    """A/A with a prediction: 5 % of tests err; a lift of 5 % is found unmoved."""
    rng = np.random.default_rng(123)
    wrong, lifts = 0, []
    for run in range(runs):
        found = net(curved(rng, 400), curved(rng, 600), seed=run)
        p_value = found.compared(level=0.95).p_value
        assert p_value is not None
        wrong += p_value < 0.05
        lifted = net(curved(rng, 400), curved(rng, 600, lift=0.05), seed=run)
        lifts.append(lifted.treatment.value / lifted.control.value - 1)
    assert wrong <= stats.binom.ppf(0.9995, runs, 0.05)
    assert np.mean(lifts) == pytest.approx(0.05, abs=4 * np.std(lifts) / np.sqrt(runs))


def test_the_same_seed_gives_the_same_predictions() -> None:
    """Deterministic in the seed."""
    rng = np.random.default_rng(124)
    sides = curved(rng, 300), curved(rng, 300)
    assert net(*sides, seed=5).control == net(*sides, seed=5).control


def test_too_few_units_are_refused() -> None:
    """From 199 units no model is learned."""
    rng = np.random.default_rng(125)
    with pytest.raises(StatsError, match="to learn from"):
        net(curved(rng, 99), curved(rng, 100))
