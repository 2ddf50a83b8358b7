"""The data engine's cells against a brute-force recomputation from rows."""

from __future__ import annotations

import csv
import random
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Arm,
    Assignment,
    Experiment,
    Window,
)
from holdback.experiments.kinds.source import Columns, Source
from holdback.experiments.language.expression import Expression, Name
from holdback.experiments.language.measure import Cap
from holdback.experiments.metrics.conversion import Conversion
from holdback.experiments.metrics.mean import Mean
from holdback.experiments.metrics.ratio import Ratio
from holdback.experiments.metrics.time_to import TimeTo
from holdback.experiments.sources.csv import CsvSource
from holdback.experiments.sources.parquet import ParquetSource
from holdback.experiments.sources.sql import SqlSource
from holdback.experiments.sources.table import TableSource
from tests.oracles.units import Want, World, cells, power_sums

WITHIN = timedelta(days=2)
LOOKBACK = timedelta(days=3)
START, END = date(2026, 10, 24), date(2026, 10, 27)
Row = Mapping[str, Any]
Crossovers = Literal["exclude", "first"]


def named(column: str) -> Expression:
    """The expression that is one column."""
    return Expression(text=column, tree=Name(column), columns=frozenset({column}))


TOTAL = named("total")
METRICS = {
    "revenue": Mean(
        name="revenue",
        source="orders",
        value=TOTAL,
        within=WITHIN,
        digits=2,
        cap=Cap(share=Fraction(4, 5), non_zero=True),
    ),
    "buyers": Conversion(name="buyers", source="orders", within=WITHIN),
    "order_value": Ratio(
        name="order_value",
        source="orders",
        value=TOTAL,
        per="orders",
        within=WITHIN,
        digits=2,
    ),
    "all_revenue": Mean(
        name="all_revenue", source="orders", value=TOTAL, digits=1, unit="money"
    ),
    "average": Mean(
        name="average",
        source="orders",
        value=TOTAL,
        aggregate="mean",
        within=WITHIN,
        digits=3,
    ),
    "last": Mean(
        name="last", source="orders", value=TOTAL, aggregate="last", within=WITHIN
    ),
    "low": Mean(
        name="low", source="orders", value=TOTAL, aggregate="min", within=WITHIN
    ),
    "kinds": Mean(
        name="kinds", source="orders", value=TOTAL, aggregate="distinct", within=WITHIN
    ),
    "pages": Mean(name="pages", source="visits", within=timedelta(days=1)),
    "waited": TimeTo(name="waited", source="orders", within=WITHIN),
}


MICRO = 6


def is_fine(amount: Fraction | None) -> bool:
    """Whether an amount is less than ten coins and no whole number of them."""
    digits = METRICS["all_revenue"].digits
    coins = abs(amount or Fraction(0)) * 10**digits
    return coins < 10 and coins.denominator != 1


