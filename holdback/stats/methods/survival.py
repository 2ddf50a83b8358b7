"""Time kept: the restricted mean of two life tables."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

from holdback.stats.effect import Inference
from holdback.stats.life_table import LifeTable, log_rank_z
from holdback.stats.log_scale import log_inference, relative_variance
from holdback.stats.normal import two_sided

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
    sides = [("control", control), ("the treatment arm", treatment)]
    for name, table in sides:
        if table.n < 2 or not table.is_complete:
            return _none(
                f"No number: no unit of {name} has been watched for {table.days} days "
                "yet. Wait, or shorten `within`."
            )
    first, second = control.restricted_mean(), treatment.restricted_mean()
    for (name, _), one in zip(sides, (first, second), strict=True):
        if one.nonzero < LEAST_EVENTS or one.se == 0:
            return replace(
                _none(
                    f"No interval: {name} has {one.nonzero} events, and below "
                    f"{LEAST_EVENTS} chance cannot be judged."
                ),
                control=first,
                treatment=second,
            )
    s = sqrt(relative_variance(first) + relative_variance(second))
    found = log_inference(first, second, s=s, level=level, method="rmst")
    return replace(
        found,
        note=f"Mean days up to day {control.days} from Kaplan–Meier curves: units "
        f"still being watched count as far as they go.{_curves(control, treatment)}",
    )


def _curves(control: LifeTable, treatment: LifeTable) -> str:
    z = log_rank_z(control, treatment)
    return "" if z is None else f" Log-rank test of the curves: p = {two_sided(z):.3g}."


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
