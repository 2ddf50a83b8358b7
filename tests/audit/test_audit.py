"""The audit: planted errors of an assignment are found, dated and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from worlds.evidence import experiment

import holdback as hb
from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.audit.recomputed_arms import counts_of
from holdback.audit.result import Audit, Cause, Change
from holdback.data.extraction.extract import Survey
from holdback.data.extraction.open_engine import opened
from holdback.errors import ConfigError, DataError
from holdback.experiments.definition.experiment import Assignment, Experiment
from holdback.experiments.definition.split import split_of
from holdback.experiments.kinds.source import Columns
from holdback.experiments.sources.csv import CsvSource
from holdback.results.json_codec import to_json

START = date(2026, 10, 1)
CHANGED = 8
UNITS = 4_200
TENTH = Fraction(1, 10)
FORCED = {f"User_{n}": "holdback" for n in range(60)}
Arms = Callable[[str], str | None]


def plan(**parts: Any) -> Experiment:
    """The worlds' experiment with a salt of its own and a fortnight to join."""
    parts = {"source": "exposures", "salt": "recs-2026"} | parts
    return experiment(assignment=Assignment(**parts))


PLAN = plan()
PLANNED = split_of(PLAN)


ORDERS = pa.table(
    {
        "unit": ["User_1"],
        "total": [1.0],
        "at": pa.array([datetime(2026, 10, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
    }
)


def log(
    before: Arms, after: Arms | None = None, *, units: int = UNITS, **more: Any
) -> pa.Table:
    """Units that join over 14 days; from the ninth on `after` deals the arms."""
    ids = [f"User_{n}" for n in range(units)]
    days = [n * 14 // units for n in range(units)]
    moments = [
        datetime(2026, 10, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in days
    ]
    deal = [before if after is None or day < CHANGED else after for day in days]
    return pa.table(
        {
            "unit": ids,
            "arm": [arm(unit) for unit, arm in zip(ids, deal, strict=True)],
            "at": pa.array(moments, pa.timestamp("us", "UTC")),
        }
        | {name: [write(unit) for unit in ids] for name, write in more.items()}
    )


def by(split: Split, write: Callable[[str], str] = str) -> Arms:
    """Arms of a split over ids in some form."""
    return lambda unit: split.assign(write(unit)).arm


def after_change(found: Audit) -> Cause | None:
    """The cause of the last days; the first ones agree, and the day is found."""
    assert found.changes == ((START + timedelta(days=CHANGED)).isoformat(),)
    first, last = found.periods
    assert first.verdict == "agrees"
    assert last.verdict in {"explained", "unexplained"}
    return last.cause


def e_mail(unit: str) -> str:
    """Another id of a unit."""
    return f"{unit}@shop.example"


ARMS = PLANNED.arms
PLANTED: list[tuple[str, Arms, str]] = [
    ("salt", by(replace(PLANNED, salt="recs")), "salt 'recs' in place of 'recs-2026'"),
    (
        "salt",
        by(replace(PLANNED, phase=2)),
        "salt 'recs-2026.phase2' in place of 'recs-2026'",
    ),
    (
        "shares",
        by(replace(PLANNED, arms=ARMS[::-1])),
        "arms in the order personalized, holdback",
    ),
    (
        "shares",
        by(replace(PLANNED, arms=(("personalized", TENTH), ("holdback", 1 - TENTH)))),
        "names of arms exchanged (personalized 10%, holdback 90%)",
    ),
    (
        "shares",
        by(replace(PLANNED, arms=tuple((name, Fraction(1, 2)) for name, _ in ARMS))),
        "equal shares in place of holdback 10%, personalized 90%",
    ),
    (
        "shares",
        by(
            replace(
                PLANNED, arms=(("holdback", 3 * TENTH), ("personalized", 7 * TENTH))
            )
        ),
        "shares of about holdback 30%, personalized 70%",
    ),
    ("column", by(PLANNED, e_mail), "ids of column 'e_mail' in place of 'unit'"),
    ("form", by(PLANNED, str.lower), "ids in lower case"),
    ("form", by(PLANNED, lambda unit: unit + ".0"), "ids with a trailing '.0'"),
    (
        "scheme",
        by(replace(PLANNED, scheme=scheme_of("growthbook_v2"))),
        "scheme growthbook_v2",
    ),
    (
        "scheme",
        by(
            replace(
                PLANNED,
                scheme=scheme_of(
                    "custom",
                    {
                        "key": "{id}{salt}",
                        "hash": "md5",
                        "hex_digits": 32,
                        "buckets": 100,
                    },
                ),
            )
        ),
        "scheme custom: md5 of '{id}{salt}', 32 digits modulo 100",
    ),
    ("constant", lambda _: "personalized", "every unit logged as 'personalized'"),
]


@pytest.mark.parametrize(
    ("kind", "wrong", "what"), PLANTED, ids=[p[2] for p in PLANTED]
)
def test_planted_error_against_truth(kind: Any, wrong: Arms, what: str) -> None:
    """A deployment on the ninth day that changed one thing is dated and named."""
    found = hb.audit(PLAN, exposures=log(by(PLANNED), wrong, e_mail=e_mail))
    cause = after_change(found)
    assert cause is not None
    assert cause.changes == (Change(kind=kind, what=what),)
    assert cause.agreement == 1.0
    assert not found.agrees


def test_two_errors_at_once_against_truth() -> None:
    """Another salt over another column: both are named, and nothing more."""
    wrong = by(replace(PLANNED, salt="recs"), e_mail)
    cause = after_change(
        hb.audit(PLAN, exposures=log(by(PLANNED), wrong, e_mail=e_mail))
    )
    assert cause is not None
    assert [change.kind for change in cause.changes] == ["salt", "column"]


def test_arms_by_lot_are_not_explained() -> None:
    """Null: no variation explains arms that were drawn without the id."""
    rng = np.random.default_rng(3)
    lot: Arms = lambda _: "holdback" if rng.random() < 0.1 else "personalized"  # noqa: E731
    found = hb.audit(PLAN, exposures=log(by(PLANNED), lot, e_mail=e_mail))
    assert after_change(found) is None
    assert found.periods[1].verdict == "unexplained"


def test_wrong_from_the_first_day() -> None:
    """An error of all days has no change, and is named all the same."""
    found = hb.audit(PLAN, exposures=log(by(replace(PLANNED, salt="recs"))))
    assert found.changes == ()
    (period,) = found.periods
    assert (period.first, period.last) == ("2026-10-01", "2026-10-14")
    assert period.cause is not None
    assert period.cause.changes[0].kind == "salt"


def test_a_change_during_the_day() -> None:
    """When a day has units of both deployments, the change is dated on it."""
    table = log(by(PLANNED), by(replace(PLANNED, salt="recs")), units=28_000)
    mixed = table["arm"].to_pylist()
    first = CHANGED * 2_000
    mixed[first : first + 1_000] = [
        PLANNED.assign(unit).arm
        for unit in table["unit"].to_pylist()[first : first + 1_000]
    ]
    table = table.set_column(1, "arm", pa.array(mixed))
    found = hb.audit(PLAN, exposures=table)
    assert found.changes == ("2026-10-09",)
    assert [p.verdict for p in found.periods] == ["agrees", "changing", "explained"]


@pytest.mark.parametrize("old", [40, 130])
def test_a_change_during_a_day_of_few_units(old: int) -> None:
    """A mixed day that no test can tell from its neighbours is found all the same.

    Of 150 units of the ninth day, `old` still came under the planned salt.
    """
    table = log(by(PLANNED), by(replace(PLANNED, salt="recs")), units=2_100)
    table = table.slice(0, 150 * (CHANGED + 4))
    first, units = 150 * CHANGED, table["unit"].to_pylist()
    arms = table["arm"].to_pylist()
    arms[first : first + old] = [
        PLANNED.assign(unit).arm for unit in units[first : first + old]
    ]
    found = hb.audit(PLAN, exposures=table.set_column(1, "arm", pa.array(arms)))
    assert found.changes == ("2026-10-09",)
    assert found.periods[0].verdict == "agrees"
    assert found.periods[-1].cause is not None
    assert found.periods[-1].cause.changes[0].kind == "salt"


def test_shares_that_were_locked_before(tmp_path: Path) -> None:
    """Shares, salt and scheme of an earlier lock are among the suspects."""
    file = tmp_path / "recs.yaml"
    text = """\
version: 1
experiment: recs
arms: {holdback: {share: %s, control: true}, personalized: {share: %s}}
assignment: {source: exposures, salt: %s}
window: {start: 2026-10-01, end: 2026-10-14}
primary: conversion
sources:
  exposures: {csv: e.csv, columns: {unit: unit, arm: arm, time: at}}
  orders: {csv: o.csv, columns: {unit: unit, time: at}}
metrics: {conversion: {kind: conversion, source: orders, within: 14 days}}
"""
    file.write_text(text % ("17%", "83%", "spring"), encoding="utf-8")
    hb.lock(str(file))
    old = split_of(hb.load(file))
    file.write_text(text % ("10%", "90%", "spring"), encoding="utf-8")
    new = split_of(hb.load(file))
    cause = after_change(hb.audit(file, exposures=log(by(new), by(old))))
    assert cause is not None
    told = "shares as locked before (holdback 17%, personalized 83%)"
    assert cause.changes == (Change(kind="shares", what=told),)
    file.write_text(text % ("10%", "90%", "summer"), encoding="utf-8")
    new = split_of(hb.load(file))
    cause = after_change(hb.audit(file, exposures=log(by(new), by(old))))
    assert cause is not None
    assert [change.what for change in cause.changes] == [
        "salt 'spring' in place of 'summer'",
        told,
    ]


def test_counts_against_rows() -> None:
    """Units by both arms and by local day are those of a loop over rows."""
    planned = plan(traffic=Fraction(1, 2), overrides=FORCED)
    planned = replace(planned, timezone="Pacific/Auckland")
    split = split_of(planned)
    table = log(by(PLANNED), units=3_000)
    found = hb.audit(planned, exposures=table)
    zone = ZoneInfo("Pacific/Auckland")
    pairs: Counter[tuple[str | None, str, str]] = Counter()
    days: Counter[str] = Counter()
    agreeing = 0
    for row in table.to_pylist():
        day = row["at"].astimezone(zone).date()
        if not START <= day <= START + timedelta(days=13):
            continue
        one = split.assign(row["unit"])
        pairs[one.arm, row["arm"], one.reason if one.arm is None else ""] += 1
        days[day.isoformat()] += 1
        agreeing += one.arm == row["arm"]
    assert {(p.planned, p.logged, p.reason): p.units for p in found.pairs} == pairs
    assert {day.day: day.compared.units for day in found.days} == days
    assert found.compared.agreeing == agreeing
    assert [n.reason for n in found.noted] == ["outside_window"]


@pytest.mark.parametrize("scheme", ["unleash", "growthbook_v2", "custom"])
def test_every_scheme_against_rows(scheme: str) -> None:
    """Schemes whose hash the engine has, or lacks, give the counts of a loop."""
    split = replace(PLANNED, scheme=scheme_of(scheme), overrides=FORCED)
    table = log(by(PLANNED))
    with opened(PLAN, {"exposures": table, "orders": ORDERS}) as place:
        exposed = Survey(PLAN, place).exposed(None)
        counts = counts_of(place.engine, exposed, split, PLANNED.names)
    want: Counter[tuple[date | None, str | None, str]] = Counter()
    for row in table.to_pylist():
        want[row["at"].date(), split.assign(row["unit"]).arm, row["arm"]] += 1
    got: Counter[tuple[date | None, str | None, str]] = Counter()
    for cell, n in counts.cells.items():
        got[cell.day, cell.planned, cell.logged] += n
    assert got == want
    assert {c.reason for c in counts.cells} == {"assigned", "override"}


def test_first_exposure_counts_and_crossovers_are_told() -> None:
    """A unit that comes back under a new salt is compared by its first arm."""
    wrong = replace(PLANNED, salt="recs")
    table = log(by(PLANNED))
    later = table.set_column(
        1, "arm", pa.array([wrong.assign(u).arm for u in table["unit"].to_pylist()])
    ).set_column(
        2, "at", pa.array([datetime(2026, 10, 14, 20, tzinfo=UTC)] * len(table))
    )
    moved = sum(
        PLANNED.assign(u).arm != wrong.assign(u).arm for u in table["unit"].to_pylist()
    )
    both = pa.concat_tables([table, later.cast(table.schema)])
    found = hb.audit(PLAN, exposures=both)
    assert found.agrees
    assert [(n.reason, n.what, n.count) for n in found.noted] == [
        ("crossover", "units", moved)
    ]
    timeless = replace(
        PLAN,
        window=None,
        sources={
            "exposures": CsvSource(
                name="exposures", path="e", columns=Columns(unit="unit", arm="arm")
            )
        },
    )
    found = hb.audit(timeless, exposures=both.drop_columns(["at"]))
    assert found.agrees
    assert found.compared.units == UNITS - moved
    assert found.days == found.changes == ()


def test_small_counts_are_hidden() -> None:
    """Fewer than 10 units are never told, nor what would reveal them; nor ids."""
    table = log(by(PLANNED))
    arms = table["arm"].to_pylist()
    arms[5] = "holdback" if arms[5] == "personalized" else "personalized"
    found = hb.audit(PLAN, exposures=table.set_column(1, "arm", pa.array(arms)))
    assert not found.agrees
    assert found.compared.units == UNITS
    assert found.compared.below_10 == ("disagreeing",)
    assert found.compared.agreeing is found.compared.agreement is None
    small = [pair for pair in found.pairs if pair.below_10]
    assert len(small) == 1
    assert sum(pair.units is None for pair in found.pairs) == 2
    (period,) = found.periods
    assert period.verdict == "agrees"
    text = to_json(found)
    assert "User_" not in text
    assert '"disagreeing": 1' not in text


def test_few_units_show_nothing() -> None:
    """Of nine units only the verdict is told."""
    found = hb.audit(PLAN, exposures=log(by(PLANNED), units=9))
    assert found.agrees
    assert found.compared.units is None
    assert all(day.compared.units is None for day in found.days)


@pytest.mark.parametrize(
    ("columns", "error", "word"),
    [
        (Columns(unit="unit", time="at"), ConfigError, "no column of logged arms"),
        (Columns(unit="row", arm="arm", time="at"), ConfigError, "unit: row"),
        (Columns(unit="unit", arm="at"), DataError, "an arm is one of a few names"),
    ],
)
def test_what_cannot_be_compared_rejects(
    columns: Columns, error: type[Exception], word: str
) -> None:
    """Without logged arms, ids or known labels there is nothing to compare."""
    source = CsvSource(name="exposures", path="e.csv", columns=columns)
    wrong = replace(PLAN, sources=PLAN.sources | {"exposures": source})
    with pytest.raises(error, match=word):
        hb.audit(wrong, exposures=log(by(PLANNED), units=50))


def test_no_exposure_in_the_window_rejects() -> None:
    """A log of other days is told, not called an agreement."""
    late = replace(
        PLAN, window=replace(PLAN.window, start=date(2027, 1, 1), end=date(2027, 1, 9))
    )
    with pytest.raises(DataError, match="no row names an arm"):
        hb.audit(late, exposures=log(by(PLANNED), units=50))


def causes(found: Audit) -> Sequence[Change]:
    """Changes of the only period."""
    (period,) = found.periods
    assert period.cause is not None
    return period.cause.changes


def test_ignored_traffic_is_named() -> None:
    """Units outside the planned traffic that have an arm: the traffic was 100 %."""
    planned = plan(traffic=Fraction(1, 2))
    found = hb.audit(planned, exposures=log(by(PLANNED)))
    (change,) = causes(found)
    assert change.what == "traffic 100% in place of what is planned"
    assert {p.reason for p in found.pairs if p.planned is None} == {"outside_traffic"}
