"""What is collected beside money to tell where it came from: buyers and orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from holdback.experiments.definition.experiment import Assignment, Economics
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import (
    Compare,
    Expression,
    Junction,
    Number,
    Tree,
)
from holdback.experiments.language.measure import Companion, Measure

__all__ = ["orders_of"]


def orders_of(
    economics: Economics | None,
    metrics: Mapping[str, Metric],
    sources: Mapping[str, Source],
    assignment: Assignment,
) -> dict[str, Companion]:
    """The money of each unit as a chain: buyer or not, orders, their value, the money.

    Orders stand in it where rows are known to be orders: they are counted by a metric
    of order value over the same rows, or the source has ids, of which each is one order
    (then those with a value above 0). Their value stands in it where the money is less,
    as after refunds. Else the chain is buyer or not, the money.
    """
    metric = _money(economics, metrics)
    if metric is None or metric.outcome is None:
        return {}
    money = replace(metric.outcome, cap=None)
    chain = _orders(money, metrics.values(), sources, assignment)
    if not chain:
        buyer = replace(money, aggregate="any", digits=0)
        chain = (buyer,)
    orders = Companion(
        name="money: orders",
        of=metric.name,
        reader="orders",
        collected=(*chain, money),
        within=metric.within,
        evidence="moments",
    )
    return {orders.name: orders}


def _money(economics: Economics | None, metrics: Mapping[str, Metric]) -> Metric | None:
    """The metric of the money; without economics the first money per unit."""
    if economics is not None and economics.value in metrics:
        return metrics[economics.value]
    return next(
        (
            one
            for one in metrics.values()
            if one.unit == "money" and one.is_mean and not one.hidden
        ),
        None,
    )


def _orders(
    money: Measure,
    metrics: Iterable[Metric],
    sources: Mapping[str, Source],
    assignment: Assignment,
) -> tuple[Measure, ...]:
    """Buyer or not, orders, their value; nothing where rows may not be orders."""
    if money.aggregate != "sum" or money.value is None:
        return ()
    if money.source == assignment.source:
        return ()
    by_metric = next(filter(None, (_by_metric(money, one) for one in metrics)), None)
    if by_metric is not None:
        value, count = by_metric
        if value.value is not None and value.value.text == money.value.text:
            return _buyer(count), count
        return _buyer(count), count, value
    source = sources.get(money.source)
    if source is None or source.columns.id is None:
        return ()
    where = _above_zero(money.value, money.where)
    value = replace(money, where=where)
    count = replace(value, aggregate="count", value=None, digits=0)
    return _buyer(count), count, value


def _by_metric(money: Measure, metric: Metric) -> tuple[Measure, Measure] | None:
    """Value and count of a ratio of money by order, over the money's own rows."""
    measures = metric.measures()
    if metric.unit != "money" or len(measures) != 2 or not metric.is_quotient:
        return None
    value, count = measures
    same = all(
        (one.source, one.end, one.start) == (money.source, money.end, money.start)
        and _text(one.where) == _text(money.where)
        for one in measures
    )
    counted = value.aggregate == "sum" and count.aggregate == "count"
    return (replace(value, cap=None), count) if same and counted else None


def _buyer(count: Measure) -> Measure:
    return replace(count, aggregate="any", value=None, digits=0)


def _text(where: Expression | None) -> str:
    return "" if where is None else where.text


def _above_zero(value: Expression, where: Expression | None) -> Expression:
    """Rows that bring money, of those that count."""
    tree: Tree = Compare(operator=">", left=value.tree, right=Number(Decimal(0)))
    text, columns = f"({value.text}) > 0", value.columns
    if where is not None:
        tree = Junction(operator="and", left=where.tree, right=tree)
        text, columns = f"({where.text}) and {text}", columns | where.columns
    return Expression(text=text, tree=tree, columns=columns)
