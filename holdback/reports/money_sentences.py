"""Sentences about the return: how likely it pays, and when that cannot be said."""

from __future__ import annotations

from holdback.experiments.scorecard import Money, Quantity, Return
from holdback.reports.words import Words

__all__ = [
    "brings_back",
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
    return (
        f"The chance that it earns more than it costs is {chance}, "
        f"and the rule asks for {words.round_share(level)}."
    )


def does_not_pay(words: Words, money: Money, level: float) -> str:
    """It does not pay, with the same certainty."""
    chance = _chance(words, money, level)
    return (
        f"The chance that it earns more than it costs is {chance}; "
        "that it does not is more certain than the "
        f"{words.round_share(level)} the rule asks for."
    )


def may_pay(words: Words, money: Money, level: float) -> str:
    """Whether it pays is open."""
    chance = _chance(words, money, level)
    return (
        f"The chance that it earns more than it costs is {chance}; "
        f"the rule asks for {words.round_share(level)} to ship, and the data do not "
        "settle it."
    )


def no_return() -> str:
    """No return can be stated."""
    return "Whether it pays cannot be said: there is no honest range for the money."


def no_chance(words: Words, found: Return) -> str:
    """A return with a range, but without a lift that a posterior could be of."""
    interval = Quantity(
        value=found.value,
        lower=found.lower,
        upper=found.upper,
        unbounded=found.unbounded,
    )
    return (
        "How likely it is to pay cannot be said, because the money per unit is not "
        "clearly above 0 and so has no lift; the ROPI is likely "
        f"{words.range(interval, words.lift)}."
    )


def _chance(words: Words, money: Money, level: float) -> str:
    assert money.ropi is not None and money.ropi.p_positive is not None  # noqa: S101, PT018
    return words.chance(money.ropi.p_positive, level)


def sure_of_return(words: Words, money: Money) -> list[str]:
    """How likely it is to pay; nothing where no posterior says so."""
    if money.ropi is None or money.ropi.p_positive is None:
        return []
    chance = words.chance(money.ropi.p_positive)
    return [f"The chance that it earns more than it costs is {chance}."]


def brings_back(words: Words, per_unit: float) -> str:
    """What each unit of cost brings back; a loss is called one."""
    unit, ratio = words.money(1), f"{words.times(per_unit)}:1"
    if per_unit < 0:
        loss = words.money(-per_unit)
        return f"Each {unit} of cost came with a loss of {loss} ({ratio})."
    return f"Each {unit} of cost brings back {words.money(per_unit)} ({ratio})."
