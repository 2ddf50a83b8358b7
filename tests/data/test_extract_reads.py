"""Data that are odd but sound: read as they are meant, and counted."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load
from tests.data.test_extract_rejects import ORDERS, VISITORS, write


def revenue(found: Evidence) -> int:
    """Revenue of all units in cents."""
    return found.cells.total("revenue", {"a", "b"}).sums[0]


TOTAL = 8 * 1050 + 2800


@pytest.mark.parametrize(
    "content",
    [
        ORDERS.encode("utf-8-sig"),
        ORDERS.replace("\n", "\r\n").encode(),
        ORDERS.replace("\n", "\r").encode(),
        ORDERS.replace("\n", "\r\n", 3).encode(),
        ORDERS.replace("\n", "\r", 3).encode(),
        ORDERS.encode("utf-16"),
        gzip.compress(ORDERS.encode()),
        gzip.compress(ORDERS[:100].encode()) + gzip.compress(ORDERS[100:].encode()),
        ORDERS.replace("o2", '"o\n2"').encode(),
        ORDERS.replace("\no3", "\n\no3").encode(),
        ORDERS.rstrip("\n").encode(),
        ORDERS.replace("o2", "é東").encode(),
        ORDERS.replace("T", " ").replace("Z", " +0000").encode(),
        ORDERS.replace("T11", " 09").replace("Z", " -02:00").encode(),
        ORDERS.replace("Z", " Z").encode(),
    ],
    ids=[
        "byte order mark", "CRLF", "CR", "CRLF then LF", "CR then LF", "UTF-16", "gzip",
        "two gzip members", "line break in a value", "blank line", "no last line end",
        "other scripts", "offset after a space", "another offset after a space",
        "Z after a space",
    ],
)  # fmt: skip
def test_csv_forms_invariance(tmp_path: Path, content: bytes) -> None:
    """The same rows in another form of text give the same sum."""
    file = write(tmp_path)
    (tmp_path / "orders.csv").write_bytes(content)
    assert revenue(extract(load(file))) == TOTAL


def test_delimiter_decimal_and_encoding(tmp_path: Path) -> None:
    """Semicolons, decimal commas and cp1252 are read when the YAML says so."""
    file = write(
        tmp_path, options="    delimiter: ';'\n    decimal: ','\n    encoding: cp1252"
    )
    text = ORDERS.replace(",", ";").replace(".50", ",50").replace("o2", "é€")
    (tmp_path / "orders.csv").write_bytes(text.encode("cp1252"))
    assert revenue(extract(load(file))) == TOTAL


def test_ids_stay_text(tmp_path: Path) -> None:
    """00123, 0123 and 123 are three units, and NA, true and 19 digits are ids."""
    ids = ["00123", "0123", "123", "NA", "true", "me", "inf", "1234567890123456789",
           "1234567890123456788", "1e5", "u9", "U9"]  # fmt: skip
    visitors, orders = VISITORS, ORDERS
    for i, unit in enumerate(ids):
        visitors = visitors.replace(f"\nu{i},", f"\n{unit},")
        orders = orders.replace(f",u{i},", f",{unit},")
    file = write(tmp_path)
    (tmp_path / "visitors.csv").write_text(visitors, encoding="utf-8")
    (tmp_path / "orders.csv").write_text(orders, encoding="utf-8")
    found = extract(load(file))
    assert found.accounting.units_used == 12
    assert revenue(found) == TOTAL
    assert found.quality.unassigned == {"orders": 0}
    assert found.quality.similar_ids == 1


def test_local_times_that_do_not_exist(tmp_path: Path) -> None:
    """02:30 on the day the clocks go forward counts as 03:30 and is counted."""
    file = write(tmp_path, project="timezone: Europe/Paris")
    text = file.read_text("utf-8").replace("2026-10-01", "2026-03-25")
    file.write_text(text.replace("2026-10-07", "2026-04-05"), encoding="utf-8")
    visitors = VISITORS.replace("2026-10-0", "2026-03-2").replace("Z,", ",")
    visitors = visitors.replace(
        "2026-03-21T10", "2026-03-29T02:30:00,1\nx,a,2026-03-28T10"
    )
    lines = [line for line in visitors.splitlines() if line.count(",") == 3]
    (tmp_path / "visitors.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "orders.csv").write_text(
        ORDERS.replace("2026-10-0", "2026-03-3").replace("2026-03-33", "2026-03-30")
        .replace("2026-03-32", "2026-03-31").replace("2026-03-34", "2026-03-30")
        .replace("2026-03-35", "2026-03-30").replace("2026-03-36", "2026-03-30")
        .replace("Z,", ","),
        encoding="utf-8",
    )  # fmt: skip
    found = extract(load(file))
    assert found.quality.nonexistent_times.get("visitors", 0) >= 1


def test_as_of_is_the_last_time_found(tmp_path: Path) -> None:
    """As-of lies just after the last row; a date means the end of that day."""
    file = write(tmp_path)
    found = extract(load(file))
    assert found.as_of == datetime(2026, 10, 6, 11, 0, 0, 1, tzinfo=UTC)
    found = extract(load(file), as_of=date(2026, 10, 4))
    assert found.as_of == datetime(2026, 10, 5, tzinfo=UTC)
    assert found.quality.late["orders"] >= 1
    reasons = {one.reason for one in found.accounting.excluded}
    assert reasons == {"after_as_of"}


def test_days_last_to_their_end(tmp_path: Path) -> None:
    """When times are days, the last day counts to its end."""
    file = write(tmp_path)
    for name, text in (("visitors", VISITORS), ("orders", ORDERS)):
        plain = text.replace("T10:00:00Z", "").replace("T11:00:00Z", "")
        (tmp_path / f"{name}.csv").write_text(plain, encoding="utf-8")
    found = extract(load(file))
    assert found.as_of == datetime(2026, 10, 7, tzinfo=UTC)
    assert revenue(found) == TOTAL


def test_guests_and_strangers_are_counted(tmp_path: Path) -> None:
    """Orders without an id and of units never exposed do not count, and are told."""
    file = write(tmp_path)
    (tmp_path / "orders.csv").write_text(
        ORDERS + "o8,,2026-10-03T11:00:00Z,5\no9,stranger,2026-10-03T11:00:00Z,5\n",
        encoding="utf-8",
    )
    found = extract(load(file))
    assert revenue(found) == TOTAL
    assert found.quality.missing_ids == {"orders": 1}
    assert found.quality.unassigned == {"orders": 1}


def test_override_and_outside_window_are_left_out(tmp_path: Path) -> None:
    """Overridden units and exposures outside the window are counted by reason."""
    file = write(tmp_path, assignment=", overrides: {u1: a, u3: b}")
    (tmp_path / "visitors.csv").write_text(
        VISITORS + "late,a,2026-10-09T10:00:00Z,1\n", encoding="utf-8"
    )
    found = extract(load(file))
    counts = {(e.reason, e.what): 0 for e in found.accounting.excluded}
    for one in found.accounting.excluded:
        counts[one.reason, one.what] += one.count
    assert counts == {("override", "units"): 2, ("outside_window", "rows"): 1}
    assert found.accounting.rows_read == 13
    assert found.accounting.units_used == 10
    assert sum(found.assigned.values()) == 10


def test_overridden_units_count_where_the_file_asks(tmp_path: Path) -> None:
    """`include_overridden` keeps them, and nothing is told to be left out."""
    forced = ", overrides: {u1: a, u3: b}"
    file = write(tmp_path, assignment=f"{forced}, include_overridden: true")
    found = extract(load(file))
    assert not found.accounting.excluded
    without = extract(load(write(tmp_path, assignment=forced)))
    assert found.accounting.units_used == without.accounting.units_used + 2


def test_computed_arms_against_python(tmp_path: Path) -> None:
    """Without logged arms each unit gets the arm that the split computes."""
    from holdback.experiments.definition.split import split_of

    file = write(tmp_path)
    file.write_text(
        file.read_text("utf-8").replace("arm: group, ", ""), encoding="utf-8"
    )
    experiment = load(file)
    split = split_of(experiment)
    arms = [split.assign(f"u{i}").arm for i in range(12)]
    found = extract(experiment)
    assert dict(found.assigned) == {"a": arms.count("a"), "b": arms.count("b")}


def test_rare_levels_are_merged(tmp_path: Path) -> None:
    """Beyond 50 levels the rare ones of a segment stand together."""
    file = write(tmp_path, analysis=", segments: [age]")
    rows = "".join(f"w{i},a,2026-10-02T10:00:00Z,{i}\n" for i in range(100, 180))
    (tmp_path / "visitors.csv").write_text(VISITORS + rows, encoding="utf-8")
    found = extract(load(file))
    levels = found.cells.levels("age")
    assert len(levels) == 50
    assert "(other)" in levels
    of = found.cells.total
    units = sum(of("revenue", {"a", "b"}, dimension="age", level=x).n for x in levels)
    assert units == 92


def test_memory_limit_spills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small memory limit gives the same cells."""
    file = write(tmp_path)
    expected = extract(load(file))
    monkeypatch.setenv("HOLDBACK_MEMORY_LIMIT", "200MB")
    assert extract(load(file)).cells == expected.cells