def wants(name: str, *, fine: bool = False) -> list[Want]:
    """The columns of a metric's block, as the oracle understands them.

    Where some amounts are `fine`, money is kept in millionths.
    """
    metric = METRICS[name]
    if fine and metric.unit == "money":
        metric = replace(metric, digits=MICRO)
    plain = [
        Want(
            name=f"{name}.{i}",
            source=m.source,
            aggregate=m.aggregate,
            value="total" if m.value is not None else None,
            digits=m.digits,
            end=m.end,
            within=metric.within,
        )
        for i, m in enumerate(metric.measures())
    ]
    capped = []
    if metric.cap is not None:
        cap = (metric.cap.share, metric.cap.non_zero)
        capped = [replace(plain[0], name=f"{name}.0.capped", cap=cap)]
    elif metric.unit == "money":
        top = (Fraction(999, 1000), False)
        name = f"{name}.0.winsorized"
        capped = [replace(plain[0], name=name, cap=top, optional=True)]
    early = []
    if name == "revenue":
        half = timedelta(days=WITHIN.days // 2)
        early = [replace(plain[0], name=f"{name}.0.early", end=half)]
    if not metric.is_function_of_means:
        return plain
    return [*plain, *capped, *(b for w in plain for b in before(w)), *early]


def before(want: Want) -> list[Want]:
    """A measure over the lookback, amounts cut off, and whether it had rows."""
    earlier = replace(
        want, name=f"{want.name}.before", start=-LOOKBACK, end=timedelta(0)
    )
    if want.aggregate == "any":
        return [earlier]
    had = replace(
        earlier, name=f"{want.name}.had", aggregate="any", value=None, digits=0
    )
    if want.value is not None:
        earlier = replace(earlier, cap=(Fraction(999, 1000), False), optional=True)
    return [earlier, had]


def instants() -> st.SearchStrategy[datetime]:
    """Moments at and around the borders that windows have."""
    steps = st.integers(min_value=-8, max_value=14)
    nudges = st.sampled_from([-1, 0, 0, 0, 1, 1_800_000_000])
    base = datetime(2026, 10, 24, tzinfo=UTC)
    return st.builds(
        lambda step, nudge: base + timedelta(hours=12 * step, microseconds=nudge),
        steps,
        nudges,
    )


UNITS = st.sampled_from(["a", "B", "007", "7", "NA", "é"])
AMOUNTS = st.one_of(
    st.none(),
    st.integers(min_value=-2_000_000, max_value=5_000_000).map(
        lambda thousandths: Fraction(thousandths, 1000)
    ),
)
EXPOSURES = st.lists(
    st.fixed_dictionaries(
        {
            "unit": UNITS,
            "arm": st.sampled_from(["control", "treated", "treated"]),
            "t": instants(),
            "device": st.sampled_from(["phone", "tablet", None]),
            "age": AMOUNTS,
        }
    ),
    min_size=1,
    max_size=9,
)
ORDERS = st.lists(
    st.fixed_dictionaries({"unit": UNITS, "t": instants(), "total": AMOUNTS}),
    min_size=1,
    max_size=14,
)
VISITS = st.lists(
    st.fixed_dictionaries({"unit": UNITS, "t": instants()}), min_size=1, max_size=6
)


def unique(exposures: Sequence[Row]) -> list[Row]:
    """The first row of each unit."""
    kept: dict[str, Row] = {}
    for row in exposures:
        kept.setdefault(row["unit"], row)
    return list(kept.values())


def world(
    exposures: Sequence[Row],
    orders: Sequence[Row],
    visits: Sequence[Row],
    *,
    zone: str,
    as_of: datetime,
    crossovers: str,
) -> World:
    """The rows and rules as the oracle takes them."""
    tz = ZoneInfo(zone)
    fine = any(is_fine(row["total"]) for row in orders)
    return World(
        exposures=exposures,
        events={"orders": orders, "visits": visits},
        arms=("control", "treated"),
        blocks={name: wants(name, fine=fine) for name in METRICS},
        start=datetime(START.year, START.month, START.day, tzinfo=tz),
        end=datetime(END.year, END.month, END.day + 1, tzinfo=tz),
        as_of=as_of,
        zone=zone,
        crossovers=crossovers,
        segments=("device",),
        covariates=("age",),
        horizons=(timedelta(days=1), WITHIN),
    )


Writer = Callable[[Path, str, Sequence[Row], str], Source]
HEADS = {
    "visitors": ("unit", "arm", "t", "device", "age"),
    "orders": ("unit", "t", "total"),
    "visits": ("unit", "t"),
}


def columns_of(name: str) -> Columns:
    """Roles of a source's columns."""
    return Columns(unit="unit", arm="arm" if name == "visitors" else None, time="t")


def plain(value: object, zone: str) -> object:
    """A cell of a text table."""
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(zone))
        return local.isoformat(sep=" ") if value.microsecond else value.isoformat()
    if isinstance(value, Fraction):
        return f"{float(value):.3f}"
    return value


def as_csv(folder: Path, name: str, rows: Sequence[Row], zone: str) -> Source:
    """Rows as a CSV file."""
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADS[name])
        for row in rows:
            writer.writerow([plain(row[c], zone) for c in HEADS[name]])
    return CsvSource(name=name, path=f"{name}.csv", columns=columns_of(name))


def evidence(
    folder: Path,
    tables: Mapping[str, Sequence[Row]],
    write: Writer = as_csv,
    *,
    zone: str = "UTC",
    as_of: datetime | None = None,
    crossovers: Crossovers = "exclude",
) -> Evidence:
    """What the engine makes of the rows."""
    return extract(
        described(folder, tables, write, zone=zone, crossovers=crossovers), as_of=as_of
    )


