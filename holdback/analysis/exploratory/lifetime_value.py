"""Lifetime value of each arm beside control's: measured, projected, and guarded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from holdback.analysis.exploratory.lifetime_model import Sides, correlation, project
from holdback.analysis.exploratory.lifetime_validation import held_out
from holdback.data.evidence.cells import Cells
from holdback.data.evidence.purchase_histories import ArmHistories
from holdback.errors import StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.metrics.clv import Clv, Histories
from holdback.results.lifetime_value import HeldOut, Lifetime, LifetimeArm
from holdback.results.quantity import Quantity
from holdback.stats.lifetime.lifetime_value import carried_on
from holdback.stats.normal import quantile
from holdback.wording import say

__all__ = ["LEAST", "lifetimes"]

Vector = npt.NDArray[np.float64]
LEAST = 100
"""Units with two orders or more that each arm needs: fewer tell no rate of stopping."""
DEPENDENT = 0.3
"""Correlation of orders with spend per order from which they hang together."""
MOSTLY, NEARLY_ALL = 0.5, 0.8
"""Shares of the value that are projected, from which that is said."""
SHORT = 0.25
"""Share of the horizon that has to be watched."""
OFF = 0.2
"""Share by which the foreseen orders of the second half may miss."""


def lifetimes(
    experiment: Experiment, cells: Cells, level: float
) -> tuple[Lifetime, ...]:
    """One for each metric of lifetime value and treatment arm."""
    return tuple(
        _Beside(
            experiment=experiment,
            metric=metric,
            arm=arm.name,
            sides=_sides(experiment, cells, histories, arm.name),
            level=level,
        ).told()
        for histories in experiment.metrics.values()
        if isinstance(histories, Histories)
        for metric in [experiment.metrics[histories.of]]
        if isinstance(metric, Clv)
        for arm in experiment.treatments
    )


def _sides(
    experiment: Experiment, cells: Cells, histories: Histories, arm: str
) -> Sides:
    """Control's and the arm's units, whose money is profit where a margin is known."""
    tally, margin = cells.tallies[histories.name], _margin(experiment)
    control, treated = (
        ArmHistories.of(tally, name, histories.horizon.days).times(margin or 1.0)
        for name in (experiment.control.name, arm)
    )
    return control, treated


def _margin(experiment: Experiment) -> float | None:
    """The flat margin; None without one, or where it is the whole of the money."""
    money = experiment.economics
    if money is None or money.profit is not None or money.margin == 1:
        return None
    return float(money.margin)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Beside:
    """One arm beside control."""

    experiment: Experiment
    metric: Clv
    arm: str
    sides: Sides
    level: float

    def told(self) -> Lifetime:
        """What came; and what is ahead, or why that is not told."""
        measured = self._measured()
        refusal = self._refusal()
        if refusal:
            return replace(measured, refused=refusal)
        try:
            return self._projected(measured)
        except StatsError as error:
            one = error.problems[0]
            return replace(measured, refused=f"{one.where}: {one.what} {one.why}")

    def _measured(self) -> Lifetime:
        """Everything that needs no model."""
        control, treatment = (
            self._arm(name, side)
            for name, side in zip(self._names, self.sides, strict=True)
        )
        time = sum(float(side.units @ side.watched) for side in self.sides)
        return Lifetime(
            metric=self.metric.name,
            label=self.metric.whole,
            arm=self.arm,
            model="orders" if self.metric.renews is None else "subscriptions",
            horizon_days=self.metric.horizon.days,
            watched_days=time / sum(side.total for side in self.sides),
            discount=float(self.metric.discount),
            margin=_margin(self.experiment),
            control=control,
            treatment=treatment,
            came=self._more(control.came, treatment.came),
            carried_on=self._more(control.carried_on, treatment.carried_on),
        )

    @property
    def _names(self) -> tuple[str, str]:
        return self.experiment.control.name, self.arm

    def _arm(self, name: str, side: ArmHistories) -> LifetimeArm:
        mean, variance = side.mean_and_variance()
        return LifetimeArm(
            arm=name,
            units=int(side.total),
            buyers=side.at_least(1),
            repeat_buyers=side.at_least(2),
            came=self._normal(mean, np.sqrt(variance / side.total)),
            carried_on=self._normal(
                *carried_on(
                    side.net,
                    side.watched,
                    side.units,
                    until=float(self.metric.horizon.days),
                )
            ),
        )

    def _refusal(self) -> str:
        """Why nothing can be projected; empty where it can."""
        for name, side in zip(self._names, self.sides, strict=True):
            if side.at_least(2) < LEAST:
                return say(
                    "lifetime.too_few_repeat_buyers",
                    arm=self.experiment.called(name),
                    had=f"{side.at_least(2):,}",
                    least=f"{LEAST:,}",
                )
        whole = float(self.metric.horizon.days)
        if all((side.watched >= whole).all() for side in self.sides):
            return say("lifetime.nothing_is_left")
        net = sum(float(side.units @ side.net) for side in self.sides)
        return "" if net > 0 else say("lifetime.all_was_given_back")

    def _projected(self, measured: Lifetime) -> Lifetime:
        found = project(self.metric, self.sides, self._seed)
        ahead, total = found.worth.ahead, found.worth.total
        control, treatment = (
            replace(
                arm,
                ahead=self._drawn(ahead[:, i]),
                total=self._drawn(total[:, i], arm.came.value + ahead[:, i].mean()),
                held_out=held_out(self.metric, side),
            )
            for i, (arm, side) in enumerate(
                zip((measured.control, measured.treatment), self.sides, strict=True)
            )
        )
        values = [one.total.value for one in (control, treatment) if one.total]
        more = ahead[:, 1] - ahead[:, 0]
        share = float(ahead.mean() / np.mean(values))
        told = replace(
            measured,
            control=control,
            treatment=treatment,
            ahead=self._drawn(more),
            total=self._drawn(
                total[:, 1] - total[:, 0], measured.came.value + more.mean()
            ),
            lift=self._lift(total, values),
            p_positive=float((total[:, 1] > total[:, 0]).mean()),
            ahead_share=share,
            correlation=correlation(self.sides),
            too_early=share > NEARLY_ALL
            or measured.watched_days < SHORT * measured.horizon_days,
            parameters=found.parameters,
        )
        return replace(
            told,
            warnings=tuple(self._warnings(told, spend_modelled=found.spend_modelled)),
        )

    def _lift(self, total: Vector, values: list[float]) -> Quantity | None:
        """Of the whole value; None where control's may be 0."""
        if (total[:, 0] <= 0).any():
            return None
        return self._drawn(total[:, 1] / total[:, 0] - 1, values[1] / values[0] - 1)

    def _warnings(self, told: Lifetime, *, spend_modelled: bool) -> Iterator[str]:
        if not spend_modelled:
            yield say("lifetime.no_model_of_spend")
        if told.correlation is not None and abs(told.correlation) > DEPENDENT:
            yield say("lifetime.orders_and_spend", found=f"{told.correlation:.2f}")
        for arm in (told.control, told.treatment):
            held = arm.held_out
            if held is None or held.orders == 0:
                continue
            if abs(held.foreseen / held.orders - 1) > OFF:
                yield self._missed(arm.arm, held)

    def _missed(self, arm: str, held: HeldOut) -> str:
        told = {
            "arm": self.experiment.called(arm),
            "orders": f"{held.orders:,}",
            "foreseen": f"{held.foreseen:,.0f}",
        }
        if self.metric.renews is None:
            return say("lifetime.missed", **told)
        return say("lifetime.missed_renewals", **told)

    @property
    def _seed(self) -> tuple[int, int]:
        """Of what is drawn for this comparison."""
        text = f"{self.metric.name}\nlifetime\n{self.arm}"
        digest = int.from_bytes(sha256(text.encode()).digest()[:8], "big")
        return self.experiment.seed, digest

    def _normal(self, value: float, se: float) -> Quantity:
        reach = quantile((1 + self.level) / 2) * se
        return Quantity(
            value=float(value),
            se=float(se),
            lower=float(value - reach),
            upper=float(value + reach),
        )

    def _more(self, control: Quantity, treatment: Quantity) -> Quantity:
        """Of two independent arms."""
        return self._normal(
            treatment.value - control.value,
            np.hypot(control.se or 0.0, treatment.se or 0.0),
        )

    def _drawn(self, draws: Vector, value: float | None = None) -> Quantity:
        """The mean of draws (or a value that adds up) with their quantiles."""
        tail = (1 - self.level) / 2
        lower, upper = np.quantile(draws, [tail, 1 - tail])
        return Quantity(
            value=float(draws.mean() if value is None else value),
            se=float(draws.std(ddof=1)),
            lower=float(lower),
            upper=float(upper),
        )
