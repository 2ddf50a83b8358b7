"""All sentences about results, each no stronger than its number."""

from __future__ import annotations

from holdback.experiments.scorecard import (
    Finding,
    Interaction,
    Look,
    Quantity,
    Readout,
    Scorecard,
)
from holdback.reports.words import Words
from holdback.stats.normal import quantile

__all__ = [
    "above",
    "after_looks",
    "baseline",
    "below",
    "changed",
    "checked",
    "differ",
    "guardrail",
    "look",
    "no_number",
    "preview",
    "reached",
    "status",
    "sure",
    "unclear",
]

OUTCOME_WORDS = {
    "ship": "keep it on",
    "hold_back": "do not ship it",
    "keep_testing": "not settled yet",
    "stop": "stop",
    "invalid": "cannot be used",
}
DIFFERENT = 0.1
VERDICT_WORDS = {
    "better": "Better",
    "worse": "Worse",
    "equivalent": "No real difference",
    "unclear": "Can’t tell yet",
    "safe": "Within the limit",
    "at_risk": "May be past the limit",
    "breached": "Past the limit",
}


def changed(words: Words, readout: Readout) -> str:
    """What a metric did, with its range: “rose by 6.5 % (likely +1 % to +12 %)”."""
    if readout.relative is not None:
        effect = readout.relative
        by = words.share(abs(effect.value))
        likely = words.range(effect, words.lift)
    elif readout.absolute is not None and readout.absolute.has_interval:
        effect = readout.absolute
        by = words.difference(readout.metric, abs(effect.value)).lstrip("+")
        likely = words.range(effect, lambda v: words.difference(readout.metric, v))
    else:
        return no_number(words, readout)
    label = words.label(readout.metric)
    arm, control = words.arm(readout.arm), words.arm(readout.control)
    way = "was higher" if effect.value > 0 else "was lower"
    told = f"{label} {way} by {by} in “{arm}” than in “{control}”"
    tail = "" if _excludes_zero(effect) else ", so chance alone may explain it"
    return f"{told} (likely {likely}{tail})."


def baseline(words: Words, readout: Readout) -> str:
    """The primary's value in both arms, so that a percentage has a size."""
    if readout.estimates is None:
        return ""
    treated = words.value(readout.metric, readout.estimates.treatment.value)
    control = words.value(readout.metric, readout.estimates.control.value)
    plain = (
        ""
        if readout.unadjusted is None
        else ", before the adjustment for behaviour before the test"
    )
    return (
        f"It was {treated} in “{words.arm(readout.arm)}” and {control} in "
        f"“{words.arm(readout.control)}”{plain}."
    )


def sure(words: Words, readout: Readout, minimum: float = 0.0) -> str:
    """How sure we are that the metric improved, and by the least that matters."""
    assert readout.bayes is not None  # noqa: S101  # the caller has looked
    record = words.metrics.get(readout.metric)
    rise = record is None or record.better == "higher"
    chance = readout.bayes.p_positive if rise else 1 - readout.bayes.p_positive
    way = "rose" if rise else "fell"
    cause = f"“{words.arm(readout.arm)}”" if words.several else "it"
    enough = (
        f", and that it {way} by {words.share(minimum)} or more, the smallest change "
        f"that matters, {words.chance(readout.bayes.p_above_minimum)}"
        if minimum > 0
        else ""
    )
    return (
        f"The chance that {words.label(readout.metric)} really {way} because of "
        f"{cause} is {words.chance(chance)}{enough}."
    )


def no_number(words: Words, readout: Readout) -> str:
    """Why a metric has no lift."""
    return f"{words.label(readout.metric)} cannot be compared. {readout.note}"


def preview(why: str) -> str:
    """Why nothing is decided from this reading."""
    return f"This is a preview, and nothing is decided from it: {why}."


def look(words: Words, taken: Look, level: float) -> str:
    """Which look this is, what it has cost, and why its ranges are wide."""
    usual = quantile((1 + level) / 2)
    wide = (
        f"ranges reach {words.number(taken.boundary)} standard errors to each side in "
        f"place of {words.number(usual)}"
    )
    if taken.number is None or taken.alpha_spent is None:
        return (
            "The result may be read at any time, with no end in sight; for that, "
            f"{wide}."
        )
    spent = words.share(taken.alpha_spent)
    seen = words.round_share(min(taken.information, 1.0))
    return (
        f"This is look {taken.number}, at {seen} of the planned information. Of "
        f"the {words.share(1 - level)} of error allowed in all, {spent} is spent by "
        f"now, so {wide}."
    )