def described(
    folder: Path,
    tables: Mapping[str, Sequence[Row]],
    write: Writer,
    *,
    zone: str = "UTC",
    crossovers: Crossovers = "exclude",
) -> Experiment:
    """The experiment over rows that were written to a folder."""
    return Experiment(
        name="shop",
        arms=(
            Arm(name="control", share=Fraction(1, 2), control=True),
            Arm(name="treated", share=Fraction(1, 2)),
        ),
        assignment=Assignment(source="visitors", salt="shop", crossovers=crossovers),
        metrics=METRICS,
        sources={
            name: write(folder, name, rows, zone) for name, rows in tables.items()
        },
        primary="revenue",
        window=Window(start=START, end=END),
        analysis=AnalysisSettings(
            lookback=LOOKBACK, covariates=("age",), segments=("device",)
        ),
        timezone=zone,
        root=folder,
    )


def agree(found: Evidence, expected: World) -> None:
    """Cells and caps are the same numbers."""
    rows, caps = cells(expected)
    assert dict(found.cells.caps) == caps
    assert {
        (c.arm, c.dimension, c.level, c.day, c.matured): c.moments["buyers"].n
        for c in found.cells.rows
    } == {key: len(blocks["buyers"]) for key, blocks in rows.items()}
    for cell in found.cells.rows:
        blocks = rows[cell.arm, cell.dimension, cell.level, cell.day, cell.matured]
        for block, values in blocks.items():
            moments = cell.moments[block]
            sums = power_sums(values, len(moments.columns))
            for name, value in sums.items():
                assert getattr(moments, name) == value, (block, name)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    exposures=EXPOSURES,
    orders=ORDERS,
    visits=VISITS,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]),
    once=st.booleans(),
    crossovers=st.sampled_from(["exclude", "first"]),
)
def test_cells_against_rows(
    exposures: list[Row],
    orders: list[Row],
    visits: list[Row],
    zone: str,
    once: bool,  # noqa: FBT001  # drawn by Hypothesis
    crossovers: Crossovers,
) -> None:
    """Every cell of random small worlds equals the count over their rows."""
    exposed = unique(exposures) if once else exposures
    tables = {"visitors": exposed, "orders": orders, "visits": visits}
    as_of = datetime(2026, 10, 28, 12, tzinfo=UTC)
    expected = world(
        exposed, orders, visits, zone=zone, as_of=as_of, crossovers=crossovers
    )
    with tempfile.TemporaryDirectory() as folder:
        if cells(expected)[1]["revenue.0.capped"] <= 0:
            with pytest.raises(Exception, match="the cap at"):
                evidence(
                    Path(folder), tables, zone=zone, as_of=as_of, crossovers=crossovers
                )
            return
        found = evidence(
            Path(folder), tables, zone=zone, as_of=as_of, crossovers=crossovers
        )
    agree(found, expected)


TICK = timedelta(microseconds=1)


def edges(zone: str, as_of: datetime) -> dict[str, list[Row]]:
    """A unit at and beside every border, and rows at and beside every border of it."""
    tz = ZoneInfo(zone)
    borders = [
        datetime(START.year, START.month, START.day, tzinfo=tz),
        datetime(END.year, END.month, END.day + 1, tzinfo=tz),
        as_of,
        as_of - WITHIN,
        as_of - timedelta(days=1),
    ]
    beside = (-TICK, timedelta(0), TICK)
    times = sorted({(b + d).astimezone(UTC) for b in borders for d in beside})
    visitors = [
        {
            "unit": f"u{i}",
            "arm": ("control", "treated")[i % 2],
            "t": t,
            "device": ("phone", "tablet", None)[i % 3],
            "age": Fraction(i),
        }
        for i, t in enumerate(times)
    ]
    middle = times[0] + timedelta(days=1)
    twice = [
        ("same moment", "treated", middle), ("same moment", "control", middle),
        ("crossed", "treated", middle), ("crossed", "control", middle + TICK),
        ("again", "treated", middle), ("again", "treated", middle + TICK),
        ("crossed late", "treated", middle), ("crossed late", "control", times[-1]),
        ("no arm", None, middle),
        ("arm later", None, middle), ("arm later", "treated", middle + TICK),
    ]  # fmt: skip
    visitors += [
        {"unit": unit, "arm": arm, "t": t, "device": device, "age": Fraction(7)}
        for device, (unit, arm, t) in zip("abcdefghijk", twice, strict=True)
    ]
    offsets = [timedelta(0), WITHIN, timedelta(days=1), -LOOKBACK]
    orders: list[Row] = []
    visits: list[Row] = []
    for unit, t in {row["unit"]: row["t"] for row in visitors}.items():
        near = {t + o + d for o in offsets for d in beside}
        for moment in sorted(
            near | {b.astimezone(UTC) + d for b in borders for d in beside}
        ):
            amount = Fraction(101 + 37 * len(orders) % 9973, 100)
            orders.append({"unit": unit, "t": moment, "total": amount})
            visits.append({"unit": unit, "t": moment})
    return {"visitors": visitors, "orders": orders, "visits": visits}


