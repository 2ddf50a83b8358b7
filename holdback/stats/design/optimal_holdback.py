"""How large a holdback should be: the cheapest that proves a lift, or earns most."""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.numeric import root

__all__ = ["best_test_size", "cheapest_share", "value_of_more_data"]

SMALLEST_HELD_BACK = 1e-6


def cheapest_share(
    units_needed: Callable[[float], float], units: float
) -> float | None:
    """The smallest share held back with which `units` prove what was asked.

    `units_needed` tells how many units prove it at a share; they become fewer up to
    about even arms. The smallest share costs least, since units held back earn no
    lift. For means the error goes with 1/(h (1 − h)), and it is (1 − √(1 − 4c)) / 2
    with c = (units needed with even arms) / (4 units) (derived here). None where even
    arms of so many units do not suffice.

    Raises ValueError for a number of units that is not above 0.

    >>> even = 0.14128 * 4 * 200_000
    >>> round(cheapest_share(lambda h: even / (4 * h * (1 - h)), 200_000), 4)
    0.1703
    """
    if not units > 0:
        raise ValueError(f"units lie above 0, got {units}.")

    def missing(share: float) -> float:
        return log(units_needed(share) / units)

    if missing(0.5) > 0:
        return None
    low = SMALLEST_HELD_BACK
    return low if missing(low) <= 0 else root(missing, low, 0.5)


def best_test_size(units: float, *, sd: float, prior_sd: float) -> float:
    """Units of each of two arms in a test whose winner serves the rest of `units`.

    sd: of one unit's value; prior_sd: of each arm's mean under a normal prior that is
    the same for both. n = √(N/4 (s/σ)² + (3/4 (s/σ)²)²) − 3/4 (s/σ)² earns most over
    all N units, test included (test & roll: Feit & Berman 2019, Marketing Science 38:
    1038–1058, equation 10, for symmetric priors); no test of significance is made.

    Raises ValueError for a number that is not above 0.

    >>> round(best_test_size(100_000, sd=(0.68 * 0.32) ** 0.5, prior_sd=0.03), 2)
    2283.89
    """
    if not (units > 0 and sd > 0 and prior_sd > 0):
        raise ValueError(f"all lie above 0, got {units}, {sd}, {prior_sd}.")
    ratio = (sd / prior_sd) ** 2
    return sqrt(units / 4 * ratio + (0.75 * ratio) ** 2) - 0.75 * ratio


Vector = npt.NDArray[np.float64]

EVSI_NODES = 40
EVSI_REACH = 8.0
EVSI_POINTS = 1601


def value_of_more_data(
    *, mean: float, sd: float, se: float, worth: Callable[[Vector], Vector]
) -> float:
    """Expected value of sample information, in the units of `worth`.

    The log ratio is believed Normal(`mean`, `sd`²); the new data will estimate it with
    standard error `se`; `worth` is the gain of treating at each log ratio, in money,
    shape in shape out, and of not treating 0. The mean after the new data is then
    normal with variance sd⁴ / (sd² + se²), and the value is the mean of the better
    choice then over the better choice now (Raiffa and Schlaifer 1961, Applied
    Statistical Decision Theory). Both integrals are quadratures. At least 0.

    Raises ValueError where `sd` or `se` is not above 0.
    """
    if not (sd > 0 and se > 0):
        raise ValueError(f"`sd` and `se` must be above 0, got {sd} and {se}.")
    moved = sd**2 / sqrt(sd**2 + se**2)
    left = sqrt(sd**2 - moved**2)
    z = np.linspace(-EVSI_REACH, EVSI_REACH, EVSI_POINTS)
    weights = np.exp(-(z**2) / 2)
    weights /= weights.sum()
    nodes, inner = np.polynomial.hermite_e.hermegauss(EVSI_NODES)
    inner = inner / inner.sum()
    later = worth(mean + moved * z[:, None] + left * nodes) @ inner
    now = float(weights @ later)
    return max(0.0, float(weights @ np.maximum(later, 0.0)) - max(0.0, now))
