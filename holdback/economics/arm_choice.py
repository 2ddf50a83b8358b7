"""Which of several arms to keep on: named only where the arms' comparison names it.

That one arm is proven against control and another is not, or further from it, says
little of the two. Arms that the rule keeps are compared with each other: by the metric
that the rule reads, under the rule of profit net of what each arm costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, Value, fact
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Decision, DecisionArm, Scorecard
from holdback.results.sections.arms_compared import ArmsCompared, BestArm

__all__ = ["naming"]


def naming(
    experiment: Experiment, scorecard: Scorecard, decision: Decision
) -> Decision:
    """The decision with the arm that it names, and why it names one or none.

    An arm is named where it alone is kept, or where it is proven to be better than
    every other arm that is kept.
    """
    kept = [arm for arm in decision.arms if arm.outcome == "ship"]
    if decision.outcome != "ship" or not kept:
        return decision
    if len(kept) == 1:
        return replace(decision, arm=kept[0].arm)
    lead = _lead(experiment, scorecard, kept)
    if lead is None:
        return decision
    reasons = next(arm.reasons for arm in kept if arm.arm == lead.ahead)
    return replace(
        decision,
        arm=lead.ahead if lead.proven else None,
        reasons=(_told(scorecard, lead), *reasons),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lead:
    """The arm that is ahead, the one that comes closest, and how they compare.

    `net`: the order is that of profit after costs, which differ between the arms.
    """

    ahead: str
    other: str
    proven: bool
    compared: ArmsCompared
    others: int
    net: Quantity | None = None


def _lead(
    experiment: Experiment, scorecard: Scorecard, kept: Sequence[DecisionArm]
) -> _Lead | None:
    names = {arm.arm for arm in kept}
    every = scorecard.section(ArmsCompared)
    pairs = [
        _ordered(experiment, scorecard, pair)
        for pair in every
        if {pair.a, pair.b} <= names and pair.metric == every[0].metric
    ]
    wins = [lead.ahead for lead in pairs]
    if not wins:
        return None
    first = max(names, key=lambda arm: (wins.count(arm), arm))
    against = [lead for lead in pairs if lead.ahead == first]
    closest = min(against, key=lambda lead: abs(_size(lead)))
    proven = len(against) == len(names) - 1 and all(lead.proven for lead in against)
    return replace(closest, proven=proven, others=len(names) - 1)


def _ordered(experiment: Experiment, scorecard: Scorecard, pair: ArmsCompared) -> _Lead:
    """A pair by its own order; by profit after costs where these differ."""
    lead = _Lead(
        ahead=pair.a, other=pair.b, proven=pair.proven, compared=pair, others=1
    )
    net = _net(experiment, scorecard, pair)
    if net is None:
        return lead
    if net.value < 0:
        net = _negative(net)
        lead = replace(lead, ahead=pair.b, other=pair.a)
    return replace(lead, net=net, proven=net.lower is not None and net.lower > 0)


def _net(
    experiment: Experiment, scorecard: Scorecard, pair: ArmsCompared
) -> Quantity | None:
    """Profit after costs of a unit in `a` beyond one in `b`.

    None where another rule decides, or both arms cost the same.
    """
    economics = experiment.economics
    if economics is None or experiment.decision.rule != "profit":
        return None
    burdens = [_burden(scorecard, arm) for arm in (pair.a, pair.b)]
    apart = burdens[0] - burdens[1]
    if pair.absolute is None or abs(apart) <= 1e-9 * max(map(abs, burdens)):
        return None
    margin = 1.0 if economics.profit else float(economics.margin)
    lower, upper = pair.absolute.lower, pair.absolute.upper
    return Quantity(
        value=margin * pair.absolute.value - apart,
        lower=None if lower is None else margin * lower - apart,
        upper=None if upper is None else margin * upper - apart,
        unbounded=pair.absolute.unbounded,
    )


def _burden(scorecard: Scorecard, arm: str) -> float:
    """Cost net of savings of a treated unit."""
    money = next((one for one in scorecard.money if one.arm == arm), None)
    if money is None or not money.treated_units:
        return 0.0
    cost = money.cost.total if money.cost else 0.0
    return (cost - money.savings) / money.treated_units


def _negative(net: Quantity) -> Quantity:
    return Quantity(
        value=-net.value,
        lower=None if net.upper is None else -net.upper,
        upper=None if net.lower is None else -net.lower,
    )


def _size(lead: _Lead) -> float:
    effect = lead.net or lead.compared.relative or lead.compared.absolute
    return 0.0 if effect is None else effect.value


def _told(scorecard: Scorecard, lead: _Lead) -> Fact:
    pair = lead.compared
    effect = pair.relative or pair.absolute
    best = next(
        (one for one in scorecard.section(BestArm) if one.arm == lead.ahead), None
    )
    return fact(
        "decision.arms",
        ahead=lead.ahead,
        other=lead.other,
        others=lead.others,
        proven=lead.proven,
        metric=pair.metric,
        a=pair.a,
        b=pair.b,
        scale="absolute" if pair.relative is None else "relative",
        effect=None if effect is None else _numbers(effect),
        net=None if lead.net is None else _numbers(lead.net),
        p_best=None if best is None or lead.net is not None else best.p_best,
    )


def _numbers(quantity: Quantity) -> dict[str, Value]:
    ends = {
        "value": quantity.value,
        "lower": quantity.lower,
        "upper": quantity.upper,
        "unbounded": quantity.unbounded,
    }
    return {name: end for name, end in ends.items() if end is not None}
