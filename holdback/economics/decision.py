"""The planned rule → an outcome with its reasons.

Order of authority: a failed check makes the result invalid; a treatment that is plainly
broken is stopped at any look; a breached guardrail forbids shipping, and stops a test
that is running; a preview decides nothing; then the rule speaks, as strictly as the
look demands. Exposures that may be a list of buyers forbid shipping as well.
"""

from __future__ import annotations

from math import ceil
from typing import Literal

from holdback.analysis.comparison.collapse import does_harm
from holdback.economics.arm_choice import naming
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, Value, fact
from holdback.results.money import Money
from holdback.results.quantity import Quantity
from holdback.results.scorecard import (
    Decision,
    DecisionArm,
    Finding,
    Outcome,
    PointEstimate,
    Readout,
    Scorecard,
)
from holdback.results.sections.against_plan import Outlook
from holdback.results.validity import failures
from holdback.stats.methods.compare import LEAST_NONZERO

__all__ = [
    "compared_with_bar",
    "decide",
    "guardrail_fact",
    "no_number",
    "outlook_fact",
]


FORBIDS_SHIPPING = frozenset({"only_buyers.at_once", "only_buyers.gone"})
"""Findings that leave a result readable, and yet nothing to keep on."""
Position = Literal["above", "below", "unclear"]
"""Of the primary's range about what the rule asks for."""


def decide(experiment: Experiment, scorecard: Scorecard) -> Decision:
    """Outcome of each treatment arm, and of the experiment: that of its best arm.

    `profit` ships when P(ROPI > 0) reaches the level; `lift` when the primary's
    interval lies above the minimum lift; `not_worse` when it lies above minus the
    margin. The best arm is one that ships, and among those the one that the arms'
    comparison puts ahead; without one, the first of keep testing, hold back.
    """
    if scorecard.validity.is_invalid:
        return _invalid(experiment, tuple(map(_failed, failures(scorecard.checks))))
    arms = [_of_arm(experiment, scorecard, arm.name) for arm in experiment.treatments]
    best = min(arms, key=lambda a: _rank(scorecard, experiment.primary, a))
    decision = Decision(
        rule=experiment.decision.rule,
        outcome=best.outcome,
        reasons=best.reasons,
        arms=tuple(arms),
    )
    return naming(experiment, scorecard, decision)


def _invalid(experiment: Experiment, reasons: tuple[Fact, ...]) -> Decision:
    """No arm may be decided on; each for what made the result invalid."""
    return Decision(
        rule=experiment.decision.rule,
        outcome="invalid",
        reasons=reasons,
        arms=tuple(
            DecisionArm(arm=arm.name, outcome="invalid", reasons=reasons)
            for arm in experiment.treatments
        ),
    )


def _failed(check: Finding) -> Fact:
    return fact("decision.check_failed", check=check.check, finding=check.fact)


def _rank(scorecard: Scorecard, primary: str, arm: DecisionArm) -> tuple[int, float]:
    order: list[Outcome] = ["ship", "keep_testing", "hold_back", "stop"]
    effect = _effect(scorecard.readout(primary, arm.arm))
    return order.index(arm.outcome), -(effect.value if effect else 0.0)


