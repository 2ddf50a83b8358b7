"""A difference of a product of rates, split into its factors' parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.delta_method import combined_variance, gradient

__all__ = ["Factors", "Parts", "decomposed", "logarithmic_mean"]

Vector = npt.NDArray[np.float64]

NEAR = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factors:
    """Means per unit of a chain of measures and their covariance.

    Such as (buyer or not, orders, revenue): the first mean and the ratio of each to the
    one before it are the factors of the last. mean: (k,), all above 0; cov: (k, k)
    between units; n: units.
    """

    mean: Vector
    cov: Vector
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What each factor adds, in the chain's order, each with its error.

    `total` is the whole difference of the last means.
    """

    values: tuple[float, ...]
    errors: tuple[float, ...]
    total: float


def decomposed(control: Factors, treatment: Factors) -> Parts:
    """The last mean = share of buyers × orders per buyer × … × last rate, split up.

    The logarithmic mean Divisia method (Ang 2004, Energy Policy 32: 1131–1139; as in
    equation 5 of his practical guide of 2005, Energy Policy 33: 867–871): a
    factor's part is the logarithmic mean of the two last means times the log of the
    factor's ratio, so the parts add up to the difference exactly. Errors by the delta
    method on all means. Raises ValueError for a mean at or below 0 and for chains of
    different measures.
    """
    k = len(control.mean)
    if len(treatment.mean) != k:
        raise ValueError("Only chains of the same measures have a difference.")
    if min(*control.mean, *treatment.mean) <= 0:
        raise ValueError("A factor at or below 0 has no part.")
    means = np.concatenate([control.mean, treatment.mean])
    values = tuple(float(np.real(_part(means, i))) for i in range(k))
    errors = []
    for i in range(k):
        g = gradient(partial(_part, factor=i), means)
        variance = (
            combined_variance(g[:k], control.cov) / control.n
            + combined_variance(g[k:], treatment.cov) / treatment.n
        )
        errors.append(sqrt(variance))
    return Parts(
        values=values,
        errors=tuple(errors),
        total=float(treatment.mean[-1] - control.mean[-1]),
    )


def logarithmic_mean(a: Any, b: Any) -> Any:
    """(a − b) / (ln a − ln b), and its limit where both are nearly equal (Ang 2004).

    >>> float(logarithmic_mean(2.0, 2.0))
    2.0
    """
    x = np.log(a) - np.log(b)
    if abs(x) > NEAR:
        return (a - b) / x
    # sinh(x/2) / (x/2) to the fourth order, which is exact to rounding here.
    return np.sqrt(a * b) * (1 + x**2 / 24 + x**4 / 1920)


def _part(means: Any, factor: int) -> Any:
    k = len(means) // 2
    control, treated = means[:k], means[k:]
    weight = logarithmic_mean(treated[-1], control[-1])
    return weight * (np.log(_rate(treated, factor)) - np.log(_rate(control, factor)))


def _rate(mean: Any, factor: int) -> Any:
    return mean[factor] if factor == 0 else mean[factor] / mean[factor - 1]
