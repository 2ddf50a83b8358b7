"""What the scorecard holds of whether any group is harmed."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.section import sections

__all__ = ["GroupLimits", "Harm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimits:
    """A group's lift, and how far to the worse and to the better it may lie.

    The limits of all groups hold together, each side by itself.
    """

    dimension: str
    level: str
    lift: float
    worst: float
    best: float
    units: int


@sections.register("harm", after="interactions", order=3)
@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """Whether a metric became worse in any of `read` groups, at a one-sided `level`.

    `worst` is the group whose limit to the worse is the farthest: the largest harm that
    the data still allow. `harmed` are those whose limit to the better is a harm as
    well. `unknown` counts groups that are hidden or have no lift: nothing is known of
    them. `lifts` are the lowest and the highest of the groups' lifts.
    """

    metric: str
    arm: str
    level: float
    read: int
    worst: GroupLimits
    lifts: tuple[float, float]
    harmed: tuple[GroupLimits, ...] = ()
    unknown: int = 0
