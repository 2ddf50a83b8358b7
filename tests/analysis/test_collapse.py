"""A treatment that is plainly broken: no buyers left, at any look, by any rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from worlds.evidence import METRICS, analyzed, evidence, experiment

import holdback as hb
from holdback.analysis.comparison.collapse import does_harm
from holdback.analysis.multiplicity import gated
from holdback.economics.decision import decide
from holdback.reports.text.result_sentences import headline
from holdback.results.scorecard import Decision, Estimates, PointEstimate, Scorecard

CONVERSION, REVENUE = METRICS["conversion"], METRICS["revenue"]
RUNNING = datetime(2026, 10, 10, 12, tzinfo=UTC)


def rates(x: int, n: int, y: int, m: int) -> Estimates:
    """Treated x of n against control y of m."""
    return Estimates(
        control=PointEstimate(value=y / m, units=m, nonzero=y),
        treatment=PointEstimate(value=x / n, units=n, nonzero=x),
    )


def broken(buyers: int, *, as_of: datetime | None = None) -> tuple[Scorecard, Decision]:
    """35 of 400 buy in the holdback, so many of 3,600 in the other arm."""
    when = {} if as_of is None else {"as_of": as_of}
    seen = evidence(
        {
            "holdback": [(20.0, 1.0)] * 35 + [(0.0, 0.0)] * 365,
            "personalized": [(20.0, 1.0)] * buyers + [(0.0, 0.0)] * (3_600 - buyers),
        },
        **when,  # type: ignore[arg-type]
    )
    card = analyzed(experiment(), seen)
    return card, decide(experiment(), card)


@pytest.mark.parametrize("buyers", [0, 1, 19, 60])
@pytest.mark.parametrize("as_of", [None, RUNNING])
def test_a_broken_treatment_is_stopped(buyers: int, as_of: datetime | None) -> None:
    """0 of 3,600 buyers against 35 of 400 is harm, at the end and at a first look."""
    card, decision = broken(buyers, as_of=as_of)
    assert decision.outcome == "stop"
    assert decision.reasons[0].code == "decision.harm"
    assert decision.reasons[0].numbers["units"] == {"valued": buyers, "all": 3_600}
    title = headline(replace(card, decision=decision)).title
    assert title == "Turn it off: it does harm"
    verdicts = {r.metric: r.verdict for r in card.readouts if r.role != "guardrail"}
    assert verdicts["revenue"] == verdicts["conversion"] == "worse"


def test_too_few_to_tell_is_not_stopped() -> None:
    """300 of 3,600 against 35 of 400 is no harm, and neither is 2 of 40."""
    assert broken(300)[1].outcome != "stop"
    assert not does_harm(CONVERSION, rates(2, 40, 35, 400))


def test_the_side_that_is_harm_follows_the_metric() -> None:
    """Many more refunds are harm where fewer are better; more buyers never are."""
    refunds = replace(CONVERSION, better="lower")
    assert does_harm(refunds, rates(400, 3_600, 4, 400))
    assert not does_harm(refunds, rates(0, 3_600, 35, 400))
    assert not does_harm(CONVERSION, rates(400, 3_600, 4, 400))


def test_fewer_buyers_who_bring_more_are_no_harm() -> None:
    """A quarter of the buyers, each worth eight times as much."""
    seen = Estimates(
        control=PointEstimate(value=2.0, units=4_000, nonzero=400),
        treatment=PointEstimate(value=4.0, units=4_000, nonzero=100),
    )
    assert not does_harm(REVENUE, seen)


@pytest.mark.parametrize(
    ("n", "m", "rate"), [(3_600, 400, 0.0875), (360, 40, 0.3), (2_000, 2_000, 0.01)]
)
def test_no_effect_is_never_taken_for_harm_exactly(n: int, m: int, rate: float) -> None:
    """Summed over all tables: below one in a million, so looking often is harmless."""
    xs, ys = np.arange(n + 1), np.arange(m + 1)
    p, q = stats.binom.pmf(xs, n, rate), stats.binom.pmf(ys, m, rate)
    chance = 0.0
    for x in xs[p > 1e-12]:
        for y in ys[q > 1e-12]:
            if p[x] * q[y] > 1e-13 and x / n < 0.5 * y / m:
                harm = does_harm(CONVERSION, rates(int(x), n, int(y), m))
                chance += p[x] * q[y] * harm
    assert chance < 1e-6


def test_a_collapse_passes_the_gate() -> None:
    """A secondary metric that is gone is worse, though the primary is unclear."""
    card, _ = broken(0)
    unclear = [
        replace(r, verdict="unclear") if r.role == "primary" else r
        for r in card.readouts
    ]
    by_metric = {r.metric: r.verdict for r in gated(experiment(), unclear)}
    assert by_metric["conversion"] == "worse"
    small = [
        replace(r, estimates=rates(30, 400, 60, 400)) if r.role == "secondary" else r
        for r in unclear
    ]
    by_metric = {r.metric: r.verdict for r in gated(experiment(), small)}
    assert by_metric["conversion"] == "unclear"


def test_a_collapse_stops_where_money_has_no_range(tmp_path: Path) -> None:
    """From files, by profit: the money has no range, and it is stopped all the same."""
    people, orders = ["id,arm,at"], ["id,at,total"]
    for arm, n, buyers in (("holdback", 400, 35), ("personalized", 3_600, 0)):
        for i in range(n):
            people.append(f"{arm}{i},{arm},2026-09-02T08:00:00Z")
            if i < buyers:
                orders.append(f"{arm}{i},2026-09-03T08:00:00Z,{20 + i % 7}")
    (tmp_path / "people.csv").write_text("\n".join(people) + "\n")
    (tmp_path / "orders.csv").write_text("\n".join(orders) + "\n")
    (tmp_path / "broken.yaml").write_text(
        """\
version: 1
experiment: broken
currency: EUR
arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}
sources:
  people: {csv: people.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  conversion: {kind: conversion, source: orders}
  revenue: {kind: mean, source: orders, value: total, unit: money}
assignment: {source: people}
window: {start: 2026-09-01, end: 2026-09-14}
primary: conversion
decision: {rule: profit}
economics:
  value: revenue
  margin: 30%
  costs: [{name: mail, amount: 0.05, per: treated unit}]
"""
    )
    card = hb.analyze(hb.load(tmp_path / "broken.yaml"), as_of="2026-09-05").scorecard
    assert card.decision.outcome == "stop"
    assert "0 of 3,600 units" in str(card.decision.reasons[0])
