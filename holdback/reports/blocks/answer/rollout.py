"""If it goes on: when it has paid, and what a roll-out would earn."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import money_told
from holdback.results.money import Money, PaybackDays, RolloutScenario
from holdback.results.scorecard import Scorecard

__all__ = ["payback_told", "render"]


@blocks.register("rollout", order=110)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Payback and scenarios of the arm that is spoken of, else of each."""
    shown = [m for m in money_told(scorecard) if m.rollout or m.payback_days]
    if not shown:
        return Markup("")
    return section(
        say("going_on.if_it_goes_on"),
        join(_of_arm(words, money) for money in shown),
        anchor="rollout",
    )


def _of_arm(words: Words, money: Money) -> Markup:
    title = Markup("")
    if words.several:
        title = Markup("<h3>{}</h3>").format(named(words.arm(money.arm)))
    return join([title, _payback(words, money), _scenarios(words, money)])


def payback_told(words: Words, payback: PaybackDays) -> str:
    """One sentence of when what was paid once is back."""
    once = words.money(payback.paid_once)
    if payback.value is None and payback.lower is None:
        return say("going_on.the_paid_once_never", once=once)
    if payback.value is None:
        text = say("going_on.at_what_was_found", once=once)
        text += say(
            "going_on.at_best_after_days", count=words.count(payback.lower or 0)
        )
    else:
        text = say(
            "going_on.the_paid_once_are", once=once, found=words.count(payback.value)
        )
        low = words.count(payback.lower) if payback.lower is not None else ""
        if payback.upper is not None:
            text += say("going_on.likely_to", low=low, upper=words.count(payback.upper))
        elif low:
            text += say("going_on.likely_or_more_perhaps", low=low)
        else:
            text += "."
    if payback.p_within_year is not None:
        text += say(
            "going_on.within_a_year", p_within_year=words.chance(payback.p_within_year)
        )
    return say("going_on.this_takes_each_day", text=text)


def _payback(words: Words, money: Money) -> Markup:
    if money.payback_days is None:
        return Markup("")
    return Markup("<p>{}</p>").format(payback_told(words, money.payback_days))


def _scenarios(words: Words, money: Money) -> Markup:
    if not money.rollout:
        return Markup("")
    seasonal = any(scenario.seasonal for scenario in money.rollout)
    return Markup("{}{}<p>{}</p>").format(
        table(
            say("going_on.money_under_each_assumption"),
            heads("going_on.head"),
            [_row(words, scenario) for scenario in money.rollout],
            numeric=(1, 2, 3, 4),
        ),
        Markup("<p>{}</p>").format(say("going_on.seasonal")) if seasonal else "",
        say("going_on.assumed", days=words.count(money.period_days or 0))
        if money.period_days
        else say("going_on.assumed_without_days"),
    )


def _row(words: Words, scenario: RolloutScenario) -> tuple[str, ...]:
    net = scenario.net_profit
    return (
        _called(words, scenario),
        words.count(scenario.horizon_days) if scenario.horizon_days else "—",
        words.count(scenario.units),
        f"{words.money(net.value)} ({words.range(net, words.money)})",
        words.lift(scenario.ropi.value) if scenario.ropi else "—",
    )


def _called(words: Words, scenario: RolloutScenario) -> str:
    if scenario.scenario == "stop":
        return say("going_on.it_stops_with_the")
    if scenario.half_life_days is None:
        return say("going_on.it_goes_on_and")
    return say(
        "going_on.it_goes_on_and_the_lift",
        half_life_days=words.count(scenario.half_life_days),
    )
