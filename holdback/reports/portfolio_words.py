"""Sentences about a portfolio, each no stronger than its number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from holdback.experiments.portfolio_record import Portfolio, Reconciled, Total
from holdback.experiments.scorecard import Quantity, Return
from holdback.reports.words import Words

__all__ = [
    "headline",
    "keeping",
    "left_out",
    "reconciliation",
    "returned",
    "spread",
    "words_of",
]

ALIKE = 0.1
CLEAR = 0.05
FEWEST = 0.05


def words_of(found: Portfolio) -> Words:
    """How a portfolio writes its numbers."""
    return replace(Words.plain(found.locale), currency=found.currency)


def headline(found: Portfolio, words: Words) -> Iterator[str]:
    """What the experiments brought, reported and pulled towards each other."""
    kept = next((t for t in found.totals if t.which == "kept"), None)
    total = kept or next(iter(found.totals), None)
    count = len(found.experiments)
    noun = "experiment is" if count == 1 else "experiments are"
    if total is None:
        yield f"{words.count(count)} {noun} finished; none of them counts money."
        return
    which = "kept on" if kept else "finished"
    reported = words.money(total.revenue.value)
    if total.revenue_shrunk is None:
        yield (
            f"The one {which} test reported {reported} of extra revenue; there is no "
            "other to hold it against."
        )
        return
    honest = words.money(total.revenue_shrunk.value)
    number = words.count(total.experiments)
    they = (
        f"The {number} of {words.count(count)} tests that were kept on"
        if kept
        else f"The {number} finished tests"
    )
    yield (
        f"{they} brought about {honest} of extra revenue "
        f"(likely {words.range(total.revenue_shrunk, words.money)})."
    )
    yield (
        f"Their reports add up to {reported}"
        + (_times(words, total) if kept else "")
        + ". Results that are picked for being good are too good on average; each was "
        "therefore pulled towards what all finished tests show, winners or not."
    )


def _times(words: Words, total: Total) -> str:
    shrunk = total.revenue_shrunk
    if shrunk is None or shrunk.value <= 0 or total.revenue.value <= shrunk.value:
        return ""
    return f", {words.times(total.revenue.value / shrunk.value)} times as much"


def keeping(found: Portfolio, words: Words) -> str:
    """The win rate, and how many of the winners are probably none."""
    wins = found.wins
    if wins is None:
        return ""
    told = (
        f"{words.count(wins.kept)} of {words.count(wins.finished)} finished tests were "
        f"kept on ({words.share(wins.rate.value)}, likely "
        f"{words.range(wins.rate, words.share)} in the long run)."
    )
    if wins.false is None:
        return told
    few = wins.false < FEWEST
    number = f"fewer than {words.times(0.1)}" if few else words.times(wins.false)
    return (
        f"{told} Of those kept, {number} are expected to do nothing or harm "
        f"({words.share(wins.false / wins.kept)})."
    )


def spread(found: Portfolio, words: Words) -> Iterator[str]:
    """What the average test does, how tests differ, and what the next may bring."""
    pooled = found.pooled
    if pooled is None:
        return
    yield (
        f"The average test changed its metric by {words.lift(pooled.mean.value)} "
        f"(likely {words.range(pooled.mean, words.lift)}). One more of the kind would "
        f"show a true change of {words.range(pooled.next_lift, words.lift)}, 95 times "
        "in 100."
    )
    same = (
        "The tests differ by no more than chance would make them differ"
        if pooled.p_value >= ALIKE
        else "The tests differ by more than chance"
    )
    yield (
        f"{same} (p = {words.p_value(pooled.p_value)}); true lifts are spread by about "
        f"{words.share(pooled.tau)} (by moments {words.share(pooled.tau_moments)})."
    )


def reconciliation(one: Reconciled, words: Words) -> str:
    """Whether the long-run holdback shows what the tests promised."""
    seen = (
        f"The holdback “{one.experiment}” shows {words.lift(one.seen.value)} in all "
        f"(likely {words.range(one.seen, words.lift)})."
    )
    if one.expected is None or one.p_value is None:
        return (
            f"{seen} No finished test kept its units out (`assignment: {{holdout: …}}`)"
            ", so there is nothing to hold it against."
        )
    expected = (
        f"{words.count(one.tests)} tests together let expect "
        f"{words.lift(one.expected.value)} "
        f"(likely {words.range(one.expected, words.lift)})"
    )
    p = words.p_value(one.p_value)
    if one.p_value >= CLEAR:
        return f"{seen} {expected}: they agree as far as the data tell (p = {p})."
    less = one.expected.value > one.seen.value
    way = "less" if less else "more"
    cause = (
        "fade, overlap or were measured too large"
        if less
        else "grow or add to each other"
    )
    return (
        f"{seen} {expected}: the holdback shows {way} than the tests promised, beyond "
        f"chance (p = {p}). Effects that {cause} would do that."
    )


def returned(words: Words, found: Return) -> str:
    """ROPI with its range."""
    interval = Quantity(value=found.value, lower=found.lower, upper=found.upper)
    return f"{words.lift(found.value)} ({words.range(interval, words.lift)})"


def left_out(found: Portfolio) -> Iterator[tuple[str, str]]:
    """Experiments that do not count, and why; those without any result at last."""
    for one in found.left_out:
        yield one.experiment, one.reason
    for name in found.unanalyzed:
        yield name, "it was never analyzed."
