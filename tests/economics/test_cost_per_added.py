"""What one more customer cost, against hand computation and Newcombe's interval."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep
from worlds.evidence import analyzed, evidence, experiment

from holdback.analysis.section_readers import basis_of
from holdback.economics.cost_per_added import cost_per_added
from holdback.errors import ConfigError
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Arm,
    Cost,
    Economics,
    Experiment,
)
from holdback.experiments.load import load
from holdback.results.sections.cost_per_added import CostPerAdded

Rows = list[tuple[float, float]]


def rows(buyers: int, units: int) -> Rows:
    """Every buyer spends 20 in one order."""
    return [(20.0, 1.0)] * buyers + [(0.0, 0.0)] * (units - buyers)


def planned(*costs: Cost) -> Experiment:
    """Two campaigns and a holdback; what one more buyer cost is asked for."""
    third = Fraction(1, 3)
    return experiment(
        arms=(
            Arm(name="holdback", share=third, control=True),
            Arm(name="mail", share=third),
            Arm(name="phone", share=third),
        ),
        primary="conversion",
        secondary=("revenue",),
        analysis=AnalysisSettings(looks="end"),
        economics=Economics(value="revenue", costs=costs, cost_per=("conversion",)),
    )


def read(mail: Rows, phone: Rows, *costs: Cost) -> dict[str, CostPerAdded]:
    """The record of each campaign; 200 of 2,000 buy without one."""
    seen = evidence({"holdback": rows(200, 2000), "mail": mail, "phone": phone})
    found = cost_per_added(basis_of(planned(*costs), seen))
    return {one.arm: one for one in found}


MAIL = Cost(name="Mail", amount=Fraction(1, 10), per="treated unit", arms=("mail",))
PHONE = Cost(name="Calls", amount=Fraction(2), per="treated unit", arms=("phone",))


def test_cost_of_one_more_against_newcombe() -> None:
    """Each campaign bears its own cost: 0.10 over 0.05, 2 over 0.1."""
    found = read(rows(300, 2000), rows(400, 2000), MAIL, PHONE)
    seen = evidence(
        {"holdback": rows(200, 2000)}
        | dict.fromkeys(("mail", "phone"), rows(300, 2000))
    )
    level = basis_of(planned(MAIL, PHONE), seen).stage.arms_level  # both hold together
    for arm, buyers, cost in (("mail", 300, 0.1), ("phone", 400, 2.0)):
        one = found[arm]
        assert one.per_unit == pytest.approx(cost)
        assert one.added.value == pytest.approx(buyers - 200)
        assert one.cost is not None
        assert one.cost.value == pytest.approx(cost / (buyers / 2000 - 0.1))
        low, high = confint_proportions_2indep(
            buyers, 2000, 200, 2000, method="newcomb", alpha=1 - level
        )
        assert one.cost.lower == pytest.approx(cost / high, rel=0.03)
        assert one.cost.upper == pytest.approx(cost / low, rel=0.03)


def test_cost_of_one_more_may_have_no_end() -> None:
    """Where nothing added is within the range, and where nothing was added at all."""
    found = read(rows(205, 2000), rows(150, 2000), MAIL, PHONE)
    mail, phone = found["mail"].cost, found["phone"].cost
    assert mail is not None
    assert (mail.upper, mail.unbounded) == (None, "upper")
    assert mail.lower is not None
    assert 0 < mail.lower < mail.value
    assert phone is None
    scorecard = analyzed(
        planned(MAIL, PHONE),
        evidence(
            {
                "holdback": rows(200, 2000),
                "mail": rows(205, 2000),
                "phone": rows(150, 2000),
            }
        ),
    )
    assert scorecard is not None


def test_costs_that_are_shared_go_by_treated_units() -> None:
    """One cost of 3,000 treated customers: an amount for each, in both arms alike."""
    found = read(rows(150, 1000), rows(300, 2000), replace(MAIL, arms=()))
    assert {round(one.per_unit, 12) for one in found.values()} == {0.1}


YAML = """\
version: 1
experiment: calls
currency: EUR
arms: {holdback: {share: 50%, control: true}, calls: {share: 50%}}
assignment: {source: visits}
window: {start: 2026-10-01, end: 2026-10-28}
sources:
  visits: {csv: v.csv, columns: {unit: u, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: u, time: at}}
metrics:
  conversion: {kind: conversion, source: orders, within: 7 days}
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
primary: revenue
secondary: [conversion]
economics:
  costs: [{name: Callers, hours: 6, rate: 40, per: week, arms: [calls]}]
  cost_per: [conversion]
"""


def test_hours_at_a_rate_against_their_product(tmp_path: Path) -> None:
    """Six hours at 40 are 240, and the file that is written back says so."""
    file = tmp_path / "calls.yaml"
    file.write_text(YAML)
    first = load(file)
    assert first.economics is not None
    assert first.economics.costs[0].amount == 240
    file.write_text(first.to_yaml())
    assert load(file).economics == first.economics


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("hours: 6, rate: 40", "hours: 6", "is an 'amount', or 'hours' at a 'rate'"),
        ("hours: 6", "amount: 9, hours: 6", "is an 'amount', or 'hours' at a 'rate'"),
        ("hours: 6, rate: 40, ", "", "is an 'amount', or 'hours' at a 'rate'"),
        ("hours: 6", "hours: -6", "not negative"),
        ("cost_per: [conversion]", "cost_per: [revenue]", "counts nothing"),
        ("cost_per: [conversion]", "cost_per: [orders]", "counts nothing"),
    ],
)
def test_costs_rejects(tmp_path: Path, old: str, new: str, what: str) -> None:
    """Each by its cause, and in its line."""
    file = tmp_path / "calls.yaml"
    file.write_text(YAML.replace(old, new))
    with pytest.raises(ConfigError, match=what) as caught:
        load(file)
    assert caught.value.problems[0].where.startswith(f"{file}:1")
