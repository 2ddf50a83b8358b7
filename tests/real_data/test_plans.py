"""Plans from real histories: a shop's invoices, and a mail test's control arm."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import holdback as hb

RETAIL = """\
version: 1
experiment: retail
arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}
sources:
  customers: {parquet: invoices.parquet, columns: {unit: id, time: at}}
  invoices: {parquet: invoices.parquet, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: invoices, value: total, unit: money, within: 28 days}
currency: GBP
assignment: {source: customers, salt: retail}
window: {start: 2011-12-12, end: 2012-02-05}
primary: revenue
decision: {rule: lift, minimum_lift: 5%}
"""

MAIL = """\
version: 1
experiment: next-mail
arms:
  none: {share: 50%, control: true, logged_as: No E-Mail}
  womens: {share: 50%, logged_as: Womens E-Mail}
sources:
  customers: {csv: customers.csv, columns: {unit: row, arm: segment}}
metrics:
  spend: {kind: mean, source: customers, value: spend, unit: money}
  visit: {kind: conversion, source: customers, value: visit}
currency: USD
assignment: {source: customers}
primary: visit
secondary: [spend]
analysis: {looks: end}
decision: {rule: lift, minimum_lift: 10%}
"""


@pytest.fixture(scope="module")
def invoices(shared: Path) -> Any:
    """One row an invoice line with a customer: id, at, total (refunds negative)."""
    file = shared / "data" / "online_retail" / "online_retail_2010_2011.parquet"
    lines = pd.read_parquet(file).dropna(subset=["CustomerID"])
    return pd.DataFrame(
        {
            "id": lines["CustomerID"].astype(int),
            "at": lines["InvoiceDate"],
            "total": lines["Quantity"] * lines["UnitPrice"],
        }
    )


@pytest.mark.real_data
def test_a_wholesaler_cannot_prove_five_percent(tmp_path: Path, invoices: Any) -> None:
    """Units, mean and deviation by pandas; the plan says that it cannot be proved."""
    invoices.to_parquet(tmp_path / "invoices.parquet")
    (tmp_path / "retail.yaml").write_text(RETAIL)
    made = hb.plan(tmp_path / "retail.yaml", runs=1000)
    assert made.earlier == ("2011-09-16", "2011-11-10")
    days = invoices["at"].dt.normalize()
    inside = (days >= "2011-09-16") & (days <= "2011-11-10")
    joined = invoices[inside].groupby("id")["at"].min()
    after = invoices.join(joined.rename("from"), on="id", how="inner")
    wait = after["at"] - after["from"]
    late = (wait >= pd.Timedelta(0)) & (wait < pd.Timedelta(days=28))
    spent = after[late].groupby("id")["total"].sum().reindex(joined.index).fillna(0)
    revenue = made.metrics[0]
    assert made.units == len(joined)
    assert revenue.baseline.mean == pytest.approx(spent.mean())
    assert revenue.baseline.cv == pytest.approx(spent.std() / spent.mean(), rel=1e-6)
    assert "cannot be proved within a year" in str(made)
    found = next(p for p in made.curve if p.power == pytest.approx(0.8, abs=0.01))
    at_formula = found.simulated
    assert at_formula is not None
    assert at_formula.power + 2 * at_formula.se < 0.8  # what the formula promises


@pytest.mark.real_data
def test_a_mail_tests_control_arm_is_a_history(tmp_path: Path, shared: Path) -> None:
    """Rows without a time: rates and spreads of those who got no mail, and no other."""
    packed = shared / "data" / "hillstrom" / "hillstrom.csv.gz"
    text = gzip.decompress(packed.read_bytes())
    (tmp_path / "customers.csv").write_bytes(text)
    table = pd.read_csv(tmp_path / "customers.csv")
    table[table["segment"] != "Mens E-Mail"].to_csv(
        tmp_path / "customers.csv", index=False
    )
    (tmp_path / "mail.yaml").write_text(MAIL)
    made = hb.plan(tmp_path / "mail.yaml", runs=0)
    none = table[table["segment"] == "No E-Mail"]
    visit, spend = made.metrics
    assert made.units == int(np.sum(table["segment"] != "Mens E-Mail"))
    assert visit.baseline.mean == pytest.approx(none["visit"].mean())
    assert spend.baseline.mean == pytest.approx(none["spend"].mean())
    assert spend.baseline.cv == pytest.approx(
        none["spend"].std() / none["spend"].mean(), rel=1e-4
    )
    assert "those of the control arm as they stand" in str(made)
