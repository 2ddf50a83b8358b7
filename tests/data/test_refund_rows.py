"""Refunds as rows of their own: taken off the sums, and no purchase."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds.words import in_words

from holdback.analysis.checks.check import findings as findings_of
from holdback.analysis.checks.data.refunds import Refunds
from holdback.analysis.comparison.plain_lift import lift_of
from holdback.data.extraction.extract import extract
from holdback.errors import HoldbackError
from holdback.experiments.load import load
from tests.data import test_later_arms as arms_of
from tests.data.test_extract_rejects import write

SALES = [("u0", 30, 0), ("u1", 20, 0), ("u2", 25, 0), ("u3", 40, 0)]


def read(
    folder: Path, rows: list[tuple[str, float, float]], value: str
) -> tuple[int, int, int]:
    """Revenue in cents, converted units, and the rows that give money back."""
    file = write(folder, value=value)
    text = file.read_text(encoding="utf-8").replace(
        "primary: revenue",
        "  bought: {kind: conversion, source: orders}\n"
        "primary: revenue\nsecondary: [bought]",
    )
    file.write_text(text, encoding="utf-8")
    lines = [f"{u},2026-10-06T11:00:00Z,{t},{r}" for u, t, r in rows]
    table = "\n".join(["visitor,at,total,refunded", *lines]) + "\n"
    (folder / "orders.csv").write_text(table, encoding="utf-8")
    planned = load(file)
    found = extract(planned)
    arms = {"a", "b"}
    findings = list(Refunds().examine(planned, found))
    counts = (found.quality.refunds, found.quality.overdrawn)
    assert len(findings) == sum(map(len, counts))
    return (
        found.cells.total("revenue", arms).sums[0],
        found.cells.total("bought", arms).sums[0],
        found.quality.refunds.get("orders", 0),
    )


@pytest.mark.parametrize(
    ("more", "value", "expected"),
    [
        ([("u5", -15, 0)], "total", (10000, 4, 1)),
        ([("u3", -15, 0)], "total", (10000, 4, 1)),
        ([("u5", -15, 0)], "total - refunded", (10000, 4, 1)),
        ([("u5", 0, 15)], "total - refunded", (10000, 4, 1)),
        ([("u5", 10, 15)], "total - refunded", (11000, 5, 0)),
        ([("u5", 0, 0)], "total", (11500, 5, 0)),
        ([], "total", (11500, 4, 0)),
    ],
)
def test_a_refund_is_no_purchase(
    tmp_path: Path,
    more: list[tuple[str, float, float]],
    value: str,
    expected: tuple[int, int, int],
) -> None:
    """Revenue in cents, buyers and refund rows, counted by hand.

    More refunded than paid, and a purchase for nothing, are purchases.
    """
    assert read(tmp_path, SALES + more, value) == expected


KINDS = {
    "orders": ("{kind: count, source: orders}", 4),
    "soon": ("{kind: conversion, source: orders, within: 2 days}", 1),
    "again": ("{kind: repeat_purchase, source: orders, within: 10 days}", 1),
}


@pytest.mark.parametrize("metric", KINDS)
def test_a_refund_is_no_row_of_other_kinds(tmp_path: Path, metric: str) -> None:
    """Orders, buyers within two days and who bought twice, counted by hand.

    u0 joins on the 1st, u1 on the 2nd and u4 on the 5th; on the 6th u0 and u4 buy once
    and u1 twice. What u0 and u4 give back is no order, and u5 has nothing else.
    """
    written, expected = KINDS[metric]
    file = write(tmp_path)
    text = file.read_text(encoding="utf-8").replace(
        "primary: revenue",
        f"  {metric}: {written}\nprimary: revenue\nsecondary: [{metric}]",
    )
    file.write_text(text, encoding="utf-8")
    rows = ["u0,06T11,30", "u1,06T11,20", "u1,06T12,20", "u4,06T11,25"]
    back = ["u0,02T11,-10", "u4,06T12,-25", "u5,01T11,-15"]
    lines = [
        f"{u},2026-10-{t}:00:00Z,{a}" for u, t, a in (r.split(",") for r in rows + back)
    ]
    table = "\n".join(["visitor,at,total", *lines]) + "\n"
    (tmp_path / "orders.csv").write_text(table, encoding="utf-8")
    cells = extract(load(file)).cells
    (column, *_) = cells.blocks[metric]
    total = cells.total(metric, {"a", "b"}).sums[0]
    assert total / 10**column.digits == expected


def test_a_source_of_refunds_is_counted_as_it_is(tmp_path: Path) -> None:
    """Where most amounts are below 0, who has a row has what is asked for."""
    rows = [("u0", -5, 0), ("u1", -5, 0), ("u2", -5, 0), ("u3", 5, 0)]
    assert read(tmp_path, rows, "total") == (-1000, 4, 0)


def lift_of_sums(rows: pd.DataFrame, exposures: pd.DataFrame, value: str) -> float:
    """The lift of what rows within 14 days of their unit's exposure add up to."""
    merged = rows.merge(exposures, on="u", suffixes=("", "_first"))
    since = merged["at"] - merged.at_first
    inside = (since >= pd.Timedelta(0)) & (since < arms_of.WITHIN)
    sums = merged[inside].groupby("arm")[value].sum()
    means = sums / exposures.groupby("arm").size()
    return float(means["shown"] / means["held"] - 1)


