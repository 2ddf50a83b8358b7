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
    return file, {
        "values": right,
        "as_of": rules.as_of,
        "no_dates": no_dates,
        "rules": rules,
        "exposures": exposures,
        "orders": orders,
    }


MIXED = 12
AMOUNTS = {
    None: lambda cents: f"{cents / 100:.2f}",
    "en": lambda cents: f"{cents / 100:,.2f}",
    "de": lambda cents: f"{cents / 100:,.2f}".translate(str.maketrans(",.", ".,")),
    "fr": lambda cents: f"{cents / 100:,.2f}".translate(str.maketrans(",.", "\u202f,")),
    "ch": lambda cents: f"{cents / 100:,.2f} EUR".replace(",", "'"),
}
NOBODY = ("(not set)", "guest", "{{user_id}}", "null")
KEPT = "status not in ('cancelled')"


def amount(rng: random.Random, cents: int, notation: str | None) -> str:
    """Cents in a notation; below 0 with a minus before or behind, or in brackets."""
    text = AMOUNTS[notation](abs(cents))
    if cents >= 0:
        return text
    return f"-{text}" if notation is None else rng.choice(["-{}", "({})"]).format(text)


def mixed(folder: Path, seed: int) -> tuple[Path, dict[str, Any]]:
    """A world of all kinds: its times, and rows that count otherwise or not at all.

    Amounts in a notation and in two currencies, refunds, states with blanks, copies of
    rows, units that change arms, and words in place of units.
    """
    rng = random.Random(seed)
    file, right = world(folder, seed)
    rules, exposures = right["rules"], right["exposures"]
    notation = rng.choice(list(AMOUNTS))
    foreign = rng.random() < 0.5
    if "exposures" not in rules.days:
        exposures += [
            {**row, "arm": ARMS[row["arm"] == ARMS[0]], "at": written(rng, "zulu")}
            for row in rng.sample(exposures, 6)
        ]
    orders = []
    for i, row in enumerate(right["orders"]):
        cents = rng.randrange(1, 500_000) * rng.choice([1, 1, 1, -1])
        code = "USD" if foreign and rng.random() < 0.3 else "EUR"
        orders.append(
            {
                **row,
                "id": f"o{i}",
                "unit": rng.choice(NOBODY) if rng.random() < 0.05 else row["unit"],
                "cents": cents,
                "total": amount(rng, cents * (2 if code == "USD" else 1), notation),
                "currency": code,
                "status": rng.choice(["paid", "paid", "cancelled", ""]),
            }
        )
    copies = rng.sample(orders, 10)
    lost = [
        {"unit": rng.choice(NOBODY), "arm": arm, "at": exposures[0]["at"]}
        for arm in ARMS
    ]
    write(folder / "exposures.csv", ["unit", "arm", "at"], [*exposures, *lost])
    heads = ["id", "unit", "at", "total", "status", *["currency"] * foreign]
    write(folder / "orders.csv", heads, [*orders, *copies])
    keys = f"    where: {KEPT}"
    keys += f"\n    numbers: {notation}" if notation else ""
    keys += "\n    rates: {USD: 0.5}" if foreign else ""
    text = file.read_text(encoding="utf-8").replace(
        "unit, time: at}", "unit, time: at, id: id}"
    )
    file.write_text(text.replace("metrics:", f"{keys}\nmetrics:"), encoding="utf-8")
    counted = [
        row for row in orders if row["status"] == "paid" and row["unit"] not in NOBODY
    ]
    return file, {**right, "values": values(exposures, counted, rules, WITHIN)}


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


def agrees(folder: Path, seed: int, *, of_all_kinds: bool = False) -> None:
    """A world's cells are what pandas counts, to the cent."""
    file, right = (mixed if of_all_kinds else world)(folder, seed)
    evidence = extract(load(file), as_of=right["as_of"].to_pydatetime())
    assert evidence.as_of == right["as_of"], seed
    assert found(evidence) == right["values"], seed
    if of_all_kinds:
        return
    missing = evidence.quality.missing_times.get("orders", 0)
    assert missing == right["no_dates"], seed


@pytest.mark.parametrize("part", range(8))
def test_worlds_of_all_forms_against_pandas(tmp_path: Path, part: int) -> None:
    """Days, zones, offsets, clock changes, tolerance and dates that mean none."""
    for seed in range(part, WORLDS, 8):
        agrees(tmp_path, seed)


@pytest.mark.parametrize("part", range(4))
def test_worlds_of_all_kinds_against_pandas(tmp_path: Path, part: int) -> None:
    """Times, ids, amounts, currencies, conditions and copies, all in one file."""
    for seed in range(part, MIXED, 4):
        agrees(tmp_path, seed, of_all_kinds=True)


@pytest.mark.calibration
@pytest.mark.parametrize("of_all_kinds", [False, True])
@pytest.mark.parametrize("part", range(10))
def test_three_hundred_worlds_against_pandas(
    tmp_path: Path, part: int, *, of_all_kinds: bool
) -> None:
    """The same on 300 worlds more of either."""
    for seed in range(1000 + part, 1300, 10):
        agrees(tmp_path, seed, of_all_kinds=of_all_kinds)


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
