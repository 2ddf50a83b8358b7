"""Sentences about the return: how likely it pays, and when that cannot be said."""

from __future__ import annotations

from math import ceil, log1p

from holdback.reports.text.locale_format import Words
from holdback.results.against_plan import Outlook
from holdback.results.scorecard import Money, Quantity, Return
from holdback.wording import say

__all__ = [
    "added_share",
    "although",
    "below_break_even",
    "brings_back",
    "decide_now",
    "does_not_pay",
    "may_pay",
    "money_and_lift",
    "no_chance",
    "no_return",
    "nothing_to_pay",
    "pays",
    "sure_of_return",
]


def pays(words: Words, money: Money, level: float) -> str:
    """It pays, with the probability that the rule asks for."""
    chance = _chance(words, money, level)
    return say("money_sentences.pays", chance=chance, level=words.round_share(level))


def although(words: Words, money: Money, level: float) -> str:
    """It pays, and yet a guardrail forbids it."""
    chance = _chance(words, money, level)
    return say(
        "money_sentences.although", chance=chance, level=words.round_share(level)
    )


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


def nothing_to_pay(words: Words, money: Money) -> str:
    """Costs of 0 have no return; the profit, with savings, decides."""
    profit = money.net_profit or money.incremental_profit
    return say(
        "money_sentences.nothing_to_pay", likely=words.range(profit, words.money)
    )


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


def added_share(words: Words, share: Quantity) -> str:
    """What part of the revenue is the treatment's, in place of what it touched.

    A part that is surely lost is told as what would have come besides.
    """
    if share.upper is not None and share.upper < 0:
        lower = None if share.lower is None else -share.lower
        missed = Quantity(value=-share.value, lower=-share.upper, upper=lower)
        return say(
            "money_sentences.shares.lost",
            found=words.share(missed.value),
            share=words.range(missed, words.share),
        )
    told = {"found": words.share(share.value), "share": words.range(share, words.share)}
    if share.lower is not None and share.lower > 0:
        return say("money_sentences.shares.added", **told)
    return say("money_sentences.shares.unclear", **told)


def money_and_lift(words: Words, money: Money) -> str:
    """Why the money may lose more than it gains where the lift does not.

    The share s of the revenue that was added is the lift s / (1 − s). Empty where the
    two ranges lean to the same side.
    """
    revenue, share = money.incremental_revenue, money.incremental_share
    if share is None or share.lower is None or share.upper is None:
        return ""
    if revenue.lower is None or revenue.upper is None or share.upper >= 1:
        return ""
    down, up = (one / (1 - one) for one in (share.lower, share.upper))
    if not down < 0 < up or -down > up or -revenue.lower < revenue.upper:
        return ""
    return say(
        "money_sentences.money_and_lift",
        down=words.lift(down),
        lost=words.money(-revenue.lower),
        up=words.lift(up),
        gained=words.money(revenue.upper),
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
