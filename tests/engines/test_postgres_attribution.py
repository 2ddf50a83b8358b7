"""Attribution on PostgreSQL: the same paths as in DuckDB."""

from __future__ import annotations

import csv
import os
import random
from datetime import date
from pathlib import Path

import pytest

import holdback as hb
from holdback.results.sections.attribution import Attributed
from tests.analysis.test_exploratory import touched

if os.environ.get("HOLDBACK_TEST_POSTGRES"):
    import psycopg
else:
    psycopg = pytest.importorskip("psycopg")
pytestmark = pytest.mark.engines


def test_attribution_against_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables in PostgreSQL give the credits of the same CSV files."""
    url = os.environ.get("HOLDBACK_TEST_POSTGRES")
    if not url:
        pytest.skip("HOLDBACK_TEST_POSTGRES is not set: run `make test-engines`")
    file, *_ = touched(tmp_path)
    here = hb.analyze(hb.load(file), as_of=date(2026, 10, 25)).scorecard
    schema = f"t{random.SystemRandom().getrandbits(40)}"
    text = file.read_text().replace("version: 1", "version: 1\ndatabase: ${env:PG}")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        try:
            for name in ("people", "orders", "touches"):
                with (tmp_path / f"{name}.csv").open() as handle:
                    head, *rows = csv.reader(handle)
                columns = [
                    f"{c} {'timestamptz' if c == 'at' else 'text'}" for c in head
                ]
                made = f"{schema}.{name}"
                connection.execute(f"CREATE TABLE {made} ({', '.join(columns)})")
                with (
                    connection.cursor() as cursor,
                    cursor.copy(f"COPY {made} FROM STDIN") as copy,
                ):
                    for row in rows:
                        copy.write_row(row)
                text = text.replace(f"csv: {name}.csv", f"table: {made}")
            file.write_text(text)
            monkeypatch.setenv("PG", url)
            there = hb.analyze(hb.load(file), as_of=date(2026, 10, 25)).scorecard
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")
    assert there.single(Attributed) == here.single(Attributed)
