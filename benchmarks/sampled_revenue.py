"""Revenue per unit four ways: grids, bayesian-testing, PyMC, and what is true of each.

bayesian-testing gives each arm's log spend a variance of its own and weak normal and
inverse gamma priors, where our `Hurdle` has one variance in both arms unless
`TwoSpreads` is asked for: its answer is another model's, so its draws are judged by the
exact value of its own model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from holdback.stats.posterior.hurdle import Hurdle, LogSpend
from holdback.stats.posterior.posterior import LiftPrior
from holdback.stats.posterior.spend_distributions import TwoSpreads

__all__ = [
    "COLD",
    "bayesian_testing_truth",
    "by_bayesian_testing",
    "drawn",
    "one_spread",
    "one_spread_truth",
    "two_spreads",
    "two_spreads_truth",
]

CONTROL = LogSpend(n=2_000, buyers=60, log_mean=3.0, log_squares=60 * 1.4**2)
TREATED = LogSpend(n=18_000, buyers=640, log_mean=3.05, log_squares=640 * 1.5**2)
ARMS = (CONTROL, TREATED)
FLAT = LiftPrior(name="none", sd=None)
JEFFREYS = 0.5
THEIR_MEAN, THEIR_WEIGHT = 1.0, 0.01
"""bayesian-testing's defaults: the prior mean of log spend, and what it weighs."""
COLD = "from benchmarks import sampled_revenue; sampled_revenue.drawn(1)"
TAIL = 1e-16
"""What is left out at each end."""

Nodes = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def one_spread() -> float:
    """P(lift > 0) by our grid: one spread of spend in both arms."""
    found = Hurdle(control=CONTROL, treatment=TREATED).posterior(FLAT)
    return found.probability_above(0.0)


def two_spreads() -> float:
    """The same with a spread for each arm."""
    amounts = TwoSpreads(
        means=(CONTROL.log_mean, TREATED.log_mean),
        squares=(CONTROL.log_squares, TREATED.log_squares),
        buyers=(CONTROL.buyers, TREATED.buyers),
    )
    hurdle = Hurdle(control=CONTROL, treatment=TREATED, amounts=amounts)
    return hurdle.posterior(FLAT).probability_above(0.0)


def by_bayesian_testing(draws: int, seed: int) -> float:
    """bayesian-testing's answer, with its own priors of spend."""
    from bayesian_testing.experiments import DeltaLognormalDataTest

    test = DeltaLognormalDataTest()
    for name, arm in zip(("control", "treated"), ARMS, strict=True):
        mean = np.exp(arm.log_mean + arm.log_squares / arm.buyers / 2)
        test.add_variant_data_agg(
            name,
            totals=arm.n,
            positives=arm.buyers,
            sum_values=float(arm.buyers * mean),
            sum_logs=arm.buyers * arm.log_mean,
            sum_logs_2=arm.log_squares + arm.buyers * arm.log_mean**2,
        )
    found = test.evaluate(sim_count=draws, seed=seed)
    return float(next(r["prob_being_best"] for r in found if r["variant"] == "treated"))


def drawn(seed: int) -> float:
    """One spread by PyMC; draws with faults are no answer."""
    from holdback.stats.mcmc import hurdle_drawn

    found = hurdle_drawn(CONTROL, TREATED, (seed,))
    assert found.diagnostics.faults == ()
    return float((found.draws["log_ratio"] > 0).mean())


def one_spread_truth() -> float:
    """Shares by Gauss–Legendre, spend by Student's distribution: no grid, no draws."""
    from scipy.stats import t

    (p_c, w_c), (p_t, w_t) = (share(arm, 200) for arm in ARMS)
    freedom = CONTROL.buyers + TREATED.buyers - 2
    variance = (CONTROL.log_squares + TREATED.log_squares) / freedom
    scale = np.sqrt(variance * (1 / CONTROL.buyers + 1 / TREATED.buyers))
    ratio = np.log(p_t) - np.log(p_c)[:, None] + TREATED.log_mean - CONTROL.log_mean
    return float(w_c @ t.cdf(ratio / scale, freedom) @ w_t)


@dataclass(frozen=True, kw_only=True)
class Normals:
    """σ² ~ inverse gamma(shape, rate), and μ ~ N(centre, σ² / weight) of log spend."""

    shape: float
    rate: float
    centre: float
    weight: float


def two_spreads_truth() -> float:
    """Flat on both means of log spend, 1/σ² on each variance."""
    return over_spreads(
        [
            Normals(
                shape=(arm.buyers - 1) / 2,
                rate=arm.log_squares / 2,
                centre=arm.log_mean,
                weight=arm.buyers,
            )
            for arm in ARMS
        ]
    )


def bayesian_testing_truth() -> float:
    """The same under bayesian-testing's priors."""
    arms = []
    for arm in ARMS:
        weight = arm.buyers + THEIR_WEIGHT
        off = (arm.log_mean - THEIR_MEAN) ** 2
        pulled = arm.buyers * arm.log_mean + THEIR_WEIGHT * THEIR_MEAN
        arms.append(
            Normals(
                shape=arm.buyers / 2,
                rate=(arm.log_squares + arm.buyers * THEIR_WEIGHT / weight * off) / 2,
                centre=pulled / weight,
                weight=weight,
            )
        )
    return over_spreads(arms)


def over_spreads(spend: list[Normals], count: int = 48) -> float:
    """P(lift > 0): both shares and both variances integrated, means in closed form."""
    from scipy.special import ndtr
    from scipy.stats import invgamma

    middles, variances, weights = [], [], []
    for arm, law in zip(ARMS, spend, strict=True):
        p, w_p = share(arm, count)
        v, w_v = legendre(invgamma(law.shape, scale=law.rate), count)
        middles.append((np.log(p)[:, None] + law.centre + v / 2).ravel())
        variances.append(np.tile(v / law.weight, count))
        weights.append(np.outer(w_p, w_v).ravel())
    total = 0.0
    for middle, variance, weight in zip(
        middles[0], variances[0], weights[0], strict=True
    ):
        z = (middles[1] - middle) / np.sqrt(variances[1] + variance)
        total += float(weight * (weights[1] @ ndtr(z)))
    return total


def share(arm: LogSpend, count: int) -> Nodes:
    """Points and weights of an arm's share of buyers."""
    from scipy.stats import beta

    return legendre(beta(arm.buyers + JEFFREYS, arm.n - arm.buyers + JEFFREYS), count)


def legendre(law: Any, count: int) -> Nodes:
    """Gauss–Legendre points of nearly all of a law, and weights that add to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    low, high = float(law.ppf(TAIL)), float(law.isf(TAIL))
    at = low + (high - low) * (nodes + 1) / 2
    heavy = weights * law.pdf(at)
    return at, heavy / heavy.sum()
