"""What the scorecard holds of treatment arms against each other."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["ArmsCompared", "BestArm"]


@sections.register("arms_compared", after="interactions", order=4)
@dataclass(frozen=True, slots=True, kw_only=True)
class ArmsCompared:
    """A metric in arm `a` against arm `b`, of two treatment arms; `a` is the better.

    By the method that reads the metric against control, at a `level` at which all
    pairs hold together. `proven`: the whole range is better than no difference.
    """

    a: str
    b: str
    metric: str
    level: float
    proven: bool
    relative: Quantity | None = None
    absolute: Quantity | None = None
    p_value: float | None = None


@sections.register("best", after="interactions", order=5)
@dataclass(frozen=True, slots=True, kw_only=True)
class BestArm:
    """How likely an arm, control among them, is the best of all, by one metric.

    `expected_loss` is what choosing it loses on average against the best, in log
    points of the metric (0.01 is about 1 %), or in its own unit where it has no lift;
    `loss_per_unit` the same in the metric's unit, per unit. Under `prior`. `rough`
    where an arm has fewer than 60 units with a value: the chances are then surer than
    they ought to be.
    """

    arm: str
    metric: str
    p_best: float
    expected_loss: float
    prior: str
    loss_per_unit: float | None = None
    rough: bool | None = None
