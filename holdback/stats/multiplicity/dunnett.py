"""Several arms against one control: what holds for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from holdback.stats.numeric import quantile, root
from holdback.stats.quadrature import NORMAL_REACH, PANEL_WIDTH, legendre_panels

__all__ = ["critical", "exceeding"]

EPSILON = 2.0**-53
FARTHEST_CRITICAL = 12.0


def exceeding(z: float, sizes: Sequence[int], control: int) -> float:
    """P(max |Z_k| ≥ z) under the null: Dunnett's p-value of one arm's |z|.

    `sizes`: units of each treatment arm; `control` those of the control arm. The
    statistics share the control, so they are correlated by λⱼλₖ with λ² = n/(n + n₀),
    and given the control's share they are independent: an integral over one normal
    (Dunnett 1955, Journal of the American Statistical Association 50: 1096–1121), in
    panels fine enough for the steps at z/λ of a small control. Large samples, equal
    variances.

    Raises ValueError for no arm or an arm without units.
    """
    if not sizes or min(*sizes, control) < 1:
        raise ValueError(
            f"Arms of {list(sizes)} and {control} units cannot be compared."
        )
    from scipy.special import ndtr

    steepest = min(sqrt(control / size) for size in sizes)
    reach = NORMAL_REACH + abs(z)
    x, weights = legendre_panels(-reach, reach, PANEL_WIDTH * min(steepest, 1.0))
    logs = np.zeros_like(x)
    for size in sizes:
        shared = sqrt(size / (size + control))
        own = sqrt(control / (size + control))
        out = ndtr((shared * x - z) / own) + ndtr((-shared * x - z) / own)
        logs += np.log1p(-np.minimum(out, 1.0 - EPSILON))
    density = np.exp(-(x**2) / 2) / sqrt(2 * np.pi)
    return min(1.0, float(-np.expm1(logs) @ (density * weights)))


def critical(alpha: float, sizes: Sequence[int], control: int) -> float:
    """The |z| that some arm exceeds by chance with probability `alpha`.

    Raises ValueError as `exceeding` does, or for an alpha outside (0, 1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must lie in (0, 1), got {alpha}.")
    if len(sizes) == 1:
        return quantile(1 - alpha / 2)
    return root(lambda z: exceeding(z, sizes, control) - alpha, 0.0, FARTHEST_CRITICAL)
