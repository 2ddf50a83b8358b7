"""Holdbacks without an end: months, money to date, identities, phases, the holdout."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds.evidence import evidence, experiment
from worlds.words import in_words

import holdback as hb
from holdback.analysis.checks.split.identity import Identity
from holdback.analysis.checks.split.phase import Phase
from holdback.assignment.split import HoldoutShare, Split
from holdback.economics.month_ends import month_ends
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Assignment,
    Window,
)
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.month_ends import OverTime
from holdback.stats.sequential.always_valid import multiplier

YAML = """\
version: 1
experiment: always-on
currency: EUR
tags: [yearly, recommendations]
arms:
  holdback: {share: 40%, control: true}
  personalized: {share: 60%}
assignment: {source: exposures, phase: PHASE}
window: {start: 2026-01-01, end: 2026-12-31}
sources:
  exposures: {csv: e.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: id, time: at, id: order}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
primary: revenue
analysis: {looks: always_valid}
economics: {margin: 50%}
"""
HELD = Fraction(2, 5)
ARMS = (("holdback", HELD), ("personalized", 1 - HELD))


def shop(n: int = 1_600) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Units that join every tenth day, eight times, and spend two days later."""
    rng = np.random.default_rng(90)
    start = datetime(2026, 1, 1, 8, tzinfo=UTC)
    at = [start + timedelta(days=int(d)) for d in 10 * rng.integers(0, 8, n)]
    arms = np.where(rng.random(n) < 0.4, "holdback", "personalized")
    units = pd.DataFrame(
        {
            "id": [f"u{i}" for i in range(n)],
            "arm": arms,
            "at": [f"{t:%FT%TZ}" for t in at],
        }
    )
    bought = np.flatnonzero(rng.random(n) < np.where(arms == "holdback", 0.3, 0.4))
    orders = pd.DataFrame(
        {
            "id": units.id[bought].to_numpy(),
            "at": [f"{at[i] + timedelta(days=2):%FT%TZ}" for i in bought],
            "order": [f"o{i}" for i in bought],
            "total": np.round(rng.gamma(4, 5, len(bought)), 2),
        }
    )
    return units, orders


def written(folder: Path, phase: int = 1) -> Path:
    """The experiment's file."""
    path = folder / "always-on.yaml"
    path.write_text(YAML.replace("PHASE", str(phase)))
    return path


def test_months_that_have_passed() -> None:
    """Ends of months after the start and before the reading; none in the first."""
    plan = experiment(window=Window(start=date(2026, 1, 20), end=date(2026, 12, 31)))
    days = month_ends(plan, datetime(2026, 4, 1, tzinfo=UTC))
    assert days == (date(2026, 1, 31), date(2026, 2, 28))
    assert month_ends(plan, datetime(2026, 2, 10, tzinfo=UTC)) == ()
    years = replace(plan, window=Window(start=date(2020, 1, 1), end=date(2030, 1, 1)))
    assert len(month_ends(years, datetime(2026, 4, 1, tzinfo=UTC))) == 24


def test_money_to_date_against_separate_readings(tmp_path: Path) -> None:
    """Each month is what `analyze --as-of` that day says, at the always-valid level."""
    units, orders = shop()
    path = written(tmp_path)
    whole = hb.analyze(path, as_of=date(2026, 3, 28), exposures=units, orders=orders)
    assert whole.scorecard.tags == ("yearly", "recommendations")
    points = whole.scorecard.section(OverTime)
    assert [p.date for p in points][:2] == ["2026-01-31", "2026-02-28"]
    assert points[-1].date == "2026-03-28"
    february = points[1]
    alone = hb.analyze(path, as_of=date(2026, 2, 28), exposures=units, orders=orders)
    money = next(m for m in alone.money if m.arm == "*")
    assert february.revenue == money.incremental_revenue
    assert february.relative == alone.scorecard.readout("revenue").relative
    readout = alone.scorecard.readout("revenue")
    assert readout.look is not None
    assert readout.look.boundary == pytest.approx(multiplier(february.units))
    page = render(whole.scorecard)
    assert "Extra revenue to date" in page
    assert "Always-valid ranges may be read on any day" in page


