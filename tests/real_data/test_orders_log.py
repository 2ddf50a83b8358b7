"""Cohorts of a year of orders: who joined in which month, and what they brought.

Source of the expected numbers: `reference/data_truth.json`. The log has no arms, so the
customers are split by a hash: an A/A test whose arms together are the reference.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import holdback as hb
from holdback.results.sections.cohorts import Cohorts

LONG = pytest.mark.calibration
YAML = """\
version: 1
experiment: cohorts
currency: USD
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  customers: {csv: customers.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: revenue, unit: money}
assignment: {source: customers}
window: {start: 2017-06-01, end: 2018-05-31}
primary: revenue
analysis: {looks: end}
"""


@pytest.fixture(scope="module")
def truth(shared: Path) -> Any:
    """The reference's numbers."""
    text = (shared / "reference" / "data_truth.json").read_text(encoding="utf-8")
    return json.loads(text)["practicum_orders_log"]


@pytest.fixture(scope="module")
def project(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Customers whose exposure is their first order, and all orders."""
    folder = tmp_path_factory.mktemp("orders_log")
    file = shared / "data" / "practicum_orders_log" / "orders_log_us.csv.gz"
    orders = [("id", "at", "revenue")]
    first: dict[str, str] = {}
    with gzip.open(file, "rt", newline="") as rows:
        for row in csv.DictReader(rows):
            unit, at = row["Uid"], row["Buy Ts"]
            orders.append((unit, at, row["Revenue"]))
            first[unit] = min(first.get(unit, at), at)
    customers = [("id", "arm", "at")]
    for unit, at in first.items():
        if at >= "2018-06":
            continue
        odd = hashlib.sha256(unit.encode()).digest()[0] % 2
        customers.append((unit, ("holdback", "personalized")[odd], at))
    for name, table in (("customers", customers), ("orders", orders)):
        with (folder / f"{name}.csv").open("w", newline="") as out:
            csv.writer(out).writerows(table)
    (folder / "cohorts.yaml").write_text(YAML)
    return folder / "cohorts.yaml"


@pytest.fixture(scope="module")
def card(project: Path) -> Any:
    """The whole year."""
    return hb.analyze(project, as_of=date(2018, 5, 31)).scorecard


@pytest.mark.parametrize(
    "last",
    [
        date(2017, 9, 30),
        pytest.param(date(2017, 12, 31), marks=LONG),
        pytest.param(date(2018, 3, 31), marks=LONG),
        date(2018, 5, 31),
    ],
    ids=str,
)
def test_cohorts_by_month_of_first_order(project: Path, truth: Any, last: date) -> None:
    """Sizes, and revenue per customer until a month's end, of both arms together.

    Four diagonals of the reference's triangle: 4 + 7 + 10 + 12 of its cells (two of
    them in the long version).
    """
    card = hb.analyze(project, as_of=last).scorecard
    assert card.single(Cohorts).every == "month"
    months = 12 * (last.year - 2017) + last.month - 5
    assert len(card.single(Cohorts).cohorts) == months
    for place, cohort in enumerate(card.single(Cohorts).cohorts):
        month = cohort.start[:7]
        units = sum(arm.units for arm in cohort.arms)
        assert units == truth["cohort_size"][month]
        worth = sum(arm.units * arm.value for arm in cohort.arms) / units
        worth_by_then = truth["cohort_cum_ltv"][month][months - 1 - place]
        assert worth == pytest.approx(worth_by_then, rel=1e-9)
    assert 0 < card.single(Cohorts).p_same["personalized"] <= 1


def test_nothing_is_found_where_nothing_was_done(card: Any, truth: Any) -> None:
    """A split by a hash: the range holds no lift, ids beyond 64 bits stay apart."""
    readout = card.readout("revenue")
    assert readout.relative.lower < 0 < readout.relative.upper
    assert sum(arm.units for arm in card.arms) == sum(
        list(truth["cohort_size"].values())[:12]
    )


def test_cost_of_a_customer_by_month(card: Any, shared: Path, truth: Any) -> None:
    """Spend of the month by customers who joined in it: the reference's CAC."""
    spent: dict[str, float] = defaultdict(float)
    file = shared / "data" / "practicum_orders_log" / "costs_us.csv.gz"
    with gzip.open(file, "rt", newline="") as rows:
        for row in csv.DictReader(rows):
            spent[row["dt"][:7]] += float(row["costs"])
    for cohort in card.single(Cohorts).cohorts:
        month = cohort.start[:7]
        units = sum(arm.units for arm in cohort.arms)
        assert spent[month] / units == pytest.approx(truth["cohort_cac"][month])
    assert sum(spent.values()) == pytest.approx(truth["total_cost"])
