"""Data that cannot be used: refused with the place, the reason and the remedy."""

from __future__ import annotations

import gzip
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from holdback.data.extraction.extract import extract
from holdback.errors import DataError, HoldbackError
from holdback.experiments.load import load
from tests.data.test_extract_against_rows import as_csv, described, sample

VISITORS = "visitor,group,seen,age\n" + "".join(
    f"u{i},{'ab'[i % 2]},2026-10-0{1 + i % 5}T10:00:00Z,{20 + i}\n" for i in range(12)
)
ORDERS = "order,visitor,at,total\n" + "".join(
    f"o{i},u{i},2026-10-0{2 + i % 5}T11:00:00Z,{10 + i}.50\n" for i in range(8)
)
YAML = """
version: 1
experiment: trial
currency: EUR
{project}
arms:
  a: {{share: 50%, control: true}}
  b: {{share: 50%}}
assignment: {{source: visitors{assignment}}}
window: {{start: 2026-10-01, end: 2026-10-07}}
sources:
  visitors:
    {visitors}
    columns: {{unit: visitor, arm: group, time: seen}}
  orders:
    {orders}
    columns: {{unit: visitor, time: at{ids}}}
{options}
metrics:
  revenue: {{kind: mean, source: orders, value: {value}, unit: money{metric}}}
primary: revenue
analysis: {{looks: end{analysis}}}
"""
Change = Callable[[Path], None]


def write(folder: Path, **changes: str) -> Path:
    """Sound files and an experiment, with parts of its YAML changed."""
    (folder / "visitors.csv").write_text(VISITORS, encoding="utf-8")
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    parts = {
        "project": "",
        "assignment": "",
        "visitors": "csv: visitors.csv",
        "orders": "csv: orders.csv",
        "ids": "",
        "options": "",
        "value": "total",
        "metric": "",
        "analysis": "",
    }
    file = folder / "trial.yaml"
    file.write_text(YAML.format(**parts | changes), encoding="utf-8")
    return file


def refused(file: Path) -> HoldbackError:
    """The error that reading the data raises."""
    with pytest.raises(HoldbackError) as caught:
        extract(load(file))
    return caught.value


def test_sound_data_are_read(tmp_path: Path) -> None:
    """The files that the cases below spoil are fine themselves."""
    assert extract(load(write(tmp_path))).accounting.units_used == 12


CASES: dict[str, tuple[str | bytes, int, list[str]]] = {
    "comma": (
        ORDERS.replace("12.50", '"12,50"'),
        3,
        ["orders.csv:4:4", "'12,50'", "in one way"],
    ),
    "thousands": (
        ORDERS.replace("12.50", '"1,234.50"'),
        3,
        ["orders.csv:4:4", "thousands"],
    ),
    "words, where lines end in CRLF and a value holds LF": (
        ORDERS.replace("13.50", "N/A").replace("\n", "\r\n").replace("o2", '"o\n2"'),
        3,
        ["orders.csv:6:4", "'N/A'"],
    ),
    "thousands alone": (
        ORDERS.replace("12.50", '"1,234"'),
        3,
        ["orders.csv:4:4", "numbers: en", "thousands"],
    ),
    "currency sign": (
        ORDERS.replace("12.50", "$12.50"),
        3,
        ["orders.csv:4:4", "currency signs"],
    ),
    "words": (
        ORDERS.replace("12.50", "N/A").replace("13.50", "-"),
        3,
        ["orders.csv:4:4", "orders.csv:5:4", "2 rows in all"],
    ),
    "yes and no": (ORDERS.replace("12.50", "yes"), 3, ["orders.csv:4:4", "'yes'"]),
    "row of totals with a time": (
        ORDERS + "u1,2026-10-05,Total,Total\n",
        3,
        ["orders.csv:10:4", "row of totals"],
    ),
    "infinite": (
        ORDERS.replace("12.50", "1e308"),
        3,
        ["orders.csv:4:4", "plausibility"],
    ),
    "not a number": (
        ORDERS.replace("12.50", "nan"),
        3,
        ["orders.csv:4:4", "Leave the value empty"],
    ),
    "day first": (
        ORDERS.replace("2026-10-04T", "04/10/2026T"),
        3,
        ["orders.csv:4:3", "is not a time"],
    ),
    "impossible date": (
        ORDERS.replace("2026-10-04T", "2026-02-30T"),
        3,
        ["orders.csv:4:3", "2026-02-30"],
    ),
    "epoch": (
        ORDERS.replace("2026-10-04T11:00:00Z", "1759300000"),
        3,
        ["orders.csv:4:3", "is not a time"],
    ),
    "too many fields": (ORDERS.replace("12.50", "12.50,x"), 3, ["orders.csv:4"]),
    "too few fields": (
        ORDERS.replace(",12.50", ""),
        3,
        ["orders.csv:4", "1 row cannot"],
    ),
    "open quote": (ORDERS.replace("o2,", '"o2,'), 3, ["orders.csv:4"]),
    "empty": ("", 3, ["orders.csv", "empty"]),
    "name twice": (
        ORDERS.replace("order,", "total,", 1),
        3,
        ["orders.csv:1", "'total' stands 2 times"],
    ),
    "no such column": (
        ORDERS.replace("total", "totl", 1),
        3,
        ["no column 'total'", "Did you mean 'totl'?"],
    ),
    "semicolons": (ORDERS.replace(",", ";"), 3, ["delimiter: ';'"]),
    "latin letters": (
        ORDERS.replace(",u2,", ",é,").encode("latin-1"),
        3,
        ["orders.csv:4", "encoding: cp1252"],
    ),
    "NUL": (ORDERS.replace("o2", "o\0"), 3, ["orders.csv:4", "NUL", "line 4"]),
    "workbook": (b"PK\x03\x04" + bytes(300), 3, ["orders.csv", "Excel"]),
    "parquet": (b"PAR1" + bytes(300) + b"PAR1", 3, ["orders.csv", "Parquet"]),
}


