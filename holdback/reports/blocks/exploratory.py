"""Beside the comparison: steps of intensity, a score's uplift, attribution."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks import join, named, section, table
from holdback.reports.text.locale_format import Words
from holdback.results.exploratory import Attributed, DoseStep, Uplift
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.wording import say

__all__ = ["attribution", "doses", "uplift"]


def doses(scorecard: Scorecard, words: Words) -> Markup:
    """The trend over the doses, and each step to the next one."""
    if not scorecard.dose_steps:
        return Markup("")
    trends = join(
        Markup("<p>{}</p>").format(
            named(
                say(
                    "beside.changes_by_per_unit",
                    metric=words.label(one.metric),
                    slope=words.difference(one.metric, one.slope.value),
                    slope_2=_between(words, one.metric, one.slope),
                    p_value=words.p_told(one.p_value),
                )
            )
        )
        for one in scorecard.dose_trends
    )
    return section(
        say("beside.does_more_do_more"),
        trends,
        table(
            say("beside.each_step_to_a"),
            (
                say("beside.step"),
                say("beside.lift_likely"),
                say("common.extra_profit"),
                say("beside.extra_cost"),
                say("beside.ropi_likely"),
            ),
            [_step(words, one) for one in scorecard.dose_steps],
            numeric=(1, 2, 3, 4),
            css="wide",
        ),
        Markup('<p class="small">{}</p>').format(say("beside.ranges_hold_for_all")),
        anchor="doses",
    )


def uplift(scorecard: Scorecard, words: Words) -> Markup:
    """The curve of each arm, or why there is none."""
    if not scorecard.uplift:
        return Markup("")
    return section(
        say("beside.uplift"),
        *(_uplift(words, one) for one in scorecard.uplift),
        anchor="uplift",
    )


def attribution(scorecard: Scorecard, words: Words) -> Markup:
    """The rules' table and the factor that corrects each."""
    found = scorecard.attributed
    if found is None:
        return Markup("")
    return section(
        say("beside.attribution"),
        Markup("<p><strong>{}</strong></p>").format(say("beside.descriptive")),
        _channels(words, found),
        _rules(words, found),
        anchor="attribution",
    )


def _step(words: Words, one: DoseStep) -> tuple[str | Markup, ...]:
    profit = one.incremental_profit
    return (
        named(f"{words.arm(one.from_arm)} → {words.arm(one.to_arm)}"),
        _ranged(words, one.relative),
        "—" if profit is None else words.money(profit.value),
        "—" if one.extra_cost is None else words.money(one.extra_cost),
        "—"
        if one.ropi is None
        else f"{words.lift(one.ropi.value)} "
        f"({words.range(one.ropi.interval, words.lift)})",
    )


def _ranged(words: Words, lift: Quantity | None) -> str:
    if lift is None:
        return "—"
    return f"{words.lift(lift.value)} ({words.range(lift, words.lift)})"


def _between(words: Words, metric: str, quantity: Quantity) -> str:
    return words.range(quantity, lambda value: words.difference(metric, value))


def _uplift(words: Words, one: Uplift) -> Markup:
    title = say("beside.ranked_by", arm=words.arm(one.arm), score=one.score)
    if one.area is None or one.p_value is None:
        return Markup("<p>{}</p>").format(named(f"{title}: {one.refused}"))
    finds = one.area.lower is not None and one.area.lower > 0
    told = (
        say("beside.the_score_finds_units")
        if finds
        else say("beside.that_the_score_finds")
    )
    rows = [
        (
            words.round_share(round(point.share, 2)),
            words.difference(one.metric, point.gain.value),
            _between(words, one.metric, point.gain),
            words.difference(one.metric, point.random),
        )
        for point in one.curve
    ]
    return Markup("<p>{}</p><p>{}</p>{}").format(
        named(
            say(
                "beside.area_between_the_curve",
                title=title,
                told=told,
                area=words.difference(one.metric, one.area.value),
                area_2=_between(words, one.metric, one.area),
                p_value=words.p_told(one.p_value),
            )
        ),
        say("beside.crossed"),
        table(
            say("beside.gain_per_unit_of", metric=words.label(one.metric)),
            (
                say("beside.treated_best_first"),
                say("beside.gain"),
                say("beside.likely"),
                say("beside.without_a_score"),
            ),
            rows,
            numeric=(0, 1, 2, 3),
        ),
    )


def _channels(words: Words, found: Attributed) -> Markup:
    rows = [
        (
            named(
                say("beside.the_treatments", channel=one.channel)
                if one.treatment
                else one.channel
            ),
            *(
                words.count(credit)
                for credit in (one.first, one.last, one.linear, one.markov)
            ),
        )
        for one in found.channels
    ]
    return Markup("{}<p>{}</p>").format(
        table(
            say("beside.conversions_credited_in_the", metric=words.label(found.metric)),
            (
                say("beside.channel"),
                say("beside.first"),
                say("beside.last"),
                say("beside.linear"),
                say("beside.markov"),
            ),
            rows,
            numeric=(1, 2, 3, 4),
        ),
        say(
            "beside.of_conversions_had_no",
            conversions=words.count(found.conversions),
            untouched=words.count(found.untouched),
        ),
    )


def _rules(words: Words, found: Attributed) -> Markup:
    added = found.incremental
    if added is None:
        return Markup("")
    rows = [
        (
            one.rule,
            words.count(one.credited),
            "—"
            if one.factor is None
            else f"{words.number(one.factor.value)} "
            f"({words.range(one.factor, words.number)})",
        )
        for one in found.rules
    ]
    return Markup("<p>{}</p>{}").format(
        say(
            "beside.the_holdback_says_that",
            added=words.count(added.value),
            count=words.range(added, words.count),
        ),
        table(
            say("beside.incrementality_factor_added_by"),
            (
                say("beside.rule"),
                say("beside.credited_to_the_treatments"),
                say("beside.factor_likely"),
            ),
            rows,
            numeric=(1, 2),
        ),
    )
