"""Two arms of which only totals are known, in one sentence."""

from __future__ import annotations

from holdback.analysis.totals import TotalsCompared
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.stats.evidence.effect import Contrast

__all__ = ["text"]


def text(compared: TotalsCompared) -> str:
    """Both values, the lift (or the difference) with its range, and the p-value."""
    words = Words.plain("en-US")
    write = words.share if compared.is_rate else words.number
    effect, told = compared.lift, words.lift
    if effect is None:
        effect = compared.difference
        told = words.points if compared.is_rate else words.number
    values = say(
        "totals.values",
        control=write(compared.control),
        treatment=write(compared.treatment),
        effect=told(effect.value),
    )
    parts = [values, *_range(effect, told)]
    if compared.p_value is not None:
        parts.append(say("totals.p_value", p=words.p_value(compared.p_value)))
    return " ".join(parts)


def _range(effect: Contrast, told: object) -> list[str]:
    lower, upper = effect.interval.lower, effect.interval.upper
    if lower is None or upper is None or not callable(told):
        return [say("totals.no_range")]
    return [say("totals.likely", lower=told(lower), upper=told(upper))]
