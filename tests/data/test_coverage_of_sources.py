"""How far sources reach: ends that are seen, and silence that is none."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.coverage import (
    Bucket,
    Delays,
    Watch,
    ended_at,
    without_strays,
)
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load

DAY = 86_400_000_000
HOUR = DAY // 24
WITHIN = 7
ARMS = ("held", "treated")
YAML = """\
version: 1
experiment: shop
timezone: UTC
currency: EUR
window: {start: 2026-10-01, end: 2026-10-28}
arms: {held: {share: 50%, control: true}, treated: {share: 50%}}
assignment: {source: exposures}
sources:
  exposures: {csv: exposures.csv, columns: {unit: unit, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: unit, time: at}}
  visits: {csv: visits.csv, columns: {unit: unit, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  visits: {kind: count, source: visits, within: 7 days}
primary: revenue
secondary: [visits]
"""


def buckets(times: Sequence[float]) -> list[Bucket]:
    """Rows by hour, times in days."""
    hours: dict[int, list[int]] = {}
    for time in sorted(times):
        moment = round(time * DAY)
        hours.setdefault(moment // HOUR, []).append(moment)
    return [
        Bucket(first=rows[0], last=rows[-1], rows=len(rows), wall=False)
        for rows in hours.values()
    ]


Times = npt.NDArray[np.float64]


def shop(
    rng: np.random.Generator, *, rate: float, early: float
) -> tuple[Times, Times, Times]:
    """Joining times of 600 units over 28 days, times of their orders, and delays.

    A share `early` of the orders comes within hours, the others over a week.
    """
    joined = np.sort(rng.uniform(0, 28, 600))
    start = np.repeat(joined, rng.poisson(rate, 600))
    delay = rng.uniform(0, 7, len(start))
    soon = rng.random(len(start)) < early
    delay[soon] = rng.exponential(0.1, soon.sum()).clip(0, 6.9)
    return joined, start + delay, delay


def end_of(
    shop: tuple[Times, Times, Times], *, cut: float, until: float
) -> float | None:
    """Where orders that are exported up to `cut` are seen to end, read at `until`."""
    joined, orders, delays = shop
    known = orders < min(cut, until)
    joined = joined[joined < until]

    def by_hour(times: Times) -> list[tuple[int, int]]:
        hours, counts = np.unique((times * 24).astype(int), return_counts=True)
        return [(int(h) * HOUR, int(n)) for h, n in zip(hours, counts, strict=True)]

    found = Delays(rows=by_hour(delays[known]), joined=by_hour(joined))
    watch = Watch(
        joined=buckets(list(joined)),
        within=WITHIN * DAY,
        end=None,
        delays=lambda: found,
    )
    end = ended_at(buckets(list(orders[known])), watch, round(until * DAY))
    return None if end is None else end / DAY


@pytest.mark.parametrize("early", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("rate", [0.02, 0.3, 2.0])
def test_complete_sources_are_seen_to_reach(rate: float, early: float) -> None:
    """None of 40 shops whose orders are complete ends, nor long after the test.

    Many or few orders, all at once or spread over a week: 360 shops in all.
    """
    rng = np.random.default_rng([int(100 * rate), int(100 * early)])
    ends = []
    for _ in range(20):
        one = shop(rng, rate=rate, early=early)
        readings = (rng.uniform(10, 35), 60.0)
        ends += [end_of(one, cut=np.inf, until=until) for until in readings]
    assert ends == [None] * 40


@pytest.mark.parametrize("until", [16.0, 21.0, 28.0, 40.0])
def test_cut_sources_are_seen_to_end(until: float) -> None:
    """Of 25 shops whose orders stop on day 12, each ends with its last order."""
    rng = np.random.default_rng(int(until))
    for _ in range(25):
        end = end_of(shop(rng, rate=0.5, early=0.0), cut=12.0, until=until)
        assert end is not None
        assert 11 < end <= 12


def test_rare_events_reach_as_far_as_the_reading() -> None:
    """Cancellations of one unit in fifty, the last weeks ago, have not ended."""
    rng = np.random.default_rng(3)
    for _ in range(25):
        one = shop(rng, rate=0.02, early=0.0)
        assert end_of(one, cut=12.0, until=20.0) is None


def test_strays_lie_beyond_the_experiment_and_far_from_the_others() -> None:
    """A row of 2099 is one; rows inside the experiment, or a month later, are none."""
    days = list(np.arange(0, 20, 0.1))
    whole = buckets(days)
    planned = 35 * DAY
    assert without_strays(buckets([*days, 26_000.0]), planned) == whole
    assert without_strays(buckets([*days, 90.0]), planned) == whole
    for inside in (34.0, 50.0):
        assert without_strays(buckets([*days, inside]), planned)[-1].rows == 1
    assert len(without_strays(buckets([1.0, 700.0]), None)) == 1
    many = [*days, *np.arange(90, 95, 0.1)]
    assert without_strays(buckets(many), planned) == buckets(many)


def files(folder: Path, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> Path:
    """Sources and the experiment."""
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, list(rows[0]))
            out.writeheader()
            out.writerows(rows)
    yaml = folder / "shop.yaml"
    yaml.write_text(YAML)
    return yaml


@pytest.fixture(scope="module")
def tables() -> dict[str, list[dict[str, object]]]:
    """A shop of 700 units with orders and visits over the whole of their weeks."""
    rng = np.random.default_rng(8)
    start = pd.Timestamp("2026-10-01")
    joined = np.sort(rng.uniform(0, 28, 700))
    exposures = [
        {"unit": f"u{i}", "arm": ARMS[i % 2], "at": str(start + pd.Timedelta(days=t))}
        for i, t in enumerate(joined)
    ]
    rows: dict[str, list[dict[str, object]]] = {"exposures": exposures}
    for name, rate in (("orders", 0.5), ("visits", 1.0)):
        rows[name] = [
            {
                "unit": f"u{i}",
                "at": str(start + pd.Timedelta(days=t + rng.uniform(0, 7))),
                "total": 1 + i % 9,
            }
            for i, t in enumerate(joined)
            for _ in range(rng.poisson(rate))
        ]
    return rows


def mature(rows: Mapping[str, list[dict[str, object]]], source: str, end: str) -> int:
    """Units whose week lies before the end of a source, by pandas."""
    known = pd.Series([str(row["at"]) for row in rows[source]]).map(pd.Timestamp)
    last = known[known < pd.Timestamp(end)].max() + pd.Timedelta(microseconds=1)
    joined = pd.Series([str(row["at"]) for row in rows["exposures"]]).map(pd.Timestamp)
    return int((joined + pd.Timedelta(days=WITHIN) <= last).sum())


def matured(evidence: Evidence, metric: str) -> int:
    """Units that count for a metric."""
    within = timedelta(days=WITHIN)
    return evidence.cells.total(metric, set(ARMS), within=within).n


@pytest.mark.parametrize("asked", [None, date(2026, 11, 10)])
def test_units_mature_by_their_metrics_source_against_pandas(
    tmp_path: Path, tables: dict[str, list[dict[str, object]]], asked: date | None
) -> None:
    """Visits end on the 15th, orders are complete: each metric has its own units."""
    cut = [row for row in tables["visits"] if str(row["at"]) < "2026-10-15"]
    file = files(tmp_path, {**tables, "visits": cut})
    evidence = extract(load(file), as_of=asked)
    ended = {reach.source: reach.ended for reach in evidence.reaches}
    assert ended == {"exposures": False, "orders": False, "visits": True}
    assert matured(evidence, "visits") == mature(tables, "visits", "2026-10-15")
    assert matured(evidence, "revenue") > matured(evidence, "visits")
    if asked is not None:
        assert matured(evidence, "revenue") == 700


def test_the_primary_bounds_the_reading_against_pandas(
    tmp_path: Path, tables: dict[str, list[dict[str, object]]]
) -> None:
    """Orders end on the 15th: the reading is of their last, whatever is asked for."""
    cut = [row for row in tables["orders"] if str(row["at"]) < "2026-10-15"]
    file = files(tmp_path, {**tables, "orders": cut})
    right = mature(tables, "orders", "2026-10-15")
    for asked in (None, date(2026, 11, 10)):
        evidence = extract(load(file), as_of=asked)
        assert evidence.as_of is not None
        assert evidence.as_of.date() <= date(2026, 10, 15)
        assert matured(evidence, "revenue") == right


def test_a_stray_order_does_not_move_the_end_invariance(
    tmp_path: Path, tables: dict[str, list[dict[str, object]]]
) -> None:
    """A test order of 2099, of a customer that nobody knows, is counted and no more."""
    plain = extract(load(files(tmp_path, tables)))
    for day in ("2099-12-31 00:00:00", "2027-03-01 10:00:00"):
        stray = {"unit": "nobody", "at": day, "total": 1}
        rows = {**tables, "orders": [*tables["orders"], stray]}
        evidence = extract(load(files(tmp_path, rows)))
        assert evidence.as_of == plain.as_of
        assert evidence.cells == plain.cells
        assert evidence.quality.stray_times == {"orders": 1}


def test_the_end_of_a_source_of_days_is_the_end_of_its_last_day(
    tmp_path: Path, tables: dict[str, list[dict[str, object]]]
) -> None:
    """Orders by day reach to the midnight after the last."""
    days = [{**row, "at": str(row["at"])[:10]} for row in tables["orders"]]
    evidence = extract(load(files(tmp_path, {**tables, "orders": days})))
    reach = {one.source: one.until for one in evidence.reaches}["orders"]
    last = datetime.fromisoformat(max(str(row["at"]) for row in days))
    assert reach.replace(tzinfo=None) == last + timedelta(days=1)
