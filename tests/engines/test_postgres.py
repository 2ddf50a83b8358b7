"""PostgreSQL beside DuckDB: the same statement, the same cells to the last bit."""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.audit.audit import audit
from holdback.audit.recomputed_arms import counts_of
from holdback.data.extraction.extract import Survey, extract
from holdback.data.extraction.open_engine import opened
from holdback.errors import AssignmentError, ConfigError, EnvironmentFault
from holdback.experiments.definition.experiment import Experiment, Holdout, Layer
from holdback.experiments.definition.split import split_of
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import parse
from holdback.experiments.load import load
from holdback.experiments.sources.sql import SqlSource
from holdback.experiments.sources.table import TableSource
from tests.data import test_history_segments as past
from tests.data import test_later_arms as later
from tests.data import test_persons as persons
from tests.data import test_running_totals as totals
from tests.data import test_times_against_pandas as times
from tests.data.test_extract_against_rows import (
    HEADS,
    Row,
    as_csv,
    columns_of,
    described,
)

if os.environ.get("HOLDBACK_TEST_POSTGRES"):
    import psycopg
else:
    psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.engines
TYPES = {
    "unit": "text",
    "arm": "varchar(20)",
    "t": "timestamptz",
    "device": "text",
    "age": "numeric(12, 3)",
    "total": "double precision",
}
AS_OF = datetime(2026, 10, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def url() -> str:
    """URL of a PostgreSQL server that tests may write to."""
    found = os.environ.get("HOLDBACK_TEST_POSTGRES")
    if not found:
        pytest.skip("HOLDBACK_TEST_POSTGRES is not set: run `make test-engines`")
    return found


@pytest.fixture
def schema(url: str) -> Iterator[str]:
    """A schema of its own, dropped afterwards."""
    name = f"t{random.SystemRandom().getrandbits(40)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        yield name
        connection.execute(f"DROP SCHEMA {name} CASCADE")


def tables(rows: int, *, once: bool, seed: int) -> dict[str, list[Row]]:
    """Random exposures, orders and visits of `rows` units."""
    rng = random.Random(seed)
    base = datetime(2026, 10, 24, tzinfo=UTC)

    def moment() -> datetime:
        return base + timedelta(microseconds=rng.randrange(-2 * 10**11, 5 * 10**11))

    def amount() -> Fraction | None:
        value = Fraction(round(rng.lognormvariate(3, 1.5) * 1000), 1000)
        return None if rng.random() < 0.05 else value * rng.choice([1, 1, 1, -1])

    units = [f"{rng.choice('aBé東ß_')}{i:05d}" for i in range(rows)]
    exposed = units if once else rng.choices(units, k=int(rows * 1.3))
    return {
        "visitors": [
            {
                "unit": unit,
                "arm": rng.choice(["control", "treated"]),
                "t": moment(),
                "device": rng.choice(["phone", "Phone", "tablet", "éclair", None]),
                "age": amount(),
            }
            for unit in exposed
        ],
        "orders": [
            {"unit": rng.choice(units), "t": moment(), "total": amount()}
            for _ in range(rows * 2)
        ],
        "visits": [{"unit": rng.choice(units), "t": moment()} for _ in range(rows)],
    }


def fill(url: str, schema: str, data: Mapping[str, Sequence[Row]]) -> None:
    """Write the rows into tables of the schema."""
    with psycopg.connect(url) as connection:
        for name, rows in data.items():
            heads = HEADS[name]
            made = ", ".join(f"{c} {TYPES[c]}" for c in heads)
            connection.execute(f"CREATE TABLE {schema}.{name} ({made})")
            listed = ", ".join(heads)
            copying = f"COPY {schema}.{name} ({listed}) FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(copying) as copy:
                for row in rows:
                    copy.write_row([plain(row[c]) for c in heads])


def plain(value: Any) -> Any:
    """A value as the server takes it."""
    return f"{float(value):.3f}" if isinstance(value, Fraction) else value


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_cells_against_duckdb(
    url: str,
    schema: str,
    tmp_path: Path,
    zone: str,
    once: bool,  # noqa: FBT001  # a parameter
) -> None:
    """Tables in PostgreSQL give the cells, caps and counts of the same CSV files."""
    data = tables(2000, once=once, seed=1)
    fill(url, schema, data)
    here = described(tmp_path, data, as_csv, zone=zone)
    there = replace(
        here,
        database=url,
        sources={
            name: TableSource(
                name=name, table=f"{schema}.{name}", columns=columns_of(name)
            )
            for name in data
        },
    )
    expected = extract(here, as_of=AS_OF)
    found = extract(there, as_of=AS_OF)
    assert found.cells == expected.cells
    assert found.accounting == expected.accounting
    assert found.quality == expected.quality
    assert found.assigned == expected.assigned
    assert extract(there).as_of == extract(here).as_of


def as_text(url: str, schema: str, folder: Path, here: Experiment) -> Experiment:
    """The experiment with its CSV files as tables of text."""
    with psycopg.connect(url) as connection:
        for name in here.sources:
            path = folder / getattr(here.sources[name], "path")  # noqa: B009  # a CSV
            with path.open(newline="") as rows:
                heads, *lines = csv.reader(rows)
            made = ", ".join(f"{head} text" for head in heads)
            connection.execute(f"CREATE TABLE {schema}.{name} ({made})")
            copying = f"COPY {schema}.{name} FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(copying) as copy:
                for line in lines:
                    copy.write_row(line)
    shared = {one.name for one in fields(Source)}
    return replace(
        here,
        database=url,
        sources={
            name: TableSource(
                **{key: getattr(source, key) for key in shared},
                table=f"{schema}.{name}",
            )
            for name, source in here.sources.items()
        },
    )


@pytest.mark.parametrize("options", ["", ", snapshots: cumulative"])
def test_sales_that_are_none_against_duckdb(
    url: str, schema: str, tmp_path: Path, options: str
) -> None:
    """Running totals, told or differenced."""
    here = load(
        totals.read(tmp_path, totals.refunded(np.random.default_rng(1)), options)
    )
    there = as_text(url, schema, tmp_path, here)
    expected, found = extract(here), extract(there)
    assert found.cells == expected.cells
    assert found.quality == expected.quality
    assert bool(found.quality.running_totals) == (not options)


def test_later_arms_against_duckdb(url: str, schema: str, tmp_path: Path) -> None:
    """A roll-out, and the reading up to it."""
    rng = np.random.default_rng(6)
    exposures, orders = later.world(rng, 500)
    exposures = later.rolled_out(exposures, rng, share=0.3)
    expected = later.read(tmp_path, exposures, orders)
    there = as_text(url, schema, tmp_path, load(tmp_path / "t.yaml"))
    found = extract(there, as_of=later.AS_OF)
    assert found.quality == expected.quality
    assert found.variants == expected.variants
    assert expected.quality.switches is not None


@pytest.mark.parametrize("days", [False, True])
def test_history_segments_against_duckdb(
    url: str, schema: str, tmp_path: Path, *, days: bool
) -> None:
    """Groups by earlier rows and by a logged number, with the bounds of their tiers."""
    exposures, orders = past.frames(300)
    file = past.written(tmp_path, exposures, orders)
    if days:
        stamps = orders["at"].dt.strftime("%Y-%m-%d")
        orders.assign(at=stamps).to_csv(tmp_path / "o.csv", index=False)
    here = load(file)
    expected, found = extract(here), extract(as_text(url, schema, tmp_path, here))
    assert found.cells == expected.cells
    assert found.tiers == expected.tiers
    assert len(found.tiers["value"]) == 3


@pytest.mark.parametrize("seed", range(3))
def test_persons_against_duckdb(
    url: str, schema: str, tmp_path: Path, seed: int
) -> None:
    """Units by a map of ids, with chains and conflicts."""
    file = persons.world(tmp_path, seed)
    here = load(file)
    there = as_text(url, schema, tmp_path, here)
    expected, found = (extract(e, as_of=persons.AS_OF) for e in (here, there))
    assert found.cells == expected.cells
    assert found.quality == expected.quality
    assert found.assigned == expected.assigned


@pytest.mark.parametrize("seed", range(6))
def test_written_times_against_duckdb(
    url: str, schema: str, tmp_path: Path, seed: int
) -> None:
    """Days, zones by name, offsets, clock changes and dates that mean none, as text."""
    file, right = times.world(tmp_path, seed)
    here = load(file)
    there = as_text(url, schema, tmp_path, here)
    as_of = right["as_of"].to_pydatetime()
    expected, found = extract(here, as_of=as_of), extract(there, as_of=as_of)
    assert times.found(found) == right["values"]
    assert found.cells == expected.cells
    assert found.quality == expected.quality
    assert found.reaches == expected.reaches


def test_text_columns_and_queries_against_duckdb(
    url: str, schema: str, tmp_path: Path
) -> None:
    """Times and amounts stored as text, read by `sql:`, give the same cells."""
    data = tables(500, once=False, seed=2)
    fill(url, schema, data)
    here = described(tmp_path, data, as_csv, zone="America/New_York")
    local = "to_char(t AT TIME ZONE 'America/New_York', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    queries = {
        "visitors": f"SELECT unit, arm, {local} AS t, device, age::text AS age",
        "orders": "SELECT unit, t, total::text AS total",
        "visits": "SELECT unit, t AS t",
    }
    there = replace(
        here,
        database=url,
        sources={
            name: SqlSource(
                name=name, sql=f"{sql} FROM {schema}.{name}", columns=columns_of(name)
            )
            for name, sql in queries.items()
        },
    )
    assert extract(there, as_of=AS_OF).cells == extract(here, as_of=AS_OF).cells


