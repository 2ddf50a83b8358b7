"""Posterior of a log ratio under a prior that was learned: a product on a grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.grid import GridLift, even_grid
from holdback.stats.posterior.normal_mixture import NormalMixture

__all__ = ["learned_posterior"]

Vector = npt.NDArray[np.float64]

REACH = 12.0


def learned_posterior(evidence: LogRatio, prior: NormalMixture) -> GridLift:
    """Mixture prior × normal likelihood.

    A mixture has heavier tails than one normal, so a result that fits none of the
    past experiments is pulled less than a normal prior of the same width would pull.
    """

    def log_density(log_ratios: Vector) -> Vector:
        likelihood = -(((log_ratios - evidence.value) / evidence.se) ** 2) / 2
        found: Vector = likelihood + prior.log_density(log_ratios)
        return found

    reach = REACH * evidence.se
    low = min(evidence.value - reach, prior.mean)
    high = max(evidence.value + reach, prior.mean)
    finest = float(prior.sds.min())
    grid = even_grid(log_density, low, high, finest=finest)
    return GridLift.from_log_density(grid, log_density(grid), "learned_prior")
