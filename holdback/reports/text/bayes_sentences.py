"""Money with the prior counted in, beside that of the test alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Bayes, Money, Readout, Scorecard
from holdback.stats.posterior import DIRECT
from holdback.stats.posterior.rates import UNIFORM
from holdback.wording import say, texts

__all__ = ["against", "full_amounts", "moved", "prior_name", "with_prior"]

CLEAR = 0.1
"""How far a chance lies from one half until it points somewhere."""
MOVED = 0.25
"""Share of the range's width by which an end moves until that is said."""
Write = Callable[[float], str]


def prior_name(found: Bayes) -> str:
    """How a posterior's prior is called: rates under `weak` and `none` are uniform."""
    if found.method == UNIFORM:
        return say("priors.uniform")
    return texts("priors").get(found.prior, found.prior)


def with_prior(words: Words, money: Money) -> Iterator[tuple[str, str, str]]:
    """What it is, from the test alone, with the prior; only what both know."""
    for name, alone, together, write in _pairs(words, money):
        if alone is not None and together is not None:
            yield name, _told(words, alone, write), _told(words, together, write)


def against(words: Words, readout: Readout) -> str:
    """That a chance and the plain lift point in opposite directions."""
    found, plain = readout.bayes, readout.relative
    if found is None or plain is None or found.method in DIRECT:
        return ""
    rising = found.p_positive - 0.5
    if rising * plain.value >= 0 or abs(rising) < CLEAR:
        return ""
    return say(
        "belief_sentences.against",
        metric=words.names(readout.metric, readout.arm),
        change=words.lift(plain.value),
    )


def full_amounts(words: Words, scorecard: Scorecard, money: Money) -> str:
    """That the chance to earn is of other amounts than the chance of a rise."""
    capped = any(
        (one.metric, one.variant) == (money.value_metric, "raw")
        for one in scorecard.sensitivity
    )
    if not capped or money.ropi is None or money.ropi.p_positive is None:
        return ""
    return say("belief_sentences.full_amounts", metric=words.label(money.value_metric))


def moved(words: Words, money: Money) -> str:
    """The return (or the profit) with the prior, where that moves it visibly."""
    if money.believed is None:
        return ""
    alone, together = money.incremental_profit, money.believed.incremental_profit
    write: Write = words.money
    what = say("belief_sentences.profit")
    if money.ropi is not None and money.believed.ropi is not None:
        alone, together = money.ropi.interval, money.believed.ropi
        what, write = say("summary.ropi"), words.lift
    if not _apart(alone, together):
        return ""
    return say(
        "belief_sentences.moved",
        what=what,
        likely=words.range(together, write),
        alone=words.range(alone, write),
    )


def _pairs(
    words: Words, money: Money
) -> Iterator[tuple[str, Quantity | None, Quantity | None, Write]]:
    found = money.believed
    if found is None:
        return
    ropi = None if money.ropi is None else money.ropi.interval
    yield (
        say("common.extra_revenue"),
        money.incremental_revenue,
        found.incremental_revenue,
        words.money,
    )
    yield (
        say("common.extra_profit"),
        money.incremental_profit,
        found.incremental_profit,
        words.money,
    )
    yield say("summary.ropi"), ropi, found.ropi, words.lift
    yield (
        say("belief_sentences.payback"),
        _days(money),
        found.payback_days,
        partial(_in_days, words),
    )


def _days(money: Money) -> Quantity | None:
    found = money.payback_days
    if found is None or found.value is None:
        return None
    return Quantity(
        value=found.value,
        lower=found.lower,
        upper=found.upper,
        unbounded=found.unbounded,
    )


def _in_days(words: Words, days: float) -> str:
    return say("belief_sentences.days", days=words.count(days))


def _told(words: Words, found: Quantity, write: Write) -> str:
    return f"{write(found.value)} ({words.range(found, write)})"


def _apart(one: Quantity, other: Quantity) -> bool:
    """Whether an end moves by a quarter of the width, across 0, or out of sight."""
    ends = one.lower, one.upper, other.lower, other.upper
    if None in ends:
        return ends[:2] != ends[2:]
    low, high, new_low, new_high = (float(end or 0.0) for end in ends)
    crossed = (low > 0) != (new_low > 0) or (high < 0) != (new_high < 0)
    most = max(abs(new_low - low), abs(new_high - high))
    return crossed or most > MOVED * (high - low)
