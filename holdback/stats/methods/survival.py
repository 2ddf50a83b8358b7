"""Time kept: the restricted mean of two life tables."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Literal

from holdback.facts import Fact, fact
from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.evidence.life_table import Lives, log_rank_z
from holdback.stats.methods.log_ratio import log_inference, relative_variance
from holdback.stats.numeric import two_sided

__all__ = ["LEAST_EVENTS", "compare_survival"]

LEAST_EVENTS = 10
Side = Literal["control", "treatment"]


def compare_survival(control: Lives, treatment: Lives, *, level: float) -> Inference:
    """Difference and ratio of restricted mean times, by the delta method on ln R.

    Null: the ratio is 1. It needs no proportional hazards (Royston & Parmar 2013, BMC
    Medical Research Methodology 13: 152); the log-rank test of the whole curves
    stands in the note. Without a unit watched to the horizon, or below 10 events in
    an arm, there is no number, and the note says so.
    """
    sides: list[tuple[Side, Lives]] = [
        ("control", control),
        ("treatment", treatment),
    ]
    for side, table in sides:
        if table.n < 2 or not table.is_complete:
            return _none(fact("survival.not_watched", side=side, days=table.days))
    first, second = control.restricted_mean(), treatment.restricted_mean()
    for (side, _), mean in zip(sides, (first, second), strict=True):
        refusal = _refusal(side, mean)
        if refusal is not None:
            return replace(_none(refusal), control=first, treatment=second)
    s = sqrt(relative_variance(first) + relative_variance(second))
    z = log_rank_z(control, treatment)
    return log_inference(
        first,
        second,
        s=s,
        level=level,
        method="rmst",
        note=fact(
            "methods.survival",
            days=control.days,
            p_value=None if z is None else two_sided(z),
        ),
    )


def _refusal(side: Side, mean: Estimate) -> Fact | None:
    """Why chance cannot be judged in an arm; None where it can."""
    if mean.nonzero < LEAST_EVENTS:
        return fact(
            "survival.few_events",
            side=side,
            events=mean.nonzero,
            least=LEAST_EVENTS,
        )
    if mean.se == 0:
        return fact("survival.no_spread", side=side, events=mean.nonzero)
    return None


def _none(note: Fact) -> Inference:
    return Inference(
        control=None,
        treatment=None,
        absolute=None,
        relative=None,
        p_value=None,
        method="none",
        note=note,
    )
