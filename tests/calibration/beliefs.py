"""Worlds drawn from a prior, and what each exact model believes of their data.

Each function draws parameters from the prior, data from them, and gives the posterior
with the true lift. Where the model is right the truth is like one more draw of the
posterior, whatever the sizes of the arms. A flat prior on a location or a log scale is
met by any value of it, as the posterior moves along with the data.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from holdback.facts import fact
from holdback.stats.evidence.effect import Estimate, Inference, LogRatio
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.counts import CountArm, CountModel
from holdback.stats.posterior.hurdle import Hurdle, LogSpend
from holdback.stats.posterior.lognormal import LogNormalLift, learned_posterior
from holdback.stats.posterior.posterior import LiftPrior, Posterior, posterior
from holdback.stats.posterior.random_effects import (
    SEGMENT_SPREAD,
    NormalMixture,
    random_effects,
)
from holdback.stats.posterior.spend_distributions import (
    FREEDOM,
    Amounts,
    GammaSpend,
    StudentSpend,
    TwoSpreads,
)

__all__ = ["MODELS", "WEAK", "Simulated", "segments"]

Vector = npt.NDArray[np.float64]
WEAK = LiftPrior(name="weak", sd=0.3)
Simulated = tuple[Posterior, float]
SEGMENTS = np.array([0.05, 0.08, 0.12, 0.2, 0.06])
SIZES = (120, 1_080)


def arm(x: int, n: int) -> Estimate:
    """X of n units converted."""
    return Estimate(value=x / n, se=1.0, n=n, third=0.0, nonzero=x)


def of_rates(
    rng: np.random.Generator, p: float, q: float, prior: LiftPrior
) -> Simulated:
    """90 % treated at rate p, the rest held back at q."""
    x, y = int(rng.binomial(3_600, p)), int(rng.binomial(400, q))
    seen = Inference(
        control=arm(y, 400),
        treatment=arm(x, 3_600),
        absolute=None,
        relative=None,
        p_value=None,
        method="skewness_corrected_score",
        note=fact("methods.log_delta"),
    )
    return posterior(seen, family="proportion", prior=prior), p / q - 1


def uniform_rates(rng: np.random.Generator) -> Simulated:
    """Both rates uniform, of those above 2 %."""
    q = rng.uniform(0.02, 1)
    return of_rates(rng, rng.uniform(), q, WEAK)


def normal_rates(rng: np.random.Generator) -> Simulated:
    """A uniform control rate and a normal log ratio."""
    prior = LiftPrior(name="custom", sd=0.3)
    while True:
        q = rng.uniform(0.02, 1)
        p = q * np.exp(rng.normal(0, 0.3))
        if p < 1:
            return of_rates(rng, float(p), q, prior)


def log_ratio(rng: np.random.Generator) -> Simulated:
    """The normal on the log ratio."""
    truth, se = rng.normal(0, 0.3), rng.uniform(0.02, 0.5)
    seen = LogRatio(value=rng.normal(truth, se), se=se)
    return LogNormalLift.from_evidence(seen, WEAK), float(np.expm1(truth))


def learned(rng: np.random.Generator) -> Simulated:
    """A mixture of normals, as a prior learned from past tests is."""
    weights, means, sds = (
        np.array(x) for x in ((0.3, 0.7), (-0.02, 0.05), (0.01, 0.1))
    )
    part = int(rng.uniform() > 0.3)
    truth = rng.normal(means[part], sds[part])
    seen = LogRatio(value=rng.normal(truth, 0.06), se=0.06)
    prior = NormalMixture.of(weights, means, sds)
    return learned_posterior(seen, prior), float(np.expm1(truth))


def shares(rng: np.random.Generator) -> tuple[Vector, tuple[int, ...]]:
    """Both arms' shares of buyers from Jeffreys' prior, and their buyers, 20 at least.

    That data with fewer buyers are drawn again changes no posterior: what is chosen by
    the data alone is believed as before.
    """
    while True:
        share = rng.beta(0.5, 0.5, 2)
        buyers = rng.binomial(SIZES, share)
        if buyers.min() >= 20:
            return share, tuple(int(n) for n in buyers)


def hurdle(
    rng: np.random.Generator,
    residuals: Callable[[int, int], Vector],
    law: Callable[[Vector, Vector], Amounts] | None,
    log_means: tuple[float, float] = (0.0, 0.0),
) -> Simulated:
    """Spend whose logs are a location and `residuals(arm, buyers)`, as the law says.

    `log_means` are the logs of the residuals' mean amounts: the locations make up for
    them, and for the shares, so that the lift is what the prior says.
    """
    lift = rng.normal(0, 0.3)
    share, buyers = shares(rng)
    move = lift - np.log(share[1] / share[0]) - (log_means[1] - log_means[0])
    logs = [
        residuals(arm, buyers[arm]) + place for arm, place in ((0, 3), (1, 3 + move))
    ]
    sides = [
        LogSpend(
            n=SIZES[arm],
            buyers=buyers[arm],
            log_mean=float(one.mean()),
            log_squares=float(len(one) * one.var()),
        )
        for arm, one in enumerate(logs)
    ]
    amounts = law(logs[0], logs[1]) if law else None
    model = Hurdle(control=sides[0], treatment=sides[1], amounts=amounts)
    return model.posterior(WEAK), float(np.expm1(lift))


def lognormal_spend(rng: np.random.Generator) -> Simulated:
    """Lognormal with one spread."""
    sigma = np.exp(rng.uniform(np.log(0.5), np.log(2)))
    return hurdle(rng, lambda _, n: sigma * rng.standard_normal(n), None)


def gamma_spend(rng: np.random.Generator) -> Simulated:
    """Gamma with one shape."""
    shape = np.exp(rng.uniform(-1, 1.5))
    return hurdle(rng, lambda _, n: np.log(rng.gamma(shape, size=n)), GammaSpend.of)


def student_spend(rng: np.random.Generator) -> Simulated:
    """Student t on the logs, one scale and one number of degrees of freedom."""
    sigma = np.exp(rng.uniform(np.log(0.5), np.log(2)))
    freedom = np.exp(rng.normal(*FREEDOM))
    return hurdle(rng, lambda _, n: sigma * rng.standard_t(freedom, n), StudentSpend.of)


def two_spreads(control: Vector, treated: Vector) -> TwoSpreads:
    """The model of two arms' log spend."""
    return TwoSpreads(
        means=(float(control.mean()), float(treated.mean())),
        squares=(
            float(control.var() * len(control)),
            float(treated.var() * len(treated)),
        ),
        buyers=(len(control), len(treated)),
    )


