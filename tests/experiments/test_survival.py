"""Waiting times from raw rows: every unit walked through by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import holdback as hb
from holdback.errors import ConfigError, StatsError

START = datetime(2026, 10, 1, tzinfo=UTC)
YAML = """\
version: 1
experiment: keep
timezone: {zone}
arms: {{holdback: {{share: 30%, control: true}}, personalized: {{share: 70%}}}}
sources:
  visitors: {{csv: visitors.csv, columns: {{unit: id, arm: arm, time: at}}}}
  cancellations: {{csv: cancellations.csv, columns: {{unit: id, time: at}}}}
metrics:
  kept:
    {{kind: survival, source: cancellations, within: 40 days, where: "why != 'error'"}}
assignment: {{source: visitors}}
window: {{start: 2026-10-01, end: 2026-10-28}}
primary: kept
analysis: {{looks: end, segments: [device], covariates: {{lookback: 14 days}}}}
decision: {{rule: lift}}
"""
Unit = tuple[str, str, datetime, list[datetime]]


def shop(folder: Path, zone: str = "UTC") -> tuple[Path, list[Unit]]:
    """900 customers over four weeks, about half of whom leave, some of them twice."""
    rng = np.random.default_rng(6)
    units: list[Unit] = []
    visitors, cancellations = ["id,arm,at,device"], ["id,at,why"]
    for i in range(900):
        arm = "holdback" if rng.random() < 0.3 else "personalized"
        device = ("web", "app")[int(rng.random() < 0.4)]
        at = START + timedelta(seconds=int(rng.integers(0, 27 * 86_400)))
        hazard = 0.03 if arm == "holdback" else 0.02
        visitors.append(f"u{i},{arm},{at.isoformat()},{device}")
        left = [
            at + timedelta(seconds=int(rng.exponential(86_400 / hazard)))
            for _ in range(int(rng.integers(1, 3)))
        ]
        cancellations += [f"u{i},{one.isoformat()},asked" for one in left]
        cancellations.append(f"u{i},{at.isoformat()},error")
        cancellations.append(f"u{i},{(at - timedelta(days=3)).isoformat()},asked")
        units.append((arm, device, at, left))
    (folder / "visitors.csv").write_text("\n".join(visitors) + "\n")
    (folder / "cancellations.csv").write_text("\n".join(cancellations) + "\n")
    file = folder / "keep.yaml"
    file.write_text(YAML.format(zone=zone))
    return file, units


def area(units: list[Unit], as_of: datetime, days: int = 40) -> float:
    """Product-limit area, day by day; all units of a UTC day are watched alike."""
    kept, total = 1.0, 0.0
    for day in range(1, days + 1):
        total += kept
        risk = gone = 0
        for _, _, at, left in units:
            midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
            watched = (as_of - midnight - timedelta(days=1)).days
            first = min((one - at).days + 1 for one in left)
            if first > watched:
                first = 10**6
            if day <= watched and first >= day:
                risk += 1
                gone += first == day
        kept *= 1 - gone / risk if risk else 1.0
    return total


def test_curves_against_a_walk_through_each_unit(tmp_path: Path) -> None:
    """The mean of each arm and segment, while a third of the units are watched."""
    file, units = shop(tmp_path)
    as_of = datetime(2026, 11, 21, tzinfo=UTC)
    card = hb.analyze(file, as_of=date(2026, 11, 20)).scorecard
    for readout in card.readouts:
        level = readout.segment.level if readout.segment else None
        assert readout.method == "rmst"
        assert readout.estimates is not None
        for arm, found in (
            ("holdback", readout.estimates.control),
            ("personalized", readout.estimates.treatment),
        ):
            mine = [u for u in units if u[0] == arm and level in {None, u[1]}]
            assert found.units == len(mine)
            assert found.value == pytest.approx(area(mine, as_of), rel=1e-12)
    assert {r.segment.level for r in card.readouts if r.segment} == {"web", "app"}
    assert "Log-rank test" in str(card.readout("kept").note)


def test_days_are_those_of_the_timezone(tmp_path: Path) -> None:
    """Units that joined late in a UTC day belong to the next day in Tokyo."""
    file, _ = shop(tmp_path)
    here = hb.analyze(file, as_of=date(2026, 11, 20)).scorecard.readout("kept")
    file, _ = shop(tmp_path, zone="Asia/Tokyo")
    there = hb.analyze(file, as_of=date(2026, 11, 20)).scorecard.readout("kept")
    assert here.estimates != there.estimates
    assert here.relative.value == pytest.approx(there.relative.value, abs=0.01)


def test_too_early_gives_no_number(tmp_path: Path) -> None:
    """Before anybody was watched for 40 days nothing is claimed."""
    file, _ = shop(tmp_path)
    with pytest.raises(StatsError, match="Wait until the time of `within` has passed"):
        hb.analyze(file, as_of=date(2026, 11, 5))


def test_replays_say_that_they_cannot(tmp_path: Path) -> None:
    """A replay of waiting times is refused in words."""
    file, _ = shop(tmp_path)
    with pytest.raises(StatsError, match="kind survival, which cannot be replayed"):
        hb.simulate(file, replays=100)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("within: 40 days, ", "", "`within` says how long is waited"),
        ("within: 40 days", "within: 12 hours", "`within` says how long is waited"),
        ("within: 40 days", "within: 36 hours", "whole days"),
        ("source: cancellations, within", "source: visitors, within",
         "waits for rows, and 'visitors' has one per unit"),
    ],
)  # fmt: skip
def test_impossible_waits_are_refused(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    """A wait needs a length in whole days, and a source of events."""
    file, _ = shop(tmp_path)
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=words):
        hb.load(file)
