"""Times as people write them: random worlds of all forms against a count by pandas."""

from __future__ import annotations

import csv
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load
from tests.oracles.times import NO_DATE, Rules, values

WITHIN = 7
WORLDS = 24
ARMS = ("held", "treated")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
FORMS = ("naive", "zulu", "named", "offset", "date", "midnight", "mixed")
START, DAYS = pd.Timestamp("2026-10-20"), 12
"""The clocks of Berlin change on the 25th, those of New York on 1 November."""

YAML = """\
version: 1
experiment: times
timezone: {project}
currency: EUR
window: {{start: 2026-10-01, end: 2026-11-30}}
arms: {{held: {{share: 50%, control: true}}, treated: {{share: 50%}}}}
assignment: {{source: exposures}}
sources:
  exposures:
    csv: exposures.csv
    columns: {{unit: unit, arm: arm, time: at}}
{exposures}
  orders:
    csv: orders.csv
    columns: {{unit: unit, time: at}}
{orders}
metrics:
  revenue:
    {{kind: mean, source: orders, value: total, unit: money, within: {within} days}}
  buyers: {{kind: conversion, source: orders, within: {within} days}}
primary: revenue
secondary: [buyers]
"""


def written(rng: random.Random, form: str) -> str:
    """A random time in one of the forms."""
    wall = START + pd.Timedelta(minutes=rng.randrange(DAYS * 24 * 60), seconds=1)
    if rng.random() < 0.1:
        wall = pd.Timestamp("2026-10-25 01:00:01") + pd.Timedelta(
            minutes=rng.randrange(150)
        )
    if form in {"date", "midnight"} or (form == "mixed" and rng.random() < 0.4):
        clock = " 00:00:00" if form == "midnight" else ""
        return f"{wall.date()}{clock}"
    text = wall.isoformat(sep=rng.choice("T "))
    match form:
        case "zulu":
            return f"{text}Z"
        case "named":
            return f"{text} {rng.choice(['UTC', 'GMT'])}"
        case "offset":
            return f"{text}{rng.choice(['+02:00', ' -0300', '+0530', '-04'])}"
    return text


def world(folder: Path, seed: int) -> tuple[Path, dict[str, Any]]:
    """Files of a random world, and what is right of it by pandas."""
    rng = random.Random(seed)
    project = rng.choice(ZONES)
    forms = {"exposures": rng.choice(FORMS[:5]), "orders": rng.choice(FORMS)}
    zones = {
        name: rng.choice(ZONES) if rng.random() < 0.3 and form == "naive" else project
        for name, form in forms.items()
    }
    tolerance = rng.choice([0, 0, 5, 30])
    units = {f"u{i}": rng.choice(ARMS) for i in range(40)}
    exposures = [
        {"unit": unit, "arm": arm, "at": written(rng, forms["exposures"])}
        for unit, arm in units.items()
        for _ in range(rng.choice([1, 1, 2]))
    ]
    orders = [
        {
            "unit": rng.choice([*units, "x"]),
            "at": rng.choice(NO_DATE)
            if rng.random() < 0.05
            else written(rng, forms["orders"]),
            "cents": rng.randrange(1, 9000),
        }
        for _ in range(120)
    ]
    as_of = pd.Timestamp("2026-11-01 12:30") - pd.Timedelta(hours=rng.randrange(80))
    rules = Rules(
        project=project,
        as_of=as_of.tz_localize("UTC"),
        zones=zones,
        days=frozenset(n for n, form in forms.items() if form in {"date", "midnight"}),
        tolerance=pd.Timedelta(minutes=tolerance),
    )
    keys = {
        name: "" if zone == project else f"    timezone: {zone}"
        for name, zone in zones.items()
    }
    if tolerance:
        keys["orders"] += f"\n    tolerance: {tolerance} minutes"
    write(folder / "exposures.csv", ["unit", "arm", "at"], exposures)
    totals = [{**row, "total": f"{row['cents'] / 100:.2f}"} for row in orders]
    write(folder / "orders.csv", ["unit", "at", "total"], totals)
    file = folder / "times.yaml"
    file.write_text(YAML.format(project=project, within=WITHIN, **keys))
    right = values(exposures, orders, rules, WITHIN)
    no_dates = sum(row["at"] in NO_DATE for row in orders)
    return file, {"values": right, "as_of": rules.as_of, "no_dates": no_dates}


def write(path: Path, heads: list[str], rows: list[dict[str, Any]]) -> None:
    """Rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, heads, extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)


def found(evidence: Evidence) -> dict[str, tuple[int, int, int]]:
    """Arm → matured units, cents, buyers."""
    within = pd.Timedelta(days=WITHIN).to_pytimedelta()
    totals = {}
    for arm in ARMS:
        revenue = evidence.cells.total("revenue", {arm}, within=within)
        buyers = evidence.cells.total("buyers", {arm}, within=within)
        totals[arm] = (revenue.n, revenue.sums[0], buyers.sums[0])
    return totals


def agrees(folder: Path, seed: int) -> None:
    """A world's cells are what pandas counts, to the cent."""
    file, right = world(folder, seed)
    evidence = extract(load(file), as_of=right["as_of"].to_pydatetime())
    assert evidence.as_of == right["as_of"], seed
    assert found(evidence) == right["values"], seed
    missing = evidence.quality.missing_times.get("orders", 0)
    assert missing == right["no_dates"], seed


@pytest.mark.parametrize("part", range(8))
def test_worlds_of_all_forms_against_pandas(tmp_path: Path, part: int) -> None:
    """Days, zones, offsets, clock changes, tolerance and dates that mean none."""
    for seed in range(part, WORLDS, 8):
        agrees(tmp_path, seed)


@pytest.mark.calibration
def test_three_hundred_worlds_against_pandas(tmp_path: Path) -> None:
    """The same on 300 worlds more."""
    for seed in range(1000, 1300):
        agrees(tmp_path, seed)


@pytest.mark.parametrize("zone", ZONES)
def test_timezone_of_a_source_invariance(tmp_path: Path, zone: str) -> None:
    """The same moments by other wall clocks are the same when `timezone` says so."""
    clock = datetime(2026, 10, 21, 10, tzinfo=UTC).astimezone(ZoneInfo(zone))
    order = clock + timedelta(minutes=20)
    rows = [{"unit": f"u{i}", "arm": ARMS[i % 2]} for i in range(8)]
    moments = {"exposures": clock, "orders": order}
    for name, heads in (("exposures", ["unit", "arm"]), ("orders", ["unit", "total"])):
        at = f"{moments[name]:%Y-%m-%d %H:%M:%S}"
        dated = [{**row, "total": 1, "at": at} for row in rows]
        write(tmp_path / f"{name}.csv", [*heads, "at"], dated)
    told = f"    timezone: {zone}"
    file = tmp_path / "times.yaml"
    file.write_text(
        YAML.format(project="UTC", within=WITHIN, exposures=told, orders=told)
    )
    evidence = extract(load(file), as_of=date(2026, 11, 20))
    assert found(evidence) == dict.fromkeys(ARMS, (4, 400, 4))
