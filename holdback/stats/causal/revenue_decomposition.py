"""A difference of a product of three rates, split into its factors' parts."""

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
    """Means per unit of (buyer or not, orders, revenue) and their covariance.

    mean: (3,), all above 0; cov: (3, 3) between units; n: units.
    """

    mean: Vector
    cov: Vector
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What share of buyers, orders per buyer and order value add, each with its error.

    In the order of `values` and `errors`, (3,); `total` is the whole difference.
    """

    values: tuple[float, float, float]
    errors: tuple[float, float, float]
    total: float


def decomposed(control: Factors, treatment: Factors) -> Parts:
    """Revenue per unit = share of buyers × orders per buyer × order value, split up.

    The logarithmic mean Divisia method (Ang 2004, Energy Policy 32: 1131–1139; as in
    equation 5 of his practical guide of 2005, Energy Policy 33: 867–871): a
    factor's part is the logarithmic mean of the two revenues times the log of the
    factor's ratio, so the parts add up to the difference exactly. Errors by the delta
    method on the six means. Raises ValueError for a mean at or below 0.
    """
    if min(*control.mean, *treatment.mean) <= 0:
        raise ValueError("A factor at or below 0 has no part.")
    means = np.concatenate([control.mean, treatment.mean])
    values = tuple(float(np.real(_part(means, i))) for i in range(3))
    errors = []
    for i in range(3):
        g = gradient(partial(_part, factor=i), means)
        variance = (
            combined_variance(g[:3], control.cov) / control.n
            + combined_variance(g[3:], treatment.cov) / treatment.n
        )
        errors.append(sqrt(variance))
    return Parts(
        values=values,  # type: ignore[arg-type]  # three of them
        errors=tuple(errors),  # type: ignore[arg-type]
        total=float(treatment.mean[2] - control.mean[2]),
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
    control, treated = (_rates(means[:3]), _rates(means[3:]))
    weight = logarithmic_mean(means[5], means[2])
    return weight * (np.log(treated[factor]) - np.log(control[factor]))


def _rates(mean: Any) -> tuple[Any, Any, Any]:
    buyers, orders, revenue = mean
    return buyers, orders / buyers, revenue / orders
