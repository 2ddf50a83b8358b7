"""Lifetime value of each arm beside control's: measured, projected, and guarded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.data.evidence.purchase_histories import WEEK_DAYS, ArmHistories
from holdback.errors import StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import LifetimeTerms
from holdback.experiments.language.measure import Companion
from holdback.experiments.language.quantities import DAYS_PER_YEAR
from holdback.facts import Fact, fact
from holdback.results.quantity import Quantity
from holdback.results.sections.lifetime_value import HeldOut, Lifetime, LifetimeArm
from holdback.stats.evidence.sample import data_seed
from holdback.stats.lifetime.bg_nbd import BgNbd, OrderHistories, Orders
from holdback.stats.lifetime.gamma_gamma import BuyerSpend, ObservedPrices, Prices
from holdback.stats.lifetime.lifetime_value import (
    LIFETIME_DRAWS,
    Ahead,
    Means,
    RealizedValue,
    ValueDraws,
    carried_on,
    worth,
)
from holdback.stats.lifetime.shifted_beta_geometric import (
    ShiftedBetaGeometric,
    Subscriptions,
)
from holdback.stats.numeric import quantile

__all__ = [
    "LEAST_REPEAT_BUYERS",
    "BothHistories",
    "Projection",
    "correlation",
    "held_out",
    "lifetimes",
    "project",
]

Vector = npt.NDArray[np.float64]
LEAST_REPEAT_BUYERS = 100
"""Units with two orders or more that each arm needs: fewer tell no rate of stopping."""
DEPENDENT = 0.3
"""Correlation of orders with spend per order from which they hang together."""
NEARLY_ALL = 0.8
"""Share of the value that is projected, from which it is too early to tell."""
LEAST_WATCHED = 0.25
"""Share of the horizon that has to be watched."""
OFF = 0.2
"""Share by which the foreseen orders of the second half may miss."""


@readers.register("lifetime")
def lifetimes(basis: Basis) -> tuple[Lifetime, ...]:
    """One for each metric of lifetime value and treatment arm."""
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.level
    return tuple(
        _Beside(
            experiment=experiment,
            metric=histories.of,
            terms=terms,
            arm=arm.name,
            sides=_sides(experiment, cells, histories, terms, arm.name),
            level=level,
        ).told()
        for histories in experiment.companions_for("histories")
        if (terms := experiment.metrics[histories.of].lifetime_terms) is not None
        for arm in experiment.treatments
    )


def _sides(
    experiment: Experiment,
    cells: Cells,
    histories: Companion,
    terms: LifetimeTerms,
    arm: str,
) -> BothHistories:
    """Control's and the arm's units, whose money is profit where a margin is known."""
    margin, days = _margin(experiment), terms.horizon.days
    control, treated = (
        ArmHistories.of(cells.counts(histories.name, {name}), days).times(margin or 1.0)
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
    metric: str
    terms: LifetimeTerms
    arm: str
    sides: BothHistories
    level: float

    def told(self) -> Lifetime:
        """What came; and what is ahead, or why that is not told."""
        measured = self._measured()
        refusal = self._refusal()
        if refusal is not None:
            return replace(measured, refused=refusal)
        try:
            return self._projected(measured)
        except StatsError as error:
            one = error.problems[0]
            why = f"{one.where}: {one.what} {one.why}"
            return replace(measured, refused=fact("lifetime.no_fit", why=why))

    def _measured(self) -> Lifetime:
        """Everything that needs no model."""
        control, treatment = (
            self._arm(name, side)
            for name, side in zip(self._names, self.sides, strict=True)
        )
        time = sum(float(side.units @ side.watched) for side in self.sides)
        return Lifetime(
            metric=self.metric,
            label=self.terms.title,
            arm=self.arm,
            model="orders" if self.terms.renews is None else "subscriptions",
            horizon_days=self.terms.horizon.days,
            watched_days=time / sum(side.total for side in self.sides),
            discount=float(self.terms.discount),
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
                    until=float(self.terms.horizon.days),
                )
            ),
        )

    def _refusal(self) -> Fact | None:
        """Why nothing can be projected; None where it can."""
        for name, side in zip(self._names, self.sides, strict=True):
            if side.at_least(2) < LEAST_REPEAT_BUYERS:
                return fact(
                    "lifetime.few_repeat_buyers",
                    arm=name,
                    repeat_buyers=side.at_least(2),
                    least=LEAST_REPEAT_BUYERS,
                )
        whole = float(self.terms.horizon.days)
        if all((side.watched >= whole).all() for side in self.sides):
            return fact("lifetime.nothing_is_left")
        net = sum(float(side.units @ side.net) for side in self.sides)
        return None if net > 0 else fact("lifetime.all_was_given_back")

    def _projected(self, measured: Lifetime) -> Lifetime:
        projection = project(self.terms, self.sides, self._seed)
        ahead, total = projection.worth.ahead, projection.worth.total
        control, treatment = (
            replace(
                arm,
                ahead=self._drawn(ahead[:, i]),
                total=self._drawn(total[:, i], arm.came.value + ahead[:, i].mean()),
                held_out=held_out(self.terms, side),
            )
            for i, (arm, side) in enumerate(
                zip((measured.control, measured.treatment), self.sides, strict=True)
            )
        )
        values = [one.total.value for one in (control, treatment) if one.total]
        more = ahead[:, 1] - ahead[:, 0]
        share = float(ahead.mean() / np.mean(values))
        record = replace(
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
            or measured.watched_days < LEAST_WATCHED * measured.horizon_days,
            parameters=projection.parameters,
        )
        return replace(
            record,
            warnings=tuple(
                self._warnings(record, spend_modelled=projection.spend_modelled)
            ),
        )

    def _lift(self, total: Vector, values: list[float]) -> Quantity | None:
        """Of the whole value; None where control's may be 0."""
        if (total[:, 0] <= 0).any():
            return None
        return self._drawn(total[:, 1] / total[:, 0] - 1, values[1] / values[0] - 1)

    def _warnings(self, record: Lifetime, *, spend_modelled: bool) -> Iterator[Fact]:
        if not spend_modelled:
            yield fact("lifetime.no_model_of_spend")
        if record.correlation is not None and abs(record.correlation) > DEPENDENT:
            yield fact("lifetime.orders_and_spend", correlation=record.correlation)
        for arm in (record.control, record.treatment):
            held = arm.held_out
            if held is None or held.orders == 0:
                continue
            if abs(held.foreseen / held.orders - 1) > OFF:
                yield self._missed(arm.arm, held)

    def _missed(self, arm: str, held: HeldOut) -> Fact:
        what = "orders" if self.terms.renews is None else "renewals"
        return fact(
            "lifetime.missed",
            arm=arm,
            what=what,
            orders=held.orders,
            foreseen=held.foreseen,
        )

    @property
    def _seed(self) -> tuple[int, int]:
        """Of what is drawn for this comparison: a hash of both arms' histories."""
        return divmod(data_seed([side.marks for side in self.sides]), 2**64)

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


