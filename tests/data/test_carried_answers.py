"""A warehouse's answers in a file: the scorecard of the rows themselves, or a refusal.

The oracle is the direct run over the same tables; the script runs in DuckDB, by its
own connection.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from holdback import workflow
from holdback.cli.main import run
from holdback.data.engine.answer_table import read_answers
from holdback.errors import ConfigError, DataError

AS_OF = "2026-10-31"
YAML = """\
version: 1
experiment: shop
timezone: Europe/Berlin
currency: EUR
sources:
  visitors:
    {visitors}
    columns: {{unit: unit, arm: arm, time: t}}
  orders:
    {orders}
    columns: {{unit: unit, time: t, id: order_id}}
metrics:
  buyers: {{kind: conversion, source: orders, within: 7 days}}
  revenue:
    {{kind: mean, source: orders, value: total, unit: money, within: 7 days}}
arms: {{control: {{share: 50%, control: true}}, treated: {{share: 50%}}}}
assignment: {{source: visitors, crossovers: exclude}}
window: {{start: 2026-10-05, end: 2026-10-22}}
primary: revenue
secondary: [buyers]
analysis: {{segments: [device]}}
"""
PARQUET = {name: f"parquet: ../{name}.parquet" for name in ("visitors", "orders")}
TABLES = {"visitors": "table: main.visitors", "orders": "table: main.orders"}


def shop(folder: Path, *, digits: int = 2, copies: int = 0) -> Path:
    """Visitors and orders as Parquet and as tables of a DuckDB; the tables' YAML."""
    rng = random.Random(5)
    start = datetime(2026, 10, 5, tzinfo=UTC)

    def moment(days: float) -> datetime:
        return start + timedelta(seconds=rng.randrange(int(days * 86400)))

    visitors = [
        (f"v{i}|~{i % 7}", rng.choice(["control", "treated"]), moment(17), device)
        for i in range(400)
        for device in [rng.choice(["phone", "ta|blet~", "désk", None])]
    ]
    visitors += [(unit, "treated", moment(17), "phone") for unit, *_ in visitors[:20]]
    orders = [
        (
            i,
            rng.choice(visitors)[0],
            moment(26),
            round(rng.lognormvariate(3, 1), digits),
        )
        for i in range(1500)
    ]
    orders += orders[:copies]
    direct = folder / "direct" / "shop.yaml"
    direct.parent.mkdir()
    direct.write_text(YAML.format(**PARQUET), encoding="utf-8")
    (folder / "shop.yaml").write_text(YAML.format(**TABLES), encoding="utf-8")
    with duckdb.connect(folder / "shop.db") as shop:
        shop.execute(
            "CREATE TABLE visitors (unit TEXT, arm TEXT, t TIMESTAMPTZ, device TEXT)"
        )
        shop.execute(
            "CREATE TABLE orders (order_id INT, unit TEXT, t TIMESTAMPTZ, total DOUBLE)"
        )
        shop.executemany("INSERT INTO visitors VALUES (?, ?, ?, ?)", visitors)
        shop.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", orders)
        for name in ("visitors", "orders"):
            shop.execute(f"COPY {name} TO '{folder / name}.parquet'")
        shop.execute(
            "COPY (SELECT table_name, column_name, data_type FROM "
            f"information_schema.columns) TO '{folder / 'columns.csv'}' (HEADER)"
        )
    return folder / "shop.yaml"


def answered(file: Path, script: str, name: str = "result.csv") -> str:
    """The file of what the script gives in the warehouse."""
    made = file.parent / name
    with duckdb.connect(file.parent / "shop.db", read_only=True) as warehouse:
        warehouse.execute("SET TimeZone = 'UTC'")
        text = script.rstrip().rstrip(";")
        form = "HEADER" if made.suffix == ".csv" else "FORMAT parquet"
        warehouse.execute(f"COPY ({text}) TO '{made}' ({form})")
    return str(made)


