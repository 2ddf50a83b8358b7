"""Sentences about the return: how likely it pays, and when that cannot be said."""

from __future__ import annotations

from math import ceil, log1p

from holdback.experiments.expected import Outlook
from holdback.experiments.scorecard import Money, Quantity, Return
from holdback.reports.words import Words
from holdback.wording import say

__all__ = [
    "below_break_even",
    "brings_back",
    "decide_now",
    "does_not_pay",
    "may_pay",
    "no_chance",
    "no_return",
    "pays",
    "sure_of_return",
]


def pays(words: Words, money: Money, level: float) -> str:
    """It pays, with the probability that the rule asks for."""
    chance = _chance(words, money, level)
    return say("money_sentences.pays", chance=chance, level=words.round_share(level))


def does_not_pay(words: Words, money: Money, level: float) -> str:
    """It does not pay, with the same certainty."""
    chance = _chance(words, money, level)
    return say(
        "money_sentences.does_not_pay", chance=chance, level=words.round_share(level)
    )


def may_pay(words: Words, money: Money, level: float) -> str:
    """Whether it pays is open."""
    chance = _chance(words, money, level)
    return say("money_sentences.may_pay", chance=chance, level=words.round_share(level))


def no_return() -> str:
    """No return can be stated."""
    return say("money_sentences.no_return")


def no_chance(words: Words, found: Return) -> str:
    """A return with a range, but without a lift that a posterior could be of."""
    interval = Quantity(
        value=found.value,
        lower=found.lower,
        upper=found.upper,
        unbounded=found.unbounded,
    )
    return say("money_sentences.no_chance", lift=words.range(interval, words.lift))


def _chance(words: Words, money: Money, level: float) -> str:
    assert money.ropi is not None and money.ropi.p_positive is not None  # noqa: S101, PT018
    return words.chance(money.ropi.p_positive, level)


def sure_of_return(words: Words, money: Money) -> list[str]:
    """How likely it is to pay; nothing where no posterior says so."""
    if money.ropi is None or money.ropi.p_positive is None:
        return []
    chance = words.chance(money.ropi.p_positive)
    return [say("money_sentences.sure_of_return", chance=chance)]


def decide_now(words: Words, money: Money) -> str:
    """Which choice risks less where nothing is settled; empty without a posterior."""
    found = money.chances
    if found is None:
        return ""
    kept, stopped = found.expected_loss_if_shipped, found.expected_loss_if_held
    told, other = words.money(kept), words.money(stopped)
    if kept < stopped:
        return say("money_sentences.rather_keep", kept=told, stopped=other)
    return say("money_sentences.rather_stop", kept=told, stopped=other)


def below_break_even(words: Words, money: Money, outlook: Outlook | None) -> str:
    """Where the lift that is looked for would lose money; empty where it would not.

    The size goes with the square of the log lift, at the same precision per unit.
    """
    even = money.break_even_lift
    if outlook is None or even is None or not 0 < outlook.lift < even:
        return ""
    smaller = (log1p(outlook.lift) / log1p(even)) ** 2
    return say(
        "money_sentences.below_break_even",
        lift=words.lift(outlook.lift),
        even=words.lift(even),
        power=f"{10 * outlook.power:.3g}",
        units=words.count(ceil(outlook.units_needed * smaller)),
    )


def brings_back(words: Words, per_unit: float) -> str:
    """What each unit of cost brings back; a loss is called one."""
    unit, ratio = words.money(1), f"{words.times(per_unit)}:1"
    if per_unit < 0:
        loss = words.money(-per_unit)
        return say(
            "money_sentences.each_of_cost_came", unit=unit, loss=loss, ratio=ratio
        )
    return say(
        "money_sentences.each_of_cost_brings",
        unit=unit,
        per_unit=words.money(per_unit),
        ratio=ratio,
    )