def test_other_tests_have_no_months(tmp_path: Path) -> None:
    """A test with an end is read as before, without more passes over the data."""
    path = written(tmp_path)
    path.write_text(path.read_text().replace("always_valid", "end"))
    units, orders = shop()
    found = hb.analyze(path, as_of=date(2026, 3, 28), exposures=units, orders=orders)
    assert found.scorecard.section(OverTime) == ()
    assert "Extra revenue to date" not in render(found.scorecard)


def test_late_units_bound_the_dilution_by_hand() -> None:
    """70 days, the same number each day: 42 of 70 late, so 1 / (1 − 0.6 × 0.9)."""
    rows = {"holdback": [(1.0, 1.0)] * 700, "personalized": [(1.0, 1.0)] * 6_300}
    plan = experiment(analysis=AnalysisSettings(looks="always_valid"))
    (found,) = in_words(plan, Identity().examine(plan, evidence(rows, days=70)))
    assert found.status == "warn"
    assert "60 % of all units" in found.message
    assert "40 % in the latest four" in found.message
    assert f"{1 / (1 - 0.6 * 0.9):.3g} times" in found.message


@pytest.mark.parametrize(("looks", "days"), [("end", 70), ("always_valid", 40)])
def test_identity_is_for_long_holdbacks(looks: str, days: int) -> None:
    """Tests that end, and the first weeks, say nothing of identities."""
    rows = {"holdback": [(1.0, 1.0)] * 700, "personalized": [(1.0, 1.0)] * 6_300}
    plan = experiment(analysis=AnalysisSettings(looks=looks))  # type: ignore[arg-type]
    assert list(Identity().examine(plan, evidence(rows, days=days))) == []


def test_a_phase_tells_what_it_mixes() -> None:
    """From the second phase on; nine in ten of a 10 % holdback were treated before."""
    rows = {"holdback": [(1.0, 1.0)] * 10, "personalized": [(1.0, 1.0)] * 90}
    plan = experiment()
    assert list(Phase().examine(plan, evidence(rows))) == []
    again = replace(
        plan, assignment=Assignment(source="exposures", salt="recs", phase=2)
    )
    (found,) = in_words(again, Phase().examine(again, evidence(rows)))
    assert "about 90 % of the units held back now were treated before" in found.message


def test_a_new_phase_is_not_contaminated_by_the_old_log(tmp_path: Path) -> None:
    """Rows of the former phase in the same log change no unit's arm, and cross none."""
    units, orders = shop()
    rng = np.random.default_rng(91)
    before = units.assign(
        arm=np.where(rng.random(len(units)) < 0.4, "holdback", "personalized"),
        at="2025-11-03T08:00:00Z",
    )
    path = written(tmp_path, phase=2)
    lean = path.read_text().replace("economics: {margin: 50%}\n", "")
    counted = "{kind: conversion, source: orders, within: 7 days}"
    money = "{kind: mean, source: orders, value: total, unit: money, within: 7 days}"
    path.write_text(lean.replace(money, counted))
    as_of = date(2026, 3, 28)
    clean = hb.analyze(path, as_of=as_of, exposures=units, orders=orders).scorecard
    both = pd.concat([before, units], ignore_index=True)
    mixed = hb.analyze(path, as_of=as_of, exposures=both, orders=orders).scorecard
    assert mixed.readout("revenue") == clean.readout("revenue")
    checks = {check.check: check for check in mixed.checks}
    assert checks["crossovers"].status == "pass"
    assert "1,600 rows of exposures lie outside it" in checks["phase"].message


def test_phases_are_drawn_independently() -> None:
    """Of those held back in phase 2, the holdback's share was in phase 1 (z < 4)."""
    first, second = (Split("always-on", ARMS, phase=phase) for phase in (1, 2))
    ids = [f"u{i}" for i in range(20_000)]
    held = [i for i in ids if second.assign(i).arm == "holdback"]
    stayed = sum(first.assign(i).arm == "holdback" for i in held)
    share = float(HELD)
    assert (
        abs(stayed / len(held) - share) < 4 * (share * (1 - share) / len(held)) ** 0.5
    )


