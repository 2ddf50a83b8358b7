"""What a sampler found, as the scorecard keeps it: summaries, never draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.experiments.quantity import Quantity

__all__ = ["SampledEffect", "SampledModel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledEffect:
    """A lift with its range, of a group, an arm, a week or all together."""

    name: str
    relative: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledModel:
    """One model that was drawn from, with its diagnostics.

    `file` is the name of its netCDF file, `of` what its effects are: the dimension of
    segments, the metric of weeks. Without effects it failed: `faults` say why.
    """

    model: Literal["segments", "arms", "weeks", "spend"]
    metric: str
    arm: str
    file: str = ""
    effects: tuple[SampledEffect, ...] = ()
    faults: tuple[str, ...] = ()
    of: str = ""
    r_hat: float | None = None
    ess_bulk: float | None = None
    ess_tail: float | None = None
    divergences: int | None = None
    bfmi: float | None = None
    draws: int | None = None
