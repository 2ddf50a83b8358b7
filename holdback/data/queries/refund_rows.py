"""Rows that give money back: they take off the amount, and make nobody a buyer.

A source of orders may hold refunds as rows of their own, with an amount below zero.
They belong into sums. But who has no other row did not buy, and a conversion asks for
a row that is a purchase.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from holdback.data.queries.unit_columns import Layout, UnitColumn
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.trees import (
    Arithmetic,
    Compare,
    Junction,
    Not,
    Number,
    Tree,
    columns_of,
    written,
)

__all__ = ["refund_condition", "without_refunds"]

NOTHING = Number(Decimal(0))


def refund_condition(experiment: Experiment, source: str) -> Expression | None:
    """Whether a row gives money back; None where no single amount says so.

    The amount is that of the one value of money that is summed from the source. It is
    below zero, and so is, or nothing is, what it begins with: an order of which more
    was refunded than it cost is a purchase still. Where `returns` names the rows, or
    the source is that of the exposures, nothing is guessed.
    """
    if experiment.sources[source].returns is not None:
        return None
    if source == experiment.assignment.source:
        return None
    values = {
        measure.value.text: measure.value
        for metric in experiment.metrics.values()
        if metric.unit == "money" and not metric.hidden
        for measure in metric.measures()[:1]
        if measure.source == source and measure.aggregate == "sum" and measure.value
    }
    if len(values) != 1:
        return None
    (value,) = values.values()
    below: Tree = Compare("<", value.tree, NOTHING)
    first = _first(value.tree)
    if first != value.tree:
        below = Junction("and", below, Compare("<=", first, NOTHING))
    return _expression(below)


def _first(tree: Tree) -> Tree:
    """What a sum or a difference begins with."""
    while isinstance(tree, Arithmetic) and tree.operator in {"+", "-"}:
        tree = tree.left
    return tree


def _expression(tree: Tree) -> Expression:
    return Expression(text=written(tree), tree=tree, columns=columns_of(tree))


def without_refunds(
    experiment: Experiment, plan: Layout, sources: Collection[str]
) -> Layout:
    """The layout whose conversions by any row do not count refunds of the sources."""
    return replace(
        plan,
        units={
            name: _bought(experiment, unit, sources)
            for name, unit in plan.units.items()
        },
    )


def _bought(
    experiment: Experiment, unit: UnitColumn, sources: Collection[str]
) -> UnitColumn:
    measure = unit.measure
    if measure is None or unit.own or measure.source not in sources:
        return unit
    if measure.aggregate != "any" or measure.value or measure.where:
        return unit
    refund = refund_condition(experiment, measure.source)
    if refund is None:
        return unit
    return replace(unit, measure=replace(measure, where=_expression(Not(refund.tree))))