def asked(file: Path, *cells: str, dialect: str = "duckdb") -> str:
    """The script, with what is answered left out."""
    return workflow.sql_script(
        file,
        dialect=dialect,
        as_of=AS_OF,
        columns=str(file.parent / "columns.csv"),
        cells=cells,
        rows=True,
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A shop, and its answers to the one script."""
    file = shop(tmp_path_factory.mktemp("shop"), copies=30)
    return file, answered(file, asked(file))


def told(card: object) -> dict[str, object]:
    """What a scorecard says of the data, without the hashes of files."""
    from holdback.results.json_codec import to_json

    says: dict[str, object] = json.loads(to_json(card))  # type: ignore[arg-type]
    return {
        key: says[key]
        for key in ("as_of", "readouts", "checks", "accounting", "arms", "decision")
        if key in says
    }


def test_one_script_gives_the_scorecard_of_the_rows(plain: tuple[Path, str]) -> None:
    """Crossovers, copies, listed rows, and levels with the signs that part values."""
    file, cells = plain
    direct = workflow.analyze(file.parent / "direct/shop.yaml", as_of=AS_OF)
    carried = workflow.analyze(file, cells=[cells])
    right = told(direct.scorecard)
    assert told(carried.scorecard) == right
    assert len(right) >= 3
    assert len(carried.scorecard.readouts) >= 2


def without(lines: list[list[str]], at: int) -> list[list[str]]:
    """The lines but one."""
    return lines[:at] + lines[at + 1 :]


def changed(lines: list[list[str]], old: str, new: str) -> list[list[str]]:
    """The lines with another text in the header line."""
    header = next(line for line in lines if line[0] == "header")
    assert old in header[3]
    return [[*line[:3], line[3].replace(old, new)] for line in lines]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda lines: without(lines, len(lines) - 1), "cut short"),
        (lambda lines: [*lines, lines[-1]], "comes twice"),
        (lambda lines: [x for x in lines if x[0] != "header"], "no header"),
        (lambda lines: changed(lines, '"format":1', '"format":9'), "format 9"),
        (lambda lines: changed(lines, '"shop"', '"other"'), "experiment: other then"),
        (lambda lines: changed(lines, AS_OF, "2026-10-30"), "another script"),
        (lambda lines: [["a", "b"], *lines[1:]], "first line"),
        (lambda lines: [x for x in lines if x[0] != "clock"], "not in UTC"),
    ],
)
def test_what_does_not_belong_is_refused(
    plain: tuple[Path, str],
    tmp_path: Path,
    spoil: Callable[[list[list[str]]], list[list[str]]],
    told: str,
) -> None:
    """Cut, doubled, foreign or stale answers."""
    file, cells = plain
    with Path(cells).open(encoding="utf-8", newline="") as read:
        lines = list(csv.reader(read))
    spoilt = tmp_path / "spoilt.csv"
    with spoilt.open("w", encoding="utf-8", newline="") as write:
        csv.writer(write).writerows(spoil(lines))
    with pytest.raises(DataError, match=told):
        workflow.analyze(file, as_of=AS_OF, cells=[str(spoilt)])


def test_a_float_where_an_integer_is_due(plain: tuple[Path, str]) -> None:
    """A reader of CSV that made floats of sums has lost digits."""
    table = read_answers([plain[1]], None)
    key = next(iter(table.header.questions))
    numbers = {**table.answers, key: ["|1.0|2.5", "|1e20|3"]}
    object.__setattr__(table, "answers", numbers)
    with pytest.raises(DataError, match="exact number"):
        table.lines_of(key, ("integer", "integer"))
    assert table.header.columns["visitors"]["t"] == "instant"


def test_what_cannot_be_asked(plain: tuple[Path, str], tmp_path: Path) -> None:
    """No columns, a dialect that is none, a table that the catalogue lacks."""
    file, _ = plain
    with pytest.raises(ConfigError, match=r"information_schema.columns WHERE"):
        workflow.sql_script(file, dialect="duckdb", as_of=AS_OF)
    with pytest.raises(ConfigError, match="duckdb, postgres"):
        workflow.sql_script(file, dialect="dbase", as_of=AS_OF)
    few = tmp_path / "columns.csv"
    few.write_text("table_name,column_name,data_type\nvisitors,unit,TEXT\n")
    with pytest.raises(DataError, match=r"no line describes the table 'main.orders'"):
        workflow.sql_script(file, dialect="duckdb", as_of=AS_OF, columns=str(few))


def test_commands(plain: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    """`sql` says how to get the columns; `analyze --cells` reports."""
    file, cells = plain
    assert run(["sql", str(file), "--dialect", "duckdb", "--as-of", AS_OF]) == 2
    assert "information_schema.columns" in capsys.readouterr().err
    output = str(file.parent / "results")
    assert run(["analyze", str(file), "--cells", cells, "-o", output]) == 0
    assert "Report:" in capsys.readouterr().out
