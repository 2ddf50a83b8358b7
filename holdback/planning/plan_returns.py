"""Whether a test can show that personalization pays: lift against break-even."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.economics.costs import costs_of, saved
from holdback.experiments.definition.experiment import Experiment
from holdback.planning.design import Shares
from holdback.stats.design.optimal_holdback import cheapest_share
from holdback.stats.design.power import (
    Baseline,
    PowerDesign,
    exceeding_power,
    units_for_exceeding,
)
from holdback.stats.numeric import root

__all__ = ["PlannedReturns", "returns_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedReturns:
    """Costs of the planned window, the lift that covers them, and the chance of proof.

    `chance` is that of P(ROPI > 0) reaching the level at the minimum lift (absent
    without one or where the minimum does not break even); `lift_needed` the true lift
    at which that chance reaches the plan's power. ROPI is that of the minimum lift;
    `cheapest_share` the smallest share held back with which the planned units reach
    the power for it, absent where not even half does.
    """

    cost: float
    break_even_lift: float
    lift_needed: float
    power: float
    minimum_lift: float | None = None
    chance: float | None = None
    ropi: float | None = None
    cheapest_share: float | None = None


def returns_of(
    experiment: Experiment,
    shares: Shares,
    baseline: Baseline,
    units: int,
    *,
    power: float,
) -> PlannedReturns | None:
    """None where the primary is not the money, or nothing costs anything.

    Nor is there one where profit is measured by itself: its baseline is another.

    The test of ROPI > 0 is one-sided at the level, against the break-even lift in
    place of 0: at a lift L the treated bring g n m L more, so L = C / (g n m).
    """
    economics, window = experiment.economics, experiment.window
    if economics is None or economics.value != experiment.primary or window is None:
        return None
    if economics.profit is not None:
        return None
    treated = sum(float(arm.share) for arm in experiment.treatments)
    days = (window.end - window.start).days + 1
    cost = costs_of(
        economics.costs,
        arm="*",
        units={
            arm.name: round(units * float(arm.share)) for arm in experiment.treatments
        },
        period_days=days,
    )
    if cost is None or cost.total <= 0:
        return None
    earned = float(economics.margin) * units * treated * baseline.mean
    net = cost.total - float(saved(economics.savings, days))
    even = net / earned
    level = float(experiment.analysis.level)
    design = shares(float(experiment.control.share), treated)
    minimum = float(experiment.decision.minimum_lift) or None
    pays = minimum is not None and minimum > even

    def needed(share: float) -> float:
        return units_for_exceeding(
            shares(share, 1 - share),
            lift=minimum or 0.0,
            threshold=even,
            level=level,
            power=power,
        )

    return PlannedReturns(
        cost=cost.total,
        power=power,
        break_even_lift=even,
        lift_needed=_lift_needed(design, even, level, power, units),
        minimum_lift=minimum,
        chance=exceeding_power(
            design, lift=minimum, threshold=even, level=level, units=units
        )
        if pays and minimum is not None
        else None,
        ropi=None if minimum is None else (earned * minimum - net) / cost.total,
        cheapest_share=cheapest_share(needed, units) if pays else None,
    )


def _lift_needed(
    design: PowerDesign, even: float, level: float, power: float, units: int
) -> float:
    """The true lift that exceeds break-even with this power."""
    high = max(2 * even, 1e-3)

    def missing(lift: float) -> float:
        return power - exceeding_power(
            design, lift=lift, threshold=even, level=level, units=units
        )

    while missing(high) > 0:
        high *= 2
    return root(missing, even, high)
