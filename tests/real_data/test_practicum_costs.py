"""Advertising and orders of a year: cost of a customer by month, as the reference.

Source of the expected numbers: `reference/data_truth.json`. No arms: descriptive.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from holdback.cli.main import group


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    """Reference figures of the data set."""
    text = (shared / "reference" / "data_truth.json").read_text(encoding="utf-8")
    figures: dict[str, Any] = json.loads(text)["practicum_orders_log"]
    return figures


def test_cost_of_a_customer_by_month(shared: Path, truth: dict[str, Any]) -> None:
    """Spend of a month by customers whose first order is in it, to the cent."""
    folder = shared / "data" / "practicum_orders_log"
    orders = pd.read_csv(folder / "orders_log_us.csv.gz", dtype={"Uid": str})
    costs = pd.read_csv(folder / "costs_us.csv.gz")
    firsts = orders.groupby("Uid")["Buy Ts"].min().str[:7].value_counts()
    spend = costs.groupby(costs["dt"].str[:7])["costs"].sum()
    for month, expected in truth["cohort_cac"].items():
        assert firsts[month] == truth["cohort_size"][month]
        asked = ["--spend", f"{spend[month]:.2f}", "--customers", str(firsts[month])]
        worth = truth["cohort_cum_ltv"][month][0]
        asked += ["--value", f"{worth:.6f}", "--format", "json"]
        printed = CliRunner().invoke(group, ["roi", *asked], catch_exceptions=False)
        (found,) = json.loads(printed.output)["answers"]
        assert found["values"]["cac"] == pytest.approx(expected, abs=1e-4)
        times = found["values"]["value_per_cost"]
        assert times == pytest.approx(worth / expected, abs=1e-4)
        assert "many would have come anyway" in found["told"][0]
