"""Other models of spend: against draws, simulated shops, and each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from holdback.errors import StatsError
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.hurdle import Hurdle, LogSpend
from holdback.stats.posterior.posterior import LiftPrior
from holdback.stats.posterior.predictive_checks import predictive_check
from holdback.stats.posterior.spend_distributions import (
    Amounts,
    GammaSpend,
    StudentSpend,
    TwoSpreads,
    _likelihood,
)

LONG = pytest.mark.calibration
FLAT = LiftPrior(name="none", sd=None)
WEAK = LiftPrior(name="weak", sd=0.3)
Logs = Any


def two_spreads(control: Logs, treated: Logs) -> TwoSpreads:
    """The model of two arms' log spend."""
    return TwoSpreads(
        means=(control.mean(), treated.mean()),
        squares=tuple(((x - x.mean()) ** 2).sum() for x in (control, treated)),
        buyers=(len(control), len(treated)),
    )


def drawn(model: Amounts) -> tuple[Logs, Logs]:
    """The grid of a model, in steps of a fiftieth of its deviation."""
    step = model.scale / 50
    low, density = model.grid(step)
    at = (low + np.arange(len(density))) * step
    assert density.sum() * step == pytest.approx(1.0)
    return at, density * step


def test_gamma_against_draws() -> None:
    """Shapes from their density on a fine grid, then means from inverse gammas."""
    rng = np.random.default_rng(1)
    control, treated = rng.gamma(0.7, 30, 40), rng.gamma(0.7, 36, 90)
    at, weight = drawn(GammaSpend.of(np.log(control), np.log(treated)))
    shapes = np.exp(np.linspace(np.log(0.2), np.log(3), 2_000))
    log_p = np.zeros_like(shapes)
    for x in (control, treated):
        n = len(x)
        log_p += gammaln(n * shapes) - n * gammaln(shapes)
        log_p += shapes * np.log(x).sum() - n * shapes * np.log(x.sum())
    p = np.exp(log_p - log_p.max())
    k = rng.choice(shapes, 400_000, p=p / p.sum())
    means = [k * x.sum() / rng.gamma(len(x) * k) for x in (control, treated)]
    ratio = np.log(means[1] / means[0])
    mean = float(at @ weight)
    assert mean == pytest.approx(ratio.mean(), abs=4 * ratio.std() / 630)
    sd = float(np.sqrt((at - mean) ** 2 @ weight))
    assert sd == pytest.approx(ratio.std(), rel=0.01)
    for q in (0.025, 0.5, 0.975):
        below = float(weight[at <= np.quantile(ratio, q)].sum())
        assert below == pytest.approx(q, abs=0.01)


def test_two_spreads_against_draws() -> None:
    """Variances from scaled inverse chi-squares, then mean logs, then exp(μ + σ²/2)."""
    rng = np.random.default_rng(2)
    control, treated = rng.normal(3, 1.5, 60), rng.normal(3.1, 1.1, 150)
    at, weight = drawn(two_spreads(control, treated))
    logs = []
    for x in (control, treated):
        variance = ((x - x.mean()) ** 2).sum() / rng.chisquare(len(x) - 1, 400_000)
        logs.append(rng.normal(x.mean(), np.sqrt(variance / len(x))) + variance / 2)
    ratio = logs[1] - logs[0]
    mean = float(at @ weight)
    assert mean == pytest.approx(ratio.mean(), abs=0.01)
    for q in (0.025, 0.5, 0.975):
        below = float(weight[at <= np.quantile(ratio, q)].sum())
        assert below == pytest.approx(q, abs=0.005)


def test_student_likelihood_against_scipy() -> None:
    """Value against scipy's density, slope against central differences."""
    rng = np.random.default_rng(3)
    logs = rng.standard_t(4, 30) + 2
    at = np.array([1.8, 0.2, 1.3])
    value, slope = _likelihood(logs, *at)
    expected = stats.t(np.exp(at[2]), loc=at[0], scale=np.exp(at[1])).logpdf(logs).sum()
    assert value == pytest.approx(expected)
    for i in range(3):
        step = np.zeros(3)
        step[i] = 1e-6
        by = _likelihood(logs, *(at + step))[0] - _likelihood(logs, *(at - step))[0]
        assert slope[i] == pytest.approx(by / 2e-6, rel=1e-5)


def gamma_arm(rng: np.random.Generator, k: int, move: float) -> Logs:
    """Gamma spend of shape 0.8."""
    return np.log(rng.gamma(0.8, 40 * np.exp(move), k))


def student_arm(rng: np.random.Generator, k: int, move: float) -> Logs:
    """Log spend with four degrees of freedom."""
    return 3 + move + rng.standard_t(4, k)


def spread_arm(rng: np.random.Generator, k: int, move: float) -> Logs:
    """Lognormal spend; the spread is another wherever the mean is moved."""
    sigma = 1.0 if move == 0 else 1.2
    return 3 + move + (1 - sigma**2) / 2 + sigma * rng.normal(size=k)


MODELS: dict[str, tuple[Callable[..., Logs], Callable[..., Amounts]]] = {
    "gamma": (gamma_arm, GammaSpend.of),
    "student": (student_arm, StudentSpend.of),
    "two spreads": (spread_arm, two_spreads),
}


@pytest.mark.parametrize("runs", [120, pytest.param(1_000, marks=LONG)])
@pytest.mark.parametrize("name", MODELS)
def test_truth_has_a_uniform_rank(name: str, runs: int) -> None:
    """Log ratios from the prior, data from them: P(lift > truth) is uniform (KS)."""
    arm, model = MODELS[name]
    rng = np.random.default_rng(4)
    ranks = []
    for _ in range(runs):
        lift = rng.normal(0, 0.3)
        sizes = rng.binomial([3_000, 9_000], 0.04)
        control, treated = arm(rng, sizes[0], 0.0), arm(rng, sizes[1], lift)
        found = Hurdle(
            control=spent(control, 3_000),
            treatment=spent(treated, 9_000),
            amounts=model(control, treated),
        ).posterior(WEAK)
        ranks.append(found.probability_above(np.expm1(lift)))
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def spent(logs: Logs, n: int) -> LogSpend:
    """What the hurdle needs of an arm."""
    return LogSpend.of(Sample(columns=("revenue",), rows=np.exp(logs)[:, None], n=n))


@pytest.mark.parametrize("name", MODELS)
def test_check_lets_its_own_model_pass(name: str) -> None:
    """Drawn from the model, about one sample in a hundred may fail; from none, most."""
    arm, model = MODELS[name]
    rng = np.random.default_rng(6)
    passed = 0
    for i in range(40):
        control, treated = arm(rng, 150, 0.0), arm(rng, 400, 0.1)
        found = model(control, treated)
        passed += predictive_check(
            control,
            treated,
            i,
            residuals=found.residuals,
            one_spread=name != "two spreads",
        ).passes
    assert passed >= 37
    prices = [np.log(rng.choice([9.0, 19.0, 49.0], n)) for n in (400, 400)]
    odd = model(*prices)
    assert not predictive_check(
        *prices, 1, residuals=odd.residuals, one_spread=name != "two spreads"
    ).passes


def test_one_price_has_no_shape() -> None:
    """All buyers spend the same: a gamma's shape would be infinite."""
    logs = np.full(50, np.log(20.0))
    with pytest.raises(StatsError, match="has no end"):
        GammaSpend.of(logs, logs)
