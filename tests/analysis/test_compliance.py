"""Dilution: shares reached, and the effect per unit reached, end to end."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import holdback as hb
from holdback.errors import ConfigError
from holdback.reports.pages.experiment_page import render

YAML = """\
version: 1
experiment: mail
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  people: {csv: people.csv, columns: {unit: id, arm: arm, time: at}}
  opens: {csv: opens.csv, columns: {unit: id, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  opened: {kind: conversion, source: opens, within: 7 days}
currency: EUR
assignment: {source: people}
window: {start: 2026-10-15, end: 2026-10-15}
primary: revenue
analysis: {looks: end, reached: REACHED}
"""


def mailing(
    folder: Path, *, open_rate: float, leak: float = 0.0, reached: str = "opened"
) -> Path:
    """4,000 people; an opened mail brings 6 € more to the about 20 € that all spend."""
    rng = np.random.default_rng(31)
    people, opens, orders = ["id,arm,at"], ["id,at"], ["id,at,total"]
    for i in range(4_000):
        arm = ("holdback", "personalized")[i % 2]
        people.append(f"u{i},{arm},2026-10-15T08:00:00Z")
        opened = rng.uniform() < (open_rate if arm == "personalized" else leak)
        if opened:
            opens.append(f"u{i},2026-10-15T09:00:00Z")
        total = rng.normal(20, 4) + 6 * opened
        orders.append(f"u{i},2026-10-16T09:00:00Z,{total:.2f}")
    for name, lines in (("people", people), ("opens", opens), ("orders", orders)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    file = folder / "mail.yaml"
    file.write_text(YAML.replace("REACHED", reached))
    return file


def analyzed(folder: Path, **how: Any) -> Any:
    """The scorecard when everyone has had its time."""
    file = mailing(folder, **how)
    return hb.analyze(hb.load(file), as_of=date(2026, 10, 25)).scorecard


def test_the_effect_on_those_who_opened(tmp_path: Path) -> None:
    """A third open; the difference as assigned is a third of that on the openers."""
    card = analyzed(tmp_path, open_rate=1 / 3)
    readout = card.readout("revenue")
    found = readout.reached
    opens = (tmp_path / "opens.csv").read_text().count("\n") - 1
    assert found.control == 0
    assert found.treatment == opens / 2_000
    assert found.effect.value == pytest.approx(readout.absolute.value / (opens / 2_000))
    assert found.effect.lower < 6 < found.effect.upper
    assert 1.6 < readout.absolute.value < 2.4
    (check,) = [c for c in card.checks if c.check == "dilution"]
    assert check.status == "warn"
    assert "smaller than on those who were reached" in check.message
    assert "of units were really reached" in render(card)


def test_control_units_that_are_reached_hide_the_effect(tmp_path: Path) -> None:
    """With a tenth of control reached the shares' difference divides (Wald)."""
    card = analyzed(tmp_path, open_rate=0.6, leak=0.1)
    readout = card.readout("revenue")
    found = readout.reached
    assert found.control == pytest.approx(0.1, abs=0.03)
    gap = found.treatment - found.control
    assert found.effect.value == pytest.approx(readout.absolute.value / gap)
    assert found.effect.lower < 6 < found.effect.upper
    (check,) = [c for c in card.checks if c.check == "dilution"]
    assert "hide its effect" in check.message


def test_shares_that_hardly_differ_divide_nothing(tmp_path: Path) -> None:
    """Where about as many control units are reached, there is no effect to tell."""
    found = analyzed(tmp_path, open_rate=0.12, leak=0.1)
    assert found.readout("revenue").reached.effect is None


def test_everyone_reached_is_no_warning(tmp_path: Path) -> None:
    """Then both comparisons are one."""
    card = analyzed(tmp_path, open_rate=1.0)
    readout = card.readout("revenue")
    assert readout.reached.effect.value == readout.absolute.value
    (check,) = [c for c in card.checks if c.check == "dilution"]
    assert check.status == "pass"


@pytest.mark.parametrize(
    ("reached", "told"), [("opend", "Did you mean 'opened'"), ("revenue", "conversion")]
)
def test_who_was_reached_is_a_conversion(
    tmp_path: Path, reached: str, told: str
) -> None:
    """Another name or another kind is refused, with its place."""
    file = mailing(tmp_path, open_rate=0.5, reached=reached)
    with pytest.raises(ConfigError, match=told) as caught:
        hb.load(file)
    assert "mail.yaml:15:" in str(caught.value)