def after_looks(words: Words, lift: Quantity) -> str:
    """The lift that a stop at a lucky moment does not flatter."""
    return (
        "A test that may stop at each of several looks stops on lucky days too; "
        f"allowing for that, the lift is {words.lift(lift.value)} "
        f"(likely {words.range(lift, words.lift)})."
    )


def reached(words: Words, readout: Readout) -> str:
    """The difference on those whom the treatment really reached."""
    found = readout.reached
    if found is None or found.effect is None:
        return ""

    def write(value: float) -> str:
        return words.difference(readout.metric, value)

    return (
        f"In “{words.arm(readout.arm)}”, {words.share(found.treatment)} of units were "
        f"really reached ({words.share(found.control)} without). If nobody else was "
        f"affected, {words.label(readout.metric)} changed for each of them by "
        f"{write(found.effect.value)} (likely {words.range(found.effect, write)})."
    )


def status(scorecard: Scorecard) -> str:
    """Whether the plan was fixed before the results were seen."""
    if scorecard.status == "confirmatory":
        return "The plan was locked before the results were seen."
    if scorecard.status == "exploratory":
        return (
            "The plan was not locked before the results were seen, so this result is "
            "exploratory."
        )
    fields = ", ".join(scorecard.amended)
    return f"The plan was changed after it was locked, in: {fields}."


def differ(words: Words, test: Interaction) -> str:
    """Whether the groups of a dimension differ in their lift."""
    way = "seem to differ" if test.p_value_adjusted < DIFFERENT else "do not differ"
    return (
        f"The groups {way} in how {words.label(test.metric)} changed by more than "
        f"chance would make them (p {words.p_value(test.p_value)}, corrected for the "
        f"number of such tests {words.p_value(test.p_value_adjusted)})."
    )


def checked(words: Words, check: Finding) -> str:
    """What a check found, its numbers written as the locale does."""
    return words.localized(check.message)


def guardrail(words: Words, readout: Readout) -> str:
    """A guardrail at risk or breached, with its range and its limit."""
    label = words.label(readout.metric)
    if words.several:
        label = f"{label} in “{words.arm(readout.arm)}”"
    limit = (
        words.round_share(readout.margin or 0.0)
        if readout.margin_scale == "relative"
        else words.value(readout.metric, readout.margin or 0.0)
    )
    effect = (
        readout.relative if readout.margin_scale == "relative" else readout.absolute
    )
    if effect is None:
        return f"{label} has no range to hold against its limit of {limit}."
    if readout.margin_scale == "relative":
        likely = words.range(effect, words.lift)
    else:
        likely = words.range(effect, lambda v: words.difference(readout.metric, v))
    state = (
        f"is past the limit of {limit} that was set"
        if readout.verdict == "breached"
        else f"may be past the limit of {limit} that was set"
        if readout.verdict == "at_risk"
        else f"stays within the limit of {limit} that was set"
    )
    return f"{label} {state} (likely {likely})."


def above(words: Words, readout: Readout, bar: float, rule: str) -> str:
    """The interval lies above the bar."""
    told = _bar(words, readout, bar, rule)
    return f"{changed(words, readout)} The whole range is better than {told}."


def below(words: Words, readout: Readout, bar: float, rule: str) -> str:
    """The interval lies below the bar."""
    told = _bar(words, readout, bar, rule)
    return f"{changed(words, readout)} The whole range falls short of {told}."


def unclear(words: Words, readout: Readout, bar: float, rule: str) -> str:
    """The interval straddles the bar."""
    told = _bar(words, readout, bar, rule)
    return (
        f"{changed(words, readout)} The range lies on both sides of {told}, so this is "
        "unclear."
    )


def _bar(words: Words, readout: Readout, bar: float, rule: str) -> str:
    record = words.metrics.get(readout.metric)
    sign = -1 if record is not None and record.better == "lower" else 1
    if bar == 0:
        return "no change"
    name = "the accepted loss" if rule == "not_worse" else "the minimum lift"
    return f"{name} of {words.lift(sign * bar)}"


def _excludes_zero(effect: Quantity) -> bool:
    up = effect.lower is not None and effect.lower > 0
    down = effect.upper is not None and effect.upper < 0
    return up or down
