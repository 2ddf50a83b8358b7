"""Time kept: the restricted mean of two life tables."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.evidence.life_table import LifeTable, log_rank_z
from holdback.stats.methods.log_ratio import log_inference, relative_variance
from holdback.stats.numeric import two_sided
from holdback.wording import say

__all__ = ["LEAST_EVENTS", "compare_survival"]

LEAST_EVENTS = 10


def compare_survival(
    control: LifeTable, treatment: LifeTable, *, level: float
) -> Inference:
    """Difference and ratio of restricted mean times, by the delta method on ln R.

    Null: the ratio is 1. It needs no proportional hazards (Royston & Parmar 2013, BMC
    Medical Research Methodology 13: 152); the log-rank test of the whole curves
    stands in the note. Without a unit watched to the horizon, or below 10 events in
    an arm, there is no number, and the note says so.
    """
    sides = [
        (say("methods.control"), control),
        (say("methods.the_treatment_arm"), treatment),
    ]
    for name, table in sides:
        if table.n < 2 or not table.is_complete:
            return _none(
                say("methods.survival.no_number_no_unit", name=name, days=table.days)
            )
    first, second = control.restricted_mean(), treatment.restricted_mean()
    for (name, _), one in zip(sides, (first, second), strict=True):
        refusal = _refusal(name, one)
        if refusal:
            return replace(_none(refusal), control=first, treatment=second)
    s = sqrt(relative_variance(first) + relative_variance(second))
    found = log_inference(first, second, s=s, level=level, method="rmst")
    return replace(
        found,
        note=say(
            "methods.survival.mean_days_up_to",
            days=control.days,
            treatment=_curves(control, treatment),
        ),
    )


def _refusal(name: str, mean: Estimate) -> str:
    """Why chance cannot be judged in an arm; nothing where it can."""
    if mean.nonzero < LEAST_EVENTS:
        return say(
            "methods.survival.no_interval_has_events",
            name=name,
            nonzero=mean.nonzero,
            least_events=LEAST_EVENTS,
        )
    if mean.se == 0:
        return say(
            "methods.survival.no_interval_all_alike", name=name, nonzero=mean.nonzero
        )
    return ""


def _curves(control: LifeTable, treatment: LifeTable) -> str:
    z = log_rank_z(control, treatment)
    return "" if z is None else say("methods.survival.curves", z=f"{two_sided(z):.3g}")


def _none(note: str) -> Inference:
    return Inference(
        control=None,
        treatment=None,
        absolute=None,
        relative=None,
        p_value=None,
        method="none",
        note=note,
    )
