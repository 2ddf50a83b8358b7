"""The hurdle model against draws, closed forms and simulated shops."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy import stats

from holdback.errors import StatsError
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.hurdle import Hurdle, LogSpend, log_spend
from holdback.stats.posterior.posterior import LiftPrior
from holdback.stats.posterior.predictive_checks import predictive_check

LONG = pytest.mark.calibration
FLAT = LiftPrior(name="none", sd=None)
WEAK = LiftPrior(name="weak", sd=0.3)


def shop(
    rng: np.random.Generator,
    n: int,
    share: float = 0.03,
    mu: float = 3.0,
    sigma: float = 1.3,
    gamma: float | None = None,
) -> Sample:
    """One arm's buyers, with lognormal or gamma spend."""
    k = int(rng.binomial(n, share))
    spend = (
        np.exp(rng.normal(mu, sigma, k))
        if gamma is None
        else np.exp(mu) * rng.gamma(gamma, 1 / gamma, k)
    )
    return Sample(columns=("revenue",), rows=spend[:, None], n=n)


def hurdle(control: Sample, treatment: Sample) -> Hurdle:
    """The model of two samples."""
    return Hurdle(control=LogSpend.of(control), treatment=LogSpend.of(treatment))


@pytest.mark.parametrize("sizes", [(2_000, 18_000), (1_500, 1_500), (1_000, 400_000)])
def test_quadrature_against_conjugate_draws(sizes: tuple[int, int]) -> None:
    """Quantiles, mean and losses equal those of a million conjugate draws, 5 errors."""
    rng = np.random.default_rng(1)
    one = hurdle(shop(rng, sizes[0]), shop(rng, sizes[1]))
    draws, total = 1_000_000, 0.0
    k = one.control.buyers, one.treatment.buyers
    squares = one.control.log_squares + one.treatment.log_squares
    variance = squares / rng.chisquare(sum(k) - 2, draws)
    for sign, arm in ((1, one.treatment), (-1, one.control)):
        share = rng.beta(arm.buyers + 0.5, arm.n - arm.buyers + 0.5, draws)
        mu = rng.normal(arm.log_mean, np.sqrt(variance / arm.buyers))
        total = total + sign * (np.log(share) + mu)
    lift = np.expm1(total)
    found = one.posterior(FLAT)
    for value, sample in (
        (found.mean, lift),
        (found.expected_loss_if_shipped, np.maximum(0, -lift)),
        (found.expected_loss_if_held, np.maximum(0, lift)),
    ):
        error = float(np.std(sample)) / draws**0.5
        assert abs(value - float(np.mean(sample))) < 5 * error
    for q in (0.025, 0.2, 0.5, 0.8, 0.975):
        share = float(np.mean(lift < found.quantile(q)))
        assert abs(share - q) < 5 * (q * (1 - q) / draws) ** 0.5


def test_prior_against_weighted_draws() -> None:
    """A normal prior is the same draws weighted by its density."""
    rng = np.random.default_rng(2)
    one = hurdle(shop(rng, 4_000), shop(rng, 36_000, mu=3.1))
    flat, found = one.posterior(FLAT), one.posterior(WEAK)
    at = np.array([flat.quantile((i + 0.5) / 4_000) for i in range(4_000)])
    weight = stats.norm.pdf(np.log1p(at), 0, 0.3)
    assert found.mean == pytest.approx(np.average(at, weights=weight), abs=2e-4)
    above = np.sum(weight[at > 0.05]) / weight.sum()
    assert found.probability_above(0.05) == pytest.approx(above, abs=5e-4)


def test_known_large_sample_variance() -> None:
    """With many buyers Var ln R is by the formula Σ (1−p)/(np) + s²/k, to 1 %."""
    rng = np.random.default_rng(3)
    one = hurdle(shop(rng, 200_000), shop(rng, 300_000))
    low, high = (log(1 + one.posterior(FLAT).quantile(q)) for q in (0.025, 0.975))
    k = one.control.buyers, one.treatment.buyers
    s2 = (one.control.log_squares + one.treatment.log_squares) / (sum(k) - 2)
    variance = sum(
        (1 - a.buyers / a.n) / a.buyers + s2 / a.buyers
        for a in (one.control, one.treatment)
    )
    assert ((high - low) / 3.919928) ** 2 == pytest.approx(variance, rel=0.01)