@pytest.mark.parametrize("crossovers", ["exclude", "first"])
@pytest.mark.parametrize(
    ("zone", "as_of"),
    [
        ("Europe/Berlin", datetime(2026, 10, 28, 12, tzinfo=UTC)),
        ("UTC", datetime(2026, 10, 26, 6, tzinfo=UTC)),
    ],
)
def test_edges_against_rows(
    tmp_path: Path, zone: str, as_of: datetime, crossovers: Crossovers
) -> None:
    """A microsecond before, at and after each border: the same cells as by loops.

    Borders of the window, as-of, horizons, lookback and caps; arms that follow each
    other within a microsecond, or stand at one moment, or beyond the window.
    """
    tables = edges(zone, as_of)
    expected = world(
        **{
            {"visitors": "exposures"}.get(name, name): rows
            for name, rows in tables.items()
        },
        zone=zone,
        as_of=as_of,
        crossovers=crossovers,
    )
    found = evidence(tmp_path, tables, zone=zone, as_of=as_of, crossovers=crossovers)
    agree(found, expected)


@pytest.mark.parametrize("tolerance", [timedelta(0), timedelta(minutes=5)])
def test_tolerance_moves_the_start_and_no_other_border(
    tmp_path: Path, tolerance: timedelta
) -> None:
    """An order a unit, beside each border: who bought is written out by hand."""
    beside_start = {-tolerance - TICK: False, -tolerance: True, timedelta(0): True}
    beside_end = {WITHIN - tolerance: tolerance > timedelta(0), WITHIN - TICK: True}
    bought = {**beside_start, **beside_end, WITHIN: False}
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    tables: dict[str, list[Row]] = {"visitors": [], "orders": [], "visits": []}
    for i, offset in enumerate(bought):
        row = {"unit": f"u{i}", "t": start + timedelta(hours=i)}
        own = {"arm": ("control", "treated")[i % 2], "device": None, "age": None}
        tables["visitors"].append(row | own)
        tables["orders"].append(
            row | {"t": row["t"] + offset, "total": Fraction(5 + i)}
        )
        tables["visits"].append(row)
    planned = described(tmp_path, tables, as_csv)
    orders = replace(planned.sources["orders"], tolerance=tolerance)
    planned = replace(planned, sources={**planned.sources, "orders": orders})
    found = extract(planned, as_of=datetime(2026, 10, 28, 12, tzinfo=UTC))
    cells_of_all = [c for c in found.cells.rows if c.dimension == "all"]
    total = sum(c.moments["buyers"].sums[0] for c in cells_of_all)
    assert sum(c.moments["buyers"].n for c in cells_of_all) == len(bought)
    assert total == sum(bought.values())


@pytest.mark.parametrize(("crossovers", "cut"), [("exclude", 800), ("first", 900)])
def test_the_rank_of_a_cap_against_hand(
    tmp_path: Path, crossovers: Crossovers, cut: int
) -> None:
    """Four fifths of 10 buyers who spent 1 to 10 is the 8th; of 11 the 9th.

    The eleventh crossed over and counts where the first arm does; one who joined too
    late and one who spent nothing never do.
    """
    start, late = (datetime(2026, 10, day, 12, tzinfo=UTC) for day in (24, 27))
    spent = {f"u{i}": (start, 100 * i) for i in range(1, 11)}
    spent |= {"crossed": (start, 99_900), "late": (late, 88_800), "nothing": (start, 0)}
    tables: dict[str, list[Row]] = {"visitors": [], "orders": [], "visits": []}
    for i, (unit, (at, cents)) in enumerate(spent.items()):
        row = {"unit": unit, "t": at}
        own = {"arm": ("control", "treated")[i % 2], "device": None, "age": None}
        tables["visitors"].append(row | own)
        tables["orders"].append(row | {"total": Fraction(cents, 100)})
        tables["visits"].append(row)
    again = {"arm": "treated", "t": start + TICK}
    tables["visitors"] += [
        row | again for row in tables["visitors"] if row["unit"] == "crossed"
    ]
    as_of = datetime(2026, 10, 28, 12, tzinfo=UTC)
    found = evidence(tmp_path, tables, as_of=as_of, crossovers=crossovers)
    assert found.cells.caps["revenue.0.capped"] == cut


