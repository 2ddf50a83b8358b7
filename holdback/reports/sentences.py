"""All sentences about results, each no stronger than its number."""

from __future__ import annotations

from math import expm1, log1p

from holdback.experiments.expected import Outlook
from holdback.experiments.replays import MethodRecord, Simulation
from holdback.experiments.scorecard import (
    Finding,
    Interaction,
    Look,
    Money,
    Quantity,
    Readout,
    Return,
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
    "differ",
    "does_not_pay",
    "failed_check",
    "guardrail",
    "look",
    "may_pay",
    "no_chance",
    "no_number",
    "no_return",
    "pays",
    "preview",
    "reach",
    "reached",
    "replayed",
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
POWER = 0.8
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


def sure(words: Words, readout: Readout) -> str:
    """How sure we are that the metric really improved, as a natural frequency."""
    assert readout.bayes is not None  # noqa: S101  # the caller has looked
    record = words.metrics.get(readout.metric)
    rise = record is None or record.better == "higher"
    chance = readout.bayes.p_positive if rise else 1 - readout.bayes.p_positive
    way = "rose" if rise else "fell"
    return (
        f"The chance that {words.label(readout.metric)} really {way} because of it is "
        f"{words.chance(chance)}."
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


def reach(words: Words, readout: Readout, level: float, minimum: float) -> str:
    """What a test of this precision can find, whatever it has found.

    From the width of the range alone: 80 % power at this standard error, never power
    at the lift that was seen. `level` is that of the range.
    """
    lift = readout.relative
    if lift is None or lift.lower is None or lift.upper is None or lift.lower <= -1:
        return ""
    width = log1p(lift.upper) - log1p(lift.lower)
    z = quantile((1 + level) / 2)
    found = (z + quantile(POWER)) * width / (2 * z)
    least = words.share(expm1(found))
    told = f"A test as precise as this one finds a true lift of {least} 8 times in 10"
    if 0 < minimum < expm1(found):
        times = (found / log1p(minimum)) ** 2
        return (
            f"{told}; to find {words.share(minimum)}, the smallest that matters, as "
            f"often takes {words.number(times)} times as many units."
        )
    return f"{told}."


def replayed(words: Words, found: Simulation) -> str:
    """How often the reading was wrong on the experiment's own units."""
    ours, welch = found.record("chosen"), found.record("welch")
    alarms = (
        f"On these units, split at random {words.count(found.replays)} times with "
        f"nothing to find, this reading of {found.label} cried wolf in "
        f"{_alarms(words, ours)}, and the usual t test would have in "
        f"{_alarms(words, welch)}; {words.share(1 - found.level)} is what was promised."
    )
    return (
        f"{alarms} With a true lift of {words.lift(found.lift)} put in, it was found "
        f"in {words.share(ours.power)} of {words.count(found.replays_with_lift)} "
        f"replays (t test: {words.share(welch.power)}), and the range held it in "
        f"{words.share(ours.coverage)} ({words.share(welch.coverage)})."
    )


def _alarms(words: Words, record: MethodRecord) -> str:
    return (
        f"{words.share(record.false_alarms)} ({words.share(record.false_wins)} wins, "
        f"{words.share(record.false_losses)} losses)"
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


def failed_check(check: Finding) -> str:
    """A failed check as the reason of an invalid result."""
    return check.message


def guardrail(words: Words, readout: Readout) -> str:
    """A guardrail at risk or breached, with its range and its limit."""
    label = words.label(readout.metric)
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


def outlook(words: Words, found: Outlook) -> str:
    """How much longer a test would have to run to find what it looks for."""
    aim = f"{words.lift(found.lift)} {10 * found.power:.3g} times in 10"
    if found.weeks_more == 0:
        return (
            f"It was large enough to find {aim}, so more time would mostly make the "
            "range narrower."
        )
    if found.weeks_more is None:
        return (
            f"To find {aim} would take {words.count(found.units_needed)} units, more "
            "than a further year brings: aim at a larger change, or at a metric that "
            "varies less."
        )
    weeks = f"{found.weeks_more} more week{'s' if found.weeks_more > 1 else ''}"
    return (
        f"To find {aim} takes about {weeks} of the traffic that came "
        f"({words.count(found.units_needed)} units in all)."
    )


def _chance(words: Words, money: Money, level: float) -> str:
    assert money.ropi is not None and money.ropi.p_positive is not None  # noqa: S101, PT018
    return words.chance(money.ropi.p_positive, level)


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
