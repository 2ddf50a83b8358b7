"""Guardrail margins, economics and the decision rule: written → resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from math import ceil
from typing import Any

from holdback.experiments.config.models import (
    ExperimentFile,
    WrittenCost,
    WrittenEconomics,
    WrittenRollout,
)
from holdback.experiments.config.validation import ConfigPath, Issues
from holdback.experiments.config.yaml_document import ScalarNode
from holdback.experiments.definition.calendar import DAYS
from holdback.experiments.definition.experiment import (
    Cost,
    DecisionRule,
    Economics,
    Margin,
    Rollout,
    Saving,
)
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.language import quantities
from holdback.experiments.language.quantities import (
    Unreadable,
    did_you_mean,
    duration_text,
)

__all__ = [
    "check_economics",
    "decision_of",
    "economics_of",
    "guardrails_of",
    "with_profit",
]

COUNTED_AGGREGATES = frozenset({"any", "count"})
_WITH_UNIT = re.compile(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(\S.*)")


def guardrails_of(
    written: ExperimentFile, metrics: Mapping[str, Metric], issues: Issues
) -> dict[str, Margin]:
    """Metric → margin, for the metrics that exist."""
    guardrails = {}
    for name, node in written.guardrails.items():
        path: ConfigPath = ("guardrails", name)
        if not isinstance(node, ScalarNode):
            issues.add(path, "one margin is needed here.", fix="Write 2% or 50 ms.")
            continue
        try:
            margin = _margin(node.text, metrics.get(name), written.currency)
        except Unreadable as error:
            issues.unreadable(path, error, node=node)
            continue
        if margin is not None:
            guardrails[name] = margin
    return guardrails


def _margin(text: str, metric: Metric | None, currency: str | None) -> Margin | None:
    """`2%` is relative, a number or `50 ms` is in the metric's unit."""
    plain = text.strip()
    if plain.startswith("-"):
        raise Unreadable(
            "a margin is a size and has no sign.",
            why="It is the worst harm still accepted, whichever way is worse.",
            fix=f"Write {plain.lstrip('-').strip()}.",
        )
    if plain.endswith("%"):
        value = quantities.share(plain)
        if value >= 1:
            raise Unreadable("a relative margin lies below 100%.")
        return Margin(value=value, scale="relative")
    match = _WITH_UNIT.fullmatch(plain)
    unit = match[2] if match and not re.fullmatch(r"[-+\d.eE]+", plain) else ""
    if metric is None:
        return None
    number = quantities.amount(match[1] if match and unit else plain)
    return Margin(value=_in_unit(number, unit, metric, currency), scale="absolute")


def _in_unit(
    number: Fraction, unit: str, metric: Metric, currency: str | None
) -> Fraction:
    own = (currency or "money") if metric.unit == "money" else metric.unit
    if unit in {"point", "points"}:
        if metric.unit is not None and metric.unit != "points":
            raise Unreadable(
                f"'{metric.name}' is measured in {own}, not in points.",
                fix=f"Write {quantities.decimal_text(number)} {own}, or a percentage.",
            )
        return number / 100 if metric.is_rate else number
    if unit and unit != own:
        raise Unreadable(
            f"'{metric.name}' is not measured in '{unit}'.",
            fix=f"Its unit is {own}." if own else "Write a number or a percentage.",
        )
    if not unit and metric.is_rate and number >= 1:
        raise Unreadable(
            f"a rate cannot move by {quantities.decimal_text(number)}.",
            fix=f"Did you mean {quantities.decimal_text(number)}% or "
            f"{quantities.decimal_text(number)} points?",
        )
    return number


def economics_of(
    written: ExperimentFile, metrics: Mapping[str, Metric], issues: Issues
) -> Economics | None:
    """The economics with the value metric filled in; none where there is no money."""
    economics = written.economics
    primary = metrics.get(written.primary or "")
    paid = primary is not None and _is_money_per_unit(primary)
    if economics is None:
        if primary is None or not paid:
            return None
        return Economics(value=primary.name, profit=_profit(primary))
    value = economics.value or (primary.name if primary is not None and paid else None)
    if value is None and primary is not None:
        issues.add(
            ("economics",),
            f"the primary '{primary.name}' is not money per unit.",
            fix="Add `value:` with a metric of kind mean and `unit: money`.",
            key=True,
        )
    elif (
        value is not None
        and value in metrics
        and not _is_money_per_unit(metrics[value])
    ):
        issues.add(
            ("economics", "value"),
            f"'{value}' is not money per unit.",
            fix="Name a metric of kind mean with `unit: money`.",
        )
    _check_sizes(economics, written, issues)
    if value is None or issues.is_broken("economics"):
        return None
    profit = _profit(metrics[value]) if value in metrics else None
    check_economics(economics, written, metrics, issues, measured=profit is not None)
    return Economics(
        value=value,
        margin=economics.margin,
        incremental=economics.incremental,
        cost_per=_countable(economics, metrics, issues),
        profit=profit,
        costs=tuple(_cost(cost) for cost in economics.costs),
        savings=tuple(
            Saving(name=s.name, hours=s.hours, rate=s.rate, per=s.per)
            for s in economics.savings
        ),
        rollout=_rollout(economics),
    )


