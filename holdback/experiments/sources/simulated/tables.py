"""The tables of a simulated shop, written as CSV or Parquet by the data engine.

One thread, and rows in a declared order: the same shop gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import duckdb

from holdback.atomic_files import replacing
from holdback.experiments.sources.simulated.drawn import (
    COUNTRIES,
    DEVICES,
    Block,
    Truth,
)

__all__ = ["write"]

TABLES = {
    "customers": "customer_id VARCHAR, device VARCHAR, country VARCHAR",
    "exposures": "customer_id VARCHAR, arm VARCHAR, exposed_at BIGINT, "
    "device VARCHAR, country VARCHAR",
    "orders": "order_id VARCHAR, customer_id VARCHAR, ordered_at BIGINT, "
    "total DECIMAL(18, 2), refunded DECIMAL(18, 2)",
}
ORDER = {
    "customers": ("customer_id",),
    "exposures": ("exposed_at", "customer_id", "arm"),
    "orders": ("ordered_at", "order_id"),
}
UNIT = "printf('C%07d', unit)"
DEVICE = f"list_extract({list(DEVICES)}, device + 1)"
COUNTRY = f"list_extract({list(COUNTRIES)}, country + 1)"
MONEY = "CAST({} AS DECIMAL(16, 0)) * CAST(0.01 AS DECIMAL(2, 2))"
INSERTED = {
    "customers": f"{UNIT}, {DEVICE}, {COUNTRY}",
    "exposures": f"{UNIT}, arm, second, {DEVICE}, {COUNTRY}",
    "orders": f"printf('O%08d', number), {UNIT}, second, "
    f"{MONEY.format('total')}, {MONEY.format('refunded')}",
}


def write(
    blocks: Iterable[Block], folder: Path, form: Literal["csv", "parquet"]
) -> list[Truth]:
    """Write customers, exposures and orders into a folder; the truth of each block."""
    truths = []
    with duckdb.connect(config={"threads": 1}) as engine:
        for table, columns in TABLES.items():
            engine.execute(f"CREATE TABLE {table} ({columns})")
        for block in blocks:
            truths.append(block.truth)
            for table, columns in INSERTED.items():
                engine.register("block", getattr(block, table))
                engine.execute(f"INSERT INTO {table} SELECT {columns} FROM block")
                engine.unregister("block")
        for table in TABLES:
            _export(engine, table, folder / f"{table}.{form}", form)
    return truths


def _export(
    engine: duckdb.DuckDBPyConnection, table: str, target: Path, form: str
) -> None:
    """Write one table, ordered by time; a time is text in a CSV file."""
    what = "*"
    for time in (name for name in ORDER[table] if name.endswith("_at")):
        text = f"strftime(make_timestamp({time} * 1000000), '%Y-%m-%dT%H:%M:%SZ')"
        shown = text if form == "csv" else f"to_timestamp({time})"
        what = f"* REPLACE ({shown} AS {time})"
    how = "FORMAT csv, HEADER" if form == "csv" else "FORMAT parquet, COMPRESSION zstd"
    with replacing(target) as temporary:
        path = str(temporary).replace("'", "''")
        engine.execute(
            f"COPY (SELECT {what} FROM (FROM {table} "
            f"ORDER BY {', '.join(ORDER[table])})) TO '{path}' ({how})"
        )
