"""Beside the comparison: steps of intensity, a score's uplift, attribution."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.beside_record import Attributed, DoseStep, Uplift
from holdback.experiments.quantity import Quantity
from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import join, named, section, table
from holdback.reports.words import Words

__all__ = ["attribution", "doses", "uplift"]

DESCRIPTIVE = (
    "Descriptive, not causal: each rule hands out every conversion that a channel "
    "touched, also those that would have come anyway. What the treatment added is "
    "what the holdback says; the factor corrects what a rule credits."
)
CROSSED = (
    "Treating only units that the score ranks highest would gain this much for each "
    "unit of all. The score must be from before the test: one that has seen the "
    "outcomes flatters itself."
)


def doses(scorecard: Scorecard, words: Words) -> Markup:
    """The trend over the doses, and each step to the next one."""
    if not scorecard.dose_steps:
        return Markup("")
    trends = join(
        Markup("<p>{}</p>").format(
            named(
                f"{words.label(one.metric)} changes by "
                f"{words.difference(one.metric, one.slope.value)} per unit of dose "
                f"(likely {_between(words, one.metric, one.slope)}; "
                f"{_p(words, one.p_value)})."
            )
        )
        for one in scorecard.dose_trends
    )
    return section(
        "Does more do more?",
        trends,
        table(
            "Each step to a more intense arm",
            ("Step", "Lift (likely)", "Extra profit", "Extra cost", "ROPI (likely)"),
            [_step(words, one) for one in scorecard.dose_steps],
            numeric=(1, 2, 3, 4),
        ),
        Markup('<p class="small">{}</p>').format(
            "Ranges hold for all steps at once. Extra cost is that of the step's own "
            "units, less what they would have cost one dose lower; its ROPI says "
            "whether the step itself pays."
        ),
        anchor="doses",
    )


def uplift(scorecard: Scorecard, words: Words) -> Markup:
    """The curve of each arm, or why there is none."""
    if not scorecard.uplift:
        return Markup("")
    return section(
        "Whom does it move?",
        *(_uplift(words, one) for one in scorecard.uplift),
        anchor="uplift",
    )


def attribution(scorecard: Scorecard, words: Words) -> Markup:
    """The rules' table and the factor that corrects each."""
    found = scorecard.attributed
    if found is None:
        return Markup("")
    return section(
        "What attribution would say",
        Markup("<p><strong>{}</strong></p>").format(DESCRIPTIVE),
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


def _p(words: Words, value: float) -> str:
    text = words.p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _ranged(words: Words, lift: Quantity | None) -> str:
    if lift is None:
        return "—"
    return f"{words.lift(lift.value)} ({words.range(lift, words.lift)})"


def _between(words: Words, metric: str, quantity: Quantity) -> str:
    return words.range(quantity, lambda value: words.difference(metric, value))


def _uplift(words: Words, one: Uplift) -> Markup:
    title = f"{words.arm(one.arm)}, ranked by {one.score}"
    if one.area is None or one.p_value is None:
        return Markup("<p>{}</p>").format(named(f"{title}: {one.refused}"))
    finds = one.area.lower is not None and one.area.lower > 0
    told = (
        "The score finds units that the treatment moves more."
        if finds
        else "That the score finds such units is not shown."
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
            f"{title}: {told} Area between the curve and that of a useless score "
            f"{words.difference(one.metric, one.area.value)} "
            f"(likely {_between(words, one.metric, one.area)}; "
            f"{_p(words, one.p_value)})."
        ),
        CROSSED,
        table(
            f"Gain per unit of all in {words.label(one.metric)}",
            ("Treated, best first", "Gain", "Likely", "Without a score"),
            rows,
            numeric=(0, 1, 2, 3),
        ),
    )


def _channels(words: Words, found: Attributed) -> Markup:
    rows = [
        (
            named(f"{one.channel} (the treatment's)" if one.treatment else one.channel),
            *(
                words.count(credit)
                for credit in (one.first, one.last, one.linear, one.markov)
            ),
        )
        for one in found.channels
    ]
    return Markup("{}<p>{}</p>").format(
        table(
            f"{words.label(found.metric)}: conversions credited in the treated arms",
            ("Channel", "First", "Last", "Linear", "Markov"),
            rows,
            numeric=(1, 2, 3, 4),
        ),
        f"Of {words.count(found.conversions)} conversions "
        f"{words.count(found.untouched)} had no touch.",
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
        f"The holdback says that the treatment added {words.count(added.value)} "
        f"(likely {words.range(added, words.count)}).",
        table(
            "Incrementality factor: added by credited",
            ("Rule", "Credited to the treatment's channels", "Factor (likely)"),
            rows,
            numeric=(1, 2),
        ),
    )
