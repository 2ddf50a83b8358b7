"""Times at the edges: refused with the remedy, read as days, ruled by their moment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from holdback.data.extraction.extract import extract
from holdback.experiments.load import load
from tests.data.test_extract_reads import TOTAL, revenue
from tests.data.test_extract_rejects import ORDERS, VISITORS, refused, write

STAMP = "2026-10-03T11:00:00Z"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-10-03 11:00:00 EST", ["'EST' is not the name of one zone", "-05:00"]),
        ("2026-10-03 11:00:00 Europe/Berlin", ["`timezone: Europe/Berlin`"]),
        ("2026-10-03 11:00:00+25:00", ["is not a time", "Write times as 2026-10-01"]),
        ("2026-10-03 11:00:00+2", ["is not a time"]),
        ("12026-10-03 11:00:00", ["is not a time"]),
        ("2026-02-30", ["is not a time"]),
        ("infinity", ["is not a time"]),
        ("NULL", ["is not a time", "at != 'NULL'"]),
        ("", ["an empty value is not a time"]),
    ],
)
def test_times_that_are_none_are_refused(
    tmp_path: Path, text: str, told: list[str]
) -> None:
    """In their place, with what mends them, never as a bug."""
    file = write(tmp_path)
    assert STAMP in ORDERS
    (tmp_path / "orders.csv").write_text(ORDERS.replace(STAMP, text))
    error = str(refused(file))
    assert "orders.csv:3:3" in error
    assert all(part in error for part in told), error


def test_years_beyond_9999_are_refused_in_typed_columns(tmp_path: Path) -> None:
    """A timestamp of the year 12026 in Parquet is no bug."""
    import duckdb

    file = write(tmp_path, orders="parquet: orders.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'u1' AS visitor, TIMESTAMP '12026-10-03' AS at, 1 AS total) "
            f"TO '{tmp_path / 'orders.parquet'}' (FORMAT parquet)"
        )
    assert "is not a time" in str(refused(file))


@pytest.mark.parametrize("name", ["UTC", "GMT", "Z", "z"])
def test_utc_by_name_is_not_converted_again_invariance(
    tmp_path: Path, name: str
) -> None:
    """In a project of New York, UTC in words is UTC."""
    file = write(tmp_path, project="timezone: America/New_York")
    expected = extract(load(file))
    for source in ("orders", "visitors"):
        text = (tmp_path / f"{source}.csv").read_text()
        (tmp_path / f"{source}.csv").write_text(text.replace("Z,", f" {name},"))
    assert extract(load(file)).cells == expected.cells


@pytest.mark.parametrize("kind", ["text", "midnight", "date", "instant", "declared"])
def test_days_in_every_form_invariance(tmp_path: Path, kind: str) -> None:
    """Orders of the day of exposure count: as text, midnights, dates, declared."""
    days = VISITORS.replace("visitor,group,seen,age", "visitor,at")
    orders = pd.DataFrame(
        [line.split(",")[:3:2] for line in days.splitlines()[1:]],
        columns=["visitor", "at"],
    )
    orders["total"] = 2.0
    day = orders["at"].str[:10]
    options = ""
    match kind:
        case "text":
            orders["at"] = day
        case "midnight":
            orders["at"] = day + "T00:00:00"
        case "date":
            orders["at"] = pd.to_datetime(day).dt.date
        case "instant":
            orders["at"] = pd.to_datetime(day + "T00:00:00Z")
        case "declared":
            orders["at"] = day + "T03:00:00"
            options = "    resolution: day"
    file = write(tmp_path, options=options, project="timezone: Europe/Dublin")
    evidence = extract(load(file), frames={"orders": orders}, as_of=date(2026, 10, 20))
    assert revenue(evidence) == 12 * 200
    assert evidence.quality.own_day == {"orders": 12}
    moments = write(tmp_path, options="    resolution: moment")
    if kind != "declared":
        evidence = extract(load(moments), frames={"orders": orders})
        assert revenue(evidence) == 0


def test_dates_that_mean_none_are_counted(tmp_path: Path) -> None:
    """In orders they are left out, in exposures they are rows without a time."""
    file = write(tmp_path)
    for text in ("1970-01-01", "1900-01-00", "0000-00-00 00:00:00", "2026-10-03 (BC)"):
        (tmp_path / "orders.csv").write_text(ORDERS.replace(STAMP, text))
        evidence = extract(load(file))
        rows = ORDERS.count(STAMP)
        assert evidence.quality.missing_times == {"orders": rows}
        assert revenue(evidence) < TOTAL
    first = VISITORS.splitlines()[1].split(",")[2]
    (tmp_path / "visitors.csv").write_text(VISITORS.replace(first, "1970-01-01"))
    left = {one.reason for one in extract(load(file)).accounting.excluded}
    assert "no_time" in left


def test_duplicates_go_by_the_moment(tmp_path: Path) -> None:
    """Of one order the last moment before as-of holds, not the last text."""
    rows = [
        "o1,u0,2026-10-02T23:00:00+05:00,1",  # 18:00 in UTC
        "o1,u0,2026-10-02T20:00:00Z,2",
        "o1,u0,2026-10-02T15:00:00-07:00,3",  # 22:00 in UTC
        "o1,u0,2026-10-04T00:00:01Z,4",
    ]
    text = "\n".join(["order,visitor,at,total", *rows]) + "\n"
    as_of = datetime(2026, 10, 3, tzinfo=UTC)
    for rule, cents in (("first", 100), ("last", 300)):
        file = write(tmp_path, ids=", id: order", options=f"    duplicates: {rule}")
        (tmp_path / "orders.csv").write_text(text)
        assert revenue(extract(load(file), as_of=as_of)) == cents
    file = write(tmp_path, ids=", id: order", options="    duplicates: last")
    (tmp_path / "orders.csv").write_text(text)
    assert revenue(extract(load(file), as_of=date(2026, 10, 6))) == 400
