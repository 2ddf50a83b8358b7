"""What models of spend and of counts make of the same rows: they explain, never decide.

A model takes a shape for granted; where the shape differs between the arms its chance
errs far more often than it says. So the chance that decides is read from the deciding
method (`posteriors`), and these stand beside it under sensitivity.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.analysis.comparison.comparison import Comparison
from holdback.errors import StatsError
from holdback.facts import Fact, fact
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.counts import CountArm, CountModel
from holdback.stats.posterior.hurdle import Hurdle, LogSpend, log_spend
from holdback.stats.posterior.predictive_checks import (
    Predictive,
    check_counts,
    predictive_check,
)
from holdback.stats.posterior.spend_distributions import (
    Amounts,
    GammaSpend,
    StudentSpend,
    TwoSpreads,
)

__all__ = ["SpendModel", "one_spread_hurdle", "spend_models"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SpendModel:
    """A model whose predictions look like the rows; `note` tells of it.

    `variant` is its name under sensitivity.
    """

    variant: str
    model: Hurdle | CountModel
    note: Fact


def spend_models(comparison: Comparison) -> Iterator[SpendModel]:
    """Models of money per unit, or of counts: of raw values, without covariates.

    They need the units' rows (listed where amounts are few or skewed, which is where
    they have something to say) and pass a check of what they predict. Spend has a
    spread of its own in each arm; beside it stands the model with one spread, and only
    where both are refused are gamma and Student t tried, the first that passes.
    """
    rows = _modelled_rows(comparison)
    if rows is None:
        return
    if not _is_money(comparison):
        yield from _of_counts(rows, comparison.seed)
        return
    with suppress(StatsError):
        yield from _of_spend(rows, comparison.seed)


def one_spread_hurdle(comparison: Comparison) -> Hurdle | None:
    """The hurdle with one spread in both arms; None where it is refused."""
    rows = _modelled_rows(comparison)
    if rows is None or not _is_money(comparison):
        return None
    try:
        arms = _Arms.of(rows)
        hurdle = Hurdle(control=arms.first, treatment=arms.second)
        return hurdle if arms.check(hurdle, comparison.seed).passes else None
    except StatsError:
        return None


def _is_money(comparison: Comparison) -> bool:
    return comparison.metric.is_mean and comparison.metric.unit == "money"


def _modelled_rows(comparison: Comparison) -> tuple[Sample, Sample] | None:
    """The rows that a model may be held against; None where there are none."""
    metric = comparison.metric
    counts = metric.is_mean and metric.measures()[0].aggregate == "count"
    fits = _is_money(comparison) or counts
    pooled = not comparison.cells.stretches
    if not (fits and pooled) or comparison.capped or comparison.adjusted is not None:
        return None
    return comparison.rows


def _of_counts(
    rows: tuple[Sample, Sample], seed: tuple[int, ...]
) -> Iterator[SpendModel]:
    """The negative binomial, where counts look like it."""
    with suppress(StatsError):
        model = CountModel(control=CountArm.of(rows[0]), treatment=CountArm.of(rows[1]))
        check = check_counts(model, seed)
        if check.passes:
            yield SpendModel(
                variant="negative_binomial",
                model=model,
                note=fact("posterior.negative_binomial", p_value=check.p_value),
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Arms:
    """Buyers of both arms: sums of their log spend, and each one's, (k,)."""

    first: LogSpend
    second: LogSpend
    control: Vector
    treated: Vector

    @classmethod
    def of(cls, rows: tuple[Sample, Sample]) -> _Arms:
        """Raises StatsError for values below 0."""
        return cls(
            first=LogSpend.of(rows[0]),
            second=LogSpend.of(rows[1]),
            control=log_spend(rows[0]),
            treated=log_spend(rows[1]),
        )

    def hurdle(self, amounts: Amounts) -> Hurdle:
        """With a law of spend. Raises StatsError with too few buyers."""
        return Hurdle(control=self.first, treatment=self.second, amounts=amounts)

    def check(self, hurdle: Hurdle, seed: tuple[int, ...]) -> Predictive:
        """Whether spend looks as the hurdle makes it. Raises StatsError if alike."""
        spend = hurdle.spend
        return predictive_check(
            self.control,
            self.treated,
            seed,
            residuals=spend.residuals,
            one_spread=not isinstance(spend, TwoSpreads),
        )


def _of_spend(
    rows: tuple[Sample, Sample], seed: tuple[int, ...]
) -> Iterator[SpendModel]:
    arms = _Arms.of(rows)
    own = TwoSpreads(
        means=(arms.first.log_mean, arms.second.log_mean),
        squares=(arms.first.log_squares, arms.second.log_squares),
        buyers=(arms.first.buyers, arms.second.buyers),
    )
    lognormal = [
        ("hurdle", arms.hurdle(own)),
        ("hurdle_one_spread", Hurdle(control=arms.first, treatment=arms.second)),
    ]
    passed = False
    for variant, hurdle in lognormal:
        check = arms.check(hurdle, seed)
        if check.passes:
            passed = True
            yield _told(variant, hurdle, check)
    if passed:
        return
    for variant, law in _others(arms):
        hurdle = arms.hurdle(law)
        check = arms.check(hurdle, seed)
        if check.passes:
            yield _told(variant, hurdle, check)
            return


def _others(arms: _Arms) -> Iterator[tuple[str, Amounts]]:
    """What is tried where lognormal spend is refused."""
    with suppress(StatsError):
        yield "hurdle_gamma", GammaSpend.of(arms.control, arms.treated)
    with suppress(StatsError):
        yield "hurdle_student_t", StudentSpend.of(arms.control, arms.treated)


def _told(variant: str, hurdle: Hurdle, check: Predictive) -> SpendModel:
    note = fact("posterior.hurdle", spend=variant, p_value=check.p_value)
    return SpendModel(variant=variant, model=hurdle, note=note)
