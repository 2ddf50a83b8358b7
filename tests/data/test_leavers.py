"""Who left: once, or for good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from holdback import analyze
from holdback.data.extraction.extract import extract
from holdback.experiments.language.expression import parse
from holdback.experiments.load import load
from holdback.experiments.metrics.churn import Churn


def test_who_came_back_has_not_left_against_pandas(tmp_path: Path) -> None:
    """Left once, and gone at the end: the latest row within the time says which."""
    rng = np.random.default_rng(26)
    units = [f"u{i}" for i in range(400)]
    start = pd.Timestamp("2026-10-01", tz="UTC")
    exposures = pd.DataFrame({"u": units, "arm": ["a", "b"] * 200, "at": start})
    changes = pd.DataFrame(
        {
            "u": rng.choice(units, 900),
            "at": start + pd.to_timedelta(rng.permutation(900) * 3_600, unit="s"),
            "status": rng.choice(["cancelled", "active", "paused"], 900),
        }
    )
    for name, frame in (("e", exposures), ("c", changes)):
        text = frame.assign(at=frame["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
        text.to_csv(tmp_path / f"{name}.csv", index=False)
    file = tmp_path / "t.yaml"
    file.write_text(
        """\
version: 1
experiment: stay
arms: {a: {share: 50%, control: true}, b: {share: 50%}}
assignment: {source: exposures}
window: {start: 2026-10-01, end: 2026-10-01}
sources:
  exposures: {csv: e.csv, columns: {unit: u, arm: arm, time: at}}
  changes: {csv: c.csv, columns: {unit: u, time: at}}
metrics:
  once: {kind: churn, source: changes, where: status = 'cancelled', within: 20 days}
  gone:
    kind: churn
    source: changes
    where: status = 'cancelled'
    back: status = 'active'
    within: 20 days
primary: gone
secondary: [once]
""",
        encoding="utf-8",
    )
    seen = extract(load(file))
    inside = changes[changes["at"] < start + pd.Timedelta(days=20)]
    left = inside[inside.status == "cancelled"].u.unique()
    last = (
        inside[inside.status != "paused"].sort_values("at").groupby("u").status.last()
    )
    gone = last.index[last == "cancelled"]
    for name, leavers in (("once", left), ("gone", gone)):
        sums = [seen.cells.total(name, {arm}).sums[0] for arm in "ab"]
        odd = pd.Series(leavers).str[1:].astype(int) % 2
        assert sums == [(odd == 0).sum(), (odd == 1).sum()]
    readouts = analyze(file).scorecard.readouts
    values = {
        r.metric: (r.estimates.control.value, r.estimates.treatment.value)
        for r in readouts
        if r.estimates is not None
    }
    even = pd.Series(gone).str[1:].astype(int) % 2 == 0
    assert values["gone"] == pytest.approx((even.sum() / 200, (~even).sum() / 200))


def test_coming_back_needs_a_way_to_leave() -> None:
    """`back` stands beside `where`, and not beside `inactive`."""
    with pytest.raises(ValueError, match="beside a `where`"):
        Churn(name="gone", source="changes", back=parse("status = 'active'"))
