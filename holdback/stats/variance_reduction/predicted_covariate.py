"""A covariate that is predicted: out of fold, from everything known before (CUPAC)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.evidence.delta_method import Formula, gradient
from holdback.stats.evidence.sample import Sample

__all__ = ["FEWEST", "predicted"]

Vector = npt.NDArray[np.float64]

FOLDS = 5
FEWEST = 200
"""Units with a history below which a model learns noise."""


def predicted(
    control: Sample,
    treatment: Sample,
    *,
    formula: Formula,
    outcomes: Sequence[str],
    features: Sequence[str],
    seed: int,
) -> tuple[Vector, Vector]:
    """Predictions of the linearized outcome, a vector for the rows of each arm.

    A gradient-boosted regression of g·(outcomes), g being the formula's gradient at
    the pooled means, on `features` known before exposure, blind to the arm. Each unit
    is predicted by a model that has not seen it (five folds), so that a prediction
    can be used as a covariate like any other (Tang, Huang, Kastelman & Bauman 2020,
    "Control Using Predictions as Covariates in Switchback Experiments"; Guo et al.
    2021, NeurIPS, for the validity of the cross-fitted form). Units of which nothing is
    known are predicted by their mean, and predictions are shifted so that theirs is 0.

    Deterministic in `seed` for one version of scikit-learn. Raises StatsError where
    something is known of fewer than 200 units, ImportError without scikit-learn.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    both = control + treatment
    chosen, known = both.select(outcomes), both.select(features).rows
    target = chosen.rows @ gradient(formula, chosen.rows.sum(axis=0) / both.n)
    seen = known.any(axis=1)
    if seen.sum() < FEWEST:
        raise StatsError(f"Only {seen.sum()} units have anything to learn from.")
    k, zeros = len(target), both.n - len(target)
    folds = np.random.default_rng(seed).permutation(k) % FOLDS
    found = np.zeros(k)
    for fold in range(FOLDS):
        out = folds == fold
        model = HistGradientBoostingRegressor(
            max_iter=50, max_leaf_nodes=8, min_samples_leaf=20, random_state=0
        )
        with threadpool_limits(1):  # the same sums in the same order everywhere
            model.fit(known[~out & seen], target[~out & seen])
        unseen = target[~out & ~seen]
        units = len(unseen) + zeros * (1 - 1 / FOLDS)
        base = unseen.sum() / units if units else 0.0
        found[out & seen] = model.predict(known[out & seen]) - base
    split = len(control.rows)
    return found[:split], found[split:]
