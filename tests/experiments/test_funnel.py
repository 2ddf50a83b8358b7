"""Funnels from raw rows: shares of all assigned units, and what cannot be meant."""

from __future__ import annotations

import csv
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