@pytest.fixture(scope="module")
def of_csv(tmp_path_factory: pytest.TempPathFactory) -> dict[Crossovers, Evidence]:
    """The fixed world's evidence from CSV, with either treatment of crossovers."""
    both: tuple[Crossovers, Crossovers] = ("exclude", "first")
    folder = tmp_path_factory.mktemp("csv")
    return {one: evidence(folder, sample(), crossovers=one) for one in both}


def test_both_treatments_of_crossovers_against_rows(
    tmp_path: Path, of_csv: dict[Crossovers, Evidence]
) -> None:
    """Beside the cells stand those of the other treatment, caps and rows and all."""
    excluded, first = of_csv["exclude"], of_csv["first"]
    assert excluded.crossed_otherwise == first.cells
    assert first.crossed_otherwise == excluded.cells
    assert excluded.cells != first.cells
    rows = sample()
    exposed = unique(rows["visitors"])
    once = extract(described(tmp_path, rows | {"visitors": exposed}, as_csv))
    assert once.crossed_otherwise is None


def as_parquet(folder: Path, name: str, rows: Sequence[Row], zone: str) -> Source:
    """Rows as a Parquet file with types: instants, decimals, text."""
    text = as_csv(folder, name, rows, zone)
    assert isinstance(text, CsvSource)
    casts = {"t": "TIMESTAMPTZ", "age": "DECIMAL(12, 3)", "total": "DOUBLE"}
    listed = ", ".join(f"{c}::{casts.get(c, 'VARCHAR')} AS {c}" for c in HEADS[name])
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"COPY (SELECT {listed} FROM read_csv('{folder / text.path}', "
            f"all_varchar = true)) TO '{folder / name}.parquet' (FORMAT parquet)"
        )
    return ParquetSource(name=name, path=f"{name}.parquet", columns=columns_of(name))


def as_table(folder: Path, name: str, rows: Sequence[Row], zone: str) -> Source:
    """Rows as a table of a SQLite file, with numbers as numbers."""
    with sqlite3.connect(folder / "shop.db") as connection:
        connection.execute(f"CREATE TABLE {name} ({', '.join(HEADS[name])})")
        for row in rows:
            values = [
                float(row[c]) if isinstance(row[c], Fraction) else plain(row[c], zone)
                for c in HEADS[name]
            ]
            marks = ", ".join("?" for _ in values)
            connection.execute(f"INSERT INTO {name} VALUES ({marks})", values)
    connection.close()
    return TableSource(
        name=name, table=name, database="sqlite:///shop.db", columns=columns_of(name)
    )


def as_query(folder: Path, name: str, rows: Sequence[Row], zone: str) -> Source:
    """Rows as a query of a SQLite file."""
    as_table(folder, name, rows, zone)
    return SqlSource(
        name=name,
        sql=f"SELECT * FROM {name}",
        database="sqlite:///shop.db",
        columns=columns_of(name),
    )


def as_duckdb(folder: Path, name: str, rows: Sequence[Row], zone: str) -> Source:
    """Rows as a table of a DuckDB file with types, queried or not."""
    parquet = as_parquet(folder, name, rows, zone)
    assert isinstance(parquet, ParquetSource)
    with duckdb.connect(folder / "shop.duckdb") as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        connection.execute(
            f"CREATE TABLE {name} AS SELECT * FROM '{folder / parquet.path}'"
        )
    url = "duckdb:///shop.duckdb"
    if name == "orders":
        return SqlSource(
            name=name,
            sql=f"SELECT * FROM {name};",
            database=url,
            columns=columns_of(name),
        )
    return TableSource(name=name, table=name, database=url, columns=columns_of(name))


