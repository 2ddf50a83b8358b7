"""Finished experiments → the portfolio: what they say together.

One effect an experiment (all treatment arms together), of the metric that is its
money, else of its primary; experiments of another kind of effect stand in the table
and are put together with nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import expm1
from pathlib import Path

import numpy as np
import numpy.typing as npt

from holdback.errors import ConfigError, Problem, StatsError
from holdback.experiments.definition.experiment import LearnedPrior
from holdback.facts import Fact
from holdback.portfolio.experiment_list import PATTERNS, overview
from holdback.portfolio.finished_experiments import (
    MONEY,
    Counted,
    LeftOut,
    Paid,
    Results,
    counted_of,
    lead_of,
    results_in,
)
from holdback.portfolio.past_prior import learned_from, of_kind
from holdback.portfolio.result import (
    Entry,
    Pooled,
    Portfolio,
    Theme,
    Total,
    Wins,
)
from holdback.portfolio.tests_against_holdback import reconciled
from holdback.results.quantity import Quantity, Return
from holdback.results.scorecard import Scorecard
from holdback.stats.methods.proportion import share_interval
from holdback.stats.numeric import quantile
from holdback.stats.posterior.random_effects import (
    NormalMixture,
    RandomEffects,
    dersimonian_laird,
    random_effects,
)
from holdback.stats.posterior.spike_and_slab import Program, program

__all__ = ["portfolio", "portfolio_of", "totals_of"]

LEVEL = 0.95
JUST_BELOW_ZERO = -1e-300
"""Where an effect that is nil is not below."""


def portfolio(folders: Sequence[Path]) -> Portfolio:
    """The portfolio of all results in project folders or folders of results.

    Raises ConfigError for a folder without results or two currencies, StatsError
    where no experiment is finished.
    """
    for folder in folders:
        if not folder.is_dir():
            fix = "Name a project's folder, or one with results."
            raise ConfigError(Problem(where=str(folder), what="is no folder.", fix=fix))
    results = results_in(folders)
    if not (results.finished or results.long_run or results.left_out):
        raise ConfigError(
            Problem(
                where=", ".join(map(str, folders)),
                what="holds no result.",
                why="A portfolio reads what `holdback analyze` wrote: "
                "results/NAME/scorecard.json.",
                fix="Analyze the experiments first, or name the folder of their "
                "results.",
            )
        )
    return portfolio_of(results, unanalyzed=_unanalyzed(folders, results))


def portfolio_of(results: Results, *, unanalyzed: Sequence[str] = ()) -> Portfolio:
    """The portfolio of results that are at hand.

    Raises StatsError where none is finished, ConfigError for two currencies.
    """
    lead, counted, rest = counted_of(results.finished)
    left_out = [*results.left_out, *rest]
    if not counted:
        raise StatsError(_none_finished(left_out))
    _refuse_two_currencies(
        [experiment.card for experiment in counted if experiment.paid]
    )
    effects = (
        program([experiment.ratio for experiment in counted])
        if len(counted) > 1
        else None
    )
    shrunk: Sequence[NormalMixture | None] = (
        effects.effects if effects is not None else [None]
    )
    nil = [None] if effects is None else [float(p) for p in effects.nil_chances]
    newest = counted[-1].card
    return Portfolio(
        level=LEVEL,
        locale=newest.locale,
        metric=lead,
        currency=newest.currency,
        experiments=tuple(map(_entry, counted, shrunk, nil, _earned(counted, effects))),
        left_out=tuple(sorted(left_out, key=lambda experiment: experiment.experiment)),
        unanalyzed=tuple(unanalyzed),
        pooled=_pooled(counted, effects),
        totals=totals_of(counted, effects, LEVEL) if lead == MONEY else (),
        wins=_wins(counted, shrunk),
        themes=_themes(counted),
        priors=_priors(results.finished),
        long_run=tuple(
            reconciled(seen, counted, effects, LEVEL)
            for card in results.long_run
            if (seen := lead_of(card)) is not None
        ),
    )


def _entry(
    experiment: Counted,
    shrunk: NormalMixture | None,
    nil: float | None,
    earned: Quantity | None,
) -> Entry:
    card = experiment.card
    posterior = None if shrunk is None else _lift(shrunk)
    return Entry(
        experiment=card.experiment,
        metric=experiment.metric,
        decision=card.decision.outcome if card.decision else "none",
        kept=experiment.kept,
        window_start=card.window_start,
        window_end=card.window_end,
        tags=card.tags,
        lift=_reported(experiment),
        shrunk=posterior,
        p_nil=nil,
        p_positive=None if shrunk is None else 1 - shrunk.below(0.0),
        revenue=experiment.paid.money.incremental_revenue if experiment.paid else None,
        revenue_shrunk=earned,
    )


def _reported(experiment: Counted) -> Quantity:
    """The lift and its range as the experiment's own report tells them."""
    if experiment.told is not None:
        return experiment.told[0]
    effect = experiment.effect
    margin = quantile((1 + LEVEL) / 2) * effect.se
    return Quantity(
        value=expm1(effect.value),
        lower=expm1(effect.value - margin),
        upper=expm1(effect.value + margin),
    )


