"""Events on record: told, drawn, left out beside the result, and since when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from holdback import Analysis, analyze, lock, plan
from holdback.errors import ConfigError
from holdback.experiments.load import load
from holdback.portfolio.review import review
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.events import EventSeen
from holdback.results.sections.sensitivity import Sensitivity

START = pd.Timestamp("2026-10-01", tz="UTC")
CAMPAIGN = "{date: 2026-10-09, until: 2026-10-12, what: Price campaign"
EXCLUDED = f"events: [{CAMPAIGN}, exclude: true}}]\n"
TOLD = f"events: [{CAMPAIGN}}}]\n"

PLAN = """\
version: 1
experiment: recs
timezone: UTC
currency: EUR
arms:
  held: {share: 50%, control: true}
  shown: {share: 50%}
assignment: {source: exposures}
window: {start: 2026-10-01, end: 2026-10-28}
sources:
  exposures: {csv: e.csv, columns: {unit: u, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: u, time: at}}
metrics:
  conversion: {kind: conversion, source: orders, within: 7 days}
primary: conversion
analysis: {looks: end}
decision: {rule: lift}
"""

MONEY = PLAN.replace(
    "primary:",
    "  revenue:\n"
    "    {kind: mean, source: orders, value: total, unit: money, within: 7 days}\n"
    "economics: {value: revenue}\nprimary:",
)


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """1,000 units in four weeks; on the campaign's days the treatment does more."""
    rng = np.random.default_rng(11)
    units = 1000
    day = rng.integers(0, 28, units)
    shown = rng.random(units) < 0.5
    exposures = pd.DataFrame(
        {
            "u": [f"u{i}" for i in range(units)],
            "arm": np.where(shown, "shown", "held"),
            "at": START
            + pd.to_timedelta(day, unit="D")
            + pd.to_timedelta(rng.integers(0, 86_400, units), unit="s"),
        }
    )
    campaign = (day >= 8) & (day <= 11)
    buys = rng.random(units) < 0.2 + shown * (0.02 + 0.25 * campaign)
    orders = exposures.loc[buys, ["u", "at"]].reset_index(drop=True)
    orders["at"] += pd.to_timedelta(rng.integers(1, 6 * 86_400, len(orders)), "s")
    orders["total"] = rng.integers(10, 60, len(orders))
    return exposures, orders


def written(
    folder: Path, text: str, exposures: pd.DataFrame, orders: pd.DataFrame
) -> Path:
    """The project on disk."""
    for name, frame in (("e", exposures), ("o", orders)):
        frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(
            folder / f"{name}.csv", index=False
        )
    file = folder / "recs.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def read(file: Path, as_of: str = "2026-11-10") -> Analysis:
    """The analysis after all had their time."""
    return analyze(file, as_of=as_of)


def joined_outside(exposures: pd.DataFrame) -> pd.Series:
    """Who joined on none of the campaign's days, by pandas."""
    day = exposures["at"].dt.strftime("%Y-%m-%d")
    return (day < "2026-10-09") | (day > "2026-10-12")


def test_exclusion_against_data_without_the_days(tmp_path: Path) -> None:
    """The row equals the analysis of files that never held who joined then."""
    exposures, orders = frames()
    scorecard = read(written(tmp_path, MONEY + EXCLUDED, exposures, orders)).scorecard
    rows = {
        row.metric: row.relative
        for row in scorecard.section(Sensitivity)
        if row.variant == "without_events"
    }
    other = tmp_path / "other"
    other.mkdir()
    kept = joined_outside(exposures)
    alone = read(written(other, MONEY, exposures[kept], orders)).scorecard
    by_metric = {r.metric: r.relative for r in alone.readouts if r.arm == "shown"}
    assert rows["conversion"] == by_metric["conversion"]
    assert rows["revenue"].value == pytest.approx(by_metric["revenue"].value, rel=1e-12)
    (event,) = scorecard.section(EventSeen)
    assert event.units == (~kept).sum()


