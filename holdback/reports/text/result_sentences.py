"""All sentences about results, each no stronger than its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Literal

from holdback.economics.decision import guardrail_fact
from holdback.facts import Fact
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.codes import filled, tell, tells
from holdback.reports.text.locale_format import Words
from holdback.results.money import Money
from holdback.results.quantity import Quantity
from holdback.results.scorecard import (
    AUDIT_LOG,
    UNTOLD,
    DecisionArm,
    Estimates,
    Finding,
    Interaction,
    Look,
    Readout,
    Scorecard,
)
from holdback.results.validity import failures
from holdback.stats.numeric import quantile

__all__ = [
    "Headline",
    "after_looks",
    "alike",
    "arms_in_order",
    "baseline",
    "best_arm",
    "changed",
    "changed_by",
    "checked",
    "counted",
    "differ",
    "excludes_zero",
    "failed",
    "guardrail",
    "headline",
    "lead",
    "look",
    "money_told",
    "no_number",
    "of_arm",
    "outcome",
    "reached",
    "signed_limit",
    "status",
    "sure",
    "together",
    "unproven",
    "verdict_told",
    "withheld",
]

DIFFERENT = 0.05
SAME_LEVEL = 1e-9


def changed(words: Words, readout: Readout) -> str:
    """What a metric did, with its range: “rose by 6.5 % (likely +1 % to +12 %)”."""
    relative = readout.relative is not None
    effect = readout.relative or readout.absolute
    if effect is None or not (relative or effect.has_interval):
        return no_number(words, readout)
    return changed_by(
        words, readout.metric, (readout.arm, readout.control), effect, relative=relative
    )


def changed_by(
    words: Words,
    metric: str,
    arms: tuple[str, str],
    effect: Quantity,
    *,
    relative: bool,
) -> str:
    """The same from the effect of the first arm against the second."""
    if relative:
        by = words.share(abs(effect.value))
        likely = words.range(effect, words.lift)
    else:
        by = words.difference(metric, abs(effect.value)).lstrip("+")
        likely = words.range(effect, lambda v: words.difference(metric, v))
    label = words.label(metric)
    arm, control = map(words.arm, arms)
    way = say("sentences.higher") if effect.value > 0 else say("sentences.lower")
    sentence = (
        say("sentences.changed", label=label, way=way, by=by, arm=arm, control=control)
        if effect.value
        else say("sentences.same", label=label, arm=arm, control=control)
    )
    tail = "" if excludes_zero(effect) else say("sentences.so_chance_alone_may")
    return say("sentences.changed_likely", told=sentence, likely=likely, tail=tail)


def lead(words: Words, readout: Readout) -> str:
    """The primary in one sentence: its values, the change and its range.

    A range with a rise and a fall in it says that the test cannot tell.
    """
    effect = readout.relative
    if effect is None or readout.estimates is None:
        return changed(words, readout)
    values = _values(words, readout.metric, readout.estimates)
    likely = words.range(effect, words.lift)
    shared = {
        "label": words.label(readout.metric),
        "arm": words.arm(readout.arm),
        **values,
        "likely": likely,
    }
    if not excludes_zero(effect):
        return say("verdict.unclear", change=words.lift(effect.value), **shared)
    return say(
        "verdict.lead",
        by=words.share(abs(effect.value)),
        way=say("sentences.higher") if effect.value > 0 else say("sentences.lower"),
        **shared,
    )


def signed_limit(words: Words, readout: Readout) -> float | None:
    """The worst change that is accepted of a guardrail, with its sign."""
    if readout.margin is None:
        return None
    record = words.metrics.get(readout.metric)
    harm_is_a_rise = record is not None and record.better == "lower"
    return abs(readout.margin) if harm_is_a_rise else -abs(readout.margin)


def of_arm(words: Words, arm: str, sentence: str) -> str:
    """A sentence with the arm that it is about, where there are several."""
    if not words.several or not sentence:
        return sentence
    return say("decision.of_arm", arm=words.arm(arm), told=sentence)


def baseline(words: Words, readout: Readout) -> str:
    """The primary's value in both arms, so that a percentage has a size.

    As it was counted, and beside it net of behaviour before the test where the lift
    is; scorecards of before knew only the latter.
    """
    if readout.estimates is None:
        return ""
    arms = {"arm": words.arm(readout.arm), "control": words.arm(readout.control)}
    shown = _values(words, readout.metric, readout.estimates)
    if readout.unadjusted is None:
        return say("sentences.it_was_in_and", **arms, **shown)
    counted = readout.unadjusted.estimates
    if counted is None:
        return say("sentences.it_was_adjusted", **arms, **shown)
    raw = _values(words, readout.metric, counted)
    return say(
        "sentences.it_was_counted_and_adjusted",
        **arms,
        treated=raw["treated"],
        untreated=raw["untreated"],
        net_treated=shown["treated"],
        net_untreated=shown["untreated"],
    )


def counted(words: Words, readout: Readout) -> str:
    """An adjusted metric's values as they were counted; empty where none was."""
    plain = readout.unadjusted
    if plain is None or plain.estimates is None:
        return ""
    label = words.label(readout.metric)
    if words.several:
        label = say(
            "sentences.guardrail_in_arm", label=label, arm=words.arm(readout.arm)
        )
    values = _values(words, readout.metric, plain.estimates)
    return say("metrics.counted", metric=label, **values)


