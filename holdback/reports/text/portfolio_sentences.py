"""Sentences about a portfolio, each no stronger than its number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from holdback.portfolio.result import Portfolio, Reconciled, Total
from holdback.reports.text.catalog import counted, say
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity, Return
from holdback.stats.posterior.random_effects import ENOUGH_EXPERIMENTS

__all__ = [
    "headline",
    "honesty",
    "keeping",
    "left_out",
    "reconciliation",
    "returned",
    "spread",
    "words_of",
]

ALIKE_FROM = 0.05
DISAGREE_BELOW = 0.05
FEW_FALSE_WINS = 0.05


def words_of(portfolio: Portfolio) -> Words:
    """How a portfolio writes its numbers."""
    return replace(Words.plain(portfolio.locale), currency=portfolio.currency)


def headline(portfolio: Portfolio, words: Words) -> Iterator[str]:
    """What the experiments brought, reported and pulled towards each other."""
    kept = next((t for t in portfolio.totals if t.which == "kept"), None)
    total = kept or next(iter(portfolio.totals), None)
    count = len(portfolio.experiments)
    if total is None:
        yield counted(
            "portfolio_words.finished_without_money", count, count=words.count(count)
        )
        return
    which = say("portfolio_words.kept_on") if kept else say("portfolio_words.finished")
    reported = words.money(total.revenue.value)
    if total.revenue_shrunk is None:
        yield (
            say("portfolio_words.the_one_test_reported", which=which, reported=reported)
        )
        return
    honest = words.money(total.revenue_shrunk.value)
    number = words.count(total.experiments)
    they = (
        say(
            "portfolio_words.the_of_tests_that", number=number, count=words.count(count)
        )
        if kept
        else say("portfolio_words.the_finished_tests", number=number)
    )
    yield (
        say(
            "portfolio_words.brought_about_of_extra",
            they=they,
            honest=honest,
            money=words.range(total.revenue_shrunk, words.money),
        )
    )
    yield (
        say("portfolio_words.their_reports_add_up", reported=reported)
        + (_times(words, total) if kept else "")
        + say("portfolio_words.results_that_are_picked")
    )


def honesty(portfolio: Portfolio, words: Words) -> Iterator[str]:
    """How far the kept tests' sum may still be off, and the sum that is not."""
    totals = {total.which: total for total in portfolio.totals}
    everyone, kept = totals.get("all"), totals.get("kept")
    if everyone is None or kept is None or kept.revenue_shrunk is None:
        return
    count = len(portfolio.experiments)
    yield say(
        "portfolio_words.still_off",
        count=words.count(count),
        reported=words.money(everyone.revenue.value),
        money=words.range(everyone.revenue, words.money),
    )
    if count < ENOUGH_EXPERIMENTS:
        yield say("portfolio_words.mostly_prior", count=words.count(count))


def _times(words: Words, total: Total) -> str:
    shrunk = total.revenue_shrunk
    if shrunk is None or shrunk.value <= 0 or total.revenue.value <= shrunk.value:
        return ""
    return say(
        "portfolio_words.times", times=words.times(total.revenue.value / shrunk.value)
    )


def keeping(portfolio: Portfolio, words: Words) -> str:
    """The win rate, and how many of the winners are probably none."""
    wins = portfolio.wins
    if wins is None:
        return ""
    sentence = say(
        "portfolio_words.of_finished_tests_were",
        kept=words.count(wins.kept),
        finished=words.count(wins.finished),
        rate=words.share(wins.rate.value),
        share=words.range(wins.rate, words.share),
    )
    if wins.false is None:
        return sentence
    few = wins.false < FEW_FALSE_WINS
    number = (
        say("portfolio_words.fewer_than", times=words.times(0.1))
        if few
        else words.times(wins.false)
    )
    return say(
        "portfolio_words.of_those_kept_are",
        told=sentence,
        number=number,
        share=words.share(wins.false / wins.kept),
    )


def spread(portfolio: Portfolio, words: Words) -> Iterator[str]:
    """What the average test does, how tests differ, and what the next may bring."""
    pooled = portfolio.pooled
    if pooled is None:
        return
    yield (
        say(
            "portfolio_words.the_average_test_changed",
            mean=words.lift(pooled.mean.value),
            lift=words.range(pooled.mean, words.lift),
            lift_2=words.range(pooled.next_lift, words.lift),
        )
    )
    same = (
        say("portfolio_words.the_tests_differ_by")
        if pooled.p_value >= ALIKE_FROM
        else say("portfolio_words.the_tests_differ_by_more_than")
    )
    yield (
        say(
            "portfolio_words.p_true_lifts_are",
            same=same,
            p_value=words.p_told(pooled.p_value),
            nil=words.round_share(pooled.nil_share or 0.0),
            tau=words.share(pooled.tau),
            tau_moments=words.share(pooled.tau_moments),
        )
    )


def reconciliation(reconciled: Reconciled, words: Words) -> str:
    """Whether the long-run holdback shows what the tests promised."""
    seen = say(
        "portfolio_words.the_holdback_shows_in",
        experiment=reconciled.experiment,
        seen=words.lift(reconciled.seen.value),
        lift=words.range(reconciled.seen, words.lift),
    )
    if reconciled.other_metric:
        return say("portfolio_words.another_metric", seen=seen)
    if reconciled.expected is None or reconciled.p_value is None:
        return say("portfolio_words.no_finished_test_kept", seen=seen)
    expected = say(
        "portfolio_words.tests_together_let_expect",
        tests=words.count(reconciled.tests),
        expected=words.lift(reconciled.expected.value),
        lift=words.range(reconciled.expected, words.lift),
    )
    p = words.p_told(reconciled.p_value)
    if reconciled.p_value >= DISAGREE_BELOW:
        return say(
            "portfolio_words.they_agree_as_far", seen=seen, expected=expected, p=p
        )
    less = reconciled.expected.value > reconciled.seen.value
    way = say("portfolio_words.less") if less else say("portfolio_words.more")
    cause = (
        say("portfolio_words.fade_overlap_or_were")
        if less
        else say("portfolio_words.grow_or_add_to")
    )
    return say(
        "portfolio_words.the_holdback_shows_than",
        seen=seen,
        expected=expected,
        way=way,
        p=p,
        cause=cause,
    )


def returned(words: Words, ratio: Return) -> str:
    """ROPI with its range."""
    interval = Quantity(value=ratio.value, lower=ratio.lower, upper=ratio.upper)
    return f"{words.lift(ratio.value)} ({words.range(interval, words.lift)})"


def left_out(portfolio: Portfolio) -> Iterator[tuple[str, str]]:
    """Experiments that do not count, and why; those without any result at last."""
    for experiment in portfolio.left_out:
        yield experiment.experiment, str(experiment.reason)
    for name in portfolio.unanalyzed:
        yield name, say("portfolio_words.left_out")
