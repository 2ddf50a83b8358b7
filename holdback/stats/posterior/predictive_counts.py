"""Whether units' counts look as the negative binomial would have them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from holdback.stats.posterior.counts import CountArm, Counts
from holdback.stats.posterior.predictive import Predictive

__all__ = ["check_counts"]

Vector = npt.NDArray[np.float64]
NAMES = ("share of zeros", "spread", "largest count", "99% quantile", "arms' spreads")
REPLICATES = 200
MOST = 2_000


def check_counts(model: Counts, seed: int | Sequence[int]) -> Predictive:
    """The fitted model's replicated counts against what was seen, by five statistics.

    The p-value is that of the largest standardized distance, against 200 replicates of
    at most 2,000 units an arm. Shape and means are the likeliest, so it errs on the
    high side.
    """
    rng = np.random.default_rng(seed)
    arms = (model.control, model.treatment)
    found = _statistics([_thinned(rng, arm)[None, :] for arm in arms])[0]
    drawn = []
    for arm in arms:
        mean = max(arm.total, 0.5) / arm.n
        size = (REPLICATES, min(arm.n, MOST))
        drawn.append(rng.poisson(rng.gamma(model.shape, mean / model.shape, size)))
    replicates = _statistics(drawn)
    centre, spread = replicates.mean(axis=0), replicates.std(axis=0)
    known = spread > 0
    distance = np.abs(found - centre)[known] / spread[known]
    usual = np.max(np.abs(replicates - centre)[:, known] / spread[known], axis=1)
    exceeding = int(np.sum(usual >= distance.max()))
    worst = np.array(NAMES)[known][int(distance.argmax())]
    return Predictive(p_value=(1 + exceeding) / (1 + REPLICATES), worst=str(worst))


def _thinned(rng: np.random.Generator, arm: CountArm) -> Vector:
    """Counts of at most 2,000 units, zeros included, drawn without replacement."""
    units = np.append(arm.units, arm.n - arm.units.sum()).astype(np.int64)
    values = np.append(arm.values, 0.0)
    size = min(arm.n, MOST)
    kept = rng.multivariate_hypergeometric(units, size, method="marginals")
    return np.repeat(values, kept)


def _statistics(arms: Sequence[npt.NDArray[np.generic]]) -> Vector:
    """Rows (r, 5) of replicates of two arms, each (r, units)."""
    control, treated = (arm.astype(float) for arm in arms)
    both = np.concatenate([control, treated], axis=1)
    spreads = [arm.std(axis=1) + 1e-9 for arm in (control, treated)]
    return np.column_stack(
        [
            (both == 0).mean(axis=1),
            np.log(both.std(axis=1) + 1e-9),
            np.log1p(both.max(axis=1)),
            np.quantile(both, 0.99, axis=1),
            np.log(spreads[1] / spreads[0]),
        ]
    )
