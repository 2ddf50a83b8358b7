"""CDNOW: the customers on whom the models of lifetime value were published.

Expected numbers: Fader, Hardie & Lee 2005 and `reference/data_truth.json`, which was
made from the same files with other software.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdback as hb
from holdback.results.sections.lifetime_value import Lifetime
from holdback.stats.lifetime.bg_nbd import BgNbd, OrderHistories
from holdback.stats.lifetime.gamma_gamma import BuyerSpend, GammaGamma

YAML = """\
version: 1
experiment: cdnow
currency: USD
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  customers: {csv: customers.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  again: {kind: conversion, source: orders}
  worth: {kind: clv, source: orders, value: total, horizon: 78 weeks, discount: 0%, unit: money}
assignment: {source: customers}
window: {start: 1997-01-01, end: 1997-09-30}
primary: again
secondary: [worth]
analysis: {looks: end}
"""  # noqa: E501  # one metric a line


@pytest.fixture(scope="module")
def truth(shared: Path) -> Any:
    """The reference's numbers."""
    return json.loads((shared / "reference" / "data_truth.json").read_text())["cdnow"]


@pytest.fixture(scope="module")
def summary(shared: Path) -> np.ndarray[Any, Any]:
    """Repeat orders, week of the last, weeks watched, mean amount; a customer a row."""
    file = (
        shared / "data" / "cdnow" / "cdnow_customers_summary_with_transactions.csv.gz"
    )
    with gzip.open(file, "rt") as rows:
        return np.array(
            [
                [float(row[name]) for name in ("x", "t_x", "T", "zbar")]
                for row in csv.DictReader(rows)
            ]
        )


def test_orders_as_published(summary: np.ndarray[Any, Any], truth: Any) -> None:
    """r, alpha, a, b, likelihood, and what is expected of one customer and of all."""
    found = OrderHistories.of(*summary[:, :3].T)
    model = BgNbd.fit(found)
    for name in ("r", "alpha", "a", "b"):
        published = truth["bgnbd_published"][name]
        assert getattr(model, name) == pytest.approx(published, abs=1e-3)
        assert getattr(model, name) == pytest.approx(truth["bgnbd"][name], rel=1e-4)
    assert model.log_likelihood(found) == pytest.approx(truth["bgnbd"]["loglik"])
    one = OrderHistories.of([2], [30.43], [38.86])
    ahead = truth["cond_expected_39w_x2_tx30_43_T38_86"]
    alive = truth["p_alive_x2_tx30_43_T38_86"]
    assert float(model.ahead(one, 39.0)[0]) == pytest.approx(ahead, rel=1e-4)
    assert float(model.alive(one)[0]) == pytest.approx(alive, rel=1e-4)
    everyone = truth["sum_expected_39w"]
    assert model.ahead(found, 39.0).sum() == pytest.approx(everyone, rel=1e-4)
    assert model.alive(found).mean() == pytest.approx(truth["mean_p_alive"], rel=1e-4)


def test_amounts_as_published(summary: np.ndarray[Any, Any], truth: Any) -> None:
    """p, q, gamma of the 946 customers who came back."""
    again = summary[summary[:, 0] > 0]
    found = BuyerSpend.of(again[:, 0], again[:, 3])
    assert len(again) == truth["gamma_gamma"]["n_repeaters"]
    model = GammaGamma.fit(found)
    for name in ("p", "q", "gamma"):
        published = truth["gamma_gamma_published"][name]
        assert getattr(model, name) == pytest.approx(published, abs=1e-2)
        assert getattr(model, name) == pytest.approx(
            truth["gamma_gamma"][name], rel=1e-3
        )
    assert model.mean == pytest.approx(
        truth["gamma_gamma"]["population_mean"], rel=1e-4
    )


def project(folder: Path, file: Path) -> None:
    """Customers split by a hash; exposed at their first purchase, which is left out."""
    customers: dict[str, dict[datetime, float]] = {}
    with gzip.open(file, "rt") as rows:
        for line in rows:
            unit, *_, day, _, amount = line.split()
            own = customers.setdefault(unit, {})
            at = datetime.strptime(day, "%Y%m%d")  # noqa: DTZ007  # days, no zone
            own[at] = own.get(at, 0.0) + float(amount)
    joined, orders = [("id", "arm", "at")], [("id", "at", "total")]
    for unit, own in customers.items():
        odd = hashlib.sha256(unit.encode()).digest()[0] % 2
        arm = ("holdback", "personalized")[odd]
        first = min(own) + timedelta(hours=1)
        joined.append((unit, arm, first.isoformat()))
        orders += [
            (unit, (at + timedelta(hours=12)).isoformat(), f"{amount:.2f}")
            for at, amount in own.items()
            if at > min(own)
        ]
    for name, rows_of in (("customers", joined), ("orders", orders)):
        with (folder / f"{name}.csv").open("w", newline="") as out:
            csv.writer(out).writerows(rows_of)
    (folder / "cdnow.yaml").write_text(YAML)


def test_projected_as_it_came(shared: Path, tmp_path: Path) -> None:
    """An A/A split after 39 weeks, against what the next 39 really brought.

    The model is known to foresee some 12 % too few orders here (the reference: 1,653
    of 1,882 by the same customers), so the projection must fall short a little, and
    alike in both arms.
    """
    project(tmp_path, shared / "data" / "cdnow" / "CDNOW_sample.txt.gz")
    file = tmp_path / "cdnow.yaml"
    (early,) = hb.analyze(file, as_of=date(1997, 9, 30)).scorecard.section(Lifetime)
    (late,) = hb.analyze(file, as_of=date(1998, 6, 30)).scorecard.section(Lifetime)
    for then, now in ((early.control, late.control), (early.treatment, late.treatment)):
        assert then.units == now.units
        assert then.ahead is not None
        came = now.came.value - then.came.value
        assert 0.65 < then.ahead.value / came < 1.15
    assert early.total is not None
    assert early.total.lower < 0 < early.total.upper
    assert early.p_positive is not None
    assert 0.02 < early.p_positive < 0.98
    assert early.correlation == pytest.approx(0.1, abs=0.1)
    assert early.parameters["r"] == pytest.approx(0.243, abs=0.05)
    assert early.parameters["b"] == pytest.approx(2.426, abs=1.0)