def test_refunds_after_the_time_against_pandas(tmp_path: Path) -> None:
    """By its own day a late refund is missed; by the purchase before it, it counts."""
    rng = np.random.default_rng(27)
    exposures, orders = arms_of.world(rng)
    treated = orders.u.isin(exposures.u[exposures.arm == "shown"])
    back = orders[treated & (rng.random(len(orders)) < 0.5)].copy()
    back["at"] += pd.Timedelta(days=10)
    back = back[back["at"] < pd.Timestamp(arms_of.AS_OF)]
    back["total"], back["o"] = -back.total, back.o + 100_000
    rows = pd.concat([orders, back], ignore_index=True)
    seen = arms_of.read(tmp_path, exposures, rows)
    planned = load(tmp_path / "t.yaml")
    bought = orders[["u", "at"]].assign(bought=orders["at"]).sort_values("at")
    moved = pd.merge_asof(back.sort_values("at"), bought, on="at", by="u")
    moved["at"] = moved.bought
    as_sold = pd.concat([orders, moved], ignore_index=True)
    lifts = [
        lift_of(planned, cells, "shown")
        for cells in (seen.cells, seen.variants["at_purchase"])
    ]
    assert lifts == pytest.approx(
        [lift_of_sums(frame, exposures, "total") for frame in (rows, as_sold)]
    )
    (finding,) = Refunds().examine(planned, seen)
    assert finding.status == "warn"
    (told,) = in_words(planned, [finding])
    assert "`returns` at orders" in told.message


@pytest.mark.parametrize(("share", "status"), [(0.15, "warn"), (0.004, "pass")])
def test_overdrawn_orders_against_pandas(
    tmp_path: Path, share: float, status: str
) -> None:
    """Refunds of half as much again as an order: below zero, or no less than zero."""
    rng = np.random.default_rng(29)
    exposures, orders = arms_of.world(rng)
    over = rng.random(len(orders)) < share
    orders["refunded"] = np.where(over, orders.total * 1.5, 0)
    plan = arms_of.PLAN.replace("value: total,", "value: total - refunded,")
    seen = arms_of.read(tmp_path, exposures, orders, plan)
    assert seen.quality.overdrawn == {"orders": over.sum()}
    planned = load(tmp_path / "t.yaml")
    orders["net"] = orders.total - orders.refunded
    orders["capped"] = orders.net.clip(lower=0)
    lifts = [
        lift_of(planned, cells, "shown")
        for cells in (seen.cells, seen.variants["refunds_capped"])
    ]
    assert lifts == pytest.approx(
        [lift_of_sums(orders, exposures, value) for value in ("net", "capped")]
    )
    (finding,) = Refunds().examine(planned, seen)
    assert finding.status == status