def _values(words: Words, metric: str, arms: Estimates) -> dict[str, str]:
    return {
        "treated": words.value(metric, arms.treatment.value),
        "untreated": words.value(metric, arms.control.value),
    }


def sure(words: Words, readout: Readout, minimum: float = 0.0) -> str:
    """How sure we are that the metric improved, and by the least that matters."""
    assert readout.bayes is not None  # noqa: S101  # the caller has looked
    record = words.metrics.get(readout.metric)
    rise = record is None or record.better == "higher"
    chance = readout.bayes.p_positive if rise else 1 - readout.bayes.p_positive
    way = say("sentences.rose") if rise else say("sentences.fell")
    cause = f"“{words.arm(readout.arm)}”" if words.several else "it"
    enough = (
        say(
            "sentences.and_that_it_by",
            way=way,
            minimum=words.share(minimum),
            p_above_minimum=words.chance(readout.bayes.p_above_minimum),
        )
        if minimum > 0 and readout.bayes.scale is None
        else ""
    )
    return say(
        "sentences.the_chance_that_really",
        metric=words.label(readout.metric),
        way=way,
        cause=cause,
        chance=words.chance(chance),
        enough=enough,
    )


def no_number(words: Words, readout: Readout) -> str:
    """Why a metric has no lift."""
    return say(
        "sentences.no_number",
        metric=words.label(readout.metric),
        note=tell(words, readout.note),
    )


def look(words: Words, taken: Look, level: float) -> str:
    """Which look this is, what it has cost, and why its ranges are wide."""
    usual = quantile((1 + level) / 2)
    wide = say(
        "sentences.ranges_reach_standard_errors",
        boundary=words.number(taken.boundary),
        usual=words.number(usual),
    )
    if taken.number is None or taken.alpha_spent is None:
        return say("sentences.the_result_may_be", wide=wide)
    spent = words.share(taken.alpha_spent)
    seen = words.round_share(min(taken.information, 1.0))
    return say(
        "sentences.this_is_look_at",
        number=taken.number,
        seen=seen,
        share=words.share(1 - level),
        spent=spent,
        wide=wide,
    )


def together(words: Words, scorecard: Scorecard) -> str:
    """At what level several arms' ranges are, so that all hold; nothing for one arm."""
    whole = scorecard.decision_level
    primaries = [
        r
        for r in scorecard.readouts
        if r.role == "primary" and r.segment is None and r.arm != "*"
    ]
    levels = [r.interval_level for r in primaries if r.interval_level is not None]
    if len(levels) < 2 or min(levels) <= whole + SAME_LEVEL:
        return ""
    return say(
        "sentences.together",
        count=words.count(len(levels)),
        level=words.share(min(levels)),
        metric=words.label(primaries[0].metric),
        whole=words.share(whole),
    )


