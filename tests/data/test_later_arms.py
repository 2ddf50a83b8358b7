"""Units that are seen in the other arm after they joined: a roll-out among them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds.words import in_words

from holdback import analyze
from holdback.analysis.checks.check import findings
from holdback.analysis.comparison.plain_lift import lift_of
from holdback.data.evidence.cells import Evidence, Switches
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load
from holdback.results.sections.effect_decay import Lasting
from holdback.results.sections.sensitivity import Sensitivity

WITHIN = pd.Timedelta(days=14)
END = pd.Timestamp("2026-10-29", tz="UTC")
AS_OF = datetime(2026, 11, 12, tzinfo=UTC)

PLAN = """\
version: 1
experiment: recs
currency: EUR
timezone: UTC
arms:
  held: {share: 50%, control: true}
  shown: {share: 50%}
assignment: {source: exposures, crossovers: first}
window: {start: 2026-10-01, end: 2026-10-28}
sources:
  exposures: {csv: e.csv, columns: {unit: u, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: u, time: at, id: o}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 14 days}
primary: revenue
analysis: {looks: end}
"""


def world(rng: np.random.Generator, units: int = 3000) -> tuple[pd.DataFrame, ...]:
    """Exposures and orders; the treatment lifts orders of two in ten to three."""
    joined = pd.Timestamp("2026-10-01", tz="UTC") + pd.to_timedelta(
        rng.integers(0, 28 * 86_400, units), unit="s"
    )
    exposures = pd.DataFrame(
        {
            "u": [f"u{i}" for i in range(units)],
            "arm": np.where(rng.random(units) < 0.5, "held", "shown"),
            "at": joined,
        }
    )
    often = rng.poisson(np.where(exposures.arm == "shown", 0.9, 0.6))
    orders = exposures.loc[exposures.index.repeat(often), ["u", "at"]].reset_index(
        drop=True
    )
    orders["at"] += pd.to_timedelta(
        rng.integers(1, 14 * 86_400 - 1, len(orders)), unit="s"
    )
    orders["total"] = rng.integers(10, 60, len(orders))
    orders["o"] = range(len(orders))
    return exposures, orders


def rolled_out(
    exposures: pd.DataFrame,
    rng: np.random.Generator,
    *,
    share: float,
    at: pd.Timestamp = END,
) -> pd.DataFrame:
    """The exposures, and a share of the control seen in the treatment from a day on."""
    back = exposures[(exposures.arm == "held") & (rng.random(len(exposures)) < share)]
    back = back[back["at"] < at].assign(arm="shown")
    back["at"] = at + pd.to_timedelta(rng.integers(0, 6 * 86_400, len(back)), unit="s")
    return pd.concat([exposures, back], ignore_index=True)


def read(
    folder: Path, exposures: pd.DataFrame, orders: pd.DataFrame, plan: str = PLAN
) -> Evidence:
    """What the data give."""
    (folder / "t.yaml").write_text(plan, encoding="utf-8")
    for name, frame in (("e", exposures), ("o", orders)):
        frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(
            folder / f"{name}.csv", index=False
        )
    return extract(load(folder / "t.yaml"), as_of=AS_OF)


def switched(exposures: pd.DataFrame) -> pd.DataFrame:
    """First switch of each unit within its time, counted by pandas."""
    inside = exposures[exposures["at"] < END].sort_values("at")
    first = inside.groupby("u").first()
    rows = exposures.merge(first, on="u", suffixes=("", "_first"))
    rows = rows[
        (rows.arm != rows.arm_first)
        & (rows["at"] > rows.at_first)
        & (rows["at"] < rows.at_first + WITHIN)
    ]
    return rows.sort_values("at").groupby("u").first()


def lift_up_to(
    exposures: pd.DataFrame, orders: pd.DataFrame, end: pd.Timestamp
) -> float:
    """The lift among units whose time was over, by pandas."""
    first = exposures.sort_values("at").groupby("u").first()
    ripe = first[first["at"] + WITHIN <= end]
    rows = orders.merge(ripe, on="u", suffixes=("", "_first"))
    rows = rows[(rows["at"] >= rows.at_first) & (rows["at"] < rows.at_first + WITHIN)]
    means = rows.groupby("arm").total.sum() / ripe.groupby("arm").size()
    return float(means["shown"] / means["held"] - 1)


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_roll_out_against_pandas(tmp_path: Path, share: float) -> None:
    """Who switched within his time, since when, and the lift up to then."""
    rng = np.random.default_rng(6)
    exposures, orders = world(rng)
    exposures = rolled_out(exposures, rng, share=share)
    seen = read(tmp_path, exposures, orders)
    own = switched(exposures)
    days = own["at"].dt.floor("D").value_counts().sort_index().cumsum()
    since = own["at"][own["at"] >= days.index[days >= len(own) / 20][0]].min()
    assert seen.quality.switches == Switches(
        units={"held": len(own)}, since=since.to_pydatetime(), matter=True
    )
    plan = load(tmp_path / "t.yaml")
    earlier = lift_of(plan, seen.variants["before_switch"], "shown")
    assert earlier == pytest.approx(lift_up_to(exposures, orders, since), rel=1e-12)
    (finding,) = [f for f in findings(plan, seen) if f.check == "dissolved"]
    assert finding.status == ("fail" if share > 0.5 else "warn")
    (told,) = in_words(plan, [finding])
    assert f"{len(own)} units of held" in told.message
    assert f"--as-of {(since - pd.Timedelta(days=1)).date()}" in told.message
    others = {f.check: f.status for f in findings(plan, seen)}
    assert others["unit_mismatch"] == "pass"  # nobody drew anew: it went one way


def test_nothing_is_said_of_a_lift_that_wears_off(tmp_path: Path) -> None:
    """A control that gets the treatment makes the lift wane: the row says the lift."""
    rng = np.random.default_rng(7)
    exposures, orders = world(rng)
    read(tmp_path, rolled_out(exposures, rng, share=0.1), orders)
    scorecard = analyze(tmp_path / "t.yaml", as_of=AS_OF).scorecard
    assert "novelty" not in {f.check for f in scorecard.checks}
    assert not scorecard.section(Lasting)
    (row,) = [s for s in scorecard.section(Sensitivity) if s.variant == "before_switch"]
    seen = extract(load(tmp_path / "t.yaml"), as_of=AS_OF)
    earlier = lift_of(
        load(tmp_path / "t.yaml"), seen.variants["before_switch"], "shown"
    )
    assert row.relative.value == pytest.approx(earlier)


def test_a_roll_out_amid_the_test_fails(tmp_path: Path) -> None:
    """Of a small holdback all who came back were switched: few of all units."""
    rng = np.random.default_rng(8)
    exposures, orders = world(rng)
    few = rng.random(len(exposures)) < 0.05
    exposures["arm"] = np.where(few, "held", "shown")
    day = pd.Timestamp("2026-10-20", tz="UTC")
    exposures = rolled_out(exposures, rng, share=0.7, at=day)
    plan = PLAN.replace("held: {share: 50%", "held: {share: 5%")
    plan = plan.replace("shown: {share: 50%", "shown: {share: 95%")
    seen = read(tmp_path, exposures, orders, plan)
    found = {f.check: f.status for f in findings(load(tmp_path / "t.yaml"), seen)}
    assert found["crossovers"] == "warn"
    assert found["dissolved"] == "fail"


def test_no_switch_is_no_finding(tmp_path: Path) -> None:
    """Visits after the window in one's own arm, after one's time, or a stray one."""
    rng = np.random.default_rng(9)
    exposures, orders = world(rng)
    again = exposures.assign(at=END + pd.Timedelta(days=1))
    old = exposures[exposures["at"] < END - pd.Timedelta(days=8)]
    after = old.assign(arm=old.arm.map({"held": "shown", "shown": "held"}))
    after["at"] += WITHIN + pd.Timedelta(minutes=1)
    after = after[after["at"] >= END]
    stray = exposures.iloc[:3].assign(arm="shown", at=END)
    rows = pd.concat([exposures, again, after, stray], ignore_index=True)
    seen = read(tmp_path, rows, orders)
    assert seen.quality.switches is None or not seen.quality.switches.matter
    assert "before_switch" not in seen.variants
    checks = {f.check for f in findings(load(tmp_path / "t.yaml"), seen)}
    assert "dissolved" not in checks
