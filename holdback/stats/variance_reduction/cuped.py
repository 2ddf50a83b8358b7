"""Covariate adjustment (CUPED) of any metric, through the one delta method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.evidence.delta_method import (
    Formula,
    combined_third,
    combined_variance,
    estimate,
    gradient,
)
from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.resplits import Adjustment, TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.compare import compare_means

__all__ = ["FEWEST_TO_LEARN", "Adjusted", "adjust", "predicted"]

Vector = npt.NDArray[np.float64]

CONDITION_LIMIT = 1e10
SAFE_UNITS = 5000
SAFE_VALUES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """Both arms net of chance differences before, and by what the variance fell.

    `adjustment` repeats it on rows; `rates` says that the metric is a share of units.
    """

    control: Estimate
    treatment: Estimate
    adjustment: Adjustment
    variance_reduction: float
    rates: bool

    def compared(self, *, level: float, samples: TwoSamples | None = None) -> Inference:
        """The adjusted lift; a conversion rate is read by log-delta.

        `samples` are rows with the covariates last, where they are at hand.
        """
        rows = None if samples is None else replace(samples, adjustment=self.adjustment)
        return compare_means(
            self.control, self.treatment, level=level, rates=self.rates, samples=rows
        )


def adjust(  # noqa: PLR0913  # two samples and which of their columns play what part
    control: Moments,
    treatment: Moments,
    *,
    formula: Formula,
    columns: Sequence[str],
    covariates: Sequence[str],
    slopes_of: Sequence[str] | None = None,
    slopes: Literal["safe", "pooled"] = "safe",
) -> Adjusted:
    """The metric in both arms, net of chance differences in `covariates`.

    θ = Σcc⁻¹ Σc· g on covariances pooled within the arms, with g the gradient of the
    formula in each arm averaged over both; an arm's value is then
    f(m) − θᵀ(c̄ − c̄ pooled over both arms), and its gradient (g, −θ) (Deng, Xu, Kohavi
    & Walker 2013, WSDM, for means; the same on linearized values for any formula).
    `slopes_of` names the columns that θ is found from in place of `columns`: the same
    measures cut off at a high percentile, so that no single amount sets it.

    With `slopes` "safe", each arm has its own θ where it is so (a share of units, or
    above 5,000 units and 500 that are not zero in both arms, and no `slopes_of`; Lin
    2013, Annals of Applied Statistics 7: 295–318), and the variance holds the term
    for the covariates' means being those of a sample (Negi & Wooldridge 2021,
    Econometric Reviews 40: 504–534): (θT − θC)ᵀ Σcc (θT − θC) / N.

    Raises StatsError where the covariates do not vary or repeat each other, or the
    metric has no value or no spread.
    """
    named = [*columns, *covariates]
    sides = [side.select(named) for side in (control, treatment)]
    if min(side.n for side in sides) <= len(covariates) + 2:
        raise StatsError("An arm has too few units for an adjustment.")
    k = len(columns)
    plain = [_plain(side, formula, columns) for side in sides]
    gradients = [gradient(formula, side.mean[:k]) for side in sides]
    both = (gradients[0] + gradients[1]) / 2
    sources = [
        side.select([*(slopes_of or columns), *covariates])
        for side in (control, treatment)
    ]
    pooled = _slopes(sources, both, k)
    centre = (sides[0] + sides[1]).mean[k:]
    rates = all(map(_is_rate, sides, plain))
    own = [pooled, pooled]
    if slopes == "safe" and slopes_of is None and (rates or _is_large(sides)):
        own = [_slopes([side], g, k) for side, g in zip(sides, gradients, strict=True)]
    values = [
        _adjusted(side, before, g, theta, centre)
        for side, before, g, theta in zip(sides, plain, gradients, own, strict=True)
    ]
    values = _with_centre(values, own, sides, k)
    return Adjusted(
        control=values[0],
        treatment=values[1],
        adjustment=Adjustment(theta=pooled, centre=centre),
        variance_reduction=_reduction(plain, values),
        rates=rates,
    )


def _is_rate(side: Moments, plain: Estimate) -> bool:
    """Whether the metric is the mean of one measure of 0 and 1."""
    total, square, ones = side.sums[0], side.products[0], side.nonzero[0]
    binary = side.digits[0] == 0 and total == square == ones
    return binary and plain.value == float(side.mean[0])


def _is_large(sides: Sequence[Moments]) -> bool:
    return all(side.n > SAFE_UNITS and side.nonzero[0] > SAFE_VALUES for side in sides)


def _plain(side: Moments, formula: Formula, columns: Sequence[str]) -> Estimate:
    try:
        return estimate(side, formula, columns)
    except ZeroDivisionError as error:
        raise StatsError("The denominator is 0 in an arm.") from error


def _slopes(sides: Sequence[Moments], g: Vector, k: int) -> Vector:
    """θ (covariates,): solved on the scale of correlations, where it is stable."""
    degrees = sum(side.n - 1 for side in sides)
    pooled: Vector = np.sum([side.cov * (side.n - 1) for side in sides], 0) / degrees
    spread = np.sqrt(np.diag(pooled)[k:])
    if np.any(spread == 0):
        raise StatsError("A covariate does not vary, so it can adjust nothing.")
    correlation = pooled[k:, k:] / np.outer(spread, spread)
    if np.linalg.cond(correlation) > CONDITION_LIMIT:
        raise StatsError("The covariates repeat each other.")
    slopes: Vector = np.linalg.solve(correlation, pooled[k:, :k] @ g / spread) / spread
    return slopes


def _adjusted(
    side: Moments, plain: Estimate, g: Vector, theta: Vector, centre: Vector
) -> Estimate:
    combined = np.concatenate([g, -theta])
    return Estimate(
        value=plain.value - float(theta @ (side.mean[len(g) :] - centre)),
        se=sqrt(combined_variance(combined, side.cov) / side.n),
        n=side.n,
        third=combined_third(combined, side.third) / side.n**2,
        nonzero=plain.nonzero,
        effective=plain.effective,
    )


def _with_centre(
    values: Sequence[Estimate],
    slopes: Sequence[Vector],
    sides: Sequence[Moments],
    k: int,
) -> list[Estimate]:
    """Errors with the part that comes from the covariates' common mean.

    (θT − θC)ᵀ Σ (θT − θC) / N for the difference, shared between the arms by their
    own variances; 0 where both arms have one θ.
    """
    apart = slopes[1] - slopes[0]
    pooled = sides[0] + sides[1]
    extra = combined_variance(apart, pooled.cov[k:, k:]) / pooled.n
    total = sum(value.se**2 for value in values)
    if not extra or not total:
        return list(values)
    grown = sqrt(1 + extra / total)
    return [replace(value, se=value.se * grown) for value in values]


def _reduction(plain: Sequence[Estimate], adjusted: Sequence[Estimate]) -> float:
    """1 − variance after / before; of the log ratio where there is one."""
    ratio = min(estimate.value for estimate in (*plain, *adjusted)) > 0
    before = after = 0.0
    for old, new in zip(plain, adjusted, strict=True):
        before += old.se**2 / (old.value**2 if ratio else 1.0)
        after += new.se**2 / (new.value**2 if ratio else 1.0)
    if before == 0:
        raise StatsError("The metric does not vary, so nothing can be adjusted.")
    return 1 - after / before


FOLDS = 5
FEWEST_TO_LEARN = 200
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
    """Predictions of the linearized outcome for the rows of each arm, (k,) and (m,).

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
    if seen.sum() < FEWEST_TO_LEARN:
        raise StatsError(f"Only {seen.sum()} units have anything to learn from.")
    k, zeros = len(target), both.n - len(target)
    folds = np.random.default_rng(seed).permutation(k) % FOLDS
    predictions = np.zeros(k)
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
        predictions[out & seen] = model.predict(known[out & seen]) - base
    split = len(control.rows)
    return predictions[:split], predictions[split:]
