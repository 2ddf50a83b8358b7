"""Experiments and evidence built by hand, without a data engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from holdback.analysis.analyze import read, scorecard_of
from holdback.analysis.section_readers import basis_of, read_sections, readers
from holdback.data.evidence.cells import Cell, Cells, Column, Evidence, Quality
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Arm,
    Assignment,
    DecisionRule,
    Experiment,
    Window,
)
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.kinds.source import Columns
from holdback.experiments.language.expression import parse
from holdback.experiments.metrics.conversion import Conversion
from holdback.experiments.metrics.mean import Mean
from holdback.experiments.metrics.ratio import Ratio
from holdback.experiments.resolve.orders import orders_of
from holdback.experiments.sources.csv import CsvSource
from holdback.results.scorecard import Accounting, Input, Scorecard
from holdback.stats.evidence.moments import Moments

__all__ = ["FORTNIGHT", "METRICS", "Rows", "analyzed", "evidence", "experiment"]

FORTNIGHT = timedelta(days=14)
ORDERS = "money: orders"
"""What is collected of buyers and their orders."""
Rows = Sequence[tuple[float, float]]
"""Revenue and orders of each unit."""

METRICS: dict[str, Metric] = {
    "revenue": Mean(
        name="revenue",
        label="Revenue",
        source="orders",
        value=parse("total"),
        unit="money",
        digits=2,
        within=FORTNIGHT,
    ),
    "conversion": Conversion(
        name="conversion", label="Conversion", source="orders", within=FORTNIGHT
    ),
    "order_value": Ratio(
        name="order_value",
        label="Order value",
        source="orders",
        value=parse("total"),
        per="orders",
        unit="money",
        digits=2,
        within=FORTNIGHT,
    ),
}


def experiment(**changes: Any) -> Experiment:
    """Two arms, 10 % holdback, three metrics within 14 days."""
    values: dict[str, Any] = {
        "name": "recs",
        "arms": (
            Arm(name="holdback", share=Fraction(1, 10), control=True, label="Off"),
            Arm(name="personalized", share=Fraction(9, 10), label="On"),
        ),
        "assignment": Assignment(source="exposures", salt="recs"),
        "metrics": METRICS,
        "sources": {
            "exposures": CsvSource(
                name="exposures",
                path="e.csv",
                columns=Columns(unit="unit", arm="arm", time="at"),
            ),
            "orders": CsvSource(
                name="orders", path="o.csv", columns=Columns(unit="unit", time="at")
            ),
        },
        "primary": "revenue",
        "secondary": ("conversion", "order_value"),
        "window": Window(start=date(2026, 10, 1), end=date(2026, 10, 14)),
        "analysis": AnalysisSettings(looks="end"),
        "decision": DecisionRule(rule="lift"),
        "currency": "EUR",
        "resolved": {"experiment": "recs"},
    }
    made = Experiment(**(values | changes))
    if "companions" in changes or made.metrics != METRICS:
        return made
    beside = orders_of(made.economics, made.metrics, made.sources, made.assignment)
    return replace(made, companions=beside)


def evidence(
    arms: Mapping[str, Rows],
    *,
    segments: Mapping[str, Mapping[str, Mapping[str, Rows]]] | None = None,
    before: Mapping[str, Sequence[float]] | None = None,
    quality: Quality | None = None,
    as_of: datetime | None = datetime(2026, 10, 28, 12, tzinfo=UTC),
    days: int = 1,
) -> Evidence:
    """Evidence of matured units; `days` deals them out over days of exposure.

    `segments`: dimension → level → arm → rows. `before`: revenue before exposure of
    each unit, by arm.
    """
    blocks = _blocks(with_before=before is not None)
    rows = []
    for arm, units in arms.items():
        earlier = list((before or {}).get(arm, [0.0] * len(units)))
        rows += [
            Cell(
                arm=arm,
                dimension="all",
                level="all",
                day=date(2026, 10, 1) + timedelta(days=day),
                matured=1,
                moments=_moments(blocks, units[day::days], earlier[day::days]),
            )
            for day in range(days)
        ]
    for dimension, levels in (segments or {}).items():
        for level, by_arm in levels.items():
            rows += [
                Cell(
                    arm=arm,
                    dimension=dimension,
                    level=level,
                    day=None,
                    matured=1,
                    moments=_moments(blocks, units, [0.0] * len(units)),
                )
                for arm, units in by_arm.items()
            ]
    return Evidence(
        cells=Cells(blocks=blocks, horizons=(FORTNIGHT,), rows=tuple(rows), caps={}),
        accounting=Accounting(
            rows_read=sum(map(len, arms.values())),
            units_used=sum(map(len, arms.values())),
        ),
        inputs=(Input(source="orders", rows=1),),
        assigned={arm: len(units) for arm, units in arms.items()},
        quality=quality or Quality(),
        as_of=as_of,
    )


def unmatured(found: Evidence, arm: str, count: int) -> Evidence:
    """The evidence with units more whose time has not passed."""
    blocks = found.cells.blocks
    extra = Cell(
        arm=arm,
        dimension="all",
        level="all",
        day=date(2026, 10, 14),
        matured=0,
        moments=_moments(blocks, [(0.0, 0.0)] * count, [0.0] * count),
    )
    return replace(found, cells=replace(found.cells, rows=(*found.cells.rows, extra)))


def _blocks(*, with_before: bool) -> dict[str, tuple[Column, ...]]:
    blocks = {}
    for name, metric in METRICS.items():
        columns = [
            Column(name=f"{name}.{i}", role="outcome", digits=m.digits, measure=m)
            for i, m in enumerate(metric.measures())
        ]
        if with_before and name == "revenue":
            columns.append(
                Column(
                    name="revenue.before",
                    role="before",
                    digits=2,
                    measure=columns[0].measure,
                )
            )
        blocks[name] = tuple(columns)
    chain = (("buyer", 0), ("orders", 0), ("money", 2))
    blocks[ORDERS] = tuple(
        Column(
            name=name,
            role="outcome",
            digits=digits,
            measure=METRICS["order_value"].measures()[0],
        )
        for name, digits in chain
    )
    return blocks


def _moments(
    blocks: Mapping[str, tuple[Column, ...]], units: Rows, earlier: Sequence[float]
) -> dict[str, Moments]:
    values = {
        "revenue": [[revenue] for revenue, _ in units],
        "conversion": [[float(orders > 0)] for _, orders in units],
        "order_value": [[revenue, orders] for revenue, orders in units],
        ORDERS: [[float(orders > 0), orders, revenue] for revenue, orders in units],
    }
    if len(blocks["revenue"]) > 1:
        values["revenue"] = [
            [revenue, before]
            for (revenue, _), before in zip(units, earlier, strict=True)
        ]
    return {
        name: Moments.of_rows(
            values[name] or [],
            [c.name for c in columns],
            [c.digits for c in columns],
        )
        for name, columns in blocks.items()
    }


def analyzed(planned: Experiment, found: Evidence) -> Scorecard:
    """What the evidence says without money and decision, in words."""
    basis = basis_of(planned, found)
    return scorecard_of(basis, read(basis), sections=read_sections(basis, readers))