def test_fetched_against_inside(url: str, schema: str, tmp_path: Path) -> None:
    """With one source elsewhere, the rows are fetched and give the same cells."""
    data = tables(500, once=False, seed=3)
    fill(url, schema, data)
    here = described(tmp_path, data, as_csv)
    mixed = replace(
        here,
        sources=dict(here.sources)
        | {
            "orders": TableSource(
                name="orders",
                table=f"{schema}.orders",
                database=url,
                columns=columns_of("orders"),
            )
        },
    )
    assert extract(mixed, as_of=AS_OF).cells == extract(here, as_of=AS_OF).cells


def test_computed_arms_against_python(url: str, tmp_path: Path) -> None:
    """SQL in both engines gives Python's arm for 100,000 ids, non-ASCII among them."""
    import duckdb

    rng = random.Random(7)
    ids = [
        "".join(rng.choices("aZ09-_é東ß😀 ", k=rng.randrange(1, 12))) + str(i)
        for i in range(100_000)
    ]
    data = tables(5, once=True, seed=1)
    split = split_of(described(tmp_path, data, as_csv))
    expected = [split.assign(unit).arm for unit in ids]
    duck = duckdb.connect()
    duck.execute("CREATE TABLE ids (i INT, unit VARCHAR)")
    path = tmp_path / "ids.csv"
    path.write_text(
        "".join(f'{i},"{u}"\n' for i, u in enumerate(ids)), encoding="utf-8"
    )
    duck.execute(f"COPY ids FROM '{path}' (HEADER false)")
    columns = split.sql("unit", "duckdb")
    rows = duck.execute(f"SELECT {columns.arm} FROM ids ORDER BY i").fetchall()
    assert [row[0] for row in rows] == expected
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TEMP TABLE ids (i INT, unit TEXT)")
        with connection.cursor() as cursor:
            with cursor.copy("COPY ids FROM STDIN") as copy:
                for i, unit in enumerate(ids):
                    copy.write_row((i, unit))
            cursor.execute(
                f"SELECT {split.sql('unit', 'postgres').arm} FROM ids ORDER BY i"
            )
            assert [row[0] for row in cursor.fetchall()] == expected