def _of_arm(experiment: Experiment, scorecard: Scorecard, arm: str) -> DecisionArm:
    outcome, reason = _by_rule(experiment, scorecard, arm)
    guardrails = [
        r for r in scorecard.readouts if r.role == "guardrail" and r.arm == arm
    ]
    breached = [r for r in guardrails if r.verdict == "breached"]
    reasons = [_despite(reason) if breached else reason]
    outlook = scorecard.single(Outlook)
    if outcome == "keep_testing" and outlook is not None:
        reasons.append(outlook_fact(outlook))
    doubts = [c for c in scorecard.checks if c.fact.code in FORBIDS_SHIPPING]
    if outcome == "ship" and doubts:
        outcome, reasons = "keep_testing", [*map(_failed, doubts), *reasons]
    watched = [guardrail_fact(r) for r in guardrails if r.verdict != "safe"]
    reasons += watched
    harmed = _harmed(experiment, scorecard, arm)
    if harmed is not None:
        return DecisionArm(arm=arm, outcome="stop", reasons=(_harm(harmed), *watched))
    if scorecard.preview is not None:
        return DecisionArm(
            arm=arm,
            outcome="keep_testing",
            reasons=(fact("decision.preview", why=scorecard.preview), *reasons),
        )
    if breached and outcome in {"ship", "keep_testing"}:
        outcome = "hold_back" if scorecard.final else "stop"
    return DecisionArm(arm=arm, outcome=outcome, reasons=tuple(reasons))


def _harmed(experiment: Experiment, scorecard: Scorecard, arm: str) -> Readout | None:
    """The metric by which the treatment is plainly broken; None where it is not.

    The primary or what money is made of; where the primary has no number, another.
    """
    economics = experiment.economics
    names = [experiment.primary, *([economics.value] if economics else [])]
    if _effect(scorecard.readout(experiment.primary, arm)) is None:
        names += experiment.secondary
    readouts = (
        r
        for name in dict.fromkeys(names)
        for r in scorecard.readouts
        if r.metric == name and r.arm == arm and r.segment is None
    )
    return next(
        (r for r in readouts if does_harm(experiment.metrics[r.metric], r.estimates)),
        None,
    )


def _harm(readout: Readout) -> Fact:
    values = readout.estimates
    return fact(
        "decision.harm",
        metric=readout.metric,
        arm=readout.arm,
        control=readout.control,
        units=None if values is None else _with_value(values.treatment),
        control_units=None if values is None else _with_value(values.control),
    )


def _with_value(estimate: PointEstimate) -> dict[str, Value]:
    return {"valued": estimate.nonzero or 0, "all": estimate.units}


def _by_rule(
    experiment: Experiment, scorecard: Scorecard, arm: str
) -> tuple[Outcome, Fact]:
    readout = scorecard.readout(experiment.primary, arm)
    effect = _effect(readout)
    if effect is None:
        return "keep_testing", no_number(readout)
    if experiment.decision.rule == "profit":
        return _by_profit(scorecard, arm)
    return _by_interval(experiment, readout, effect)


def _by_profit(scorecard: Scorecard, arm: str) -> tuple[Outcome, Fact]:
    money = _money(scorecard, arm)
    if money is None or (money.ropi is None and money.net_profit is None):
        return "keep_testing", fact("decision.no_return")
    if money.ropi is None:
        profit = money.net_profit or money.incremental_profit
        return _by_range(
            profit, fact("decision.nothing_to_pay", profit=_numbers(profit))
        )
    if money.ropi.p_positive is None:
        ropi = money.ropi.interval
        return _by_range(ropi, fact("decision.no_chance", ropi=_numbers(ropi)))
    level = scorecard.decision_level
    chance = money.ropi.p_positive
    if chance >= level:
        return "ship", fact("decision.pays", chance=chance, level=level)
    if 1 - chance >= level:
        return "hold_back", fact("decision.does_not_pay", chance=chance, level=level)
    return "keep_testing", fact("decision.may_pay", chance=chance, level=level)


def _despite(reason: Fact) -> Fact:
    """The profit that a breached guardrail outweighs; any other reason as it is."""
    if reason.code != "decision.pays":
        return reason
    return fact(
        "decision.pays_but_guardrail",
        chance=reason.numbers["chance"],
        level=reason.numbers["level"],
    )


def _by_range(interval: Quantity, reason: Fact) -> tuple[Outcome, Fact]:
    """Without a chance, as there is no lift or no cost: by the range of the money."""
    if interval.lower is not None and interval.lower > 0:
        return "ship", reason
    if interval.upper is not None and interval.upper < 0:
        return "hold_back", reason
    return "keep_testing", reason