def _lift(posterior: NormalMixture) -> Quantity:
    """A posterior of ln(1 + lift) as a lift with its range."""
    interval = posterior.interval(LEVEL)
    assert interval.lower is not None  # noqa: S101  # a mixture has both ends
    assert interval.upper is not None  # noqa: S101
    return Quantity(
        value=expm1(posterior.mean),
        lower=expm1(interval.lower),
        upper=expm1(interval.upper),
    )


def _earned(
    counted: Sequence[Counted], effects: Program | None
) -> list[Quantity | None]:
    """Money of each experiment, pulled together; their values add up to the totals'."""
    if effects is None or any(experiment.paid is None for experiment in counted):
        return [None] * len(counted)
    treated = [
        experiment.paid.basis.treated_total
        for experiment in counted
        if experiment.paid is not None
    ]
    return [_quantity(effects.money(row), LEVEL) for row in np.diag(treated)]


def _pooled(
    counted: Sequence[Counted], effects: Program | RandomEffects | None
) -> Pooled | None:
    if effects is None:
        return None
    return Pooled(
        experiments=effects.n,
        mean=_lift(effects.mean),
        p_positive=1 - effects.mean.below(0.0),
        next_lift=_lift(effects.next),
        tau=effects.tau,
        tau_moments=dersimonian_laird([experiment.ratio for experiment in counted]),
        p_value=effects.p_value,
        nil_share=effects.nil_share if isinstance(effects, Program) else None,
    )


def _wins(counted: Sequence[Counted], shrunk: Sequence[NormalMixture | None]) -> Wins:
    kept = sum(experiment.kept for experiment in counted)
    interval = share_interval(kept, len(counted), level=LEVEL)
    false = [
        posterior.below(0.0)
        if experiment.better == "higher"
        else 1 - posterior.below(JUST_BELOW_ZERO)
        for experiment, posterior in zip(counted, shrunk, strict=True)
        if experiment.kept and posterior is not None
    ]
    return Wins(
        finished=len(counted),
        kept=kept,
        rate=Quantity(
            value=kept / len(counted), lower=interval.lower, upper=interval.upper
        ),
        false=sum(false) if false else None,
    )


def _themes(counted: Sequence[Counted]) -> tuple[Theme, ...]:
    themes = []
    for tag in sorted({tag for experiment in counted for tag in experiment.card.tags}):
        members = [experiment for experiment in counted if tag in experiment.card.tags]
        effects = (
            random_effects([experiment.ratio for experiment in members])
            if len(members) > 1
            else None
        )
        themes.append(
            Theme(tag=tag, experiments=len(members), pooled=_pooled(members, effects))
        )
    return tuple(themes)


def _priors(cards: Sequence[Scorecard]) -> tuple[LearnedPrior, ...]:
    """What each metric's lifts teach; two metrics of one name are two."""
    known = {
        (m.metric, m.kind, m.unit or "", m.better): m for c in cards for m in c.metrics
    }
    priors = (
        learned_from(of_kind(cards, one), one.metric)
        for _, one in sorted(known.items())
    )
    return tuple(one.record for one in priors if one is not None)


def _unanalyzed(folders: Sequence[Path], results: Results) -> list[str]:
    """Experiments of the projects that have no result though their time is over.

    Over is what ended before the latest moment that any result knows of.
    """
    cards = (*results.finished, *results.long_run)
    known = {card.experiment for card in cards}
    known |= {experiment.experiment for experiment in results.left_out}
    latest = max((card.as_of or "" for card in cards), default="")
    names = set()
    for folder in folders:
        places = (folder, folder / "experiments")
        if any(any(place.glob(p)) for place in places for p in PATTERNS):
            try:
                listed = overview(folder)
            except ConfigError:
                continue
            names |= {
                experiment.experiment or experiment.file
                for experiment in listed
                if not experiment.window_end or experiment.window_end < latest
            }
    return sorted(names - known)


def _refuse_two_currencies(cards: Sequence[Scorecard]) -> None:
    currencies = sorted({card.currency or "none" for card in cards})
    if len(currencies) > 1:
        raise ConfigError(
            Problem(
                what=f"the experiments' money is in {' and '.join(currencies)}.",
                why="Amounts of two currencies have no sum.",
                fix="Name the folders of one currency at a time.",
            )
        )


