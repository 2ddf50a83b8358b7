"""Does more do more: the trend over the doses, and each step of intensity."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section, table
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.results.sections.dose_response import DoseStep, DoseTrend

__all__ = ["doses"]


@blocks.register("dose_steps", order=140)
def doses(scorecard: Scorecard, words: Words) -> Markup:
    """The trend over the doses, and each step to the next one."""
    steps = scorecard.section(DoseStep)
    if not steps:
        return Markup("")
    trends = join(
        Markup("<p>{}</p>").format(
            named(
                say(
                    "beside.changes_by_per_unit",
                    metric=words.label(step.metric),
                    slope=words.difference(step.metric, step.slope.value),
                    slope_2=_between(words, step.metric, step.slope),
                    p_value=words.p_told(step.p_value),
                )
            )
        )
        for step in scorecard.section(DoseTrend)
    )
    return section(
        say("beside.does_more_do_more"),
        trends,
        table(
            say("beside.each_step_to_a"),
            (
                say("beside.step"),
                say("beside.lift_likely"),
                say("common.gross_profit"),
                say("beside.extra_cost"),
                say("beside.ropi_likely"),
            ),
            [_step(words, step) for step in steps],
            numeric=(1, 2, 3, 4),
            css="wide",
        ),
        Markup('<p class="small">{}</p>').format(say("beside.ranges_hold_for_all")),
        anchor="doses",
    )


def _step(words: Words, step: DoseStep) -> tuple[str | Markup, ...]:
    profit = step.incremental_profit
    return (
        named(f"{words.arm(step.from_arm)} → {words.arm(step.to_arm)}"),
        _ranged(words, step.relative),
        "—" if profit is None else words.money(profit.value),
        "—" if step.extra_cost is None else words.money(step.extra_cost),
        "—"
        if step.ropi is None
        else f"{words.lift(step.ropi.value)} "
        f"({words.range(step.ropi.interval, words.lift)})",
    )


def _between(words: Words, metric: str, quantity: Quantity) -> str:
    return words.range(quantity, lambda value: words.difference(metric, value))


def _ranged(words: Words, lift: Quantity | None) -> str:
    if lift is None:
        return "—"
    return f"{words.lift(lift.value)} ({words.range(lift, words.lift)})"
