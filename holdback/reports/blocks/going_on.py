"""If it goes on: payback and roll-out, and ratios of what was added."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.returns_record import (
    IncrementalRatio,
    PaybackDays,
    RolloutScenario,
)
from holdback.experiments.scorecard import Money, Scorecard
from holdback.reports.blocks import named, section, table
from holdback.reports.words import Words

__all__ = ["added", "payback_told", "render"]

ASSUMED = (
    "Only the first line was measured. The others carry the lift of {days} days over "
    "to more time and more units; their ranges are those of the test, and do not "
    "cover whether the lift lasts. Plan with the first line, hope for the last."
)
SEASONAL = "The lift is applied to last year's revenue of the same periods."


def render(scorecard: Scorecard, words: Words) -> Markup:
    """Payback and scenarios of all treatment arms together; nothing without them."""
    found = next((m for m in scorecard.money if m.arm == "*"), None)
    if found is None or not (found.rollout or found.payback_days):
        return Markup("")
    return section(
        "If it goes on",
        _payback(words, found),
        _scenarios(words, found),
        anchor="rollout",
    )


def added(scorecard: Scorecard, words: Words) -> Markup:
    """Ratios of the arms beside the ratio of what the treatment added."""
    if not scorecard.incremental:
        return Markup("")
    rows = [
        (
            named(f"{words.label(one.metric)}, {words.arm(one.arm)}"),
            _value(words, one, one.control),
            _value(words, one, one.treatment),
            _added(words, one),
        )
        for one in scorecard.incremental
    ]
    return section(
        "Extra return on extra spend",
        Markup("<p>{}</p>").format(
            "A ratio within an arm credits the spend with everything that came. What "
            "counts is extra over extra: the arms' difference above the line by their "
            "difference below it."
        ),
        table(
            "Ratios of the arms, and of what was added",
            ("Ratio", "Control", "Treatment", "Added (likely)"),
            rows,
            numeric=(1, 2, 3),
        ),
        anchor="added",
    )


def payback_told(words: Words, found: PaybackDays) -> str:
    """One sentence of when what was paid once is back."""
    once = words.money(found.paid_once)
    if found.value is None and found.lower is None:
        return f"The {once} paid once never come back at this rate."
    if found.value is None:
        text = f"At what was found the {once} paid once never come back"
        text += f"; at best after {words.count(found.lower or 0)} days."
    else:
        text = f"The {once} paid once are back after {words.count(found.value)} days"
        low = words.count(found.lower) if found.lower is not None else ""
        if found.upper is not None:
            text += f" (likely {low} to {words.count(found.upper)})."
        elif low:
            text += f" (likely {low} or more, perhaps never)."
        else:
            text += "."
    if found.p_within_year is not None:
        text += f" Within a year: {words.chance(found.p_within_year)}."
    return f"{text} This takes each day to be like an average one of the test."


def _payback(words: Words, money: Money) -> Markup:
    if money.payback_days is None:
        return Markup("")
    return Markup("<p>{}</p>").format(payback_told(words, money.payback_days))


def _scenarios(words: Words, money: Money) -> Markup:
    if not money.rollout:
        return Markup("")
    seasonal = any(one.seasonal for one in money.rollout)
    return Markup("{}{}<p>{}</p>").format(
        table(
            "Money under each assumption",
            ("If", "Days", "Units", "Profit after costs (likely)", "ROPI"),
            [_row(words, one) for one in money.rollout],
            numeric=(1, 2, 3, 4),
        ),
        Markup("<p>{}</p>").format(SEASONAL) if seasonal else "",
        ASSUMED.format(days=words.count(money.period_days or 0))
        if money.period_days
        else ASSUMED.replace("of {days} days ", ""),
    )


def _row(words: Words, one: RolloutScenario) -> tuple[str, ...]:
    net = one.net_profit
    return (
        _called(words, one),
        words.count(one.horizon_days) if one.horizon_days else "—",
        words.count(one.units),
        f"{words.money(net.value)} ({words.range(net, words.money)})",
        words.lift(one.ropi.value) if one.ropi else "—",
    )


def _called(words: Words, one: RolloutScenario) -> str:
    if one.scenario == "stop":
        return "it stops with the test (measured)"
    if one.half_life_days is None:
        return "it goes on and the lift stays"
    return (
        f"it goes on and the lift halves every {words.count(one.half_life_days)} days"
    )


def _value(words: Words, one: IncrementalRatio, value: float | None) -> str:
    return "—" if value is None else words.value(one.metric, value)


def _added(words: Words, one: IncrementalRatio) -> str:
    if one.added is None:
        return one.note

    def write(value: float) -> str:
        return words.value(one.metric, value)

    return f"{write(one.added.value)} ({words.range(one.added, write)})"
