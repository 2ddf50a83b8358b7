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
from holdback.experiments.language.measure import Measure
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

__all__ = [
    "of_purchases",
    "overdrawn_condition",
    "refund_condition",
    "refunds_capped",
    "without_refunds",
]

NOTHING = Number(Decimal(0))
OF_ROWS = frozenset({"any", "count", "first_day", "last_day"})
"""Aggregates that ask how many rows there are, or when they were."""


def refund_condition(experiment: Experiment, source: str) -> Expression | None:
    """Whether a row gives money back; None where no single amount says so.

    The amount is that of the one value of money that is summed from the source. It is
    below zero, and so is, or nothing is, what it begins with: an order of which more
    was refunded than it cost is a purchase still. Where `returns` names the rows, or
    the source is that of the exposures, nothing is guessed.
    """
    value = _amount(experiment, source)
    if value is None or experiment.sources[source].returns is not None:
        return None
    below: Tree = Compare("<", value.tree, NOTHING)
    first = _first(value.tree)
    if first != value.tree:
        below = Junction("and", below, Compare("<=", first, NOTHING))
    return _expression(below)


def overdrawn_condition(experiment: Experiment, source: str) -> Expression | None:
    """Whether more of a purchase was given back than it cost; None as above.

    The amount is below zero, and what it begins with is above.
    """
    value = _amount(experiment, source)
    if value is None or _first(value.tree) == value.tree:
        return None
    paid = Compare(">", _first(value.tree), NOTHING)
    return _expression(Junction("and", Compare("<", value.tree, NOTHING), paid))


def _amount(experiment: Experiment, source: str) -> Expression | None:
    """The one value of money that is summed of a source of events."""
    if source == experiment.assignment.source:
        return None
    values = {
        measure.value.text: measure.value
        for metric in experiment.metrics.values()
        if metric.unit == "money" and not metric.hidden
        for measure in metric.measures()[:1]
        if measure.source == source and measure.aggregate == "sum" and measure.value
    }
    return next(iter(values.values())) if len(values) == 1 else None


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
    """The layout whose purchases do not count refunds of the sources."""
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
    if unit.measure is None or unit.own:
        return unit
    return replace(unit, measure=of_purchases(experiment, unit.measure, sources))


def of_purchases(
    experiment: Experiment, measure: Measure, sources: Collection[str]
) -> Measure:
    """A measure of any rows of a source as one of those that are no refund."""
    any_rows = not measure.value and not measure.where
    if measure.source not in sources or measure.aggregate not in OF_ROWS:
        return measure
    refund = refund_condition(experiment, measure.source)
    if refund is None or not any_rows:
        return measure
    return replace(measure, where=_expression(Not(refund.tree)))


def refunds_capped(
    experiment: Experiment, plan: Layout, sources: Collection[str]
) -> Layout:
    """The layout whose sums count a purchase as nothing where it is overdrawn."""
    return replace(
        plan,
        units={
            name: _capped(experiment, unit, sources)
            for name, unit in plan.units.items()
        },
    )


def _capped(
    experiment: Experiment, unit: UnitColumn, sources: Collection[str]
) -> UnitColumn:
    measure = unit.measure
    if measure is None or unit.own or measure.source not in sources:
        return unit
    value, overdrawn = (
        ask(experiment, measure.source) for ask in (_amount, overdrawn_condition)
    )
    if measure.aggregate != "sum" or value is None or overdrawn is None:
        return unit
    if measure.value is None or measure.value.text != value.text:
        return unit
    where: Tree = Not(overdrawn.tree)
    if measure.where is not None:
        where = Junction("and", measure.where.tree, where)
    return replace(unit, measure=replace(measure, where=_expression(where)))
