"""Lifetime value from raw rows: every unit walked through by hand, and each guard."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles.customers import Customers
from reports.examples import changed

import holdback as hb
from holdback.analysis.exploratory.lifetime_value import held_out
from holdback.data.evidence.purchase_histories import ArmHistories
from holdback.errors import ConfigError
from holdback.experiments.language.expression import parse
from holdback.experiments.metrics.clv import Clv
from holdback.facts import fact
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.lifetime_value import Lifetime

START = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = date(2026, 7, 31)
END = datetime(2026, 8, 1, tzinfo=UTC)
UNITS = 3_000
YAML = """\
version: 1
experiment: shop
currency: EUR
arms: {holdback: {share: 40%, control: true}, personalized: {share: 60%}}
sources:
  customers: {csv: customers.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  bought: {kind: conversion, source: orders}
  worth:
    {kind: clv, source: orders, value: total, horizon: 52 weeks, discount: 10%, unit: money}
assignment: {source: customers}
window: {start: 2026-01-01, end: 2026-06-30}
primary: bought
secondary: [worth]
analysis: {looks: end}
"""  # noqa: E501  # one metric a line
Row = tuple[str, datetime, float]


def shop(folder: Path, *, scale: float = 1.0, price: float | None = None) -> None:
    """Customers who join over half a year; some orders are returned in part."""
    rng = np.random.default_rng(33)
    orders: list[Row] = []
    with (folder / "customers.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "arm", "at"])
        for i in range(int(UNITS * scale)):
            treated = rng.random() < 0.6
            at = START + timedelta(seconds=int(rng.integers(0, 180 * 86_400)))
            arm = "personalized" if treated else "holdback"
            writer.writerow([f"u{i}", arm, at.isoformat()])
            orders += ordered(rng, f"u{i}", at, treated=treated, price=price)
    with (folder / "orders.csv").open("w", newline="") as file:
        rows = [(unit, at.isoformat(), f"{total:.2f}") for unit, at, total in orders]
        csv.writer(file).writerows([("id", "at", "total"), *rows])
    (folder / "shop.yaml").write_text(YAML)


def ordered(
    rng: np.random.Generator,
    unit: str,
    at: datetime,
    *,
    treated: bool,
    price: float | None,
) -> list[Row]:
    """A customer's orders, one before the exposure, and now and then a refund."""
    world = Customers(r=0.8, alpha=6.0).treated(-0.1 if treated else 0.0)
    found: list[Row] = [(unit, at - timedelta(days=2), 500.0)]
    for weeks, amount in zip(*world.orders(rng, weeks=80), strict=True):
        when = at + timedelta(weeks=weeks)
        total = price or round(amount, 2)
        found.append((unit, when, total))
        if rng.random() < 0.05:
            found.append((unit, when + timedelta(hours=5), -round(total / 2, 2)))
    return found


def walked(folder: Path) -> Mapping[str, list[dict[str, float]]]:
    """Each arm's units from the files: orders, last day, gross, net, days watched."""
    with (folder / "orders.csv").open() as file:
        orders = [
            (r["id"], datetime.fromisoformat(r["at"]), float(r["total"]))
            for r in csv.DictReader(file)
        ]
    by_unit = defaultdict(list)
    for unit, when, total in orders:
        if when < END:
            by_unit[unit].append((when, total))
    arms = defaultdict(list)
    with (folder / "customers.csv").open() as file:
        for r in csv.DictReader(file):
            at = datetime.fromisoformat(r["at"])
            own = [(w - at, t) for w, t in by_unit[r["id"]] if w >= at]
            own = [(gap, t) for gap, t in own if gap < timedelta(weeks=52)]
            bought = [gap for gap, t in own if t > 0]
            days = (END - datetime(at.year, at.month, at.day, tzinfo=UTC)).days - 1
            arms[r["arm"]].append(
                {
                    "orders": len(bought),
                    "last": max(bought).days + 0.5 if bought else 0.0,
                    "net": sum(t for _, t in own),
                    "watched": days + 0.5,
                }
            )
    return arms


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's files."""
    found = tmp_path_factory.mktemp("clv")
    shop(found)
    return found


@pytest.fixture(scope="module")
def card(folder: Path) -> Any:
    """The scorecard, read a month after the last customer joined."""
    return hb.analyze(folder / "shop.yaml", as_of=AS_OF).scorecard


def test_what_is_drawn_does_not_depend_on_names_invariance(
    folder: Path, card: Any
) -> None:
    """The same customers under another name have the same value ahead."""
    other = folder / "other.yaml"
    other.write_text(YAML.replace("experiment: shop", "experiment: other"))
    renamed = hb.analyze(other, as_of=AS_OF).scorecard
    assert renamed.section(Lifetime) == card.section(Lifetime)


def test_what_came_against_a_walk_through_each_unit(folder: Path, card: Any) -> None:
    """Orders and money after the exposure only, refunds taken off."""
    (found,) = card.section(Lifetime)
    arms = walked(folder)
    for told in (found.control, found.treatment):
        units = arms[told.arm]
        net = np.array([unit["net"] for unit in units])
        assert told.units == len(units)
        assert told.buyers == sum(unit["orders"] > 0 for unit in units)
        assert told.repeat_buyers == sum(unit["orders"] > 1 for unit in units)
        assert told.came.value == pytest.approx(net.mean(), rel=1e-9)
        assert told.came.se == pytest.approx(net.std(ddof=1) / np.sqrt(len(net)))
        days = sum(unit["watched"] for unit in units)
        assert told.carried_on.value == pytest.approx(net.sum() / days * 364)
    watched = [unit["watched"] for units in arms.values() for unit in units]
    assert found.watched_days == pytest.approx(np.mean(watched))
    more = found.treatment.came.value - found.control.came.value
    assert found.came.value == pytest.approx(more)


def test_parts_add_up_and_the_truth_is_near(card: Any) -> None:
    """Came + ahead = both; the customers' true worth lies in the interval."""
    (found,) = card.section(Lifetime)
    assert not found.refused
    for told in (found, found.control, found.treatment):
        both = told.came.value + told.ahead.value
        assert told.total.value == pytest.approx(both, rel=1e-9)
        assert told.total.lower < told.total.value < told.total.upper
    world = Customers(r=0.8, alpha=6.0)
    for told, effect in ((found.control, 0.0), (found.treatment, -0.1)):
        true = world.treated(effect).worth(52) * 0.975
        assert told.total.lower < true * 1.02
        assert told.total.upper > true * 0.94
    assert 0.5 < found.p_positive <= 1.0
    assert found.ahead_share == pytest.approx(
        (found.control.ahead.value + found.treatment.ahead.value)
        / (found.control.total.value + found.treatment.total.value)
    )


def test_the_model_is_held_to_the_second_half(folder: Path, card: Any) -> None:
    """Orders after half of each unit's time, by a walk; foreseen is close."""
    (found,) = card.section(Lifetime)
    with (folder / "orders.csv").open() as file:
        orders = list(csv.DictReader(file))
    joined = {}
    with (folder / "customers.csv").open() as file:
        for r in csv.DictReader(file):
            joined[r["id"]] = (r["arm"], datetime.fromisoformat(r["at"]))
    later: dict[str, int] = defaultdict(int)
    for r in orders:
        arm, at = joined[r["id"]]
        when = datetime.fromisoformat(r["at"])
        half = at + min(END - at, timedelta(weeks=52)) / 2
        last = min(END, at + timedelta(weeks=52))
        if half <= when < last and float(r["total"]) > 0:
            later[arm] += 1
    for told in (found.control, found.treatment):
        assert told.held_out.orders == later[told.arm]
        assert told.held_out.foreseen == pytest.approx(later[told.arm], rel=0.2)


def test_the_same_data_give_the_same_draws(folder: Path, card: Any) -> None:
    """Seeds come from the plan."""
    again = hb.analyze(folder / "shop.yaml", as_of=AS_OF).scorecard
    assert again.section(Lifetime) == card.section(Lifetime)


def test_the_page_says_what_is_projected(card: Any) -> None:
    """The caution, the parts, the hold-out check; the label of the comparison."""
    page = render(card)
    assert "A projection, not a measurement." in page
    assert "Still ahead (model)" in page
    assert "foreseen from the first half alone" in page
    assert "Worth: in the window" in page
    assert "no flat margin is given" in page


def test_profit_where_a_margin_is_given(folder: Path, card: Any) -> None:
    """The same numbers times the margin."""
    text = f"{YAML}economics: {{value: worth, margin: 40%}}\n"
    (folder / "profit.yaml").write_text(text)
    (found,) = hb.analyze(folder / "profit.yaml", as_of=AS_OF).scorecard.section(
        Lifetime
    )
    (plain,) = card.section(Lifetime)
    assert found.margin == pytest.approx(0.4)
    assert found.came.value == pytest.approx(0.4 * plain.came.value)
    assert found.control.ahead.value == pytest.approx(
        0.4 * plain.control.ahead.value, rel=0.02
    )


def test_too_few_repeat_buyers_are_refused(tmp_path: Path) -> None:
    """What came is told, what is ahead is not, and the sentence says how many."""
    shop(tmp_path, scale=0.05)
    card = hb.analyze(tmp_path / "shop.yaml", as_of=AS_OF).scorecard
    (found,) = card.section(Lifetime)
    told = "units with two orders or more, and a projection needs 100"
    assert told in str(found.refused)
    assert found.ahead is None
    assert found.total is None
    page = render(card)
    assert "a projection needs 100" in page
    assert "Still ahead (model)" not in page


def test_one_price_has_no_model_of_spend(tmp_path: Path) -> None:
    """All orders cost the same: the mean is taken as it is, and that is said."""
    shop(tmp_path, price=25.0)
    (found,) = hb.analyze(tmp_path / "shop.yaml", as_of=AS_OF).scorecard.section(
        Lifetime
    )
    assert fact("lifetime.no_model_of_spend") in found.warnings
    assert "mean" in found.parameters
    assert found.parameters["mean"] == pytest.approx(25.0)


def test_a_short_window_is_too_early(folder: Path) -> None:
    """Watched for less than a quarter of the horizon."""
    (folder / "early.yaml").write_text(YAML.replace("52 weeks", "260 weeks"))
    card = hb.analyze(folder / "early.yaml", as_of=AS_OF).scorecard
    assert card.section(Lifetime)[0].too_early
    assert "Too early to tell" in render(card)


def test_orders_that_hang_with_spend_are_told(card: Any) -> None:
    """The correlation's caution stands on the page."""
    (found,) = card.section(Lifetime)
    assert abs(found.correlation) < 0.3
    warned = changed(
        card,
        lifetime=(
            replace(found, warnings=(fact("facts.text", text="Careful here."),)),
        ),
    )
    assert "Careful here." in render(warned)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("52 weeks", "12 weeks", "`horizon` is shorter than the window"),
        ("52 weeks", "3 days", "a week or more"),
        ("52 weeks", "0 days", "or is 0"),
        ("discount: 10%", "discount: 120%", "between 0% and 100% a year"),
        ("discount: 10%", "within: 20 days", "`within` has no place here"),
        ("discount: 10%", "renews: 40 weeks", "shorter than two payments"),
        (", time: at}}\n  orders", "}}\n  orders", "time"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, old: str, new: str, words: str) -> None:
    """One clear sentence each."""
    file = tmp_path / "shop.yaml"
    assert old in YAML
    file.write_text(YAML.replace(old, new, 1))
    with pytest.raises(ConfigError, match=words):
        hb.load(file)


def test_money_that_comes_in_a_year_is_worth_ten_per_cent_less(tmp_path: Path) -> None:
    """Where `discount` says nothing: the figure of the documentation, nothing else."""
    file = tmp_path / "shop.yaml"
    file.write_text(YAML.replace(", discount: 10%", ""))
    metric = hb.load(file).metrics["worth"]
    assert getattr(metric, "discount") == Fraction(1, 10)  # noqa: B009  # of this kind


SUBSCRIBED = """\
version: 1
experiment: club
currency: EUR
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  members: {csv: members.csv, columns: {unit: id, arm: arm, time: at}}
  payments: {csv: payments.csv, columns: {unit: id, time: at}}
metrics:
  paid: {kind: count, source: payments}
  worth: {kind: clv, source: payments, value: fee, renews: 30 days, horizon: 720 days, discount: 0%, unit: money}
assignment: {source: members}
window: {start: 2026-01-01, end: 2026-06-30}
primary: paid
secondary: [worth]
analysis: {looks: end}
"""  # noqa: E501  # one metric a line


def club(folder: Path) -> dict[str, float]:
    """Members pay 20 every 30 days until they leave; what each arm is worth, in all."""
    rng = np.random.default_rng(5)
    joined, payments = [("id", "arm", "at")], [("id", "at", "fee")]
    worth = {}
    for arm, (alpha, beta) in {"holdback": (1, 5), "personalized": (1, 7)}.items():
        for i in range(2_000):
            at = START + timedelta(seconds=int(rng.integers(0, 180 * 86_400)))
            joined.append((f"{arm}{i}", arm, at.isoformat()))
            leaves = rng.geometric(rng.beta(alpha, beta))
            payments += [
                (f"{arm}{i}", (at + timedelta(days=30 * k)).isoformat(), "20.00")
                for k in range(min(leaves, 24))
            ]
        months = np.arange(24)
        logs = [
            np.log(beta + np.arange(k)) - np.log(alpha + beta + np.arange(k))
            for k in months
        ]
        worth[arm] = 20.0 * float(sum(np.exp(one.sum()) for one in logs))
    for name, rows in (("members", joined), ("payments", payments)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    (folder / "club.yaml").write_text(SUBSCRIBED)
    return worth


def test_subscribers_against_what_they_are_worth(tmp_path: Path) -> None:
    """Seven months seen of 24: the true worth of both arms lies in the intervals."""
    worth = club(tmp_path)
    card = hb.analyze(tmp_path / "club.yaml", as_of=AS_OF).scorecard
    (found,) = card.section(Lifetime)
    assert found.model == "subscriptions"
    assert found.parameters["mean"] == pytest.approx(20.0)
    for told in (found.control, found.treatment):
        assert told.total.lower < worth[told.arm] < told.total.upper
        renewals = told.held_out.orders
        assert 2_000 < renewals < 4_000
        assert told.held_out.foreseen == pytest.approx(renewals, rel=0.1)
    true = worth["personalized"] - worth["holdback"]
    assert found.total.lower < true < found.total.upper
    assert found.p_positive > 0.9
    assert "counts those who are subscribed" in render(card)


def test_the_share_kept_against_a_jackknife() -> None:
    """Of two arms that give back unequally; and its covariance with the mean."""
    rng = np.random.default_rng(6)
    n = 500
    gross = np.round(rng.gamma(1, 40, n) * (rng.random(n) < 0.5), 2)
    net = np.where(rng.random(n) < 0.3, gross / 2, gross)
    none = np.zeros(n)
    side = ArmHistories(
        orders=none,
        last=none,
        watched=none + 50,
        gross=gross,
        net=net,
        units=np.ones(n),
        early=(none, none),
    )
    share, variance, shared = side.kept()
    assert share == pytest.approx(net.sum() / gross.sum())
    shares = (net.sum() - net) / (gross.sum() - gross)
    means = (net.sum() - net) / (n - 1)
    off = shares - shares.mean(), means - means.mean()
    assert variance == pytest.approx((n - 1) / n * off[0] @ off[0], rel=0.02)
    assert shared == pytest.approx((n - 1) / n * off[0] @ off[1], rel=0.02)


def test_nobody_had_subscribed_by_half_time() -> None:
    """Trials that end after half of the time: no check, and no crash."""
    n = 50
    none = np.zeros(n)
    side = ArmHistories(
        orders=none + 2,
        last=none + 40.5,
        watched=none + 56.5,
        gross=none + 40,
        net=none + 40,
        units=np.ones(n),
        early=(none, none),
    )
    plan = Clv(
        name="worth",
        label="",
        source="payments",
        value=parse("fee"),
        horizon=timedelta(days=720),
        renews=timedelta(days=7),
    )
    assert held_out(plan, side) is None
