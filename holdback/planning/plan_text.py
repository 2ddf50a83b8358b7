"""A plan as a terminal shows it, and what a reader should keep in mind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import TYPE_CHECKING

from holdback.experiments.definition.experiment import Experiment
from holdback.planning.baselines import Measured
from holdback.planning.design import YEAR, Design
from holdback.wording import counted, say

if TYPE_CHECKING:
    from holdback.planning.metric_power import MetricPlan
    from holdback.planning.plan import Plan

__all__ = ["lines", "notes", "told"]

PEAK = 1.5


def notes(
    experiment: Experiment, unknown: Sequence[str], seen: Measured, power: float
) -> Iterator[str]:
    """Sentences: where the figures come from, and what they leave out."""
    if seen.earlier is not None:
        first, last = seen.earlier
        yield say("plan_text.nobody_has_joined_yet", first=first, last=last)
        yield from _season(experiment, seen)
    if seen.untimed is not None:
        yield say("plan_text.the_rows_have_no", untimed=seen.untimed)
    yield from _saved(experiment, seen)
    if unknown:
        yield say("plan_text.nothing_to_plan_with", unknown=", ".join(unknown))
    guards = len(experiment.guardrails)
    if guards:
        yield counted(
            "plan_text.with_guardrails",
            guards,
            guards=guards,
            power=f"{100 * power:.0f}",
        )
    if len(experiment.treatments) > 1:
        yield say(
            "plan_text.treatment_arms_the_lifts",
            treatments=len(experiment.treatments),
        )
    yield say("plan_text.for_amounts_of_money")


def _season(experiment: Experiment, seen: Measured) -> Iterator[str]:
    """Weeks of the history that stand out; a window should not lean on them."""
    whole = seen.joined[:-1] if len(seen.joined) > 2 else seen.joined
    usual = median(whole) if whole else 0
    peaks = [i for i, units in enumerate(whole, 1) if usual and units > PEAK * usual]
    if peaks:
        listed = ", ".join(str(week) for week in peaks)
        yield say("plan_text.week_of_that_time", listed=listed, peak=f"{PEAK:g}")
    rush = [
        i for i, units in enumerate(seen.last_year, 1) if usual and units > PEAK * usual
    ]
    if rush:
        listed = ", ".join(str(week) for week in rush)
        yield say("plan_text.in_week_of_the", listed=listed, peak=f"{PEAK:g}")
    window = experiment.window
    days = (window.end - window.start).days + 1 if window is not None else 0
    if seen.earlier is not None:
        known = (seen.earlier[1] - seen.earlier[0]).days + 1
        if known < days:
            yield say("plan_text.the_history_holds_days", known=known, days=days)


def _saved(experiment: Experiment, seen: Measured) -> Iterator[str]:
    saved = [
        f"{experiment.metrics[name].title} {100 * baseline.saved:.0f} %"
        for name, baseline in seen.baselines.items()
        if baseline.saved
    ]
    if saved:
        yield say("plan_text.saved", saved=", ".join(saved))


def lines(made: Plan) -> Iterator[str]:
    """The whole plan as text."""
    yield say(
        "plan_text.plan_of_units_in",
        experiment=made.experiment,
        units=f"{made.units:,}",
        control_share=f"{100 * made.control_share:.4g}",
        level=f"{100 * made.level:g}",
        power=f"{100 * made.power:g}",
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
            yield say(
                "plan_text.can_be_shown_safe",
                label=m.label,
                m=_signed(m),
                chance=f"{100 * m.safety.chance:.0f}",
            )
    design = made.told()
    yield from ("", *design) if design else ()
    yield from _curve(made)
    yield from ("", *made.notes)


def _primary(m: MetricPlan, made: Plan) -> Iterator[str]:
    often = say("plan_text.times_in", power=f"{m.power * 10:.3g}")
    yield say(
        "plan_text.with_these_units_a",
        what=say("plan_page.change") if m.detectable_points else say("plan_page.lift"),
        size=_detects(m),
        label=m.label,
        often=often,
    )
    if m.baseline.response_rate is not None and m.baseline.response_rate < 1:
        rate = m.baseline.response_rate
        yield say(
            "plan_text.of_the_units_answer",
            rate=f"{100 * rate:.3g}",
            units=f"{made.units * rate:,.0f}",
        )
    if m.units_needed is not None and m.power_at_minimum is not None:
        yield say(
            "plan_text.for_the_minimum_lift",
            minimum_lift=f"{100 * m.minimum_lift:g}",
            units_needed=f"{m.units_needed:,}",
            units=f"{made.units:,}",
            power_at_minimum=f"{100 * m.power_at_minimum:.0f}",
        )
    if m.chance_of_no_change is not None and m.chance_of_no_change >= 0.005:
        yield say(
            "plan_text.if_nothing_changes_the",
            minimum_lift=f"{100 * m.minimum_lift:g}",
            chance_of_no_change=f"{100 * m.chance_of_no_change:.0f}",
        )
    if m.alternatives:
        options = ", ".join(
            f"{100 * a.control_share:g} % → {_percent(a.detectable_lift)}"
            for a in m.alternatives
        )
        yield say("plan_text.detectable_lift_by_share", options=options)


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
        yield say("plan_text.curve", runs=told[0].simulated.runs, points=points)


def _signed(m: MetricPlan) -> str:
    assert m.safety is not None  # noqa: S101  # the caller has looked
    if m.baseline.cv is None:
        return say("plan_text.signed", margin=f"{m.safety.margin:+g}")
    return f"{100 * m.safety.margin:+.3g} %"


def _detects(m: MetricPlan) -> str:
    if m.detectable_points is not None:
        return say("plan_text.detects", detectable_points=f"{m.detectable_points:.3g}")
    return _percent(m.detectable_lift)


def _percent(lift: float | None) -> str:
    return "none" if lift is None else f"{100 * lift:.1f} %"


def told(
    design: Design, *, label: str, control_share: float, power: float, currency: str
) -> Iterator[str]:
    """Sentences about the primary metric, the most important first."""
    if design.target_lift is not None:
        yield from _target(design, label, control_share, power)
        yield from _cost(design, control_share, currency)
    if design.answer_on is not None:
        yield say(
            "plan_told.about_units_join_in",
            units_per_week=f"{design.units_per_week:,.0f}",
            answer_on=design.answer_on,
        )
    if design.looks_factor is not None:
        planned = design.looks[0].on is not None
        half = next((look for look in design.looks if look.chance >= 0.5), None)
        early = (
            say("plan_told.at_that_lift_half")
            + (
                say("plan_told.by_week", week=half.week)
                if half.on is None
                else say("plan_told.on", on=half.on)
            )
            if half is not None
            else ""
        )
        yield say(
            "plan_told.more_units",
            what=say("plan_told.the_planned_looks_cost")
            if planned
            else say("plan_told.reading_every_week_costs"),
            percent=_told_percent(design.looks_factor - 1),
            early=early,
        )
    if design.test_and_roll is not None:
        yield say(
            "plan_told.where_the_better_arm",
            test_and_roll=f"{design.test_and_roll:,}",
        )


def _target(
    design: Design, label: str, control_share: float, power: float
) -> Iterator[str]:
    lift = _told_percent(design.target_lift or 0.0)
    often = say("plan_told.times_in", power=f"{10 * power:.3g}")
    if design.weeks_at_half is None:
        yield say("plan_told.a_lift_of_in", lift=lift, label=label)
        return
    if design.weeks_needed is None:
        yield say(
            "plan_told.with_held_back_finding",
            control_share=_told_percent(control_share),
            lift=lift,
            label=label,
            often=often,
            year=YEAR,
            weeks_at_half=design.weeks_at_half,
        )
        return
    shorter = (
        say("plan_told.with_half_held_back", weeks_at_half=design.weeks_at_half)
        if design.weeks_at_half < design.weeks_needed
        else ""
    )
    yield say(
        "plan_told.run_it_for_weeks",
        weeks_needed=design.weeks_needed,
        control_share=_told_percent(control_share),
        shorter=shorter,
        lift=lift,
        label=label,
        often=often,
    )


def _cost(design: Design, control_share: float, currency: str) -> Iterator[str]:
    if design.forgone is not None:
        yield say(
            "plan_told.if_the_lift_is",
            control_share=_told_percent(control_share),
            forgone=f"{design.forgone:,.0f}",
            currency=currency,
        )
    if design.cheapest_share is not None:
        money = (
            say(
                "plan_told.which_gives_up",
                forgone_cheapest=f"{design.forgone_cheapest:,.0f}",
                currency=currency,
            )
            if design.forgone_cheapest is not None
            else ""
        )
        yield say(
            "plan_told.the_smallest_share_that",
            cheapest_share=_told_percent(design.cheapest_share),
            money=money,
        )
    elif not design.hopeless:
        yield say("plan_told.with_the_planned_units")
    stepped = design.stepped
    if stepped is not None and stepped.detectable_lift is not None:
        price = (
            say(
                "plan_told.and_gives_up",
                forgone=f"{stepped.forgone:,.0f}",
                currency=currency,
            )
            if stepped.forgone is not None
            else ""
        )
        yield say(
            "plan_told.half_held_back_for",
            weeks=stepped.weeks,
            control_share=_told_percent(control_share),
            detectable_lift=_told_percent(stepped.detectable_lift),
            price=price,
        )


def _told_percent(share: float) -> str:
    return f"{100 * share:.3g} %"
