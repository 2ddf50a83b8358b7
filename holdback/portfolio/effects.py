"""The one effect of each finished experiment that a portfolio puts together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from holdback.experiments.definition.past_effect import LogLift, MoneyBasis
from holdback.portfolio.finished_experiments import LeftOut, effect_of, readout_of
from holdback.results.scorecard import Money, Quantity, Scorecard
from holdback.stats.evidence.effect import LogRatio
from holdback.wording import say

__all__ = ["MONEY", "Counted", "Paid", "counted_of", "lead_of", "paid_of"]

MONEY = "money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """Money of all treatment arms, and what it rests on."""

    money: Money
    basis: MoneyBasis

    @property
    def cost(self) -> float:
        """All costs; 0 where none were given."""
        return 0.0 if self.money.cost is None else self.money.cost.total

    @property
    def cost_se(self) -> float:
        """The costs' own error; 0 where they are known."""
        return 0.0 if self.money.cost is None else self.money.cost.se or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A finished experiment whose effect can be put together with the others'."""

    card: Scorecard
    metric: str
    effect: LogLift
    paid: Paid | None = None

    @property
    def kept(self) -> bool:
        """Whether it was decided to keep the treatment on."""
        return self.card.decision is not None and self.card.decision.outcome == "ship"

    @property
    def better(self) -> str:
        """Which way is better: ``higher`` or ``lower``."""
        return next(
            (m.better for m in self.card.metrics if m.metric == self.metric), "higher"
        )

    @property
    def told(self) -> tuple[Quantity, float] | None:
        """The lift with the range that its own report tells, and the range's level."""
        found = readout_of(self.card, self.metric)
        if found is None or found.relative is None:
            return None
        return found.relative, found.level

    @property
    def ratio(self) -> LogRatio:
        """Its effect as statistics take it."""
        return LogRatio(value=self.effect.value, se=self.effect.se)


def counted_of(
    cards: Sequence[Scorecard],
) -> tuple[str, list[Counted], list[LeftOut]]:
    """What the effects are of, the experiments that have one, and the others.

    Where any experiment has money they are lifts of the money's metric, else of the
    primary that most of them share.
    """
    paid = {card.experiment: found for card in cards if (found := paid_of(card))}
    primaries = Counter(map(_primary, cards))
    lead = (
        MONEY
        if paid
        else max(sorted(primaries), key=lambda name: primaries[name], default="")
    )
    counted, rest = [], []
    for card in cards:
        one = lead_of(card)
        if one is None or lead != (MONEY if one.paid else one.metric):
            told = "money" if lead == MONEY else f"'{lead}'"
            reason = say("counted.counted_of", told=told)
            rest.append(LeftOut(experiment=card.experiment, reason=reason))
        else:
            counted.append(one)
    return lead, counted, rest


def lead_of(card: Scorecard) -> Counted | None:
    """The effect on the money's metric, else on the primary; None without one."""
    paid = paid_of(card)
    if paid is not None:
        return Counted(
            card=card,
            metric=paid.money.value_metric,
            effect=paid.basis.log_lift,
            paid=paid,
        )
    primary = _primary(card)
    effect = effect_of(card, primary)
    if effect is None:
        return None
    return Counted(card=card, metric=primary, effect=effect)


def paid_of(card: Scorecard) -> Paid | None:
    """The money of all treatment arms, where it rests on a lift."""
    found = next((m for m in card.money if m.arm == "*"), None)
    if found is None or found.basis is None:
        return None
    usable = found.basis.treated_total > 0 and found.basis.log_lift.se > 0
    return Paid(money=found, basis=found.basis) if usable else None


def _primary(card: Scorecard) -> str:
    return next((m.metric for m in card.metrics if m.role == "primary"), "")