def test_a_holdout_can_be_measured_by_its_own_draw() -> None:
    """`params: {purpose: holdout}` holds back exactly whom the holdout keeps out."""
    from holdback.assignment.scheme_params import scheme_of

    gate = HoldoutShare(name="year", share=HELD, salt="year").gate()
    split = Split("year", ARMS, scheme=scheme_of("holdback", {"purpose": "holdout"}))
    for i in range(2_000):
        arm = split.assign(f"u{i}").arm
        assert (arm == "holdback") == (not gate.passes(f"u{i}"))


def two_phases(*, follows: bool, logged: bool = True) -> pd.DataFrame:
    """Rows of a year before the window, and rows of those who came again after it."""
    rng = np.random.default_rng(11)
    names = np.array(["holdback", "personalized"])
    old = names[(rng.random(2_000) > 0.4).astype(int)]
    new = old if follows else names[(rng.random(2_000) > 0.4).astype(int)]
    ids = np.array([f"u{i}" for i in range(2_000)])
    before = pd.DataFrame({"id": ids, "arm": old, "at": "2025-10-01T08:00:00Z"})
    again = pd.DataFrame({"id": ids, "arm": new, "at": "2026-01-01T08:00:00Z"})
    came = pd.DataFrame(
        {"id": [f"n{i}" for i in range(500)], "at": "2026-01-05T08:00:00Z"}
    ).assign(arm=lambda f: names[(rng.random(len(f)) > 0.4).astype(int)])
    found = pd.concat([before, again[:1_500], came], ignore_index=True)
    return found if logged else found.drop(columns="arm")


NO_ORDERS = pd.DataFrame(
    {
        "id": ["u1", "u2", "u3"],
        "at": ["2026-02-20T10:00:00Z"] * 3,
        "order": ["o1", "o2", "o3"],
        "total": [10.0, 20.0, 30.0],
    }
)


@pytest.mark.parametrize("follows", [False, True])
def test_arms_of_two_phases_against_a_cross_table(
    tmp_path: Path, *, follows: bool
) -> None:
    """A draw that follows the old one fails; crosstab and chi-square of scipy agree."""
    from scipy.stats import chi2_contingency

    rows = two_phases(follows=follows)
    found = hb.analyze(written(tmp_path, 2), exposures=rows, orders=NO_ORDERS)
    (told,) = [one for one in found.scorecard.checks if one.check == "phase"]
    old = rows[rows["at"] < "2026"].set_index("id")["arm"]
    new = rows[rows["at"] >= "2026"].set_index("id")["arm"]
    table = pd.crosstab(new, old.reindex(new.index))
    expected = chi2_contingency(table, correction=False).pvalue
    assert told.p_value == pytest.approx(expected, abs=1e-12)
    assert told.status == ("fail" if follows else "pass")
    assert "1,500 units were seen before this window" in told.message
    share = table.loc["holdback", "holdback"] / table.loc["holdback"].sum()
    assert f"{100 * share:.3g} % of the units held back now" in told.message


def test_computed_arms_of_two_phases(tmp_path: Path) -> None:
    """Arms that follow from the id: those of phase 1 are drawn again and compared."""
    rows = two_phases(follows=False, logged=False)
    path = written(tmp_path, 2)
    path.write_text(path.read_text().replace(", arm: arm", ""))
    found = hb.analyze(path, exposures=rows, orders=NO_ORDERS)
    (told,) = [one for one in found.scorecard.checks if one.check == "phase"]
    first = Split("always-on", ARMS)
    second = replace(first, phase=2)
    held = [f"u{i}" for i in range(1_500) if second.assign(f"u{i}").arm == "holdback"]
    kept = sum(first.assign(unit).arm == "holdback" for unit in held)
    assert told.status == "pass"
    assert f"{100 * kept / len(held):.3g} % of the units held back now" in told.message


def test_nobody_from_the_phase_before(tmp_path: Path) -> None:
    """Data that begin with the window cannot compare the draws, and say so."""
    rows = two_phases(follows=False)
    rows = rows[rows["at"] >= "2026"]
    found = hb.analyze(written(tmp_path, 2), exposures=rows, orders=NO_ORDERS)
    (told,) = [one for one in found.scorecard.checks if one.check == "phase"]
    assert told.status == "pass"
    assert told.p_value is None
    assert "nobody before this window" in told.message
