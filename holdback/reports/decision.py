"""The planned rule → an outcome with its reasons.

Order of authority: a failed check makes the result invalid; a breached guardrail
forbids shipping, and stops a test that is running; a preview decides nothing; then
the rule speaks, as strictly as the look demands.
"""

from __future__ import annotations

from holdback.experiments.definition.experiment import Experiment
from holdback.reports.text import money_sentences, precision_sentences
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.money import Money
from holdback.results.quantity import Quantity
from holdback.results.scorecard import (
    Decision,
    DecisionArm,
    Outcome,
    Readout,
    Scorecard,
)
from holdback.results.sections.against_plan import Outlook
from holdback.results.validity import failures
from holdback.wording import in_its_language

__all__ = ["decide"]


@in_its_language
def decide(experiment: Experiment, scorecard: Scorecard) -> Decision:
    """Outcome of each treatment arm, and of the experiment: that of its best arm.

    `profit` ships when P(ROPI > 0) reaches the level; `lift` when the primary's
    interval lies above the minimum lift; `not_worse` when it lies above minus the
    margin. The best arm is one that ships, and among those the one with the largest
    lift; without one, the first of keep testing, hold back.
    """
    rule = experiment.decision.rule
    words = Words.of(scorecard)
    if scorecard.validity.is_invalid:
        failed = (tell(words, check.fact) for check in failures(scorecard.checks))
        return _invalid(experiment, tuple(map(words.localized, failed)))
    arms = [
        _of_arm(experiment, scorecard, words, arm.name) for arm in experiment.treatments
    ]
    best = min(arms, key=lambda a: _rank(scorecard, experiment.primary, a))
    return Decision(
        rule=rule, outcome=best.outcome, reasons=best.reasons, arms=tuple(arms)
    )


def _invalid(experiment: Experiment, reasons: tuple[str, ...]) -> Decision:
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


def _rank(scorecard: Scorecard, primary: str, arm: DecisionArm) -> tuple[int, float]:
    order: list[Outcome] = ["ship", "keep_testing", "hold_back", "stop"]
    effect = _effect(scorecard.readout(primary, arm.arm))
    return order.index(arm.outcome), -(effect.value if effect else 0.0)


def _of_arm(
    experiment: Experiment, scorecard: Scorecard, words: Words, arm: str
) -> DecisionArm:
    outcome, reason = _by_rule(experiment, scorecard, words, arm)
    guardrails = [
        r for r in scorecard.readouts if r.role == "guardrail" and r.arm == arm
    ]
    breached = [r for r in guardrails if r.verdict == "breached"]
    reasons = [_despite(scorecard, words, arm, reason) if breached else reason]
    outlook = scorecard.single(Outlook)
    if outcome == "keep_testing" and outlook is not None:
        reasons.append(precision_sentences.outlook(words, outlook))
    reasons += [
        sentences.guardrail(words, r) for r in guardrails if r.verdict != "safe"
    ]
    if scorecard.preview is not None:
        return DecisionArm(
            arm=arm,
            outcome="keep_testing",
            reasons=(sentences.preview(scorecard.preview), *reasons),
        )
    if breached and outcome in {"ship", "keep_testing"}:
        outcome = "hold_back" if scorecard.final else "stop"
    return DecisionArm(arm=arm, outcome=outcome, reasons=tuple(reasons))


def _by_rule(
    experiment: Experiment, scorecard: Scorecard, words: Words, arm: str
) -> tuple[Outcome, str]:
    readout = scorecard.readout(experiment.primary, arm)
    effect = _effect(readout)
    if effect is None:
        told = (sentences.no_number(words, readout), sentences.needed(words, readout))
        return "keep_testing", " ".join(filter(None, told))
    if experiment.decision.rule == "profit":
        return _by_profit(scorecard, words, arm)
    return _by_interval(experiment, words, readout, effect)


def _by_profit(scorecard: Scorecard, words: Words, arm: str) -> tuple[Outcome, str]:
    money = _money(scorecard, arm)
    if money is None or (money.ropi is None and money.net_profit is None):
        return "keep_testing", money_sentences.no_return()
    if money.ropi is None:
        told = money_sentences.nothing_to_pay(words, money)
        return _by_range(money.net_profit or money.incremental_profit, told)
    if money.ropi.p_positive is None:
        told = money_sentences.no_chance(words, money.ropi)
        return _by_range(money.ropi.interval, told)
    level = scorecard.decision_level
    chance = money.ropi.p_positive
    if chance >= level:
        return "ship", money_sentences.pays(words, money, level)
    if 1 - chance >= level:
        return "hold_back", money_sentences.does_not_pay(words, money, level)
    return "keep_testing", money_sentences.may_pay(words, money, level)


def _despite(scorecard: Scorecard, words: Words, arm: str, reason: str) -> str:
    """The profit that a breached guardrail outweighs; any other reason as it is."""
    money, level = _money(scorecard, arm), scorecard.decision_level
    if money is None or money.ropi is None or money.ropi.p_positive is None:
        return reason
    if reason != money_sentences.pays(words, money, level):
        return reason
    return money_sentences.although(words, money, level)


def _by_range(found: Quantity, told: str) -> tuple[Outcome, str]:
    """Without a chance, as there is no lift or no cost: by the range of the money."""
    if found.lower is not None and found.lower > 0:
        return "ship", told
    if found.upper is not None and found.upper < 0:
        return "hold_back", told
    return "keep_testing", told


def _by_interval(
    experiment: Experiment, words: Words, readout: Readout, effect: Quantity
) -> tuple[Outcome, str]:
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
        return "ship", sentences.above(words, readout, bar, rule.rule)
    if high is not None and high < bar:
        return "hold_back", sentences.below(words, readout, bar, rule.rule)
    return "keep_testing", sentences.unclear(words, readout, bar, rule.rule)


def _effect(readout: Readout) -> Quantity | None:
    effect = readout.relative or readout.absolute
    return effect if effect is not None and effect.has_interval else None


def _money(scorecard: Scorecard, arm: str) -> Money | None:
    return next((m for m in scorecard.money if m.arm == arm), None)
