"""One-sided p-values of methods that draw nothing: Student's t, scores, counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

__all__ = ["CountedTails", "ScoreTails", "StudentTails"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentTails:
    """Of "the effect is θ" where (value − effect) / error is Student's t."""

    value: float
    error: float
    freedom: float

    draws: ClassVar[int] = 0

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """P(t as high or higher) and P(as low) at each θ, all (k,)."""
        from scipy.special import stdtr

        t = (self.value - thetas) / self.error
        return np.asarray(stdtr(self.freedom, -t)), np.asarray(stdtr(self.freedom, t))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreTails:
    """Of "the effect is θ" by a test whose normal `score` falls as θ rises."""

    score: Callable[[float], float]

    draws: ClassVar[int] = 0

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """P(a score as high or higher) and P(as low) at each θ, all (k,)."""
        from scipy.special import ndtr

        z = np.array([self.score(theta) for theta in thetas.tolist()])
        return np.asarray(ndtr(-z)), np.asarray(ndtr(z))


@dataclass(frozen=True, kw_only=True, eq=False)
class CountedTails:
    """Of "the effect is θ" by equally likely effects, `values` (m,), rising."""

    values: Vector

    @property
    def draws(self) -> int:
        """How many values are counted."""
        return len(self.values)

    def __call__(self, thetas: Vector) -> tuple[Vector, Vector]:
        """Shares of the values up to each θ and from it on, all (k,); never 0."""
        n = len(self.values)
        upto = np.searchsorted(self.values, thetas, side="right")
        from_on = n - np.searchsorted(self.values, thetas, side="left")
        return np.maximum(upto, 1) / n, np.maximum(from_on, 1) / n