def with_profit(
    economics: Economics | None, metrics: Mapping[str, Metric]
) -> dict[str, Metric]:
    """The metrics, and the hidden one that measures profit where it is asked for."""
    extended = dict(metrics)
    if economics is not None and economics.profit is not None:
        value = metrics[economics.value]
        changes: dict[str, Any] = {"value": value.margin_value}
        extended[economics.profit] = replace(
            value,
            name=economics.profit,
            label=f"{value.title}: profit",
            margin_value=None,
            cap=None,
            hidden=True,
            **changes,
        )
    return extended


def _profit(metric: Metric) -> str | None:
    return None if metric.margin_value is None else f"{metric.name}: profit"


def _is_money_per_unit(metric: Metric) -> bool:
    return metric.unit == "money" and metric.outcome is not None


def _check_sizes(
    economics: WrittenEconomics, written: ExperimentFile, issues: Issues
) -> None:
    if not 0 < economics.margin <= 1:
        issues.add(
            ("economics", "margin"),
            "the margin lies above 0% and not above 100%.",
            fix=_percent_hint(economics.margin),
        )
    timed = written.window is not None or issues.is_broken("window")
    for at, cost in enumerate(economics.costs):
        _check_cost(("economics", "costs", at), cost, issues, timed=timed)
    for at, saving in enumerate(economics.savings):
        if saving.hours < 0 or saving.rate < 0:
            what = "hours and rate of a saving are not negative."
            issues.add(("economics", "savings", at), what)
    if economics.rollout is not None and economics.rollout.units < 1:
        issues.add(("economics", "rollout", "units"), "at least 1 unit is needed.")
    if (economics.costs or economics.savings) and written.currency is None:
        issues.add(
            ("economics",),
            "money needs a currency.",
            fix="Add `currency: EUR` (ISO 4217) to the project file.",
            key=True,
        )


def _check_cost(
    path: ConfigPath, cost: WrittenCost, issues: Issues, *, timed: bool
) -> None:
    by_hand = cost.hours is not None and cost.rate is not None
    if (cost.amount is not None) == by_hand or (cost.hours is None) != (
        cost.rate is None
    ):
        issues.add(
            path,
            f"cost '{cost.name}' is an 'amount', or 'hours' at a 'rate'.",
            fix="Write `amount: 300`, or `hours: 6` and `rate: 40`.",
        )
    if min(_amount(cost), cost.hours or 0) < 0:
        issues.add((*path, "amount"), "a cost is not negative.", fix="Use `savings`.")
    if cost.uncertainty is not None and not 0 <= cost.uncertainty <= 1:
        issues.add(
            (*path, "uncertainty"),
            "an uncertainty lies between 0% and 100% of the amount.",
            why="A cost that may be off by more than itself may be negative.",
        )
    if (cost.per is None) == (cost.spread is None):
        both = cost.per is not None
        issues.add(
            path,
            f"cost '{cost.name}' has {'both' if both else 'neither'} 'per' "
            f"{'and' if both else 'nor'} 'spread'.",
            fix="Write `per: month` for a running cost, `spread: 12 months` for one "
            "that is paid once.",
        )
    elif cost.per != "treated unit" and not timed:
        issues.add(
            path,
            f"cost '{cost.name}' runs with time, and there is no window.",
            fix="Add `window: {start: …, end: …}`, or write `per: treated unit`.",
        )


def _amount(cost: WrittenCost) -> Fraction:
    """What it costs: the amount, or hours of work at their rate."""
    if cost.amount is not None:
        return cost.amount
    return (cost.hours or Fraction(0)) * (cost.rate or Fraction(0))


def _countable(
    economics: WrittenEconomics, metrics: Mapping[str, Metric], issues: Issues
) -> tuple[str, ...]:
    """The metrics of which one more may be wanted, and that count it in each unit."""
    if economics.cost_per and not economics.costs:
        issues.add(
            ("economics", "cost_per"),
            "there are no costs to divide.",
            fix="Add `costs: […]`, or take `cost_per` out.",
        )
    for at, name in enumerate(economics.cost_per):
        metric = metrics.get(name)
        outcome = None if metric is None else metric.outcome
        if (
            metric is None
            or outcome is None
            or outcome.aggregate not in COUNTED_AGGREGATES
        ):
            issues.add(
                ("economics", "cost_per", at),
                f"'{name}' counts nothing of which one more could cost something.",
                fix=did_you_mean(name, metrics)
                or "Name a metric of kind conversion or count that is reported.",
            )
    return economics.cost_per


def _cost(cost: WrittenCost) -> Cost:
    per: Any = cost.per
    kind: Any = cost.kind
    return Cost(
        name=cost.name,
        amount=_amount(cost),
        per=per,
        spread=cost.spread,
        uncertainty=cost.uncertainty or Fraction(0),
        kind=kind,
        arms=cost.arms,
    )