@pytest.mark.parametrize("case", CASES)
def test_csv_rejects(tmp_path: Path, case: str) -> None:
    """A bad orders file is refused with its place."""
    text, code, words = CASES[case]
    file = write(tmp_path)
    content = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "orders.csv").write_bytes(content)
    error = refused(file)
    assert error.exit_code == code
    for word in words:
        assert word in str(error)


def test_blank_unit_id_rejects(tmp_path: Path) -> None:
    """Exposures without an id are refused with their lines."""
    file = write(tmp_path)
    text = VISITORS.replace("u3,", ",").replace("u5,", "  ,")
    (tmp_path / "visitors.csv").write_text(text, encoding="utf-8")
    error = refused(file)
    assert error.exit_code == 3
    assert "visitors.csv:5:1" in str(error)
    assert "visitors.csv:7:1" in str(error)
    assert "2 rows in all" in str(error)


def test_unknown_arm_rejects(tmp_path: Path) -> None:
    """A label that is no arm is shown with its count and the nearest arm."""
    file = write(tmp_path)
    text = VISITORS.replace("u3,b", "u3,b ").replace("u5,b", "u5,b ")
    (tmp_path / "visitors.csv").write_text(text, encoding="utf-8")
    error = refused(file)
    assert error.exit_code == 3
    assert "'b ' is no arm" in str(error)
    assert "2 rows" in str(error)
    assert "Did you mean 'b'?" in str(error)


def test_truncated_gzip_rejects(tmp_path: Path) -> None:
    """A gzip file that ends early is refused at every length."""
    packed = gzip.compress((ORDERS + "x,y,,1\n" * 5000).encode())
    file = write(tmp_path, orders="csv: orders.csv.gz")
    for length in (len(packed) // 2, len(packed) - 9, len(packed) - 1):
        (tmp_path / "orders.csv.gz").write_bytes(packed[:length])
        error = refused(file)
        assert error.exit_code == 3
        assert "cut off" in str(error)


def test_not_gzip_rejects(tmp_path: Path) -> None:
    """A plain file that is named .gz is refused."""
    file = write(tmp_path, orders="csv: orders.csv.gz")
    (tmp_path / "orders.csv.gz").write_text(ORDERS, encoding="utf-8")
    error = refused(file)
    assert error.exit_code == 3
    assert "not a gzip file" in str(error)


def test_gzip_bomb_rejects(tmp_path: Path) -> None:
    """A file that unpacks to far more than its size is refused before it is read."""
    file = write(tmp_path, orders="csv: orders.csv.gz")
    with gzip.open(tmp_path / "orders.csv.gz", "wb") as packed:
        packed.write(ORDERS.encode())
        for _ in range(130):
            packed.write(b"o,u,,0\n" * 150_000)
    error = refused(file)
    assert error.exit_code == 3
    assert "200 times" in str(error)


def test_missing_file_and_folder_reject(tmp_path: Path) -> None:
    """A file that is not there is an environment fault, a folder a data error."""
    error = refused(write(tmp_path, orders="csv: elsewhere.csv"))
    assert (error.exit_code, "elsewhere.csv" in str(error)) == (5, True)
    (tmp_path / "many").mkdir()
    error = refused(write(tmp_path, orders="csv: many"))
    assert (error.exit_code, "folder" in str(error)) == (3, True)
    error = refused(write(tmp_path, orders="csv: part-*.csv"))
    assert (error.exit_code, "part-*.csv" in str(error)) == (5, True)
    os.mkfifo(tmp_path / "pipe.csv")
    error = refused(write(tmp_path, orders="csv: pipe.csv"))
    assert (error.exit_code, "regular file" in str(error)) == (3, True)


def test_bad_parquet_rejects(tmp_path: Path) -> None:
    """Cut off, empty and misnamed Parquet files are refused."""
    file = write(tmp_path, orders="parquet: orders.parquet")
    target = tmp_path / "orders.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'o' || i AS order_, 'u' || i AS visitor, "
            "TIMESTAMP '2026-10-02' AS at, i / 2 AS total FROM range(5000) t(i)) "
            f"TO '{target}' (FORMAT parquet)"
        )
    assert extract(load(file)).inputs[1].rows == 5000
    whole = target.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:-1], ORDERS.encode(), b""):
        target.write_bytes(content)
        error = refused(file)
        assert error.exit_code == 3
        assert "orders.parquet" in str(error)


