"""Sentences about the return: how likely it pays, and when that cannot be said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil, log1p

from holdback.reports.text.catalog import say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.money import Money
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Bayes, Readout, Scorecard
from holdback.results.sections.against_plan import Outlook
from holdback.results.sections.sensitivity import Sensitivity
from holdback.stats.posterior.posterior import DIRECT
from holdback.stats.posterior.rates import UNIFORM

__all__ = [
    "added_share",
    "against",
    "below_break_even",
    "brings_back",
    "decide_now",
    "full_amounts",
    "kept_by_mistake",
    "money_and_lift",
    "moved",
    "prior_name",
    "questioned",
    "sure_of_return",
    "with_prior",
]


def sure_of_return(words: Words, money: Money) -> list[str]:
    """How likely it is to pay; nothing where no posterior says so."""
    if money.ropi is None or money.ropi.p_positive is None:
        return []
    chance = words.chance(money.ropi.p_positive)
    return [say("money_sentences.sure_of_return", chance=chance)]


def decide_now(words: Words, money: Money) -> str:
    """Which choice risks less where nothing is settled; empty without a posterior."""
    chances = money.chances
    if chances is None:
        return ""
    kept, stopped = chances.expected_loss_if_shipped, chances.expected_loss_if_held
    loss_if_kept, loss_if_stopped = words.money(kept), words.money(stopped)
    if kept < stopped:
        return say(
            "money_sentences.rather_keep", kept=loss_if_kept, stopped=loss_if_stopped
        )
    return say(
        "money_sentences.rather_stop", kept=loss_if_kept, stopped=loss_if_stopped
    )


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
    shares = {
        "found": words.share(share.value),
        "share": words.range(share, words.share),
    }
    if share.lower is not None and share.lower > 0:
        return say("money_sentences.shares.added", **shares)
    return say("money_sentences.shares.unclear", **shares)


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


CLEAR_CHANCE = 0.1
"""How far a chance lies from one half until it points somewhere."""
MOVED = 0.25
"""Share of the range's width by which an end moves until that is said."""
Write = Callable[[float], str]


def prior_name(bayes: Bayes) -> str:
    """How a posterior's prior is called: rates under `weak` and `none` are uniform."""
    if bayes.method == UNIFORM:
        return say("priors.uniform")
    return texts("priors").get(bayes.prior, bayes.prior)


def with_prior(words: Words, money: Money) -> Iterator[tuple[str, str, str]]:
    """What it is, from the test alone, with the prior; only what both know."""
    for name, alone, together, write in _pairs(words, money):
        if alone is not None and together is not None:
            yield name, _told(words, alone, write), _told(words, together, write)


def against(words: Words, readout: Readout) -> str:
    """That a chance and the plain lift point in opposite directions."""
    bayes, plain = readout.bayes, readout.relative
    if bayes is None or plain is None or bayes.method in DIRECT:
        return ""
    rising = bayes.p_positive - 0.5
    if rising * plain.value >= 0 or abs(rising) < CLEAR_CHANCE:
        return ""
    return say(
        "belief_sentences.against",
        metric=words.names(readout.metric, readout.arm),
        change=words.lift(plain.value),
    )


def kept_by_mistake(scorecard: Scorecard) -> str:
    """How often the rule keeps on what is not worth it; empty where nothing decides.

    `profit` asks for one side at the level, the other rules for a range with two. A
    flat prior keeps just that promise, another one errs less often. With several arms
    each has its own.
    """
    decision, treated = scorecard.decision, [a for a in scorecard.arms if not a.control]
    unsure = scorecard.validity.is_invalid or scorecard.validity.is_preview
    if decision is None or unsure or len(treated) > 1:
        return ""
    by_profit = decision.rule == "profit"
    count = f"{100 * (1 - scorecard.level) / (1 if by_profit else 2):.3g}"
    flat = not by_profit or _is_flat(scorecard)
    often = say(f"confidence.mistakes.{'about' if flat else 'at_most'}", count=count)
    return say(f"confidence.mistakes.{decision.rule}", often=often)


def _is_flat(scorecard: Scorecard) -> bool:
    """Whether the money's chance rests on the data alone, as far as is known."""
    value = next((money.value_metric for money in scorecard.money), None)
    chances = [r.bayes for r in scorecard.readouts if r.metric == value and r.bayes]
    return (
        any(bayes.prior == "none" or bayes.method == UNIFORM for bayes in chances)
        or not chances
    )


def full_amounts(words: Words, scorecard: Scorecard, money: Money) -> str:
    """That the chance to earn is of other amounts than the chance of a rise."""
    capped = any(
        (one.metric, one.variant) == (money.value_metric, "raw")
        for one in scorecard.section(Sensitivity)
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
    believed = money.believed
    if believed is None:
        return
    ropi = None if money.ropi is None else money.ropi.interval
    yield (
        say("common.extra_revenue"),
        money.incremental_revenue,
        believed.incremental_revenue,
        words.money,
    )
    yield (
        say("common.gross_profit"),
        money.incremental_profit,
        believed.incremental_profit,
        words.money,
    )
    yield say("summary.ropi"), ropi, believed.ropi, words.lift
    yield (
        say("belief_sentences.payback"),
        _days(money),
        believed.payback_days,
        partial(_in_days, words),
    )


def _days(money: Money) -> Quantity | None:
    days = money.payback_days
    if days is None or days.value is None:
        return None
    return Quantity(
        value=days.value,
        lower=days.lower,
        upper=days.upper,
        unbounded=days.unbounded,
    )


def _in_days(words: Words, days: float) -> str:
    return say("belief_sentences.days", days=words.count(days))


def _told(words: Words, quantity: Quantity, write: Write) -> str:
    return f"{write(quantity.value)} ({words.range(quantity, write)})"


def _apart(one: Quantity, other: Quantity) -> bool:
    """Whether an end moves by a quarter of the width, across 0, or out of sight."""
    ends = one.lower, one.upper, other.lower, other.upper
    if None in ends:
        return ends[:2] != ends[2:]
    low, high, new_low, new_high = (float(end or 0.0) for end in ends)
    crossed = (low > 0) != (new_low > 0) or (high < 0) != (new_high < 0)
    most = max(abs(new_low - low), abs(new_high - high))
    return crossed or most > MOVED * (high - low)


def questioned(words: Words, ratio: float, limit: float) -> str:
    """The sentence that asks whether such a return can be."""
    return say(
        "implausible.questioned",
        ratio=words.times(ratio),
        limit=words.count(limit),
    )
