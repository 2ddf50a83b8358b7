"""Models of what buyers spend: what each says of the log ratio of their means."""

from __future__ import annotations

from math import ceil, floor
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["REACH", "Amounts", "around"]

Vector = npt.NDArray[np.float64]
REACH = 12.0
"""Deviations to each side that a grid covers."""


class Amounts(Protocol):
    """A model of both arms' spend per buyer, fitted."""

    @property
    def name(self) -> str:
        """How the report calls the distribution."""

    @property
    def scale(self) -> float:
        """Deviation of the log ratio, roughly: it sets the step of the grid."""

    def grid(self, step: float) -> tuple[int, Vector]:
        """Density of the log ratio at multiples of `step`: first multiple, values.

        Scaled so that values × step add up to 1.
        """

    def residuals(self, rng: np.random.Generator, shape: tuple[int, int]) -> Vector:
        """Log spend that the model would make, about any centre; of this shape."""


def around(centre: float, scale: float, step: float) -> tuple[int, Vector]:
    """Multiples of a step about a centre: the first one, and the values."""
    low = floor((centre - REACH * scale) / step)
    high = ceil((centre + REACH * scale) / step)
    return low, np.arange(low, high + 1, dtype=np.float64) * step