def test_exclusion_never_decides(tmp_path: Path) -> None:
    """Readouts, money, decision and the plan's hash are those without events."""
    exposures, orders = frames()
    scorecards = []
    for name, text in (("a", MONEY), ("b", MONEY + TOLD), ("c", MONEY + EXCLUDED)):
        folder = tmp_path / name
        folder.mkdir()
        scorecards.append(read(written(folder, text, exposures, orders)).scorecard)
    plain, *others = scorecards
    for other in others:
        assert other.readouts == plain.readouts
        assert other.money == plain.money
        assert other.decision == plain.decision
        assert other.plan_hash == plain.plan_hash
    assert not [
        row for row in scorecards[1].section(Sensitivity) if "events" in row.variant
    ]


def test_late_exclusions_are_told(tmp_path: Path) -> None:
    """What was decided after the lock or after a look is, in every later reading."""
    exposures, orders = frames()
    file = written(tmp_path, PLAN + TOLD, exposures, orders)
    lock(file)
    file.write_text(PLAN + EXCLUDED, encoding="utf-8")
    lates = [read(file).scorecard.section(EventSeen)[0].late for _ in range(2)]
    assert lates == ["after_lock", "after_lock"]
    file.write_text(PLAN + EXCLUDED.replace("2026-10-12", "2026-10-13"))
    for as_of in ("2026-11-10", "2026-11-11"):
        scorecard = read(file, as_of).scorecard
        assert scorecard.section(EventSeen)[0].late == "after_look"
        assert scorecard.status == "confirmatory"
        assert "after results had been seen" in render(scorecard)


def test_exclusions_in_time_are_not_late(tmp_path: Path) -> None:
    """Those that stood in the file by the lock, or by an open plan's first look."""
    exposures, orders = frames()
    for locked in (True, False):
        folder = tmp_path / str(locked)
        folder.mkdir()
        file = written(folder, PLAN + EXCLUDED, exposures, orders)
        if locked:
            lock(file)
        for as_of in ("2026-11-10", "2026-11-11"):
            assert read(file, as_of).scorecard.section(EventSeen)[0].late is None


def test_page_draws_and_tells_events(tmp_path: Path) -> None:
    """The days are shaded in the trend and listed; what misses the test is neither."""
    exposures, orders = frames()
    past = "  {date: 2025-01-01, what: New Year}"
    text = PLAN + f"events:\n- {CAMPAIGN}, exclude: true}}\n-{past}\n"
    page = render(read(written(tmp_path, text, exposures, orders)).scorecard)
    assert page.count('<rect class="event"') == 1
    assert "Price campaign" in page
    assert "New Year." not in page
    assert "without who joined on the days of events left out" in page


def test_events_of_the_project_count_too(tmp_path: Path) -> None:
    """Those of both files, by day."""
    exposures, orders = frames()
    (tmp_path / "holdback.yaml").write_text(
        "version: 1\nevents: [{date: 2026-10-03, what: Holiday}]\n"
    )
    file = written(tmp_path, PLAN + TOLD, exposures, orders)
    assert [e.what for e in load(file).events] == ["Holiday", "Price campaign"]
    again = tmp_path / "again.yaml"
    again.write_text(load(file).to_yaml())
    both = load(file).events
    (tmp_path / "holdback.yaml").unlink()
    assert load(again).events == both


def test_remarks_of_windows_that_hold_events(tmp_path: Path) -> None:
    """`validate` and `plan` name the event; an exclusion needs no warning."""
    exposures, orders = frames()
    file = written(tmp_path, PLAN + TOLD, exposures, orders)
    (warning,) = review(file).warnings
    assert "Price campaign" in warning.what
    assert "recs.yaml:18" in warning.where
    made = plan(load(file), baselines={"conversion": 0.2}, units=4_000)
    assert any("Price campaign" in str(note) for note in made.notes)
    file.write_text(PLAN + EXCLUDED)
    assert review(file).warnings == ()
    file.write_text(PLAN + TOLD.replace("2026-10", "2026-12"))
    assert review(file).warnings == ()


def test_events_rejects_days_in_the_wrong_order(tmp_path: Path) -> None:
    """The event and its key are named."""
    exposures, orders = frames()
    text = PLAN + "events: [{date: 2026-10-12, until: 2026-10-09, what: Sale}]\n"
    with pytest.raises(ConfigError, match="'Sale' ends on 2026-10-09") as caught:
        load(written(tmp_path, text, exposures, orders))
    assert "recs.yaml:18" in caught.value.problems[0].where
