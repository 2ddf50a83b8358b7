"""Scripts for a warehouse, run in PostgreSQL: the scorecard of the rows themselves."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from holdback import workflow
from holdback.data.extraction.carried_answers import NotAsked
from tests.data.test_carried_answers import AS_OF, asked, shop, told
from tests.engines.test_postgres import psycopg, schema, url

__all__ = ["schema", "url"]
pytestmark = pytest.mark.engines
TYPES = {
    "visitors": "unit text, arm text, t timestamptz, device text",
    "orders": "order_id integer, unit text, t timestamptz, total double precision",
}


def moved(url: str, schema: str, file: Path) -> None:
    """The shop's tables in the server, its YAML and columns of them."""
    with (
        duckdb.connect(file.parent / "shop.db", read_only=True) as here,
        psycopg.connect(url) as there,
    ):
        here.execute("SET TimeZone = 'UTC'")
        for name, columns in TYPES.items():
            rows = here.execute(f"SELECT * REPLACE (t::TEXT AS t) FROM {name}")
            there.execute(f"CREATE TABLE {schema}.{name} ({columns})")
            copying = f"COPY {schema}.{name} FROM STDIN"
            with there.cursor() as cursor, cursor.copy(copying) as copy:
                for row in rows.fetchall():
                    copy.write_row(row)
    text = file.read_text(encoding="utf-8").replace("main.", f"{schema}.")
    file.write_text(text, encoding="utf-8")
    catalogue = (
        "SELECT table_schema, table_name, column_name, data_type "
        f"FROM information_schema.columns WHERE table_schema = '{schema}'"
    )
    in_postgres(url, catalogue, file.parent / "columns.csv")


def in_postgres(url: str, script: str, file: Path) -> str:
    """The file of what a script gives in the server, which may only be read."""
    with (
        psycopg.connect(url) as connection,
        file.open("w", encoding="utf-8", newline="") as made,
    ):
        connection.read_only = True
        connection.execute("SET TIME ZONE 'UTC'")
        cursor = connection.execute(script)
        writer = csv.writer(made)
        writer.writerow([column.name for column in cursor.description or ()])
        writer.writerows(cursor)
    return str(file)


def test_scripts_against_the_rows(url: str, schema: str, tmp_path: Path) -> None:
    """Amounts finer than coins are foreseen by no script: the second one asks."""
    file = shop(tmp_path, digits=3)
    moved(url, schema, file)
    first = in_postgres(url, asked(file, dialect="postgres"), tmp_path / "1.csv")
    with pytest.raises(NotAsked, match="--cells"):
        workflow.analyze(file, cells=[first])
    more = asked(file, first, dialect="postgres")
    assert "INT128" not in more
    second = in_postgres(url, more, tmp_path / "2.csv")
    carried = workflow.analyze(file, cells=[first, second])
    direct = workflow.analyze(tmp_path / "direct/shop.yaml", as_of=AS_OF)
    assert told(carried.scorecard) == told(direct.scorecard)
