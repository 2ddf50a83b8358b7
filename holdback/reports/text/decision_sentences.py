"""Why a decision came out as it did: one function a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from holdback.facts import Fact
from holdback.reports.text.catalog import counted, say
from holdback.reports.text.codes import as_told, filled, tell, tells
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import changed_by
from holdback.results.quantity import Quantity

__all__ = ["paying_chance"]

Numbers = Mapping[str, Any]


PAYING_REASONS = (
    "decision.pays",
    "decision.pays_but_guardrail",
    "decision.does_not_pay",
    "decision.may_pay",
)


def paying_chance(reasons: Sequence[Fact]) -> tuple[float, float] | None:
    """The chance that it earns more than it costs, and what the rule asks for."""
    for reason in reasons:
        chance, level = (reason.numbers.get(name) for name in ("chance", "level"))
        if reason.code in PAYING_REASONS and isinstance(chance, float):
            assert isinstance(level, float)  # noqa: S101  # beside every chance
            return chance, level
    return None


@tells("decision.check_failed")
def _check_failed(words: Words, *, check: str, finding: Fact) -> str:  # noqa: ARG001
    return words.localized(tell(words, finding))


filled("decision.preview", "sentences.preview", why=as_told)


def _chance(words: Words, chance: float, level: float) -> dict[str, str]:
    return {
        "chance": words.chance(chance, level),
        "level": words.round_share(level),
    }


@tells("decision.pays")
def _pays(words: Words, *, chance: float, level: float) -> str:
    return say("money_sentences.pays", **_chance(words, chance, level))


@tells("decision.pays_but_guardrail")
def _although(words: Words, *, chance: float, level: float) -> str:
    return say("money_sentences.although", **_chance(words, chance, level))


@tells("decision.does_not_pay")
def _does_not_pay(words: Words, *, chance: float, level: float) -> str:
    return say("money_sentences.does_not_pay", **_chance(words, chance, level))


@tells("decision.may_pay")
def _may_pay(words: Words, *, chance: float, level: float) -> str:
    return say("money_sentences.may_pay", **_chance(words, chance, level))


filled("decision.no_return", "money_sentences.no_return")


@tells("decision.nothing_to_pay")
def _nothing_to_pay(words: Words, *, profit: Numbers) -> str:
    likely = words.range(Quantity(**profit), words.money)
    return say("money_sentences.nothing_to_pay", likely=likely)


@tells("decision.no_chance")
def _no_chance(words: Words, *, ropi: Numbers) -> str:
    lift = words.range(Quantity(**ropi), words.lift)
    return say("money_sentences.no_chance", lift=lift)


@tells("decision.no_number")
def _no_number(
    words: Words,
    *,
    metric: str,
    why: Fact,
    arm: str | None = None,
    units: int = 0,
    units_needed: int = 0,
) -> str:
    label = words.label(metric)
    sentence = say("sentences.no_number", metric=label, note=tell(words, why))
    if arm is None:
        return sentence
    needed = say(
        "sentences.needed",
        arm=words.arm(arm),
        needed=words.count(units_needed),
        units=words.count(units),
        metric=label,
    )
    return f"{sentence} {needed}"


@tells("decision.harm")
def _harm(  # a metric, and its units with a value
    words: Words,
    *,
    metric: str,
    arm: str,
    control: str,
    units: Numbers,
    control_units: Numbers,
) -> str:
    return say(
        "sentences.harm",
        metric=words.label(metric),
        arm=words.arm(arm),
        control=words.arm(control),
        valued=words.count(units["valued"]),
        units=words.count(units["all"]),
        control_valued=words.count(control_units["valued"]),
        control_units=words.count(control_units["all"]),
    )


@tells("decision.lift")
def _lift(
    words: Words,
    *,
    position: str,
    metric: str,
    arm: str,
    control: str,
    scale: str,
    effect: Numbers,
    bar: float,
    rule: str,
) -> str:
    changed = changed_by(
        words, metric, (arm, control), Quantity(**effect), relative=scale == "relative"
    )
    asked = _bar(words, metric, bar, rule)
    if position == "above":
        return say("sentences.above", readout=changed, told=asked)
    if position == "below":
        return say("sentences.below", readout=changed, told=asked)
    return say("sentences.unclear", readout=changed, told=asked)


@tells("decision.arms")
def _arms(
    words: Words,
    *,
    ahead: str,
    other: str,
    others: int,  # noqa: ARG001  # of the headline
    proven: bool,
    metric: str,
    a: str,
    b: str,
    scale: str,
    effect: Numbers | None = None,
    net: Numbers | None = None,
    p_best: float | None = None,
) -> str:
    told = []
    if effect is not None:
        told.append(
            changed_by(
                words, metric, (a, b), Quantity(**effect), relative=scale == "relative"
            )
        )
    if net is not None:
        after = Quantity(**net)
        told.append(
            say(
                "sentences.arms.net",
                ahead=words.arm(ahead),
                other=words.arm(other),
                profit=words.money(after.value),
                range=words.range(after, words.signed_money),
            )
        )
    verdict = "proven" if proven else "open" if p_best is None else "not_proven"
    told.append(
        say(
            f"sentences.arms.{verdict}",
            ahead=words.arm(ahead),
            chance="" if p_best is None else words.chance(p_best),
        )
    )
    return " ".join(told)


def _bar(words: Words, metric: str, bar: float, rule: str) -> str:
    record = words.metrics.get(metric)
    sign = -1 if record is not None and record.better == "lower" else 1
    if bar == 0:
        return say("sentences.no_change")
    name = (
        say("sentences.the_accepted_loss")
        if rule == "not_worse"
        else say("sentences.the_minimum_lift")
    )
    return say("sentences.bar", name=name, lift=words.lift(sign * bar))


@tells("decision.guardrail")
def _guardrail(  # the numbers of a fact
    words: Words,
    *,
    metric: str,
    arm: str,
    state: str,
    limit: float,
    scale: str | None = None,
    effect: Numbers | None = None,
    control: float | None = None,
    treatment: float | None = None,
) -> str:
    label, relative = words.label(metric), scale == "relative"
    if words.several:
        label = say("sentences.guardrail_in_arm", label=label, arm=words.arm(arm))
    most = words.round_share(limit) if relative else words.value(metric, limit)
    if effect is None:
        return say("sentences.has_no_range_to", label=label, limit=most)

    def write(value: float) -> str:
        return words.lift(value) if relative else words.difference(metric, value)

    change = Quantity(**effect)
    likely = words.range(change, write)
    state_text = (
        say("sentences.is_past_the_limit", limit=most)
        if state == "breached"
        else say("sentences.may_be_past_the", limit=most)
        if state == "at_risk"
        else say("sentences.stays_within_the_limit", limit=most)
    )
    if control is None or treatment is None or state == "safe":
        return say("sentences.guardrail", label=label, state=state_text, likely=likely)
    return say(
        "sentences.guardrail_with_levels",
        label=label,
        state=state_text,
        treatment=words.value(metric, treatment),
        control=words.value(metric, control),
        change=write(change.value),
        likely=likely,
    )


@tells("decision.outlook")
def _outlook(
    words: Words,
    *,
    lift: float,
    power: float,
    units_needed: int,
    weeks_more: int | None = None,
) -> str:
    aim = say(
        "precision_sentences.times_in",
        lift=words.lift(lift),
        power=f"{10 * power:.3g}",
    )
    if weeks_more == 0:
        return say("precision_sentences.it_was_large_enough", aim=aim)
    units = words.count(units_needed)
    if weeks_more is None:
        return say(
            "precision_sentences.to_find_would_take", aim=aim, units_needed=units
        )
    weeks = counted("precision_sentences.weeks", weeks_more, weeks=weeks_more)
    return say(
        "precision_sentences.to_find_takes_about",
        aim=aim,
        weeks=weeks,
        units_needed=units,
    )