def test_hash_of_inputs_against_hashlib(tmp_path: Path) -> None:
    """Each file's hash is the sha256 of its bytes."""
    import hashlib

    file = write(tmp_path)
    found = {one.source: one.sha256 for one in extract(load(file)).inputs}
    for name in ("visitors", "orders"):
        content = (tmp_path / f"{name}.csv").read_bytes()
        assert found[name] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_compare_as_numbers_invariance(tmp_path: Path, kind: str) -> None:
    """`total > paid` means numbers in a file of text as in a typed one."""
    import duckdb

    rows = [("u0", 9, 10), ("u1", 10, 9), ("u2", 100, 20), ("u3", 5, 5)]
    text = "visitor,at,total,paid\n" + "".join(
        f"{unit},2026-10-06T12:00:00Z,{total},{paid}\n" for unit, total, paid in rows
    )
    file = write(
        tmp_path,
        orders=f"{kind}: orders.{kind}",
        options="    where: total > paid",
    )
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM '{tmp_path}/orders.csv') "
            f"TO '{tmp_path}/orders.parquet' (FORMAT parquet)"
        )
    assert revenue(extract(load(file))) == 11_000


def test_one_row_is_never_two(tmp_path: Path) -> None:
    """`repeat_purchase` on a table with one row a unit and no times counts nobody."""
    file = tmp_path / "wide.yaml"
    file.write_text(
        """\
version: 1
experiment: wide
arms: {a: {share: 50%, control: true}, b: {share: 50%}}
assignment: {source: units}
sources: {units: {csv: units.csv, columns: {unit: unit, arm: arm}}}
metrics:
  again: {kind: repeat_purchase, source: units, value: bought, least: 2}
  once: {kind: conversion, source: units, value: bought}
primary: again
secondary: [once]
"""
    )
    rows = [f"u{i},{'ab'[i % 2]},1" for i in range(40)]
    (tmp_path / "units.csv").write_text("\n".join(["unit,arm,bought", *rows]) + "\n")
    cells = extract(load(file)).cells
    assert cells.total("again", {"a", "b"}).sums[0] == 0
    assert cells.total("once", {"a", "b"}).sums[0] == 40


def test_ids_whose_hashes_meet_are_no_copies(tmp_path: Path) -> None:
    """Two orders share a hash of 64 bits, a third stands twice: one is a copy.

    The engine looks for copies by DuckDB's hash, which meets for ids as alike as these.
    """
    rows = ["C0001897,O00000382", "C0001899,O00000982", "u1,o1", "u1,o1"]
    file = write(tmp_path, ids=", id: order")
    lines = [f"{row},2026-10-02,1" for row in rows]
    text = "\n".join(["visitor,order,at,total", *lines])
    (tmp_path / "orders.csv").write_text(f"{text}\n")
    assert extract(load(file)).quality.duplicates == {"orders": 1}