def after_looks(words: Words, lift: Quantity) -> str:
    """The lift that a stop at a lucky moment does not flatter."""
    return say(
        "sentences.after_looks",
        lift=words.lift(lift.value),
        lift_2=words.range(lift, words.lift),
    )


def reached(words: Words, readout: Readout) -> str:
    """The difference on those whom the treatment really reached."""
    reach = readout.reached
    if reach is None or reach.effect is None:
        return ""

    def write(value: float) -> str:
        return words.difference(readout.metric, value)

    return say(
        "sentences.reached",
        arm=words.arm(readout.arm),
        treatment=words.share(reach.treatment),
        control=words.share(reach.control),
        metric=words.label(readout.metric),
        effect=write(reach.effect.value),
        write=words.range(reach.effect, write),
    )


def status(scorecard: Scorecard) -> str:
    """Whether the plan was fixed before the results were seen."""
    if scorecard.status == "confirmatory":
        return say("sentences.the_plan_was_locked")
    if scorecard.status == "exploratory":
        return say("sentences.the_plan_was_not")
    fields = [name for name in scorecard.amended if name != AUDIT_LOG]
    told = []
    if fields:
        told.append(say("sentences.the_plan_was_changed", fields=", ".join(fields)))
    if AUDIT_LOG in scorecard.amended:
        told.append(say("sentences.the_log_has_lost"))
    return " ".join(told)


def differ(words: Words, test: Interaction) -> str:
    """Whether the groups of a dimension differ in their lift."""
    way = (
        say("sentences.seem_to_differ")
        if test.p_value_adjusted < DIFFERENT
        else say("sentences.do_not_differ")
    )
    return say(
        "sentences.the_groups_in_how",
        way=way,
        metric=words.label(test.metric),
        p_value=words.p_value(test.p_value),
        p_value_adjusted=words.p_value(test.p_value_adjusted),
    )


def checked(words: Words, check: Finding) -> str:
    """What a check found, its numbers written as the locale does."""
    return _untold(words) if check.fact == UNTOLD else words.localized(check.message)


@tells(UNTOLD.code)
def _untold(_words: Words) -> str:
    """Of an invalid result, what a check of the result itself says."""
    return say("validity.check")


def failed(words: Words, scorecard: Scorecard) -> list[str]:
    """What made a result invalid; nothing for one that may be used."""
    return [checked(words, check) for check in failures(scorecard.checks)]


def withheld() -> str:
    """What is said where the figures of an invalid result would stand."""
    return f"{say('validity.withheld')} {say('validity.why')}"


def guardrail(words: Words, readout: Readout) -> str:
    """A guardrail at risk or breached, with its range and its limit."""
    return tell(words, guardrail_fact(readout))


def verdict_told(readout: Readout, *, early: bool = False) -> str:
    """The reading in a word or two; of a lift that is looked at `early`, only that."""
    if early and readout.role != "guardrail":
        return say("readings.early")
    return texts("verdicts")[readout.verdict]


def unproven(readout: Readout) -> bool:
    """Whether a range with but one side still is no clear change.

    That is so where several metrics are read together, or the primary is not settled.
    """
    effect = readout.relative or readout.absolute
    return readout.verdict == "unclear" and effect is not None and excludes_zero(effect)


def excludes_zero(effect: Quantity) -> bool:
    """Whether the whole range lies on one side of no change."""
    above = effect.lower is not None and effect.lower > 0
    return above or (effect.upper is not None and effect.upper < 0)


