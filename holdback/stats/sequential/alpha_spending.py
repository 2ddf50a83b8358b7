"""How alpha is spent over looks, by the information that has been seen.

Looks may come when they like and need not be planned (Lan & DeMets 1983, Biometrika
70: 659–663). `boundaries` turns these functions into limits of looks.
"""

from __future__ import annotations

from collections.abc import Callable
from math import e, log, sqrt

from holdback.stats.numeric import cdf, quantile

__all__ = ["Spending", "obrien_fleming", "pocock"]

Spending = Callable[[float, float], float]
"""(information fraction, alpha of one side) → alpha of that side spent by then."""


def obrien_fleming(information: float, side: float) -> float:
    """2 − 2Φ(z / √t), z the 1 − side/2 quantile: almost nothing at the start.

    The spending function that resembles O'Brien & Fleming's boundaries (Lan & DeMets
    1983).

    >>> round(obrien_fleming(1.0, 0.025), 6)
    0.025
    """
    return 2 * cdf(quantile(side / 2) / sqrt(information))


def pocock(information: float, side: float) -> float:
    """α ln(1 + (e − 1) t): about as much at every look (Lan & DeMets 1983)."""
    return side * log(1 + (e - 1) * information)
