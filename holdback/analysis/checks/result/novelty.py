"""Whether the lift fades as units get used to the treatment."""

from __future__ import annotations

from collections.abc import Iterable
from math import log, log1p, sqrt
from typing import ClassVar

import numpy as np

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.comparison import early_column, moments_of
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding
from holdback.stats.evidence.delta_method import combined_variance
from holdback.stats.evidence.moments import Moments
from holdback.stats.numeric import two_sided

__all__ = ["Novelty"]

NOVELTY_WARN_BELOW = 0.01
LEAST_UNITS_A_HALF = 60


@kinds.register("novelty")
class Novelty:
    """The lift in the first half of each unit's time against that in the second.

    A fixed cohort: only units with their full time count, so the same units stand on
    both sides (Hohnhold, O'Brien & Tang 2015, KDD, on learning over time). The log of
    the two lifts' ratio by the delta method; null: it is 0.
    """

    order: ClassVar = 190

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a treatment arm, where the primary's time has two halves."""
        metric = experiment.metrics[experiment.primary]
        block = evidence.cells.blocks[metric.name]
        early = early_column(block)
        switches = evidence.quality.switches
        if early is None or metric.within is None:
            return
        if switches is not None and switches.matter:
            return  # the control got the treatment: the lift wanes by that alone
        columns = [block[0].name, early]
        control, *treated = (
            moments_of(evidence.cells, metric, {arm.name}).select(columns)
            for arm in (experiment.control, *experiment.treatments)
        )
        days = metric.within.days // 2
        for arm, moments in zip(experiment.treatments, treated, strict=True):
            if any(_is_thin(side) for side in (control, moments)):
                continue
            yield _finding(arm.name, days, control, moments, metric.better)


def _finding(
    arm: str, days: int, control: Moments, treated: Moments, better: str
) -> Finding:
    (early_c, late_c, error_c), (early_t, late_t, error_t) = map(
        _halves, (control, treated)
    )
    first, then = early_t / early_c - 1, late_t / late_c - 1
    shift = log((1 + then) / (1 + first))
    p_value = two_sided(shift / sqrt(error_c + error_t))
    changed = p_value < NOVELTY_WARN_BELOW
    outcome = (
        fact(
            "novelty.changed",
            arm=arm,
            days=days,
            first=first,
            then=then,
            course=_course(first, then, better),
        )
        if changed
        else fact("novelty.chance", arm=arm, days=days, first=first, then=then)
    )
    return Finding(
        check="novelty",
        status="warn" if changed else "pass",
        p_value=p_value,
        fact=outcome,
        shows_results=True,
    )


def _course(first: float, then: float, better: str) -> str:
    """What became of the first half's lift in the second; a fall may be the gain."""
    sign = 1 if better == "higher" else -1
    if (first < 0) != (then < 0):
        return "turned_up" if sign * then > sign * first else "turned_down"
    less = abs(log1p(then)) < abs(log1p(first))
    if sign * first < 0:
        return "loss_fades" if less else "loss_grows"
    return "gain_fades" if less else "gain_grows"


def _halves(moments: Moments) -> tuple[float, float, float]:
    """Means of the early and the late half, and the variance of ln(late / early)."""
    whole, early = moments.mean
    late = whole - early
    g = np.array([1 / late, -1 / late - 1 / early])
    return early, late, combined_variance(g, moments.cov) / moments.n


def _is_thin(moments: Moments) -> bool:
    if moments.n < 2 or min(moments.nonzero) < LEAST_UNITS_A_HALF:
        return True
    whole, early = moments.mean
    return not 0 < early < whole
