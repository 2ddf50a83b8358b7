"""What a sampler found: summaries, never draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.facts import Fact
from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["LawFit", "SampledEffect", "SampledModel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledEffect:
    """A lift with its range, of a group, an arm, a week or all together."""

    name: str
    relative: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class LawFit:
    """How well a law of spend predicts a buyer left out, summed over the buyers.

    `behind` the best law, with its standard error. `worst_k`: largest Pareto k.
    """

    name: Literal["lognormal", "gamma", "student_t"]
    elpd: float
    behind: float
    behind_se: float
    worst_k: float


@sections.register("sampled", after="learned", order=20)
@dataclass(frozen=True, slots=True, kw_only=True)
class SampledModel:
    """One model that was drawn from, with its diagnostics.

    `file` is the name of its netCDF file, `of` what its effects are: the dimension of
    segments. It failed where there are `faults`: they say why, and there is no result.
    `laws` compares what spend may follow, the best first.
    """

    model: Literal["segments", "arms", "weeks", "spend", "laws"]
    metric: str
    arm: str
    file: str = ""
    effects: tuple[SampledEffect, ...] = ()
    faults: tuple[Fact, ...] = ()
    of: str = ""
    r_hat: float | None = None
    ess_bulk: float | None = None
    ess_tail: float | None = None
    divergences: int | None = None
    bfmi: float | None = None
    draws: int | None = None
    laws: tuple[LawFit, ...] = ()
