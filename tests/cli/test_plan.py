"""`holdback plan`, and the plan beside what came once the test has run."""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import holdback as hb
from holdback.cli.main import run
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.against_plan import Expected, Outlook

YAML = """\
version: 1
experiment: shop
arms: {holdback: {share: 20%, control: true}, personalized: {share: 80%}}
sources:
  visitors: {csv: visitors.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money}
currency: EUR
assignment: {source: visitors}
window: {start: 2026-10-01, end: 2026-10-28}
primary: revenue
analysis: {looks: end}
decision: {rule: lift, minimum_lift: 10%}
"""
MEAN, SD, UNITS = 2.0, 7.0, 12_000


def shop(folder: Path) -> Path:
    """The file, the visits of a month, and orders of a tenth of the visitors."""
    rng = np.random.default_rng(12)
    start = datetime.fromisoformat("2026-10-01")
    with (
        (folder / "visitors.csv").open("w", newline="") as visits,
        (folder / "orders.csv").open("w", newline="") as orders,
    ):
        visitors, sales = csv.writer(visits), csv.writer(orders)
        visitors.writerow(("id", "arm", "at"))
        sales.writerow(("id", "at", "total"))
        for i in range(6_000):
            at = start + timedelta(days=int(rng.integers(28)), hours=9)
            arm = "holdback" if i % 5 == 0 else "personalized"
            visitors.writerow((f"u{i}", arm, at.isoformat()))
            if rng.random() < 0.1:
                paid = at + timedelta(hours=1)
                sales.writerow((f"u{i}", paid.isoformat(), round(rng.gamma(4, 5), 2)))
    file = folder / "shop.yaml"
    file.write_text(YAML)
    return file


def planned(file: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints for typed baselines."""
    typed = ["--baseline", f"revenue={MEAN},{SD}", "--units", str(UNITS)]
    assert run(["plan", str(file), *typed]) == 0
    return capsys.readouterr().out


def test_the_plan_is_told_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer on the terminal, plan.html and plan.json in the results."""
    file = shop(tmp_path)
    out = planned(file, capsys)
    assert "Plan of shop: 12,000 units, 20 % in control" in out
    assert "Run it for 3 weeks with 20 % held back" in out or "weeks" in out
    folder = tmp_path / "results" / "shop"
    said = json.loads((folder / "plan.json").read_text())
    assert said["units"] == UNITS
    assert said["metrics"][0]["baseline"] == {
        "mean": MEAN,
        "cv": SD / MEAN,
        "saved": 0.0,
    }
    assert "What this test can show" in (folder / "plan.html").read_text()


def test_planning_changes_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No audit log and no touched file: a plan is no look."""
    file = shop(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    planned(file, capsys)
    after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    assert before == after


def test_the_report_shows_the_locked_plan_beside_what_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Units, mean, spread and detectable lift: planned, and as the rows give them."""
    file = shop(tmp_path)
    planned(file, capsys)
    assert run(["lock", str(file)]) == 0
    assert "what `holdback plan` expected is recorded" in capsys.readouterr().out
    found = hb.analyze(file).scorecard
    beside = found.single(Expected)
    assert beside is not None
    assert (beside.planned_units, beside.units) == (UNITS, 6_000)
    assert beside.planned_mean == MEAN
    with (tmp_path / "visitors.csv").open() as log:
        arms = {row["id"]: row["arm"] for row in csv.DictReader(log)}
    spend = dict.fromkeys(arms, 0.0)
    with (tmp_path / "orders.csv").open() as log:
        for row in csv.DictReader(log):
            spend[row["id"]] += float(row["total"])
    control = np.array([spend[i] for i, arm in arms.items() if arm == "holdback"])
    treated = np.array([spend[i] for i, arm in arms.items() if arm != "holdback"])
    assert beside.mean == pytest.approx(control.mean())
    squares = [len(x) * (x.std(ddof=1) / x.mean()) ** 2 for x in (control, treated)]
    cv = np.sqrt(sum(squares) / 6_000)
    assert beside.cv == pytest.approx(cv, rel=1e-3)
    error = cv * np.sqrt(1 / len(control) + 1 / len(treated))
    reach = np.expm1((1.959964 + 0.841621) * error)
    assert beside.detectable_lift == pytest.approx(reach, rel=0.05)
    page = re.sub(r"<[^>]+>", " ", render(found))
    assert "Plan and outcome" in page
    assert "12,000" in page


def test_another_plan_is_not_set_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan.json of a file that has changed since says nothing about this one."""
    file = shop(tmp_path)
    planned(file, capsys)
    file.write_text(YAML.replace("end: 2026-10-28", "end: 2026-10-21"))
    assert run(["lock", str(file)]) == 0
    found = hb.analyze(file).scorecard
    assert found.single(Expected) is None
    assert "The plan and what came" not in render(found)


def test_an_unclear_result_tells_what_it_would_still_take(tmp_path: Path) -> None:
    """Units for the minimum lift from the spread that came, not from the estimate."""
    file = shop(tmp_path)
    found = hb.analyze(file).scorecard
    assert found.decision is not None
    assert found.decision.outcome == "keep_testing"
    outlook = found.single(Outlook)
    assert outlook is not None
    relative = found.readout("revenue").relative
    assert relative is not None
    assert (outlook.lift, outlook.power, outlook.units) == (0.1, 0.8, 6_000)
    with (tmp_path / "orders.csv").open() as log:
        totals = np.array([float(row["total"]) for row in csv.DictReader(log)])
    cv = np.sqrt((totals**2).sum() / 6_000 / (totals.sum() / 6_000) ** 2 - 1)
    error = 2.801585 * cv / np.log(1.1)
    needed = error**2 * (1 / 0.2 + 1 / 0.8)
    assert outlook.units_needed == pytest.approx(needed, rel=0.1)
    assert outlook.weeks_more is not None
    weeks = 4 * (outlook.units_needed / 6_000 - 1)
    assert weeks <= outlook.weeks_more < weeks + 1
    told = f"takes about {outlook.weeks_more} more weeks of the traffic that came"
    assert any(told in str(reason) for reason in found.decision.reasons)


def test_never_enough_is_told(tmp_path: Path) -> None:
    """Half a percent is out of reach for a year; no number of weeks is made up."""
    file = shop(tmp_path)
    file.write_text(YAML.replace("minimum_lift: 10%", "minimum_lift: 0.5%"))
    found = hb.analyze(file).scorecard
    assert found.single(Outlook) is not None
    assert found.single(Outlook).weeks_more is None
    assert found.decision is not None
    told = "more than a further year brings"
    assert any(told in str(reason) for reason in found.decision.reasons)
