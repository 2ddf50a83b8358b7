"""A plan as a terminal shows it, and what a reader should keep in mind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING

from holdback.experiments.baselines import Measured
from holdback.experiments.experiment import Experiment

if TYPE_CHECKING:
    from holdback.experiments.metric_plan import MetricPlan
    from holdback.experiments.plan import Plan

__all__ = ["lines", "notes"]

PEAK = 1.5


def notes(
    experiment: Experiment, unknown: Sequence[str], seen: Measured, power: float
) -> Iterator[str]:
    """Sentences: where the figures come from, and what they leave out."""
    if seen.earlier is not None:
        first, last = seen.earlier
        yield (
            f"Nobody has joined yet, so the test was rehearsed on {first} to {last}: "
            "whoever would have joined then, each once, with what followed."
        )
        yield from _season(experiment, seen)
    if seen.untimed is not None:
        yield (
            f"The rows have no time: the baselines are those of {seen.untimed} as they "
            "stand, and as many units are taken to come again."
        )
    yield from _saved(experiment, seen)
    if unknown:
        yield (
            f"Nothing to plan {', '.join(unknown)} with: there is no history, or units "
            "do not differ in it. Give --baseline."
        )
    guards = len(experiment.guardrails)
    if guards:
        yield (
            f"With {guards} guardrail{'s' if guards > 1 else ''} each metric is "
            f"planned at a power of {100 * power:.0f} %, so that all of them together "
            "come out right 8 times in 10."
        )
    if len(experiment.treatments) > 1:
        yield (
            f"{len(experiment.treatments)} treatment arms: the lifts are for the "
            "smallest of them, at the stricter level of several arms read together."
        )
    yield (
        "For amounts of money the formula is optimistic when a few units spend most; "
        "read the detectable lift as the best case."
    )


def _season(experiment: Experiment, seen: Measured) -> Iterator[str]:
    """Weeks of the history that stand out; a window should not lean on them."""
    whole = seen.joined[:-1] if len(seen.joined) > 2 else seen.joined
    usual = median(whole) if whole else 0
    peaks = [i for i, units in enumerate(whole, 1) if usual and units > PEAK * usual]
    if peaks:
        listed = ", ".join(str(week) for week in peaks)
        yield (
            f"Week {listed} of that time brought more than {PEAK:g} times the usual "
            "units: if it was a season or a sale, the planned window may bring fewer."
        )
    rush = [
        i for i, units in enumerate(seen.last_year, 1) if usual and units > PEAK * usual
    ]
    if rush:
        listed = ", ".join(str(week) for week in rush)
        yield (
            f"In week {listed} of the same weeks a year earlier more than {PEAK:g} "
            "times as many joined as is usual now: a season falls into the planned "
            "window, and its lift may not hold for the rest of the year."
        )
    window = experiment.window
    days = (window.end - window.start).days + 1 if window is not None else 0
    if seen.earlier is not None:
        known = (seen.earlier[1] - seen.earlier[0]).days + 1
        if known < days:
            yield (
                f"The history holds {known} days and the window {days}: later weeks "
                "are taken to bring as many new units as the last one."
            )


def _saved(experiment: Experiment, seen: Measured) -> Iterator[str]:
    saved = [
        f"{experiment.metrics[name].title} {100 * baseline.saved:.0f} %"
        for name, baseline in seen.baselines.items()
        if baseline.saved
    ]
    if saved:
        yield (
            "What is known from before exposure takes off variance, and is counted on: "
            f"{', '.join(saved)}."
        )


def lines(made: Plan) -> Iterator[str]:
    """The whole plan as text."""
    yield (
        f"Plan of {made.experiment}: {made.units:,} units, "
        f"{100 * made.control_share:.4g} % in control, "
        f"{100 * made.level:g} % intervals, power {100 * made.power:g} %"
    )
    yield ""
    width = max([len(m.label) for m in made.metrics] + [6])
    yield f"{'Metric':<{width}}  {'Baseline':>10}  {'Detects a lift of':>17}"
    for m in made.metrics:
        yield f"{m.label:<{width}}  {m.baseline.mean:>10.4g}  {_detects(m):>17}"
    for m in made.metrics:
        if m.role == "primary":
            yield ""
            yield from _primary(m, made)
    for m in made.metrics:
        if m.safety is not None:
            yield (
                f"{m.label} can be shown safe (no worse than {_signed(m)}) with a "
                f"chance of {100 * m.safety.chance:.0f} % where nothing is harmed."
            )
    design = made.told()
    yield from ("", *design) if design else ()
    yield from _curve(made)
    yield from ("", *made.notes)


def _primary(m: MetricPlan, made: Plan) -> Iterator[str]:
    often = f"{m.power * 10:.3g} times in 10"
    yield (
        f"With these units a true {'change' if m.detectable_points else 'lift'} of "
        f"{_detects(m)} in {m.label} is found {often}; smaller ones less often."
    )
    if m.baseline.response_rate is not None and m.baseline.response_rate < 1:
        rate = m.baseline.response_rate
        yield (
            f"{100 * rate:.3g} % of the units answer: about "
            f"{made.units * rate:,.0f} answers."
        )
    if m.units_needed is not None and m.power_at_minimum is not None:
        yield (
            f"For the minimum lift of {100 * m.minimum_lift:g} %: "
            f"{m.units_needed:,} units are needed; with {made.units:,} the chance is "
            f"{100 * m.power_at_minimum:.0f} %."
        )
    if m.chance_of_no_change is not None and m.chance_of_no_change >= 0.005:
        yield (
            f"If nothing changes, the chance to show that (less than "
            f"{100 * m.minimum_lift:g} % either way) is "
            f"{100 * m.chance_of_no_change:.0f} %."
        )
    if m.alternatives:
        options = ", ".join(
            f"{100 * a.control_share:g} % → {_percent(a.detectable_lift)}"
            for a in m.alternatives
        )
        yield f"Detectable lift by share of control: {options}."


def _curve(made: Plan) -> Iterator[str]:
    told = [one for one in made.curve if one.simulated is not None]
    points = ", ".join(
        f"{100 * one.size:.3g} % → {100 * one.simulated.power:.0f} % ± "
        f"{196 * one.simulated.se:.0f}"
        for one in told
        if one.simulated is not None
    )
    if told and told[0].simulated is not None:
        yield ""
        yield (
            f"Found in {told[0].simulated.runs} tests simulated with your own units "
            f"and the product's own reading, by true lift: {points}."
        )


def _signed(m: MetricPlan) -> str:
    assert m.safety is not None  # noqa: S101  # the caller has looked
    if m.baseline.cv is None:
        return f"{m.safety.margin:+g} points"
    return f"{100 * m.safety.margin:+.3g} %"


def _detects(m: MetricPlan) -> str:
    if m.detectable_points is not None:
        return f"{m.detectable_points:.3g} points"
    return _percent(m.detectable_lift)


def _percent(lift: float | None) -> str:
    return "none" if lift is None else f"{100 * lift:.1f} %"