FILE = """\
  back:
    csv: r.csv
    where: state = 'done'
metrics:"""


def with_file(folder: Path, options: str = ", time: made") -> tuple[pd.DataFrame, ...]:
    """Orders, and refunds of a third of them in a file that names no unit."""
    rng = np.random.default_rng(48)
    exposures, orders = arms_of.world(rng)
    part = orders[rng.random(len(orders)) < 0.3]
    back = part.loc[part.index.repeat(rng.integers(1, 3, len(part)))]
    back = pd.DataFrame(
        {
            "o": back.o,
            "made": back["at"] + pd.to_timedelta(rng.integers(1, 30, len(back)), "D"),
            "amount": np.round(back.total * rng.random(len(back)) / 2, 2),
            "state": rng.choice(["done", "asked"], len(back), p=[0.9, 0.1]),
        }
    )
    lost = back.iloc[:7].assign(o=range(900_000, 900_007))
    back = pd.concat([back, lost], ignore_index=True)
    back.assign(made=back.made.dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(
        folder / "r.csv", index=False
    )
    plan = arms_of.PLAN.replace("value: total,", "value: total - refunded,")
    plan = plan.replace("metrics:", FILE)
    plan = plan.replace(
        "time: at, id: o}}",
        f"time: at, id: o}}, refunds: {{source: back, value: amount{options}}}}}",
    )
    (folder / "plan.txt").write_text(plan, encoding="utf-8")
    return exposures, orders, back


@pytest.mark.parametrize("time", [", time: made", ""])
def test_refunds_in_a_file_of_their_own_against_pandas(
    tmp_path: Path, time: str
) -> None:
    """By the order's id, whenever they were made; later ones are not known yet."""
    exposures, orders, back = with_file(tmp_path, time)
    plan = (tmp_path / "plan.txt").read_text()
    seen = arms_of.read(tmp_path, exposures, orders, plan)
    done = back[back.state == "done"]
    if time:
        done = done[done.made < pd.Timestamp(arms_of.AS_OF)]
    orders["net"] = orders.total - orders.o.map(done.groupby("o").amount.sum()).fillna(
        0
    )
    lift = lift_of(load(tmp_path / "t.yaml"), seen.cells, "shown")
    assert lift == pytest.approx(lift_of_sums(orders, exposures, "net"))
    returned = seen.quality.returns["back"]
    unmatched = (~done.o.isin(orders.o)).sum()
    assert (returned.rows, returned.unmatched) == (len(done), unmatched)
    planned = load(tmp_path / "t.yaml")
    (finding,) = [f for f in findings_of(planned, seen) if f.check == "returns"]
    assert finding.status == "pass"
    names = {one.source: one.rows for one in seen.inputs}
    assert names["back"] == len(back)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("source: back, value", "source: beck, value", "there is no source 'beck'"),
        ("time: at, id: o}, refunds", "time: at}, refunds", "the order's id"),
        ("value: amount", "value: amounts", "amounts"),
        ("value: amount", "value: state", "is not a number"),
    ],
)
def test_a_file_of_refunds_that_cannot_be_read(
    tmp_path: Path, old: str, new: str, error: str
) -> None:
    """Each fault is named."""
    exposures, orders, _ = with_file(tmp_path)
    plan = (tmp_path / "plan.txt").read_text().replace(old, new)
    with pytest.raises(HoldbackError, match=error):
        arms_of.read(tmp_path, exposures, orders, plan)


def test_orders_that_know_their_refunds_take_no_file(tmp_path: Path) -> None:
    """A column `refunded` of the orders is not replaced."""
    exposures, orders, _ = with_file(tmp_path)
    plan = (tmp_path / "plan.txt").read_text()
    with pytest.raises(HoldbackError, match="has a column 'refunded' already"):
        arms_of.read(tmp_path, exposures, orders.assign(refunded=0), plan)