Places = npt.NDArray[np.int64]
BothHistories = tuple[ArmHistories, ArmHistories]


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """Draws of both arms, the fitted values, and whether spend has a model."""

    worth: ValueDraws
    parameters: Mapping[str, float]
    spend_modelled: bool


def project(
    terms: LifetimeTerms,
    sides: BothHistories,
    seed: tuple[int, ...],
    *,
    draws: int = LIFETIME_DRAWS,
) -> Projection:
    """The posterior of both arms. Raises StatsError where a model does not fit."""
    ahead, places = _orders(terms, sides)
    control, control_at = sides[0].spend()
    treated, treated_at = sides[1].spend()
    means, modelled = _means((control, treated))
    value = worth(
        (
            _seen(sides[0], places[0], control_at),
            _seen(sides[1], places[1], treated_at),
        ),
        ahead,
        means,
        seed=seed,
        draws=draws,
    )
    return Projection(
        worth=value,
        parameters={**ahead.control, **means.control},
        spend_modelled=modelled,
    )


def correlation(sides: BothHistories) -> float | None:
    """Of orders with the mean amount of an order, among who ordered twice or more."""
    twice = [side.orders > 1 for side in sides]
    orders, gross, units = (
        np.concatenate(
            [getattr(side, name)[two] for side, two in zip(sides, twice, strict=True)]
        )
        for name in ("orders", "gross", "units")
    )
    cov = np.cov(orders, gross / orders, fweights=units.astype(np.int64))
    spread = float(np.sqrt(cov[0, 0] * cov[1, 1]))
    return float(cov[0, 1]) / spread if spread > 0 else None


