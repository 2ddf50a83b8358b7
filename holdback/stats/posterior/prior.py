"""A prior on the lift."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LiftPrior"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftPrior:
    """Normal(0, sd) on the log ratio; sd None is flat.

    For rates the priors named ``weak`` and ``none`` are Beta(1, 1) on each rate.
    """

    name: str
    sd: float | None

    def __post_init__(self) -> None:
        if self.sd is not None and not self.sd > 0:
            raise ValueError(f"`sd` of a prior must be above 0, got {self.sd}.")