def _by_interval(
    experiment: Experiment, readout: Readout, effect: Quantity
) -> tuple[Outcome, Fact]:
    rule = experiment.decision
    metric = experiment.metrics[experiment.primary]
    low, high = effect.lower, effect.upper
    if metric.better == "lower":
        low, high = (
            None if high is None else -high,
            None if low is None else -low,
        )
    bar = float(rule.minimum_lift)
    if rule.rule == "not_worse":
        bar = -float(rule.margin or 0)
    if low is not None and low > bar:
        return "ship", compared_with_bar("above", readout, bar, rule.rule)
    if high is not None and high < bar:
        return "hold_back", compared_with_bar("below", readout, bar, rule.rule)
    return "keep_testing", compared_with_bar("unclear", readout, bar, rule.rule)


def compared_with_bar(where: Position, readout: Readout, bar: float, rule: str) -> Fact:
    """The primary's range ``above``, ``below`` or ``unclear`` about what is asked."""
    effect = _effect(readout)
    return fact(
        "decision.lift",
        position=where,
        metric=readout.metric,
        arm=readout.arm,
        control=readout.control,
        scale="absolute" if readout.relative is None else "relative",
        effect=None if effect is None else _numbers(effect),
        bar=bar,
        rule=rule,
    )


def no_number(readout: Readout) -> Fact:
    """Why the primary has no lift, and the units that its smallest arm would take.

    Each arm needs so many units with a value; its rate is the one seen.
    """
    arm, units, needed = _needed(readout) or (None, None, None)
    return fact(
        "decision.no_number",
        metric=readout.metric,
        why=readout.note,
        arm=arm,
        units=units,
        units_needed=needed,
    )


def _needed(readout: Readout) -> tuple[str, int, int] | None:
    """The arm with the fewest values, its units, and those that it would take."""
    if readout.estimates is None:
        return None
    control, treatment = readout.estimates.control, readout.estimates.treatment
    arm, fewest = min(
        ((readout.control, control), (readout.arm, treatment)),
        key=lambda one: one[1].nonzero or 0,
    )
    if not fewest.nonzero or fewest.nonzero >= LEAST_NONZERO:
        return None
    return arm, fewest.units, ceil(fewest.units * LEAST_NONZERO / fewest.nonzero)


def guardrail_fact(readout: Readout) -> Fact:
    """How a guardrail stands, with its range, its limit and its values."""
    relative = readout.margin_scale == "relative"
    effect = readout.relative if relative else readout.absolute
    values = readout.estimates
    return fact(
        "decision.guardrail",
        metric=readout.metric,
        arm=readout.arm,
        state=readout.verdict,
        limit=readout.margin or 0.0,
        scale=readout.margin_scale,
        effect=None if effect is None else _numbers(effect),
        control=None if values is None else values.control.value,
        treatment=None if values is None else values.treatment.value,
    )


def outlook_fact(outlook: Outlook) -> Fact:
    """How much longer a test would have to run to find what it looks for."""
    return fact(
        "decision.outlook",
        lift=outlook.lift,
        power=outlook.power,
        units_needed=outlook.units_needed,
        weeks_more=outlook.weeks_more,
    )


def _numbers(quantity: Quantity) -> dict[str, Value]:
    """A quantity as numbers by name, without its standard error."""
    ends = {
        "value": quantity.value,
        "lower": quantity.lower,
        "upper": quantity.upper,
        "unbounded": quantity.unbounded,
    }
    return {name: end for name, end in ends.items() if end is not None}


def _effect(readout: Readout) -> Quantity | None:
    effect = readout.relative or readout.absolute
    return effect if effect is not None and effect.has_interval else None


def _money(scorecard: Scorecard, arm: str) -> Money | None:
    return next((m for m in scorecard.money if m.arm == arm), None)
