"""A posterior near its mode: normal, with the curvature there as its precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from holdback.errors import Problem, StatsError

__all__ = ["GRADIENT_TOLERANCE", "Mode", "mode_of"]

Vector = npt.NDArray[np.float64]
Loss = Callable[[Vector], tuple[float, Vector]]
GRADIENT_TOLERANCE = 1e-9
"""Slope at which a search for a mode ends, per unit."""
CURVATURE_STEP = 1e-4
STEEP_AT_MODE = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Mode:
    """The mode (k,) and the covariance (k, k) there."""

    at: Vector
    covariance: Vector

    def draws(self, count: int, seed: tuple[int, ...]) -> Vector:
        """Draws (count, k) of the normal posterior; the same seed, the same draws."""
        root = np.linalg.cholesky(self.covariance)
        normal = np.random.default_rng(seed).standard_normal((count, len(self.at)))
        return np.asarray(self.at + normal @ root.T)


def mode_of(loss: Loss, start: Vector, *, scale: float) -> Mode:
    """Where the loss (minus the log posterior, with its gradient) is least.

    start: (k,), where the search begins. `scale` is the number of units behind it, for
    the search alone. Tierney & Kadane 1986, Journal of the American Statistical
    Association 81: 82–86, on what the normal at the mode leaves out. Raises StatsError
    where there is no mode, or no curvature.
    """
    from scipy.optimize import minimize

    def scaled(theta: Vector) -> tuple[float, Vector]:
        value, slope = loss(theta)
        return value / scale, slope / scale

    options = {"gtol": GRADIENT_TOLERANCE}
    with np.errstate(all="ignore"):  # a search may try anything; the end is checked
        best = minimize(scaled, start, jac=True, method="BFGS", options=options)
    if not np.isfinite(best.fun) or np.abs(best.jac).max() > STEEP_AT_MODE:
        raise _no_mode()
    k = len(start)
    curved = np.empty((k, k))
    for i in range(k):
        step = np.zeros(k)
        step[i] = CURVATURE_STEP
        ahead, back = loss(best.x + step)[1], loss(best.x - step)[1]
        curved[i] = (ahead - back) / (2 * CURVATURE_STEP)
    try:
        factor = cho_factor((curved + curved.T) / 2)
    except (LinAlgError, ValueError) as error:
        raise _no_mode() from error
    return Mode(at=best.x, covariance=cho_solve(factor, np.eye(k)))


def _no_mode() -> StatsError:
    return StatsError(
        Problem(
            where="the customers' histories",
            what="the model has no clear best fit to them.",
            why="Orders are too few or too alike to tell its parameters.",
        )
    )