def _none_finished(left_out: Sequence[LeftOut]) -> Problem:
    reasons = "; ".join(
        f"{experiment.experiment}: {_short(experiment.reason)}"
        for experiment in left_out
    )
    return Problem(
        what="no experiment is finished with a lift that can be counted.",
        why=f"{reasons}." if reasons else "Only holdbacks without an end were found.",
        fix="Wait for the windows to end, or analyze the others.",
    )


def _short(reason: Fact) -> str:
    """Why a result does not count, for an error."""
    match reason.code:
        case "finished.check_failed":
            return "a check of its data failed"
        case "finished.running":
            return "it is not finished"
        case "finished.no_lift":
            return "it has no lift with an error"
        case "finished.another":
            return "a later result of this name counts"
    return "its scorecard cannot be read"


Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Both sums of some experiments' money, each weighed by (j,) weights."""

    paid: Sequence[Paid]
    effects: Program | None

    @property
    def treated(self) -> Vector:
        """What the treated units brought in each experiment."""
        return np.array([paid.basis.treated_total for paid in self.paid])

    def plain(self, weights: Vector) -> NormalMixture:
        """Σ w T (1 − exp(−b)): the figures as reported, errors independent."""
        b = np.array([paid.basis.log_lift.value for paid in self.paid])
        s = np.array([paid.basis.log_lift.se for paid in self.paid])
        slopes = weights * self.treated * np.exp(-b)
        revenues = np.array(
            [paid.money.incremental_revenue.value for paid in self.paid]
        )
        return NormalMixture(
            weights=np.ones(1),
            means=np.array([weights @ revenues]),
            sds=np.array([np.sqrt(np.sum((slopes * s) ** 2))]),
        )

    def shrunk(self, weights: Vector) -> NormalMixture | None:
        """The same from the posterior of all effects."""
        if self.effects is None:
            return None
        return self.effects.money(weights * self.treated)


def totals_of(
    counted: Sequence[Counted], effects: Program | None, level: float
) -> tuple[Total, ...]:
    """Of all finished experiments, and of those that were kept on.

    Every one of `counted` has money, and `effects` are theirs, in the same order.
    """
    paid = [experiment.paid for experiment in counted if experiment.paid is not None]
    sums = _Sums(paid=paid, effects=effects)
    kept = np.array([float(experiment.kept) for experiment in counted])
    totals = [_total("all", sums, np.ones(len(paid)), level)]
    if kept.any():
        totals.append(_total("kept", sums, kept, level))
    return tuple(totals)


def _total(which: str, sums: _Sums, taken: Vector, level: float) -> Total:
    margins = taken * np.array([paid.basis.margin for paid in sums.paid])
    total = Total(
        which=which,
        experiments=int(taken.sum()),
        revenue=_quantity(sums.plain(taken), level),
        profit=_quantity(sums.plain(margins), level),
        revenue_shrunk=_maybe(sums.shrunk(taken), level),
        profit_shrunk=_maybe(sums.shrunk(margins), level),
    )
    costs = np.array([paid.cost for paid in sums.paid])
    costly = taken * (costs > 0)
    if not costly.any():
        return total
    spread = np.array([paid.cost_se for paid in sums.paid])
    bill = _Bill(
        cost=float(costly @ costs),
        savings=float(costly @ np.array([paid.money.savings for paid in sums.paid])),
        se=float(np.sqrt(costly @ spread**2)),
    )
    shrunk = sums.shrunk(margins * costly)
    return replace(
        total,
        with_costs=int(costly.sum()),
        cost=bill.cost,
        savings=bill.savings or None,
        ropi=_return(sums.plain(margins * costly), bill, level),
        ropi_shrunk=None if shrunk is None else _return(shrunk, bill, level),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bill:
    """Costs and savings of several experiments, and the costs' error."""

    cost: float
    savings: float
    se: float


def _return(gain: NormalMixture, bill: _Bill, level: float) -> Return:
    """(gain + savings − cost) / cost; the cost's error adds by the delta method."""
    back = gain.means + bill.savings
    ropi = NormalMixture(
        weights=gain.weights,
        means=back / bill.cost - 1,
        sds=np.hypot(gain.sds / bill.cost, back / bill.cost**2 * bill.se),
    )
    interval = ropi.interval(level)
    return Return(
        value=ropi.mean,
        lower=interval.lower,
        upper=interval.upper,
        p_positive=1 - ropi.below(0.0),
    )


def _quantity(mixture: NormalMixture, level: float) -> Quantity:
    interval = mixture.interval(level)
    return Quantity(value=mixture.mean, lower=interval.lower, upper=interval.upper)


def _maybe(mixture: NormalMixture | None, level: float) -> Quantity | None:
    return None if mixture is None else _quantity(mixture, level)
