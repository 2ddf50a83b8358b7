"""What more data are worth to a choice between treating everyone and no one."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import numpy.typing as npt

__all__ = ["value_of_more_data"]

Vector = npt.NDArray[np.float64]

NODES = 40
REACH = 8.0
POINTS = 1601


def value_of_more_data(
    *, mean: float, sd: float, se: float, worth: Callable[[Vector], Vector]
) -> float:
    """Expected value of sample information, in the units of `worth`.

    The log ratio is believed Normal(`mean`, `sd`²); the new data will estimate it
    with standard error `se`; `worth` is the gain of treating at each log ratio, and
    of not treating 0. The mean after the new data is then normal with variance
    sd⁴ / (sd² + se²), and the value is the mean of the better choice then over the
    better choice now (Raiffa and Schlaifer 1961, Applied Statistical Decision
    Theory). Both integrals are quadratures. At least 0.

    Raises ValueError where `sd` or `se` is not above 0.
    """
    if not (sd > 0 and se > 0):
        raise ValueError(f"`sd` and `se` must be above 0, got {sd} and {se}.")
    moved = sd**2 / sqrt(sd**2 + se**2)
    left = sqrt(sd**2 - moved**2)
    z = np.linspace(-REACH, REACH, POINTS)
    weights = np.exp(-(z**2) / 2)
    weights /= weights.sum()
    nodes, inner = np.polynomial.hermite_e.hermegauss(NODES)
    inner = inner / inner.sum()
    later = worth(mean + moved * z[:, None] + left * nodes) @ inner
    now = float(weights @ later)
    return max(0.0, float(weights @ np.maximum(later, 0.0)) - max(0.0, now))