def reserved(here: Experiment, *, logged: bool) -> Experiment:
    """The experiment with everything that can keep a unit out."""
    columns = replace(columns_of("visitors"), **({} if logged else {"arm": None}))
    tenth = Fraction(1, 10)
    return replace(
        here,
        assignment=replace(
            here.assignment,
            holdout="away",
            layer=Layer(name="home", range=(tenth, 8 * tenth)),
            traffic=7 * tenth,
            where=parse("device = 'phone' or age > 20"),
        ),
        holdouts={"away": Holdout(share=2 * tenth, salt="away")},
        layers={"home": "home"},
        sources=dict(here.sources)
        | {"visitors": replace(here.sources["visitors"], columns=columns)},
    )


@pytest.mark.parametrize("logged", [True, False])
def test_reserved_units_against_duckdb(
    url: str,
    schema: str,
    tmp_path: Path,
    logged: bool,  # noqa: FBT001  # a parameter
) -> None:
    """Holdout, layer, eligibility and traffic leave out the same units inside."""
    data = tables(2000, once=False, seed=4)
    fill(url, schema, data)
    here = reserved(described(tmp_path, data, as_csv), logged=logged)
    there = replace(
        here,
        database=url,
        sources={
            name: TableSource(
                name=name, table=f"{schema}.{name}", columns=source.columns
            )
            for name, source in here.sources.items()
        },
    )
    expected, found = extract(here, as_of=AS_OF), extract(there, as_of=AS_OF)
    assert found.accounting == expected.accounting
    assert found.cells.rows == expected.cells.rows
    assert found.quality == expected.quality
    assert (found.quality.exposed_holdout or found.quality.held_out or 0) > 100
    murmur = replace(there.assignment, scheme="unleash")
    if not logged:
        with pytest.raises(AssignmentError, match="postgres cannot compute"):
            extract(replace(there, assignment=murmur), as_of=AS_OF)


