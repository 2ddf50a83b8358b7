"""A covariate that is predicted: out of fold, from everything known before (CUPAC)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.delta import Formula, gradient
from holdback.stats.sample import Sample

__all__ = ["FEWEST", "predicted"]

Vector = npt.NDArray[np.float64]

FOLDS = 5
FEWEST = 200
"""Rows below which a model of so many features learns noise."""


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
    2021, NeurIPS, for the validity of the cross-fitted form). Units of zeros take
    part as one weighted row, and predictions are shifted so that theirs is 0.

    Deterministic in `seed` for one version of scikit-learn. Raises StatsError where
    fewer than 200 units have any value, ImportError without scikit-learn.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    both = control + treatment
    k = len(both.rows)
    if k < FEWEST:
        raise StatsError(f"Only {k} units have a value to learn from.")
    chosen = both.select(outcomes)
    g = gradient(formula, chosen.rows.sum(axis=0) / both.n)
    target = np.append(chosen.rows @ g, 0.0)
    known = np.vstack([both.select(features).rows, np.zeros(len(features))])
    zeros = both.n - k
    folds = np.random.default_rng(seed).permutation(k) % FOLDS
    found, at_zero = np.empty(k), np.empty(FOLDS)
    for fold in range(FOLDS):
        out = folds == fold
        train = np.append(~out, zeros > 0)
        weights = np.ones(k + 1)
        weights[-1] = zeros * (1 - 1 / FOLDS)
        model = HistGradientBoostingRegressor(
            max_iter=100, learning_rate=0.05, min_samples_leaf=20, random_state=0
        )
        model.fit(known[train], target[train], sample_weight=weights[train])
        found[out] = model.predict(known[:-1][out])
        at_zero[fold] = model.predict(known[-1:])[0]
    found -= at_zero[folds]
    split = len(control.rows)
    return found[:split], found[split:]
