"""In how many decimals money is kept: those of the coin, or more where amounts need it.

Sums are exact integers of the currency's smallest coin. An ad that earns 0.3 of a cent
would then be nothing: where small amounts of a source are no whole number of coins, its
metrics are kept in millionths.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlglot import exp

from holdback.data.engine.sql import MICRO, all_of, double
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.language.measure import Companion, Measure

__all__ = ["finer", "finer_than_coins", "money_values"]

COINS = 10
"""Amounts from which on a coin's rounding does not matter, in coins."""
OFF_BY_ROUNDING = "1e-6"


def money_values(experiment: Experiment, source: str) -> dict[str, int]:
    """Decimals of the coin, by the text of each value of money read from a source."""
    return {
        measure.value.text: measure.digits
        for metric in experiment.metrics.values()
        for measure in metric.measures()
        if measure.source == source and measure.value and _is_money(metric, measure)
    }


def finer_than_coins(value: exp.Expression, digits: int) -> exp.Expression:
    """Whether a DOUBLE is a small amount, and no whole number of coins."""
    coins = exp.Mul(this=exp.Paren(this=value), expression=double(str(10**digits)))
    size = exp.Abs(this=coins)
    half_up = exp.Add(this=size.copy(), expression=double("0.5"))
    off = exp.Sub(this=size.copy(), expression=exp.Floor(this=half_up))
    return all_of(
        [
            exp.LT(this=size, expression=double(str(COINS))),
            exp.GT(this=exp.Abs(this=off), expression=double(OFF_BY_ROUNDING)),
        ]
    )


def finer(experiment: Experiment, fine: Mapping[str, Collection[str]]) -> Experiment:
    """The experiment with metrics in millionths whose values are finer than coins.

    `fine`: texts of such values by source. Itself where there are none.
    """
    names = {
        name
        for name, metric in experiment.metrics.items()
        if any(
            _is_money(metric, measure)
            and measure.value is not None
            and measure.value.text in fine.get(measure.source, ())
            for measure in metric.measures()
        )
    }
    if not names:
        return experiment
    return replace(
        experiment,
        metrics={
            name: replace(metric, digits=MICRO) if name in names else metric
            for name, metric in experiment.metrics.items()
        },
        companions={
            name: _finer(companion, experiment.metrics[companion.of])
            if companion.of in names
            else companion
            for name, companion in experiment.companions.items()
        },
    )


def _finer(companion: Companion, metric: Metric) -> Companion:
    return replace(
        companion,
        collected=tuple(
            replace(measure, digits=MICRO) if _is_money(metric, measure) else measure
            for measure in companion.collected
        ),
    )


def _is_money(metric: Metric, measure: Measure) -> bool:
    counts = measure.aggregate in {"count", "distinct", "any"}
    coins = measure.digits == metric.digits < MICRO
    return metric.unit == "money" and coins and not counts and measure.value is not None