def sample(count: int = 60) -> dict[str, list[Row]]:
    """A fixed random world with repeated exposures and ids that look like numbers."""
    rng = random.Random(5)
    base = datetime(2026, 10, 23, tzinfo=UTC)
    units = ["NA", "007", "7", "1234567890123456789", "null", *map(str, range(count))]

    def moment() -> datetime:
        return base + timedelta(microseconds=rng.randrange(0, 5 * 10**11))

    def amount() -> Fraction:
        return Fraction(rng.randrange(-20_000, 90_000), 1000)

    return {
        "visitors": [
            {
                "unit": rng.choice(units),
                "arm": rng.choice(["control", "treated"]),
                "t": moment(),
                "device": rng.choice(["phone", "NA", None]),
                "age": amount(),
            }
            for _ in range(count)
        ],
        "orders": [
            {"unit": rng.choice(units), "t": moment(), "total": amount()}
            for _ in range(3 * count)
        ],
        "visits": [{"unit": rng.choice(units), "t": moment()} for _ in range(count)],
    }


@pytest.mark.parametrize("write", [as_parquet, as_table, as_query, as_duckdb])
def test_every_format_gives_the_same_cells_invariance(
    tmp_path: Path, write: Writer, of_csv: dict[Crossovers, Evidence]
) -> None:
    """Parquet, tables and queries of SQLite and DuckDB give what CSV gives, exactly."""
    expected = of_csv["exclude"]
    found = evidence(tmp_path, sample(), write)
    assert found.cells == expected.cells
    assert found.accounting == expected.accounting
    assert found.quality == expected.quality
    assert found.as_of == expected.as_of


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "stream"])
def test_frames_give_the_same_cells_invariance(
    tmp_path: Path, kind: str, of_csv: dict[Crossovers, Evidence]
) -> None:
    """Frames in place of files give what CSV gives."""
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    rows = sample()
    planned = described(tmp_path, rows, as_csv)

    class Stream:
        """Anything that speaks the Arrow stream protocol."""

        def __init__(self, table: pa.Table) -> None:
            self.table = table

        def __arrow_c_stream__(self, schema: object = None) -> object:
            return self.table.__arrow_c_stream__(schema)

    def frame(of: Sequence[Row]) -> object:
        plain_rows = [
            {k: float(v) if isinstance(v, Fraction) else v for k, v in row.items()}
            for row in of
        ]
        if kind == "pandas":
            return pd.DataFrame(plain_rows)
        if kind == "polars":
            return pl.DataFrame(plain_rows)
        table = pa.Table.from_pylist(plain_rows)
        return table if kind == "arrow" else Stream(table)

    frames = {name: frame(of) for name, of in rows.items()}
    expected, found = of_csv["exclude"], extract(planned, frames=frames)
    assert found.cells == expected.cells
    assert found.quality == expected.quality
    assert all(one.sha256 is None for one in found.inputs)


def test_row_order_does_not_matter_invariance(
    tmp_path: Path, of_csv: dict[Crossovers, Evidence]
) -> None:
    """Rows in another order, and in several files, give the same cells."""
    rows = sample()
    expected = of_csv["exclude"]
    shuffled = {name: random.Random(1).sample(of, len(of)) for name, of in rows.items()}
    folder = tmp_path
    half = len(shuffled["orders"]) // 2
    as_csv(folder, "orders", shuffled["orders"][:half], "UTC")
    (folder / "orders.csv").rename(folder / "part-2.csv")
    as_csv(folder, "orders", shuffled["orders"][half:], "UTC")
    (folder / "orders.csv").rename(folder / "part-1.csv")
    planned = described(folder, shuffled, as_csv)
    globbed = CsvSource(name="orders", path="part-*.csv", columns=columns_of("orders"))
    planned = replace(planned, sources=dict(planned.sources) | {"orders": globbed})
    found = extract(planned)
    assert found.cells == expected.cells
    assert found.accounting == expected.accounting


def test_accounting_adds_up_identity(of_csv: dict[Crossovers, Evidence]) -> None:
    """Rows read = units used + everything that was left out."""
    accounting = of_csv["exclude"].accounting
    left_out = sum(one.count for one in accounting.excluded)
    assert accounting.rows_read == accounting.units_used + left_out
    assert {one.reason for one in accounting.excluded} >= {
        "crossover",
        "repeated_exposure",
    }
