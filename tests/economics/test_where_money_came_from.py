"""The decomposition of the money, from raw rows: it adds up to what is shown.

The oracle takes the same tables with pandas and splits the difference of the two means
by the logarithmic mean Divisia formula, written out here.
"""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import holdback as hb
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.decomposition import Decomposition

YAML = """
version: 1
experiment: recs
currency: EUR
arms:
  none: {{share: 40%, control: true}}
  offers: {{share: 60%}}
window: {{start: 2026-09-01, end: 2026-09-28}}
assignment: {{source: seen}}
sources:
  seen: {{csv: seen.csv, columns: {{unit: customer, arm: arm, time: at}}}}
  orders: {{csv: orders.csv, columns: {{unit: customer, time: at{id}}}}}
metrics:
  money: {{kind: mean, source: orders, value: {value}, unit: money, within: 7 days}}
{more}primary: money
analysis: {{looks: end{analysis}}}
decision: {{rule: lift}}
"""
ORDER_VALUE = """\
  order_value: {kind: ratio, source: orders, value: total, per: orders, unit: money, within: 7 days}
secondary: [order_value]
"""  # noqa: E501
SHARES = {"none": 0.25, "offers": 0.32}


def tables(seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers, and their orders with what was given back of each."""
    rng = np.random.default_rng(seed)
    n = 3_000
    arms = np.where(np.arange(n) < 1_200, "none", "offers")
    seen = pd.DataFrame(
        {"customer": [f"c{i}" for i in range(n)], "arm": arms, "at": "2026-09-02"}
    )
    orders = np.array(
        [(1 + rng.poisson(0.4)) * (rng.uniform() < SHARES[arm]) for arm in arms]
    )
    rows = seen.loc[np.repeat(np.arange(n), orders)].reset_index(drop=True)
    rows["id"] = [f"o{i}" for i in range(len(rows))]
    rows["at"] = "2026-09-04"
    rows["total"] = np.round(rng.gamma(2.0, 20.0, len(rows)) + 1, 2)
    back = rng.uniform(size=len(rows)) < np.where(rows["arm"] == "offers", 0.2, 0.1)
    rows["refunded"] = np.where(back, np.round(0.6 * rows["total"], 2), 0.0)
    return seen, rows


def analyzed(
    folder: Path,
    seen: pd.DataFrame,
    orders: pd.DataFrame,
    **written: str,
) -> hb.Analysis:
    """The analysis of the tables; `written` fills the YAML."""
    seen.to_csv(folder / "seen.csv", index=False)
    orders.to_csv(folder / "orders.csv", index=False)
    parts = {"id": ", id: id", "value": "total - refunded", "more": "", "analysis": ""}
    file = folder / "recs.yaml"
    file.write_text(YAML.format(**(parts | written)), encoding="utf-8")
    return hb.analyze(file, as_of=date(2026, 10, 15))


def decomposed(analysis: hb.Analysis) -> Decomposition:
    """The one arm's."""
    (found,) = analysis.scorecard.section(Decomposition)
    return found


def split(chains: dict[str, list[float]]) -> list[float]:
    """Parts of the last means' difference by L(m_T, m_C) ln(rate_T / rate_C)."""
    off, on = chains["none"], chains["offers"]
    weight = (on[-1] - off[-1]) / (log(on[-1]) - log(off[-1]))
    rates = [[means[0], *(b / a for a, b in pairwise(means))] for means in (off, on)]
    return [weight * log(b / a) for a, b in zip(*rates, strict=True)]


def means(seen: pd.DataFrame, by_customer: pd.DataFrame) -> dict[str, list[float]]:
    """Means of each column per customer of an arm, zeros included."""
    joined = seen.set_index("customer").join(by_customer).fillna(0.0)
    columns = list(by_customer.columns)
    return {
        str(arm): [float(one[name].mean()) for name in columns]
        for arm, one in joined.groupby("arm")
    }


def adds_up(part: Decomposition) -> float:
    """The sum of all parts that are there."""
    return sum(
        size
        for name in (
            "from_conversion",
            "from_orders_per_buyer",
            "from_order_value",
            "from_value_per_buyer",
            "from_refunds",
            "from_adjustment",
        )
        if (size := getattr(part, name)) is not None
    )


def test_orders_and_refunds_against_pandas(tmp_path: Path) -> None:
    """Buyers, orders, the order value of its own metric, and what refunds take off."""
    seen, orders = tables()
    analysis = analyzed(tmp_path, seen, orders, more=ORDER_VALUE)
    part = decomposed(analysis)
    grouped = orders.groupby("customer")
    chain = pd.DataFrame(
        {
            "buyer": grouped.size() > 0,
            "orders": grouped.size(),
            "total": grouped["total"].sum(),
            "net": grouped["total"].sum() - grouped["refunded"].sum(),
        }
    ).astype(float)
    expected = split(means(seen, chain))
    found = [
        part.from_conversion,
        part.from_orders_per_buyer,
        part.from_order_value,
        part.from_refunds,
    ]
    assert found == pytest.approx(expected, abs=1e-9)
    assert part.from_refunds < 0
    absolute = analysis.scorecard.readout("money").absolute
    assert part.revenue_per_unit == absolute.value
    assert adds_up(part) == pytest.approx(absolute.value, abs=1e-9)
    assert part.note is None


def test_ids_make_orders_of_rows_against_pandas(tmp_path: Path) -> None:
    """Without such a metric: rows with a value above 0; negative rows are refunds."""
    seen, orders = tables(2)
    orders["total"] = orders["total"] - orders["refunded"]
    back = orders[orders["refunded"] > 0].head(60).copy()
    back["id"], back["total"] = back["id"] + "r", -5.0
    rows = pd.concat([orders, back])
    part = decomposed(analyzed(tmp_path, seen, rows, value="total"))
    sold = rows[rows["total"] > 0].groupby("customer")
    chain = pd.DataFrame(
        {
            "buyer": sold.size() > 0,
            "orders": sold.size(),
            "total": sold["total"].sum(),
            "net": rows.groupby("customer")["total"].sum(),
        }
    ).astype(float)
    expected = split(means(seen, chain))
    found = [
        part.from_conversion,
        part.from_orders_per_buyer,
        part.from_order_value,
        part.from_refunds,
    ]
    assert found == pytest.approx(expected, abs=1e-9)


def test_nothing_taken_off_is_no_step(tmp_path: Path) -> None:
    """Where no row is negative there is nothing to tell of refunds."""
    seen, orders = tables(3)
    part = decomposed(analyzed(tmp_path, seen, orders, value="total"))
    assert part.from_refunds is None
    assert part.from_order_value is not None
    assert adds_up(part) == pytest.approx(part.revenue_per_unit, abs=1e-9)


def test_rows_that_may_be_no_orders_are_not_taken_for_them(tmp_path: Path) -> None:
    """Lines of baskets, without ids: buyers and money per buyer, and why."""
    seen, orders = tables(4)
    analysis = analyzed(tmp_path, seen, orders, id="")
    part = decomposed(analysis)
    assert part.from_orders_per_buyer is None
    assert part.from_order_value is None
    net = (orders["total"] - orders["refunded"]).groupby(orders["customer"]).sum()
    chain = pd.DataFrame({"buyer": 1.0, "net": net})
    expected = split(means(seen, chain))
    assert [part.from_conversion, part.from_value_per_buyer] == pytest.approx(expected)
    assert part.note.code == "decomposition.rows_unknown"
    text = unescape(re.sub(r"<[^>]+>", " ", render(analysis.scorecard)))
    assert "rows of orders are not known to be orders" in text
    assert "Money per buyer" in text


def test_a_value_of_a_customer_is_no_order(tmp_path: Path) -> None:
    """Spend in the table of customers: how it came about is not known."""
    seen, orders = tables(5)
    spent = orders.groupby("customer")["total"].sum()
    seen["spend"] = seen["customer"].map(spent).fillna(0.0)
    written = YAML.format(id="", value="spend", more="", analysis="")
    written = written.replace("source: orders, value", "source: seen, value")
    written = re.sub(r"  orders: .*\n", "", written).replace(", within: 7 days", "")
    seen.to_csv(tmp_path / "seen.csv", index=False)
    (tmp_path / "recs.yaml").write_text(written, encoding="utf-8")
    part = decomposed(hb.analyze(tmp_path / "recs.yaml"))
    assert part.note.code == "decomposition.value_of_unit"
    assert part.from_value_per_buyer is not None
    assert adds_up(part) == pytest.approx(part.revenue_per_unit, abs=1e-9)


def test_an_adjustment_is_a_step_of_its_own(tmp_path: Path) -> None:
    """With covariates the parts add up to the adjusted difference that is shown."""
    seen, orders = tables(6)
    rng = np.random.default_rng(7)
    taste = pd.Series(np.round(rng.gamma(1.0, 1.0, len(seen)), 2), seen["customer"])
    orders["total"] = np.round(orders["total"] * orders["customer"].map(taste) + 1, 2)
    orders["refunded"] = np.minimum(orders["refunded"], orders["total"])
    before = seen[["customer"]].copy()
    before["total"] = 40 * before["customer"].map(taste)
    before["refunded"], before["at"] = 0.0, "2026-08-20"
    before["id"] = "b" + before["customer"]
    before = before[rng.uniform(size=len(before)) < 0.9]
    analysis = analyzed(
        tmp_path,
        seen,
        pd.concat([orders, before]),
        more=ORDER_VALUE,
        analysis=", covariates: {lookback: 28 days}",
    )
    part = decomposed(analysis)
    readout = analysis.scorecard.readout("money")
    assert readout.unadjusted is not None
    assert part.revenue_per_unit == readout.absolute.value
    assert part.from_adjustment == pytest.approx(
        readout.absolute.value - readout.unadjusted.absolute.value, abs=1e-9
    )
    assert adds_up(part) == pytest.approx(part.revenue_per_unit, abs=1e-9)


def test_money_that_is_not_above_zero_is_not_taken_apart(tmp_path: Path) -> None:
    """More given back than bought in an arm: the difference alone, and why."""
    seen, orders = tables(8)
    lost = orders["arm"] == "none"
    orders.loc[lost, "refunded"] = 2 * orders.loc[lost, "total"]
    part = decomposed(analyzed(tmp_path, seen, orders, more=ORDER_VALUE))
    assert part.note.code == "decomposition.not_above_zero"
    assert part.from_conversion is None


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_steps_on_the_page_add_up_to_the_cent(tmp_path: Path, seed: int) -> None:
    """The steps as they are written sum to the total as it is written."""
    seen, orders = tables(seed)
    analysis = analyzed(tmp_path, seen, orders, more=ORDER_VALUE)
    page = render(analysis.scorecard)
    start = page.index('<section aria-labelledby="parts">')
    section = unescape(page[start : page.index("</section>", start)])
    cells = re.findall(r"<td[^>]*>([+−]?€[\d.]+)</td>", section)
    written: list[Any] = [
        round(100 * float(cell.replace("−", "-").replace("€", ""))) for cell in cells
    ]
    *steps, total = written
    assert len(steps) == 4
    assert sum(steps) == total
    shown = round(100 * analysis.scorecard.readout("money").absolute.value)
    assert total == shown