def two_spread_spend(rng: np.random.Generator) -> Simulated:
    """Lognormal with a spread in each arm."""
    sigma = np.exp(rng.uniform(np.log(0.5), np.log(1.2), 2))
    return hurdle(
        rng,
        lambda arm, n: sigma[arm] * rng.standard_normal(n),
        two_spreads,
        (sigma[0] ** 2 / 2, sigma[1] ** 2 / 2),
    )


def counts(rng: np.random.Generator) -> Simulated:
    """Negative binomial, 10 % held back."""
    lift, mean = rng.normal(0, 0.3), np.exp(rng.uniform(np.log(0.3), np.log(2)))
    shape = np.exp(rng.uniform(np.log(0.3), np.log(3)))
    sides = []
    for m, n in ((mean, 200), (mean * np.exp(lift), 1_800)):
        drawn = rng.poisson(rng.gamma(shape, m / shape, n))
        rows = drawn[drawn > 0].astype(float)[:, None]
        sides.append(CountArm.of(Sample(columns=("n",), rows=rows, n=n)))
    model = CountModel(control=sides[0], treatment=sides[1])
    return model.posterior(WEAK), float(np.expm1(lift))


MODELS = (
    uniform_rates,
    normal_rates,
    log_ratio,
    learned,
    lognormal_spend,
    gamma_spend,
    student_spend,
    two_spread_spend,
    counts,
)


def segments(rng: np.random.Generator) -> float:
    """Where the truth of one of five segments lies: its posterior's share below it."""
    truth = rng.normal(0.02, abs(rng.normal(0, SEGMENT_SPREAD)), len(SEGMENTS))
    seen = rng.normal(truth, SEGMENTS)
    told = [
        LogRatio(value=float(b), se=float(s))
        for b, s in zip(seen, SEGMENTS, strict=True)
    ]
    one = int(rng.integers(len(SEGMENTS)))
    return random_effects(told, spread=SEGMENT_SPREAD).effects[one].below(truth[one])