def test_wrong_password_is_never_shown(tmp_path: Path) -> None:
    """A server that does not answer is an environment fault, without the password."""
    data = tables(5, once=True, seed=1)
    here = described(tmp_path, data, as_csv)
    lost = "postgresql://ann:s3cret@127.0.0.1:1/shop"
    there = replace(
        here,
        database=lost,
        sources={
            name: TableSource(name=name, table=name, columns=columns_of(name))
            for name in data
        },
    )
    with pytest.raises(EnvironmentFault) as caught:
        extract(there)
    assert "s3cret" not in str(caught.value)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize(
    "sql", ["DELETE FROM visitors RETURNING *", "SELECT 1; DROP TABLE visitors"]
)
def test_only_a_select_runs(url: str, tmp_path: Path, sql: str) -> None:
    """Anything but one SELECT is refused before it reaches the server."""
    data = tables(5, once=True, seed=1)
    here = described(tmp_path, data, as_csv)
    there = replace(
        here,
        database=url,
        sources={
            name: SqlSource(name=name, sql=sql, columns=columns_of(name))
            for name in data
        },
    )
    with pytest.raises(ConfigError, match="one SELECT"):
        extract(there)


@pytest.mark.parametrize("once", [True, False])
def test_audit_against_duckdb(
    url: str,
    schema: str,
    tmp_path: Path,
    once: bool,  # noqa: FBT001  # a parameter
) -> None:
    """Recomputed arms are counted and explained alike; so are those hashed here."""
    data = tables(2000, once=once, seed=3)
    here = described(tmp_path, data, as_csv, zone="Europe/Berlin")
    logged = replace(split_of(here), phase=2)
    for row in data["visitors"]:
        row["arm"] = logged.assign(row["unit"]).arm
    here = described(tmp_path, data, as_csv, zone="Europe/Berlin")
    fill(url, schema, data)
    with psycopg.connect(url) as connection:
        connection.execute(f"ANALYZE {schema}.visitors")
    source = TableSource(
        name="visitors", table=f"{schema}.visitors", columns=columns_of("visitors")
    )
    there = replace(here, database=url, sources=here.sources | {"visitors": source})
    expected, found = (
        replace(audit(one, as_of=AS_OF), plan_hash="") for one in (here, there)
    )
    assert found == expected
    assert not found.agrees
    counted = []
    for one in (here, there):
        bare = replace(one, metrics={})
        split = replace(split_of(one), scheme=scheme_of("unleash"))
        with opened(bare, {}) as place:
            exposed = Survey(bare, place).exposed(AS_OF)
            counted.append(counts_of(place.engine, exposed, split, split.names))
    assert counted[0] == counted[1]
