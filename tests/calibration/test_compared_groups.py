"""How often the checks of who was compared cry wolf over sound tests."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.data.simulated import Shop, simulate
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.load import load

YAML = """\
version: 1
experiment: sound
timezone: UTC
currency: EUR
window: {{start: 2026-10-01, end: 2026-10-28}}
arms:
{arms}
assignment: {{source: exposures, crossovers: first}}
sources:
  exposures: {{csv: exposures.csv, columns: {{unit: who, arm: arm, time: at}}}}
  orders: {{csv: orders.csv, columns: {{unit: who, time: at}}}}
metrics:
  revenue: {{kind: mean, source: orders, value: total, unit: money, within: 7 days}}
  buyers: {{kind: conversion, source: orders, within: 7 days}}
primary: revenue
secondary: [buyers]
analysis: {{looks: end, segments: [country], covariates: [spent]}}
"""
SHAPES = ((50, 50), (10, 90), (5, 95), (34, 33, 33))
CHECKS = ("pre_period", "inactive", "only_buyers", "shared_arm", "measured_after")


def troubles(plan: Experiment, evidence: Evidence) -> Counter[tuple[str, str]]:
    """Checks that do not pass, by their status."""
    return Counter(
        (finding.check, finding.status)
        for check in CHECKS
        for finding in kinds[check]().examine(plan, evidence)
        if finding.status in {"warn", "fail"}
    )


def sound(folder: Path, seed: int) -> Counter[tuple[str, str]]:
    """One sound test: few units or some, even shares or not, spend of heavy tails."""
    rng = np.random.default_rng(seed)
    shares = SHAPES[seed % len(SHAPES)]
    units = int(rng.choice([60, 400, 3000]))
    names = [f"arm{i}" for i in range(len(shares))]
    arms = "\n".join(
        f"  {name}: {{share: {share}%{', control: true' if not i else ''}}}"
        for i, (name, share) in enumerate(zip(names, shares, strict=True))
    )
    folder.mkdir()
    file = folder / "sound.yaml"
    file.write_text(YAML.format(arms=arms), encoding="utf-8")
    arm = rng.choice(names, units, p=np.array(shares) / 100)
    arm[: 2 * len(names)] = names * 2
    start = pd.Timestamp("2026-10-01", tz="UTC")
    at = start + pd.to_timedelta(rng.uniform(0, 28, units), unit="D")
    orders = rng.poisson(rng.gamma(rng.choice([0.1, 1.0]), 1.5, units))
    who = np.repeat(np.arange(units), orders)
    near = pd.to_timedelta(rng.uniform(-60, 20, len(who)), unit="D")
    bought = pd.DataFrame(
        {
            "who": who,
            "at": at[who] + near,
            "total": rng.lognormal(3, rng.choice([0.5, 1.5]), len(who)).round(2),
        }
    )
    former = bought[near < pd.Timedelta(0)].groupby("who")["total"].sum()
    exposures = pd.DataFrame(
        {
            "who": np.arange(units),
            "arm": arm,
            "at": at,
            "country": rng.choice(["DE", "FR", "AT"], units, p=[0.7, 0.2, 0.1]),
            "account": rng.integers(0, units // 4, units),
            "depot": rng.integers(0, 2, units),
            "spent": former.reindex(np.arange(units)).fillna(0).to_numpy(),
        }
    )
    plan = load(file)
    frames = {"exposures": exposures, "orders": bought}
    as_of = datetime(2026, 11, 20, tzinfo=UTC)
    return troubles(plan, extract(plan, as_of=as_of, frames=frames))


def test_sound_tests_are_left_alone(tmp_path: Path) -> None:
    """A sound test of each shape, and the shop of the demo: nothing warns."""
    for seed in range(len(SHAPES)):
        assert sound(tmp_path / f"s{seed}", seed) == Counter()
    simulate(Shop(units=2000, seed=1), tmp_path / "shop")
    file = tmp_path / "shop" / "sound.yaml"
    text = YAML.format(
        arms="  holdback: {share: 10%, control: true}\n  personalized: {share: 90%}"
    )
    text = text.replace("unit: who", "unit: customer_id").replace(
        "arm: arm, time: at", "arm: arm, time: exposed_at"
    )
    text = text.replace("time: at}", "time: ordered_at}").replace(
        "segments: [country], covariates: [spent]", "segments: [country]"
    )
    text = text.replace("2026-10-01, end: 2026-10-28", "2026-09-01, end: 2026-10-12")
    file.write_text(text, encoding="utf-8")
    plan = load(file)
    assert troubles(plan, extract(plan)) == Counter()


@pytest.mark.calibration
def test_two_hundred_sound_tests(tmp_path: Path) -> None:
    """None fails, and at most one in a hundred of 200 warns, by each check."""
    found: Counter[tuple[str, str]] = Counter()
    for seed in range(100, 300):
        found += sound(tmp_path / f"s{seed}", seed)
    assert not [check for check, status in found if status == "fail"]
    assert all(count <= 2 for count in found.values()), found
