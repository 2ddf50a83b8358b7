"""A likelihood known on a grid, and a prior on the log ratio: their posterior."""

from __future__ import annotations

from math import exp, log

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.posterior.grid import GridLift, even_grid
from holdback.stats.posterior.prior import LiftPrior

__all__ = ["combined"]

Vector = npt.NDArray[np.float64]
KNOWN = 60.0
"""The likelihood is taken where it is within e^−60 of its peak: about 11 deviations."""
EDGE = 1e-7


def combined(
    log_ratios: Vector, density: Vector, prior: LiftPrior, method: str
) -> GridLift:
    """Posterior of the lift from the density (m,) of a flat prior on an even grid.

    A prior may be much narrower than the grid's step, so the log density is taken
    between its points (by a cubic spline) and both are put together on a grid of their
    own. Raises StatsError where the prior draws the lift to where the likelihood is not
    known: it then lies so far from the data that their compromise means nothing.
    """
    if prior.sd is None:
        heights = np.log(np.maximum(density, density.max() * 1e-300))
        return GridLift.from_log_density(log_ratios, heights, method)
    from scipy.interpolate import CubicSpline

    kept = np.flatnonzero(density > density.max() * exp(-KNOWN))
    at = log_ratios[kept[0] : kept[-1] + 1]
    evidence = CubicSpline(at, np.log(density[kept[0] : kept[-1] + 1]))

    def log_density(points: Vector) -> Vector:
        return np.asarray(evidence(points)) + prior.log_density(points)

    low, high = float(at[0]), float(at[-1])
    grid = even_grid(log_density, low, high, finest=prior.finest)
    grid = grid[(grid >= low) & (grid <= high)]
    heights = log_density(grid)
    top = float(heights.max())
    if float(log_density(np.array([low, high])).max()) > top + log(EDGE):
        raise StatsError("The prior lies too far from the data to be combined.")
    return GridLift.from_log_density(grid, heights, method)
