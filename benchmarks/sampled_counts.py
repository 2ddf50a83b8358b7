"""Counts per unit three ways: our grid, bayesian-testing, PyMC, and what is true.

bayesian-testing takes counts for Poisson, with Gamma(0.1, 0.1) on each mean, where ours
are negative binomial with one shape in both arms: its answer is another model's, so its
draws are judged by the closed form of its own model.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from holdback.stats.posterior.counts import CountArm, CountModel
from holdback.stats.posterior.posterior import LiftPrior

__all__ = [
    "COLD",
    "bayesian_testing_truth",
    "by_bayesian_testing",
    "drawn",
    "exact",
    "truth",
]

SIZES = (1_000, 9_000)
SHAPE, MEANS = 0.5, (1.2, 1.22)
FLAT = LiftPrior(name="none", sd=None)
THEIR_SHAPE = THEIR_RATE = 0.1
"""bayesian-testing's prior of a mean."""
LOGS = (-6.0, 9.0)
"""Where ln k is looked for, as in `holdback.stats.posterior.counts`."""
BOUNDS = (np.log(0.3), np.log(0.8))
"""Where the integral looks for ln k; it checks that nothing lies beyond."""
COLD = "from benchmarks import sampled_counts; sampled_counts.drawn(1)"

Vector = np.ndarray[Any, Any]


def arms() -> list[CountArm]:
    """Gamma-mixed Poisson counts, the same in every run."""
    rng = np.random.default_rng(11)
    made = []
    for n, mean in zip(SIZES, MEANS, strict=True):
        counts = rng.poisson(rng.gamma(SHAPE, mean / SHAPE, n))
        values, units = np.unique(counts[counts > 0], return_counts=True)
        made.append(
            CountArm(values=values.astype(float), units=units.astype(float), n=n)
        )
    return made


ARMS = arms()


def exact() -> float:
    """P(lift > 0) by our grid."""
    control, treated = ARMS
    found = CountModel(control=control, treatment=treated).posterior(FLAT)
    return found.probability_above(0.0)


def by_bayesian_testing(draws: int, seed: int) -> float:
    """bayesian-testing's answer, as if counts were Poisson."""
    from bayesian_testing.experiments import PoissonDataTest

    test = PoissonDataTest()
    for name, arm in zip(("control", "treated"), ARMS, strict=True):
        test.add_variant_data_agg(name, totals=arm.n, sum_values=arm.total)
    found = test.evaluate(sim_count=draws, seed=seed)
    return float(next(r["prob_being_best"] for r in found if r["variant"] == "treated"))


def bayesian_testing_truth() -> float:
    """P(one gamma variable > another): a beta integral."""
    from scipy.special import betainc

    (s_c, r_c), (s_t, r_t) = (
        (arm.total + THEIR_SHAPE, arm.n + THEIR_RATE) for arm in ARMS
    )
    return float(betainc(s_c, s_t, r_c / (r_c + r_t)))


def drawn(seed: int) -> float:
    """The negative binomial by PyMC, from counts of counts: far fewer rows than units.

    Flat on ln m of each arm and on ln k between its bounds, and √(m / (m + k)): the
    half of an event that `CountModel` gives each arm. Draws with faults are no answer.
    """
    from holdback.stats.mcmc.sampling import Wanted, draw

    def build(pymc: Any) -> None:
        low, high = LOGS
        k = pymc.math.exp(pymc.Uniform("log_k", low, high, initval=0.0))
        seen = np.log([arm.total / arm.n for arm in ARMS])
        error = np.array([arm.total**-0.5 for arm in ARMS])
        offset = pymc.Flat("offset", shape=2, initval=np.zeros(2))
        log_mean = pymc.Deterministic("log_mean", seen + error * offset)
        for i, arm in enumerate(ARMS):
            mean = pymc.math.exp(log_mean[i])
            law = pymc.NegativeBinomial.dist(mu=mean, alpha=k)
            values, units = rows(arm)
            told = (units * pymc.logp(law, values)).sum()
            half = (pymc.math.log(mean) - pymc.math.log(mean + k)) / 2
            pymc.Potential(f"arm_{i}", told + half)

    wanted = Wanted(parameters=("log_k", "log_mean"), observed=())
    found = draw(build, wanted, (seed,))
    assert found.diagnostics.faults == ()
    log_mean = found.draws["log_mean"]
    return float((log_mean[..., 1] > log_mean[..., 0]).mean())


def truth(shapes: int = 200, points: int = 900) -> float:
    """The same density over ln k and both ln m, straight from the probabilities.

    Gauss–Legendre over ln k; for each, both means on an even grid and the running
    integral of control's by a spline. Neither draws nor beta distributions.
    """
    from scipy.interpolate import make_interp_spline

    nodes, weights = np.polynomial.legendre.leggauss(shapes)
    low, high = BOUNDS
    logs = low + (high - low) * (nodes + 1) / 2
    heights, above = np.empty(shapes), np.empty(shapes)
    for i, log_k in enumerate(logs):
        k = float(np.exp(log_k))
        at = means(k, points)
        (control, c), (treated, t) = (told(arm, at, k) for arm in ARMS)
        below = make_interp_spline(at, control, k=5).antiderivative()(at)
        step = at[1] - at[0]
        heights[i] = c + t + np.log(control.sum() * treated.sum())
        heights[i] += 2 * np.log(step)
        above[i] = (treated @ below) / (control.sum() * treated.sum() * step)
    heavy = np.exp(heights - heights.max())
    assert max(heavy[0], heavy[-1]) < 1e-12
    heavy *= weights
    return float(heavy @ above / heavy.sum())


def means(k: float, points: int) -> Vector:
    """Even grid of ln m, ten deviations about both arms' own."""
    ends = []
    for arm in ARMS:
        mean = arm.total / arm.n
        reach = 10 * np.sqrt((1 / mean + 1 / k) / arm.n)
        ends += [np.log(mean) - reach, np.log(mean) + reach]
    return np.asarray(np.linspace(min(ends), max(ends), points))


def told(arm: CountArm, at: Vector, k: float) -> tuple[Vector, float]:
    """Density of an arm's ln m, scaled to a peak of 1, and the log of that peak."""
    from scipy.stats import nbinom

    share = k / (k + np.exp(at))
    values, units = rows(arm)
    height = nbinom.logpmf(values[:, None], k, share)
    density = units @ height + np.log1p(-share) / 2
    peak = float(density.max())
    return np.exp(density - peak), peak


def rows(arm: CountArm) -> tuple[Vector, Vector]:
    """Distinct counts, 0 among them, and how many units have each."""
    zeros = arm.n - arm.units.sum()
    return np.append(arm.values, 0.0), np.append(arm.units, zeros)
