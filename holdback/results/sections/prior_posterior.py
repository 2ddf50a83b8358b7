"""What was believed of a lift before the data, what they say, and what after."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.section import sections

__all__ = ["Belief"]


@sections.register("beliefs", after="interactions", order=50)
@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """Three densities of one lift, at the same lifts (m,), for a picture.

    `before` is the prior, empty where it is flat; `data` the likelihood, scaled to a
    whole of 1: the posterior under the flat prior of the log ratio, or of both rates;
    `after` the posterior. Each is per unit of lift, so the heights can be held against
    each other. The medians are the curves' own; the prior's figures stand only where
    it is one on the lift.
    """

    metric: str
    arm: str
    prior: str
    lifts: tuple[float, ...]
    before: tuple[float, ...]
    data: tuple[float, ...]
    after: tuple[float, ...]
    data_median: float
    after_median: float
    before_median: float | None = None
    before_lower: float | None = None
    before_upper: float | None = None
    before_positive: float | None = None
