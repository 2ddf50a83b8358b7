"""How often the checks of times, and of sales, cry wolf over shops that are sound."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from holdback.analysis.checks.data.refunds import Refunds
from holdback.analysis.checks.data.running_totals import RunningTotalsAdded
from holdback.analysis.checks.split.dissolved import Dissolved
from holdback.analysis.checks.time.clock_skew import ClockSkew
from holdback.analysis.checks.time.coverage import Coverage
from holdback.analysis.checks.time.timezones import Timezones
from holdback.analysis.checks.time.whole_days import WholeDays
from holdback.data.extraction.extract import extract
from holdback.data.simulated import Shop, simulate
from holdback.experiments.load import load

YAML = """\
version: 1
experiment: sound
timezone: {zone}
currency: EUR
window: {{start: 2026-09-01, end: 2026-10-12}}
arms: {{holdback: {{share: 10%, control: true}}, personalized: {{share: 90%}}}}
assignment: {{source: exposures, salt: recs-holdback}}
sources:
  exposures:
    csv: exposures.csv
    columns: {{unit: customer_id, arm: arm, time: exposed_at}}
  orders:
    csv: orders.csv
    columns: {{unit: customer_id, time: ordered_at, id: order_id}}
metrics:
  revenue:
    kind: mean
    source: orders
    value: total - refunded
    unit: money
    within: 14 days
primary: revenue
"""
CHECKS = (
    ClockSkew(),
    Coverage(),
    Timezones(),
    WholeDays(),
    Dissolved(),
    Refunds(),
    RunningTotalsAdded(),
)
ZONES = ("UTC", "Europe/Dublin", "America/New_York")


def warnings(folder: Path, seed: int) -> Counter[str]:
    """Checks that warn over one sound shop, read in the midst of it and at its end."""
    zone = ZONES[seed % len(ZONES)]
    rate = (0.02, 0.08, 0.3)[seed % 3]
    folder.mkdir()
    simulate(Shop(units=2500, seed=seed, timezone=zone, conversion_rate=rate), folder)
    file = folder / "sound.yaml"
    file.write_text(YAML.format(zone=zone), encoding="utf-8")
    plan = load(file)
    found: Counter[str] = Counter()
    midst = date(2026, 9, 1) + timedelta(days=18 + seed % 20)
    for as_of in (midst, None):
        evidence = extract(plan, as_of=as_of)
        for check in CHECKS:
            found.update(
                f.check for f in check.examine(plan, evidence) if f.status != "pass"
            )
    return found


def test_sound_shops_are_left_alone(tmp_path: Path) -> None:
    """Three shops, each read twice: no check warns."""
    for seed in range(3):
        assert warnings(tmp_path / f"s{seed}", seed) == Counter()


@pytest.mark.calibration
def test_two_hundred_sound_shops(tmp_path: Path) -> None:
    """At most one warning in a hundred of 200 shops, by each check."""
    found: Counter[str] = Counter()
    for seed in range(100, 300):
        found += warnings(tmp_path / f"s{seed}", seed)
    assert all(count <= 4 for count in found.values()), found