@pytest.mark.parametrize("runs", [150, pytest.param(1_000, marks=LONG)])
def test_truth_has_a_uniform_rank(runs: int) -> None:
    """Log ratios from the prior, data from them: P(lift > truth) is uniform (KS)."""
    rng = np.random.default_rng(4)
    ranks = []
    for _ in range(runs):
        p, lift = rng.uniform(0.02, 0.08), rng.normal(0, 0.3)
        treated = p * np.exp(rng.normal(0, 0.1))
        mu = 3.0 + lift - np.log(treated / p)
        one = hurdle(shop(rng, 3_000, share=p), shop(rng, 9_000, share=treated, mu=mu))
        ranks.append(one.posterior(WEAK).probability_above(np.expm1(lift)))
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def test_a_planted_error_is_found() -> None:
    """The same ranks fail where the model believes it has four times the data."""
    rng = np.random.default_rng(5)
    ranks = []
    for _ in range(150):
        lift = rng.normal(0, 0.3)
        arms = [LogSpend.of(shop(rng, 3_000, mu=3.0 + x)) for x in (0.0, lift)]
        wrong = [
            LogSpend(
                n=4 * a.n,
                buyers=4 * a.buyers,
                log_mean=a.log_mean,
                log_squares=4 * a.log_squares,
            )
            for a in arms
        ]
        found = Hurdle(control=wrong[0], treatment=wrong[1]).posterior(WEAK)
        ranks.append(found.probability_above(np.expm1(lift)))
    assert stats.kstest(ranks, "uniform").pvalue < 1e-3


@pytest.mark.parametrize("runs", [400, pytest.param(4_000, marks=LONG)])
def test_no_effect_gives_uniform_probabilities(runs: int) -> None:
    """A/A at 90/10, 60 buyers in control, heavy tails: each tail in 1.8–3.2 %, KS."""
    rng = np.random.default_rng(6)
    above = np.array(
        [
            hurdle(shop(rng, 2_000, sigma=1.5), shop(rng, 18_000, sigma=1.5))
            .posterior(FLAT)
            .probability_above(0)
            for _ in range(runs)
        ]
    )
    for share in (np.mean(above > 0.975), np.mean(above < 0.025)):
        low, high = stats.binom.ppf([0.0005, 0.9995], runs, [0.018, 0.032]) / runs
        assert low <= share <= high
    assert stats.kstest(above, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("runs", [120, pytest.param(1_000, marks=LONG)])
def test_check_refuses_a_true_model_as_rarely_as_it_says(runs: int) -> None:
    """Lognormal spend fails the predictive check in about 1 % of samples."""
    rng = np.random.default_rng(7)
    failed = sum(
        not predictive_check(
            log_spend(shop(rng, 2_000)), log_spend(shop(rng, 6_000)), seed=i
        ).passes
        for i in range(runs)
    )
    assert failed <= stats.binom.ppf(0.9995, runs, 0.015)


def test_check_finds_other_shapes() -> None:
    """Gamma spend, one price for most, and another spread in one arm are refused."""
    rng = np.random.default_rng(8)
    control, treated = shop(rng, 20_000), shop(rng, 60_000)
    gamma = [log_spend(shop(rng, n, gamma=0.5)) for n in (20_000, 60_000)]
    assert not predictive_check(gamma[0], gamma[1], seed=1).passes
    fixed = [np.where(rng.random(500) < 0.7, 3.0, rng.normal(3, 1, 500)) for _ in "ab"]
    assert not predictive_check(fixed[0], fixed[1], seed=1).passes
    wide = log_spend(shop(rng, 60_000, sigma=1.8))
    found = predictive_check(log_spend(control), wide, seed=1)
    assert not found.passes
    assert found.worst == "spread of the arms"
    assert predictive_check(log_spend(control), log_spend(treated), seed=1).passes


def test_same_seed_same_answer() -> None:
    """The check is a function of data and seed."""
    rng = np.random.default_rng(9)
    logs = [log_spend(shop(rng, 90_000)) for _ in "ab"]
    first, second = (predictive_check(logs[0], logs[1], seed=[3, 4]) for _ in "ab")
    assert first == second


@pytest.mark.parametrize(
    ("control", "message"),
    [
        ([[5.0]] * 3, "With 3 buyers in an arm"),
        ([[5.0]], "With 1 buyer in an arm"),
        ([[5.0]] * 30, "All buyers spend the same"),
        ([[5.0]] * 30 + [[-1.0]], "less than 0"),
    ],
)
def test_refusals(control: list[list[float]], message: str) -> None:
    """Few buyers, equal amounts and negative amounts: one clear sentence each."""
    one = Sample(columns=("revenue",), rows=np.array(control), n=100)
    other = Sample(columns=("revenue",), rows=np.array([[5.0]] * 30), n=100)
    with pytest.raises(StatsError, match=message):
        hurdle(one, other)


def test_prior_out_of_reach_is_refused() -> None:
    """A prior that contradicts the data beyond the grid gives no number."""
    rng = np.random.default_rng(10)
    one = hurdle(shop(rng, 200_000), shop(rng, 200_000, mu=6.0))
    with pytest.raises(StatsError, match="too far from the data"):
        one.posterior(LiftPrior(name="custom", sd=0.01))
