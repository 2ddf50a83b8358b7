"""Integrals of smooth functions: Gauss–Legendre nodes over a stretch, or in panels.

Without a library's start-up time: nothing here but numpy. What is normal is integrated
as far as `NORMAL_REACH`.
"""

from __future__ import annotations

from functools import cache
from math import ceil

import numpy as np
import numpy.typing as npt

__all__ = ["NORMAL_REACH", "PANEL_WIDTH", "legendre", "legendre_panels"]

Vector = npt.NDArray[np.float64]

NORMAL_REACH = 9.0
"""Standard deviations beyond which a normal density is nothing."""
PANEL_NODES = 16
PANEL_WIDTH = 6.0
"""Width of a panel of 16 nodes, in the width of the integrand's steepest factor."""


@cache
def legendre(nodes: int) -> tuple[Vector, Vector]:
    """Points (nodes,) and weights (nodes,) of Gauss–Legendre quadrature on (−1, 1)."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return points, weights


def legendre_panels(low: float, high: float, widest: float) -> tuple[Vector, Vector]:
    """Points (m,) and weights (m,) on equal panels of [low, high], `widest` at most.

    One rule over all of it, however fine, misses steps that are narrow beside it.

    >>> points, weights = legendre_panels(0.0, 2.0, 0.5)
    >>> round(float(weights @ points**3), 12)
    4.0
    """
    unit, weights = legendre(PANEL_NODES)
    panels = max(1, ceil((high - low) / widest))
    half = (high - low) / (2 * panels)
    centres = low + half * (2 * np.arange(panels) + 1)
    points = (centres[:, None] + half * unit[None, :]).ravel()
    return points, np.tile(half * weights, panels)
