"""Several arms against one control: what holds for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt

from holdback.stats.numeric import quantile, root

__all__ = ["critical", "exceeding"]

Vector = npt.NDArray[np.float64]

EPSILON = 2.0**-53
FARTHEST = 12.0
REACH = 9.0
"""Standard deviations beyond which a normal density is nothing."""
NODES = 16
PANEL = 6.0
"""Width of a panel of 16 nodes, in the width of the steepest factor."""


def exceeding(z: float, sizes: Sequence[int], control: int) -> float:
    """P(max |Z_k| ≥ z) under the null: Dunnett's p-value of one arm's |z|.

    `sizes`: units of each treatment arm; `control` those of the control arm. The
    statistics share the control, so they are correlated by λⱼλₖ with λ² = n/(n + n₀),
    and given the control's share they are independent: an integral over one normal
    (Dunnett 1955, Journal of the American Statistical Association 50: 1096–1121).
    Large samples, equal variances.

    Raises ValueError for no arm or an arm without units.
    """
    if not sizes or min(*sizes, control) < 1:
        raise ValueError(
            f"Arms of {list(sizes)} and {control} units cannot be compared."
        )
    from scipy.special import ndtr

    steepest = min(sqrt(control / size) for size in sizes)
    x, weights = _nodes(REACH + abs(z), PANEL * min(steepest, 1.0))
    logs = np.zeros_like(x)
    for size in sizes:
        shared = sqrt(size / (size + control))
        own = sqrt(control / (size + control))
        out = ndtr((shared * x - z) / own) + ndtr((-shared * x - z) / own)
        logs += np.log1p(-np.minimum(out, 1.0 - EPSILON))
    density = np.exp(-(x**2) / 2) / sqrt(2 * np.pi)
    return min(1.0, float(-np.expm1(logs) @ (density * weights)))


def _nodes(reach: float, widest: float) -> tuple[Vector, Vector]:
    """Points and weights of Gauss–Legendre quadrature on equal panels of ±reach.

    One rule over all of it, however fine, misses the steps at z/λ of a small control.
    """
    unit, weights = np.polynomial.legendre.leggauss(NODES)
    panels = ceil(2 * reach / widest)
    half = reach / panels
    centres = half * (2 * np.arange(panels) + 1) - reach
    points = (centres[:, None] + half * unit[None, :]).ravel()
    return points, np.tile(half * weights, panels)


def critical(alpha: float, sizes: Sequence[int], control: int) -> float:
    """The |z| that some arm exceeds by chance with probability `alpha`.

    Raises ValueError as `exceeding` does, or for an alpha outside (0, 1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must lie in (0, 1), got {alpha}.")
    if len(sizes) == 1:
        return quantile(1 - alpha / 2)
    return root(lambda z: exceeding(z, sizes, control) - alpha, 0.0, FARTHEST)
