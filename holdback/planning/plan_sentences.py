"""The plan's design in sentences: how long, how large, what it costs."""

from __future__ import annotations

from collections.abc import Iterator

from holdback.planning.design import YEAR, Design
from holdback.wording import say

__all__ = ["told"]


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
            percent=_percent(design.looks_factor - 1),
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
    lift = _percent(design.target_lift or 0.0)
    often = say("plan_told.times_in", power=f"{10 * power:.3g}")
    if design.weeks_at_half is None:
        yield say("plan_told.a_lift_of_in", lift=lift, label=label)
        return
    if design.weeks_needed is None:
        yield say(
            "plan_told.with_held_back_finding",
            control_share=_percent(control_share),
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
        control_share=_percent(control_share),
        shorter=shorter,
        lift=lift,
        label=label,
        often=often,
    )


def _cost(design: Design, control_share: float, currency: str) -> Iterator[str]:
    if design.forgone is not None:
        yield say(
            "plan_told.if_the_lift_is",
            control_share=_percent(control_share),
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
            cheapest_share=_percent(design.cheapest_share),
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
            control_share=_percent(control_share),
            detectable_lift=_percent(stepped.detectable_lift),
            price=price,
        )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