Tone = Literal["good", "bad", "watch", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A short title and its tone."""

    title: str
    tone: Tone


OUTCOME_TONES: dict[str, Tone] = {
    "ship": "good",
    "hold_back": "bad",
    "keep_testing": "plain",
    "stop": "bad",
    "invalid": "bad",
}


def outcome(name: str) -> Headline:
    """The title of an outcome, whatever else may be said of it."""
    return Headline(title=texts("headline.outcomes")[name], tone=OUTCOME_TONES[name])


def headline(scorecard: Scorecard) -> Headline:
    """The decision's title, coloured by the worst blocking fact."""
    decision, validity = scorecard.decision, scorecard.validity
    if validity.is_invalid:
        return outcome("invalid")
    if decision is None:
        return Headline(title=say("headline.no_decision"), tone="plain")
    if any(reason.code == "decision.harm" for reason in decision.reasons):
        return Headline(title=say("headline.harm"), tone="bad")
    title = outcome(decision.outcome)
    if decision.outcome == "keep_testing":
        return replace(title, tone="plain" if validity.is_preview else "watch")
    best = best_arm(scorecard)
    guarded = [
        r
        for r in scorecard.readouts
        if r.role == "guardrail"
        and r.verdict != "safe"
        and (best is None or r.arm in {best, "*"})
    ]
    if decision.outcome == "ship":
        kept = _kept(scorecard)
        if not guarded:
            return Headline(title=kept, tone="good")
        watched = say("headline.but_watch_the_guardrails", kept=kept)
        return Headline(title=watched, tone="watch")
    return title


def _kept(scorecard: Scorecard) -> str:
    """Which arm to keep on, where there are several to choose from."""
    decision = scorecard.decision
    arms = decision.arms if decision else ()
    best = best_arm(scorecard)
    if decision is None or len(arms) < 2 or best is None:
        return outcome("ship").title
    label = {a.arm: a.label or a.arm for a in scorecard.arms}
    if decision.arm is None and (alike_arms := decision.arms_told) is not None:
        several = "either" if alike_arms.numbers.get("others") == 1 else "any"
        return say(f"headline.{several}", best=label.get(best, best))
    return say("headline.kept", best=label.get(best, best))


def best_arm(scorecard: Scorecard) -> str | None:
    """The arm that the decision speaks of first; None where its reasons fit several.

    The one that it names, or that is ahead of those to choose from.
    """
    decision = scorecard.decision
    if decision is None:
        return None
    if decision.ahead is not None:
        return decision.ahead
    fits = [
        arm.arm
        for arm in decision.arms
        if arm.outcome == decision.outcome and alike(arm.reasons, decision.reasons)
    ]
    return fits[0] if len(fits) == 1 else None


def arms_in_order(scorecard: Scorecard) -> tuple[DecisionArm, ...]:
    """The arms' outcomes, that of the arm which the decision speaks of first."""
    decision, best = scorecard.decision, best_arm(scorecard)
    arms = decision.arms if decision else ()
    return tuple(sorted(arms, key=lambda arm: arm.arm != best))


def money_told(scorecard: Scorecard) -> tuple[Money, ...]:
    """The money that an output shows: that of the arm the decision speaks of.

    Each arm's where it speaks of none, never several arms' sum: only one of them can
    be kept on for everybody.
    """
    single = [one for one in scorecard.money if one.arm != "*"]
    if len(single) < 2:
        return tuple(one for one in scorecard.money if one.arm == "*")
    best = best_arm(scorecard)
    return tuple(one for one in single if best in {None, one.arm})


def alike(reasons: Sequence[Fact], others: Sequence[Fact]) -> bool:
    """Whether a reader can tell these reasons apart: chances are told in hundredths."""
    return list(map(_as_told, reasons)) == list(map(_as_told, others))


def _as_told(reason: Fact) -> Fact:
    """The reason with its chance as coarse as `Words.chance` tells it."""
    chance, level = (reason.numbers.get(name) for name in ("chance", "level"))
    if not isinstance(chance, float) or not isinstance(level, float):
        return reason
    percent = floor(100 * chance + 0.5)
    if chance > 0.99:
        chance_shown = 100.0
    elif percent == round(100 * level):
        chance_shown = floor(1000 * chance) / 10
    else:
        chance_shown = float(percent)
    return replace(reason, numbers={**reason.numbers, "chance": chance_shown})


filled("decomposition.not_above_zero", "decomposition.not_above_zero")
filled("decomposition.value_of_unit", "decomposition.value_of_unit")
filled("decomposition.rows_unknown", "decomposition.rows_unknown")
