"""A prior on the lift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.stats.posterior.normal_mixture import NormalMixture

__all__ = ["LiftPrior"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPrior:
    """Normal(0, sd) on the log ratio; sd None is flat.

    A `learned` prior stands in place of it; `sd` is then its standard deviation. For
    rates the priors named ``weak`` and ``none`` are Beta(1, 1) on each rate.
    """

    name: str
    sd: float | None
    learned: NormalMixture | None = None

    @classmethod
    def of(cls, name: str, learned: NormalMixture) -> LiftPrior:
        """A prior that was learned from other experiments."""
        return cls(name=name, sd=learned.sd, learned=learned)

    @property
    def mean(self) -> float:
        """Mean of the log ratio."""
        return 0.0 if self.learned is None else self.learned.mean

    @property
    def finest(self) -> float | None:
        """Deviation of its narrowest part; None where flat."""
        return self.sd if self.learned is None else float(self.learned.sds.min())

    def log_density(
        self, log_ratios: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Log density at each of `log_ratios` (m,), up to a constant; 0 where flat."""
        if self.learned is not None:
            return self.learned.log_density(log_ratios)
        if self.sd is None:
            return np.zeros_like(log_ratios)
        found: npt.NDArray[np.float64] = -((log_ratios / self.sd) ** 2) / 2
        return found

    def __post_init__(self) -> None:
        if self.sd is not None and not self.sd > 0:
            raise ValueError(f"`sd` of a prior must be above 0, got {self.sd}.")
