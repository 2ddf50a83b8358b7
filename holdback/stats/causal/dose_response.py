"""Do more intense doses do more? One linear contrast over ordered arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from holdback.stats.numeric import quantile, two_sided

__all__ = ["DoseSlope", "dose_slope"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseSlope:
    """Change of the mean per unit of dose, its error and two-sided p-value."""

    value: float
    se: float
    lower: float
    upper: float
    p_value: float


def dose_slope(
    doses: Sequence[float],
    means: Sequence[float],
    errors: Sequence[float],
    *,
    level: float,
) -> DoseSlope:
    """The least-squares slope of arm means on doses, as a contrast Σ cₖ mₖ.

    doses, means, errors: (arms,), in doses, in the metric's unit and in that again. c =
    (d − d̄) / Σ(d − d̄)², whose variance is Σ c²e² (derived here): a single degree of
    freedom, so it finds a rise over ordered arms with more power than arm-by-arm tests.
    The arms' own errors are used, none pooled. Null: the slope is 0.

    Raises ValueError for fewer than 3 different doses or errors of 0.
    """
    d, m, e = (np.asarray(v, dtype=float) for v in (doses, means, errors))
    if len(set(doses)) < 3:
        raise ValueError("a slope over doses needs 3 different ones.")
    centred = d - d.mean()
    weights = centred / float(centred @ centred)
    value = float(weights @ m)
    se = float(np.sqrt(np.sum((weights * e) ** 2)))
    if se <= 0:
        raise ValueError("a slope needs arms with some spread.")
    half = quantile((1 + level) / 2) * se
    return DoseSlope(
        value=value,
        se=se,
        lower=value - half,
        upper=value + half,
        p_value=two_sided(value / se),
    )
