"""Two teaching data sets with planted trouble: a reader must be made to notice it.

Source of the expected numbers: `reference/data_truth.json`.
"""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import holdback as hb

ORDERS = """
version: 1
experiment: hypothesis-9
currency: USD
arms:
  A: {share: 1/2, control: true}
  B: {share: 1/2}
assignment: {source: visitors, crossovers: first}
window: {start: 2019-08-01, end: 2019-08-31}
sources:
  visitors:
    csv: visitors.csv
    columns: {unit: visitor, arm: group, time: date}
  orders:
    csv: orders.csv
    columns: {unit: visitorId, time: date, id: transactionId}
metrics:
  revenue_per_visit: {kind: mean, source: orders, value: revenue, unit: money}
  buyers: {kind: conversion, source: orders}
  order_value: {kind: ratio, source: orders, value: revenue, per: orders, unit: money}
primary: revenue_per_visit
secondary: [buyers, order_value]
analysis: {looks: end}
"""

RECSYS = """
version: 1
experiment: recommender
arms:
  A: {share: 1/2, control: true}
  B: {share: 1/2}
assignment: {source: participants}
sources:
  participants:
    csv: participants.csv
    columns: {unit: user_id, arm: group}
    where: ab_test = 'recommender_system_test'
metrics:
  present: {kind: conversion, source: participants, value: 1}
primary: present
analysis: {looks: end}
"""


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    """Reference figures of all data sets."""
    text = (shared / "reference" / "data_truth.json").read_text(encoding="utf-8")
    figures: dict[str, Any] = json.loads(text)
    return figures


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a gzipped CSV file."""
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def unit_table(shared: Path, folder: Path) -> list[dict[str, str]]:
    """Buyers from the orders, other visitors made up from the daily totals.

    Each day's visits of a group, less the buyers first seen that day, become
    visitors without orders, as the data set's notes advise. Buyers seen in both
    groups stand in both.
    """
    source = shared / "data" / "practicum_orders_ab"
    orders = rows(source / "orders_us.csv.gz")
    first: dict[tuple[str, str], str] = {}
    for order in orders:
        key = (order["visitorId"], order["group"])
        first[key] = min(first.get(key, order["date"]), order["date"])
    visitors = [(unit, group, day) for (unit, group), day in first.items()]
    for total in rows(source / "visits_us.csv.gz"):
        group, day = total["group"], total["date"]
        buyers = sum((g, d) == (group, day) for _, g, d in visitors if _[0] != "v")
        visitors += [
            (f"v{group}{day}{k}", group, day)
            for k in range(int(total["visits"]) - buyers)
        ]
    with (folder / "visitors.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["visitor", "group", "date"])
        writer.writerows(visitors)
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(orders[0]))
        table.writeheader()
        table.writerows(orders)
    return orders


@pytest.fixture(scope="module")
def orders_analysis(
    shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> hb.Analysis:
    """The analysis of the orders data set with crossovers kept in their first arm."""
    folder = tmp_path_factory.mktemp("practicum")
    unit_table(shared, folder)
    (folder / "test.yaml").write_text(ORDERS, encoding="utf-8")
    return hb.analyze(folder / "test.yaml")


def finding(analysis: hb.Analysis, check: str, status: str) -> Any:
    """The finding of a check that has this status."""
    (found,) = [
        c for c in analysis.scorecard.checks if (c.check, c.status) == (check, status)
    ]
    return found


def test_crossovers_are_noticed(
    orders_analysis: hb.Analysis, truth: dict[str, Any]
) -> None:
    """The 58 visitors in both groups are told."""
    expected = truth["practicum_orders_ab"]["quality"]["visitors_in_both_groups"]
    assert f"{expected} units" in finding(orders_analysis, "crossovers", "warn").message


def test_largest_order_is_noticed(orders_analysis: hb.Analysis) -> None:
    """One order of 19,920 carries over a fifth of arm B and the sign of nothing.

    The share is told, and the lift without it; the amount is not.
    """
    message = finding(orders_analysis, "influence", "warn").message
    assert "largest unit of B" in message
    assert "19920" not in message
    assert "19,920" not in message


def test_accounting_adds_up(
    orders_analysis: hb.Analysis, truth: dict[str, Any]
) -> None:
    """All visits are accounted for: visitors used + visitors seen twice."""
    quality = truth["practicum_orders_ab"]["quality"]
    accounting = orders_analysis.scorecard.accounting
    visits = quality["visits_A"] + quality["visits_B"]
    assert accounting.units_used == visits - quality["visitors_in_both_groups"]


def test_sample_ratio_shouts(
    shared: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    """2,747 against 928 units at a planned half: failed, and the result is invalid."""
    source = shared / "data" / "practicum_recsys_assignment"
    participants = rows(source / "final_ab_participants_upd_us.csv.gz")
    with (tmp_path / "participants.csv").open(
        "w", encoding="utf-8", newline=""
    ) as file:
        table = csv.DictWriter(file, fieldnames=list(participants[0]))
        table.writeheader()
        table.writerows(participants)
    (tmp_path / "recommender.yaml").write_text(RECSYS, encoding="utf-8")
    analysis = hb.analyze(tmp_path / "recommender.yaml")
    expected = truth["practicum_recsys_assignment"]["srm_5050"][
        "recommender_system_test"
    ]
    srm = finding(analysis, "srm", "fail")
    assert srm.p_value == pytest.approx(expected["p"], rel=1e-6)
    assert "2,747" in srm.message
    assert analysis.decision.outcome == "invalid"