def _orders(
    terms: LifetimeTerms, sides: BothHistories
) -> tuple[Ahead, tuple[Places, Places]]:
    """The model of who orders again, and where each row's history stands in it."""
    if terms.renews is None:
        first, first_at = sides[0].histories()
        second, second_at = sides[1].histories()
        orders = Orders.fit(
            (first, second),
            horizon=terms.horizon.days / WEEK_DAYS,
            discount=float(terms.discount),
        )
        return orders, (first_at, second_at)
    period = terms.renews.days
    one, one_at = sides[0].tenures(period)
    other, other_at = sides[1].tenures(period)
    subscriptions = Subscriptions.fit(
        (one, other),
        (sides[0].total, sides[1].total),
        horizon=(terms.horizon.days - 1) // period,
        years=period / float(DAYS_PER_YEAR),
        discount=float(terms.discount),
    )
    return subscriptions, (one_at, other_at)


def _means(spends: tuple[BuyerSpend, BuyerSpend]) -> tuple[Means, bool]:
    """Gamma–gamma; where it does not fit, what an order brought on average."""
    try:
        return Prices.fit(spends), True
    except StatsError:
        return ObservedPrices.fit(spends), False


def _seen(side: ArmHistories, by_history: Places, by_spend: Places) -> RealizedValue:
    mean, variance = side.mean_and_variance()
    return RealizedValue(
        units=side.total,
        mean=mean,
        variance=variance,
        by_history=side.above_mean(by_history),
        by_spend=side.above_mean(by_spend),
        kept=side.kept(),
    )


def held_out(terms: LifetimeTerms, side: ArmHistories) -> HeldOut | None:
    """Orders (of subscriptions: renewals) of the second half, foreseen by the first's.

    An arm alone, by maximum likelihood. None where the first half fits no model.
    """
    try:
        if terms.renews is None:
            return _orders_of_halves(side)
        return _renewals(side, terms.renews.days)
    except StatsError:
        return None


def _orders_of_halves(side: ArmHistories) -> HeldOut:
    half = side.at_half_time()
    model = BgNbd.fit(half.histories()[0])
    left = half.watched / WEEK_DAYS
    rows = OrderHistories.of(half.orders, half.last / WEEK_DAYS, left, half.units)
    return HeldOut(
        orders=int(side.units @ (side.orders - half.orders)),
        foreseen=float(side.units @ model.ahead(rows, left)),
    )


def _renewals(side: ArmHistories, period: float) -> HeldOut | None:
    """Of those who are subscribed at half time, as far as renewals are settled.

    None where nobody had subscribed by then.
    """
    half = side.at_half_time()
    first, first_at = half.tenures(period)
    if not len(first.units):
        return None
    whole, whole_at = side.tenures(period)
    stay = (first_at >= 0) & ~first.left[first_at]
    units = side.units[stay]
    before = first.periods[first_at[stay]]
    after = whole.periods[whole_at[stay]] - whole.left[whole_at[stay]]
    until = side.settled(period)[stay]
    kept = ShiftedBetaGeometric.fit(first).survival(np.arange(until.max(initial=0) + 1))
    renewed = np.cumsum(kept)
    settled, seen = until.astype(int), before.astype(int)
    return HeldOut(
        orders=int(units @ np.clip(after - before, 0, until - before)),
        foreseen=float(units @ ((renewed[settled] - renewed[seen]) / kept[seen])),
    )
