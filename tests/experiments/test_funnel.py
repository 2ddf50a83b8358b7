"""Funnels from raw rows: shares of all assigned units, and what cannot be meant."""

from __future__ import annotations

import csv
import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

import holdback as hb
from holdback.errors import ConfigError
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.funnel import FunnelArm

YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  events: {csv: events.csv, columns: {unit: id, time: at}}
metrics:
  checkout:
    kind: funnel
    order: any
    within: 7 days
    steps:
      - {step: Viewed, source: events, where: what = 'view'}
      - {step: Basket, source: events, where: what = 'basket'}
      - {step: Ordered, source: events, where: what = 'order'}
assignment: {source: visitors}
window: {start: 2026-09-01, end: 2026-09-14}
primary: checkout
analysis: {looks: end}
"""
START = datetime.fromisoformat("2026-09-01")
STEPS = ("view", "basket", "order")
CHANCES = {"holdback": (0.6, 0.5, 0.5), "personalized": (0.6, 0.6, 0.5)}


def shop(folder: Path, *, lost: float = 0.0) -> dict[str, np.ndarray[Any, Any]]:
    """Visitors and their events; each arm's units that got to each step, (n, 3)."""
    rng = np.random.default_rng(77)
    visitors, events = [("id", "arm", "at")], [("id", "at", "what")]
    got: dict[str, list[list[bool]]] = {arm: [] for arm in CHANCES}
    for i in range(4_000):
        arm = ("holdback", "personalized")[i % 2]
        at = START + timedelta(seconds=int(rng.integers(0, 14 * 86_400)))
        visitors.append((f"u{i}", arm, at.isoformat()))
        went, reached = True, []
        for step, chance in zip(STEPS, CHANCES[arm], strict=True):
            went = went and rng.random() < chance
            seen = went and not (step == "basket" and rng.random() < lost)
            late = rng.random() < 0.1
            day = timedelta(days=8 if late else int(rng.integers(0, 6)))
            if seen:
                events.append((f"u{i}", (at + day).isoformat(), step))
            reached.append(seen and not late)
        got[arm].append(reached)
    for name, rows in (("visitors", visitors), ("events", events)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    (folder / "shop.yaml").write_text(YAML)
    return {arm: np.array(rows) for arm, rows in got.items()}


def test_steps_against_counts_by_hand(tmp_path: Path) -> None:
    """Each step by all assigned units; intervals are those of all three at once."""
    got = shop(tmp_path)
    card = hb.analyze(tmp_path / "shop.yaml", as_of=date(2026, 9, 30)).scorecard
    (found,) = card.section(FunnelArm)
    assert [step.step for step in found.steps] == ["Viewed", "Basket", "Ordered"]
    assert found.more_than_before is None
    for i, step in enumerate(found.steps):
        control, treated = got["holdback"][:, i], got["personalized"][:, i]
        assert step.control == pytest.approx(control.mean())
        assert step.treatment == pytest.approx(treated.mean())
        assert step.relative.value == pytest.approx(treated.mean() / control.mean() - 1)
        low, high = confint_proportions_2indep(
            treated.sum(),
            len(treated),
            control.sum(),
            len(control),
            method="newcomb",
            compare="diff",
            alpha=0.05 / 3,
        )
        assert step.absolute.lower == pytest.approx(low, abs=2e-3)
        assert step.absolute.upper == pytest.approx(high, abs=2e-3)
    last = card.readout("checkout")
    assert last.estimates.control.value == pytest.approx(found.steps[-1].control)
    assert {r.metric for r in card.readouts} == {"checkout"}
    page = render(card)
    assert "How far units get" in page
    assert "share of all assigned units" in page


def test_a_step_that_more_units_got_to_is_odd(tmp_path: Path) -> None:
    """Most basket events are lost: more orders than baskets are pointed out."""
    shop(tmp_path, lost=0.8)
    card = hb.analyze(tmp_path / "shop.yaml", as_of=date(2026, 9, 30)).scorecard
    assert card.section(FunnelArm)[0].more_than_before == "Ordered"
    assert "rows of the earlier step may be missing" in render(card)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("step: Basket", "step: Viewed", "two of its steps are called 'Viewed'"),
        ("within: 7 days", "where: what = 'view'", "each step has its own `where`"),
        (YAML[YAML.index("      - {step: Basket") : YAML.index("assign")], "", "two"),
        ("Basket, source: events", "Basket, source: evnts", "Did you mean 'events'"),
        ("step: Basket, ", "", "step"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, old: str, new: str, words: str) -> None:
    """One clear sentence each."""
    file = tmp_path / "shop.yaml"
    assert old in YAML
    file.write_text(YAML.replace(old, new, 1))
    with pytest.raises(ConfigError, match=words):
        hb.load(file)


ORDERED = """\
version: 1
experiment: shop
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  clicks: {csv: clicks.csv, columns: {unit: id, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  checkout:
    kind: funnel
    within: 3 days
    steps:
      - {step: App, source: visitors, where: app = 'yes'}
      - {step: Viewed, source: clicks, where: what = 'view'}
      - {step: Ordered, source: orders, value: paid}
      - {step: Rated, source: clicks, where: what = 'rate'}
assignment: {source: visitors}
window: {start: 2026-09-01, end: 2026-09-14}
primary: checkout
analysis: {looks: end}
"""


def tangled(folder: Path, *, text: str = ORDERED) -> list[dict[str, Any]]:
    """Units whose rows come in any order, often at one moment, before exposure too."""
    rng = np.random.default_rng(5)
    units, clicks, orders = [], [("id", "at", "what")], [("id", "at", "paid")]
    visitors = [("id", "arm", "app", "at")]
    for i in range(600):
        at = START + timedelta(hours=int(rng.integers(0, 14 * 24)))
        unit = {"arm": ("holdback", "personalized")[i % 2], "at": at, "rows": []}
        unit["app"] = rng.random() < 0.8
        visitors.append((f"u{i}", unit["arm"], ["no", "yes"][unit["app"]], f"{at}"))
        for _ in range(int(rng.integers(0, 9))):
            when = at + timedelta(hours=int(rng.integers(-3, 10)) * 12)
            what = ("view", "rate", "order", "unpaid")[int(rng.integers(0, 4))]
            if what in {"view", "rate"}:
                clicks.append((f"u{i}", f"{when}", what))
            else:
                orders.append((f"u{i}", f"{when}", "12.5" if what == "order" else "0"))
            unit["rows"].append((when - at, what))
        units.append(unit)
    for name, rows in (("visitors", visitors), ("clicks", clicks), ("orders", orders)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    (folder / "shop.yaml").write_text(text)
    return units


def by_hand(unit: dict[str, Any], *, order: str) -> list[bool]:
    """Whether a unit got to each step: every choice of one row a step is tried."""
    inside = [
        (when, what)
        for when, what in unit["rows"]
        if timedelta(0) <= when < timedelta(days=3)
    ]
    times = [[when for when, what in inside if what == s] for s in ORDERED_STEPS]
    if order == "any":
        return [unit["app"], *(bool(step) for step in times)]
    return [unit["app"]] + [
        unit["app"]
        and any(
            list(rows) == sorted(rows) for rows in itertools.product(*times[:steps])
        )
        for steps in (1, 2, 3)
    ]


ORDERED_STEPS = ("view", "order", "rate")


@pytest.mark.parametrize("order", ["strict", "any"])
def test_order_against_every_choice_of_rows(tmp_path: Path, order: str) -> None:
    """Steps of three sources, rows shuffled and at one moment: as tried one by one."""
    steps = f"kind: funnel\n    order: {order}"
    units = tangled(tmp_path, text=ORDERED.replace("kind: funnel", steps))
    card = hb.analyze(tmp_path / "shop.yaml", as_of=date(2026, 9, 30)).scorecard
    (funnel,) = card.section(FunnelArm)
    for arm, shown in (("holdback", "control"), ("personalized", "treatment")):
        got = [by_hand(one, order=order) for one in units if one["arm"] == arm]
        shares = [getattr(step, shown) for step in funnel.steps]
        assert shares == pytest.approx(np.mean(got, axis=0), abs=1e-12)
        readout = card.readout("checkout").estimates
        assert getattr(readout, shown).value == pytest.approx(shares[-1])
    skipped = [
        by_hand(one, order="any")[-1] - by_hand(one, order="strict")[-1]
        for one in units
    ]
    assert sum(skipped) > 20
    assert funnel.out_of_order == (sum(skipped) if order == "strict" else 0)
    assert ("not after all steps before it" in render(card)) == (order == "strict")


def test_strict_is_the_default_and_steps_are_nested(tmp_path: Path) -> None:
    """No step has more units than the one before, whatever was written."""
    units = tangled(tmp_path)
    card = hb.analyze(tmp_path / "shop.yaml", as_of=date(2026, 9, 30)).scorecard
    (funnel,) = card.section(FunnelArm)
    got = [by_hand(one, order="strict") for one in units if one["arm"] == "holdback"]
    shares = [step.control for step in funnel.steps]
    assert shares == pytest.approx(np.mean(got, axis=0), abs=1e-12)
    assert shares == sorted(shares, reverse=True)
    assert funnel.more_than_before is None


def test_what_was_known_before_changes_no_step(tmp_path: Path) -> None:
    """Covariates, from the same rows before exposure, adjust the headline alone."""
    lookback = "looks: end, covariates: {lookback: 7 days}"
    units = tangled(tmp_path, text=ORDERED.replace("looks: end", lookback))
    card = hb.analyze(tmp_path / "shop.yaml", as_of=date(2026, 9, 30)).scorecard
    (funnel,) = card.section(FunnelArm)
    got = [by_hand(one, order="strict") for one in units if one["arm"] == "holdback"]
    shares = [step.control for step in funnel.steps]
    assert shares == pytest.approx(np.mean(got, axis=0), abs=1e-12)


def test_columns_of_one_row_a_unit_are_nested(tmp_path: Path) -> None:
    """Steps that are columns of the table of exposures: each and all before it."""
    rng = np.random.default_rng(3)
    reached = rng.random((800, 3)) < 0.6
    rows = [
        (f"u{i}", ("holdback", "personalized")[i % 2], *map(int, reached[i]))
        for i in range(len(reached))
    ]
    with (tmp_path / "wide.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "arm", "a", "b", "c"), *rows])
    steps = [f"{{step: {x}, source: wide, where: {x} = 1}}" for x in "abc"]
    (tmp_path / "wide.yaml").write_text(
        "version: 1\nexperiment: wide\n"
        "arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}\n"
        "sources: {wide: {csv: wide.csv, columns: {unit: id, arm: arm}}}\n"
        f"metrics: {{way: {{kind: funnel, steps: [{', '.join(steps)}]}}}}\n"
        "assignment: {source: wide}\nprimary: way\nanalysis: {looks: end}\n"
    )
    card = hb.analyze(tmp_path / "wide.yaml").scorecard
    (funnel,) = card.section(FunnelArm)
    nested = np.logical_and.accumulate(reached, axis=1)
    shares = [step.control for step in funnel.steps]
    assert shares == pytest.approx(nested[::2].mean(axis=0), abs=1e-12)


def test_a_step_of_the_exposures_after_one_of_events_is_refused(
    tmp_path: Path,
) -> None:
    """No event lies before the exposure; two ways out are told, and one is gone."""
    app = "      - {step: App, source: visitors, where: app = 'yes'}\n"
    turned = ORDERED.replace(app, "").replace("assignment:", f"{app}assignment:", 1)
    tangled(tmp_path, text=turned)
    with pytest.raises(ConfigError, match="stands after one of another source"):
        hb.load(tmp_path / "shop.yaml")
    free = turned.replace("kind: funnel", "kind: funnel\n    order: any")
    (tmp_path / "shop.yaml").write_text(free)
    assert hb.load(tmp_path / "shop.yaml").primary == "checkout"