def test_parquet_ids_with_fractions_reject(tmp_path: Path) -> None:
    """A number with a fraction is no unit id; whole floats are read and counted."""
    file = write(tmp_path, orders="parquet: orders.parquet")
    text = VISITORS.replace("u", "")
    (tmp_path / "visitors.csv").write_text(text.replace("grop", "group"), "utf-8")
    (tmp_path / "visitors.csv").write_text(
        VISITORS.replace("\nu", "\n"), encoding="utf-8"
    )
    query = (
        "COPY (SELECT i::DOUBLE + {} AS visitor, TIMESTAMP '2026-10-03' AS at, "
        "1.5 AS total FROM range(5) t(i)) TO '{}' (FORMAT parquet)"
    )
    target = tmp_path / "orders.parquet"
    with duckdb.connect() as connection:
        connection.execute(query.format(0, target))
    found = extract(load(file))
    assert found.quality.float_ids == {"orders": 5}
    assert found.quality.unassigned == {"orders": 0}
    with duckdb.connect() as connection:
        connection.execute(query.format(0.5, target))
    error = refused(file)
    assert error.exit_code == 3
    assert "fraction" in str(error)


def test_sqlite_text_amount_rejects(tmp_path: Path) -> None:
    """A text amount in a numeric column is refused, not summed as 12."""
    file = write(
        tmp_path,
        orders="{table: orders, database: 'sqlite:///shop.db'}".strip("{}").replace(
            ", ", "\n    "
        ),
    )
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (visitor TEXT, at TEXT, total REAL)")
        connection.execute("INSERT INTO orders VALUES ('u1', '2026-10-03', '12,50')")
        connection.execute("INSERT INTO orders VALUES ('u2', '2026-10-03', 20)")
    connection.close()
    error = refused(file)
    assert error.exit_code == 3
    assert "column total" in str(error)
    assert "12,50" in str(error)


@pytest.mark.parametrize(
    ("lines", "words", "code"),
    [
        ("table: order\n    database: sqlite:///shop.db", "Did you mean 'orders'?", 3),
        ("table: orders\n    database: sqlite:///none.db", "no database file", 5),
        ("table: orders\n    database: sqlite:///orders.csv", "not a database", 3),
        (
            "table: 'orders; drop table orders'\n    database: sqlite:///shop.db",
            "no table",
            3,
        ),
        ("sql: delete from orders\n    database: sqlite:///shop.db", "one SELECT", 2),
        ("sql: select 1; select 2\n    database: sqlite:///shop.db", "one SELECT", 2),
        ("sql: select nope from orders\n    database: sqlite:///shop.db", "nope", 3),
        ("table: order\n    database: duckdb:///shop.duckdb", "Did you mean", 3),
        ("table: orders\n    database: duckdb:///none.duckdb", "no database file", 5),
        ("table: orders\n    database: duckdb:///orders.csv", "not a database", 5),
        (
            "sql: select nope from orders\n    database: duckdb:///shop.duckdb",
            "nope",
            3,
        ),
        (
            "sql: from read_csv('orders.csv')\n    database: duckdb:///shop.duckdb",
            "disabled",
            3,
        ),
        ("table: orders\n    database: mysql://root:pw@h/d", "sqlite:// URL", 2),
    ],
)
def test_database_rejects(tmp_path: Path, lines: str, words: str, code: int) -> None:
    """Wrong tables, files, statements and kinds of database are refused."""
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (visitor TEXT, at TEXT, total REAL)")
    connection.close()
    with duckdb.connect(tmp_path / "shop.duckdb") as lake:
        lake.execute('CREATE TABLE orders (visitor TEXT, "at" TEXT, total DOUBLE)')
    error = refused(write(tmp_path, orders=lines))
    assert error.exit_code == code
    assert words in str(error)
    assert "pw" not in str(error)
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchall() == [(0,)]
    connection.close()


