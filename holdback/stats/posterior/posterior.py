"""Posteriors of a lift: exact for rates, prior × confidence distribution elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.evidence.effect import Inference, Interval
from holdback.stats.posterior.confidence_distribution import (
    CONFIDENCE,
    confidence_distribution,
)
from holdback.stats.posterior.lognormal import LogNormalLift, learned_posterior
from holdback.stats.posterior.prior import LiftPrior
from holdback.stats.posterior.rates import BY_RATIO, UNIFORM, rates_posterior

__all__ = [
    "DIRECT",
    "NORMALS",
    "LiftPrior",
    "Posterior",
    "log_deviation",
    "posterior",
]

ADJUSTED = "log_delta"
"""How a rate is read that was adjusted for covariates."""
NORMALS = frozenset({"normal_log_ratio", "learned_prior"})
"""Methods whose likelihood is the normal of the log ratio."""
DIRECT = NORMALS | {BY_RATIO, UNIFORM, CONFIDENCE}
"""Methods that read what is seen, without a model of amounts or counts."""

Vector = npt.NDArray[np.float64]


class Posterior(Protocol):
    """What every posterior answers; all in units of lift (0.05 = 5 %)."""

    @property
    def mean(self) -> float:
        """Mean of the lift."""
        ...

    @property
    def sd(self) -> float:
        """Standard deviation of the lift."""
        ...

    @property
    def method(self) -> str:
        """Short fixed name of how it was computed."""
        ...

    @property
    def expected_loss_if_shipped(self) -> float:
        """E[max(0, −lift)]: lift lost on average by shipping what does not work."""
        ...

    @property
    def expected_loss_if_held(self) -> float:
        """E[max(0, lift)]: lift lost on average by holding back what works."""
        ...

    def probability_above(self, lift: float) -> float:
        """P(lift > `lift`)."""
        ...

    def below(self, lifts: Vector) -> Vector:
        """P(lift <= each of `lifts`), (m,); 0 at or below −100 %."""
        ...

    def quantile(self, q: float) -> float:
        """The lift below which a share `q` of the posterior lies."""
        ...

    def density(self, lifts: Vector) -> Vector:
        """Density of the lift at each of `lifts` (m,)."""
        ...

    def expect(self, values: Callable[[Vector], Vector]) -> float:
        """Mean of a function of the log ratio ln(1 + lift)."""
        ...

    def interval(self, level: float) -> Interval:
        """Equal-tailed interval."""
        ...


def log_deviation(belief: Posterior) -> float:
    """Standard deviation of the log ratio ln(1 + lift)."""
    mean = belief.expect(lambda x: x)
    return sqrt(belief.expect(lambda x: (x - mean) ** 2))


def posterior(
    inference: Inference,
    *,
    family: Literal["proportion", "mean", "score"],
    prior: LiftPrior,
) -> Posterior:
    """Posterior of the lift of a comparison under a prior.

    Rates: uniform priors on both rates where the prior is flat or weak, else a
    uniform control rate and a normal log ratio, both by quadrature. Everything else is
    prior × confidence distribution of the method that reads the lift: from its tails
    where it gives some; otherwise that is the normal of the log ratio with the
    method's own standard error, and so in closed form, or by quadrature under a prior
    learned from other experiments (rates that were adjusted for covariates alike, as
    their counts no longer tell the lift). Raises StatsError where the inference has no
    honest number.
    """
    if family == "proportion" and inference.method != ADJUSTED:
        return rates_posterior(inference, prior)
    if inference.tails is not None:
        return confidence_distribution(inference).posterior(prior)
    if inference.log_ratio is None:
        raise StatsError("There is no lift to put a prior on.")
    if prior.learned is not None:
        return learned_posterior(inference.log_ratio, prior.learned)
    return LogNormalLift.from_evidence(inference.log_ratio, prior)