def _rollout(economics: WrittenEconomics) -> Rollout | None:
    rollout = economics.rollout
    if rollout is None:
        return None
    return Rollout(
        units=rollout.units,
        per=rollout.per,
        horizon=rollout.horizon,
        decay=rollout.decay,
        last_year=rollout.last_year,
    )


def decision_of(written: ExperimentFile, issues: Issues) -> DecisionRule:
    """The rule; by default profit where there are costs, else lift."""
    decision = written.decision
    has_costs = bool(written.economics and written.economics.costs)
    if decision is None:
        return DecisionRule(rule="profit" if has_costs else "lift")
    rule = decision.rule or ("profit" if has_costs else "lift")
    if rule == "profit" and not has_costs and not issues.is_broken("economics"):
        issues.add(
            ("decision", "rule"),
            "the rule 'profit' needs costs.",
            why="Without a cost there is no return on it.",
            fix="Add `economics: {costs: […]}`, or use the rule lift.",
        )
    if rule == "not_worse" and decision.margin is None:
        issues.add(
            ("decision",),
            "the rule 'not_worse' needs a 'margin'.",
            fix="Add the worst loss still accepted, such as `margin: 1%`.",
            key=True,
        )
    if rule != "not_worse" and decision.margin is not None:
        issues.add(
            ("decision", "margin"),
            f"'margin' is not read by the rule '{rule}'.",
            fix="Leave it out, or use the rule not_worse.",
            key=True,
        )
    if decision.margin is not None and not 0 < decision.margin < 1:
        issues.add(("decision", "margin"), "a margin lies between 0% and 100%.")
    if not 0 <= decision.minimum_lift < 1:
        issues.add(
            ("decision", "minimum_lift"),
            "the minimum lift lies from 0% to below 100%.",
            fix=_percent_hint(decision.minimum_lift),
        )
    return DecisionRule(
        rule=rule, minimum_lift=decision.minimum_lift, margin=decision.margin
    )


def _percent_hint(value: Fraction) -> str:
    if not 1 <= value <= 100:
        return ""
    return f"Did you mean {quantities.decimal_text(value)}%?"


def check_economics(
    economics: WrittenEconomics,
    written: ExperimentFile,
    metrics: Mapping[str, Metric],
    issues: Issues,
    *,
    measured: bool,
) -> None:
    """Arms of costs, last year's revenue, ratios to be read as what was added.

    `measured` says that profit is measured of each unit, not taken as a margin.
    """
    treatments = [
        name
        for name, arm in (written.arms or {}).items()
        if not arm.control and name not in {"holdback", "control"}
    ]
    for at, cost in enumerate(economics.costs):
        for name in cost.arms:
            if name not in treatments:
                issues.add(
                    ("economics", "costs", at, "arms"),
                    f"'{name}' is no treatment arm.",
                    fix=did_you_mean(name, treatments)
                    or f"Treatment arms: {', '.join(treatments)}.",
                )
    if measured and economics.margin != 1:
        issues.add(
            ("economics", "margin"),
            "the metric has a `margin_value`, so a flat margin has no place.",
            fix="Leave one of the two out.",
            key=True,
        )
    if economics.rollout is not None and economics.rollout.last_year:
        _check_last_year(economics.rollout, issues, measured=measured)
    _check_incremental(economics, written, metrics, issues)


def _check_last_year(
    rollout: WrittenRollout, issues: Issues, *, measured: bool
) -> None:
    path = ("economics", "rollout", "last_year")
    if measured:
        issues.add(
            path,
            "last year's revenue does not go with a `margin_value`.",
            why="The lift would be one of profit, and the amounts are revenue.",
            fix="Use `economics: {margin: …}`, or leave `last_year` out.",
            key=True,
        )
    if min(rollout.last_year) < 0:
        issues.add(path, "last year's revenue is not negative.")
    length = Fraction(rollout.horizon // timedelta(microseconds=1), 86_400_000_000)
    needed = ceil(round(length / DAYS[rollout.per], 3))
    if len(rollout.last_year) != needed:
        issues.add(
            path,
            f"{len(rollout.last_year)} amounts stand for {needed} {rollout.per}s, the "
            f"horizon of {duration_text(rollout.horizon)}.",
            fix=f"Write one amount a {rollout.per}.",
        )


def _check_incremental(
    economics: WrittenEconomics,
    written: ExperimentFile,
    metrics: Mapping[str, Metric],
    issues: Issues,
) -> None:
    for at, name in enumerate(economics.incremental):
        path = ("economics", "incremental", at)
        if name not in written.secondary and name != written.primary:
            issues.add(
                path,
                f"'{name}' is no secondary metric of this experiment.",
                fix=did_you_mean(name, written.secondary)
                or f"Add it: `secondary: [{name}]`.",
            )
        elif name in metrics and not metrics[name].is_quotient:
            issues.add(
                path,
                f"'{name}' is of kind {metrics[name].kind}, not a ratio.",
                fix="Name a ratio such as revenue per spend, or spend per customer.",
            )