def test_conflicting_ids_reject(tmp_path: Path) -> None:
    """Exact copies are dropped and counted; rows of one id that differ are refused."""
    file = write(tmp_path, ids=", id: order")
    copies = ORDERS + ORDERS.splitlines()[1] + "\n" + ORDERS.splitlines()[2] + "\n"
    (tmp_path / "orders.csv").write_text(copies, encoding="utf-8")
    found = extract(load(file))
    assert found.quality.duplicates == {"orders": 2}
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == 8 * 1050 + 2800
    (tmp_path / "orders.csv").write_text(
        ORDERS + "o1,u1,2026-10-03T11:00:00Z,99\n", encoding="utf-8"
    )
    error = refused(file)
    assert error.exit_code == 3
    assert "'o1'" in str(error)
    assert "duplicates: first" in str(error)
    for keep, total in (("first", 1150), ("last", 9900)):
        file = write(tmp_path, ids=", id: order", options=f"    duplicates: {keep}")
        (tmp_path / "orders.csv").write_text(
            ORDERS + "o1,u1,2026-10-03T11:00:00Z,99\n", encoding="utf-8"
        )
        found = extract(load(file))
        whole = found.cells.total("revenue", {"a", "b"})
        assert whole.sums[0] == 8 * 1050 + 2800 - 1150 + total


def test_cap_at_zero_rejects(tmp_path: Path) -> None:
    """A cap that falls on the zeros is refused with the advice of the contract."""
    file = write(tmp_path, metric=", cap: 20%")
    error = refused(file)
    assert error.exit_code == 4
    assert "non_zero: 20%" in str(error)


def test_sums_beyond_exact_arithmetic_reject(tmp_path: Path) -> None:
    """A third power beyond 38 digits is refused and names the metric."""
    file = write(tmp_path, value="total * 1000000000000")
    text = ORDERS.replace(".50", "")
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    assert "plausibility" in str(refused(file))
    file = write(tmp_path, value="total * 10000000000")
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    error = refused(file)
    assert error.exit_code == 3
    assert "metric revenue" in str(error)
    assert "38 digits" in str(error)


def test_crossovers_stop_rejects(tmp_path: Path) -> None:
    """`stop` refuses to analyze and counts the units."""
    file = write(tmp_path, assignment=", crossovers: stop")
    (tmp_path / "visitors.csv").write_text(
        VISITORS + "u1,a,2026-10-05T10:00:00Z,20\n", encoding="utf-8"
    )
    error = refused(file)
    assert error.exit_code == 4
    assert "1 unit " in str(error)


@pytest.mark.parametrize(
    "amount", ["+-5", "--5", "1_000", "infinity", "nan", "0x1F", "1e400", "5e", "٣"]
)
def test_text_that_some_engines_take_for_a_number_rejects(
    tmp_path: Path, amount: str
) -> None:
    """What a person would not read as one number is refused in its place."""
    file = write(tmp_path)
    (tmp_path / "orders.csv").write_text(ORDERS.replace(",13.50\n", f",{amount}\n"))
    error = refused(file)
    assert error.exit_code == 3
    assert f"'{amount}' is not a number" in str(error)


@pytest.mark.parametrize("limit", ["plenty", "-1", "-5GB"])
def test_memory_limit_that_is_none_rejects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """A memory limit that is no size is a configuration error."""
    file = write(tmp_path)
    monkeypatch.setenv("HOLDBACK_MEMORY_LIMIT", limit)
    error = refused(file)
    assert error.exit_code == 2
    assert "HOLDBACK_MEMORY_LIMIT" in str(error)


def test_time_limits_on_repeated_exposures_reject(tmp_path: Path) -> None:
    """A log of visits is no table of units: `within` would not be heard."""
    file = write(tmp_path, value="age", metric=", within: 2 days")
    file.write_text(
        file.read_text().replace("source: orders, v", "source: visitors, v")
    )
    assert extract(load(file)).accounting.units_used == 12  # one row each: a unit's own
    with (tmp_path / "visitors.csv").open("a", encoding="utf-8") as log:
        log.write("u0,a,2026-10-06T10:00:00Z,20\n")
    error = refused(file)
    assert "source visitors: units have several rows" in str(error)
    assert "a second time, as a source of events" in str(error)


def test_too_many_different_values_reject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A metric that is read from value counts names the limit that it passes."""
    monkeypatch.setattr("holdback.data.extraction.value_counts.MOST_COUNTED", 3)
    with pytest.raises(DataError, match=r"waited.*more than 3 different values"):
        extract(described(tmp_path, sample(20), as_csv))
