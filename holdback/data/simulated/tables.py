"""The tables of a simulated shop, written as CSV or Parquet by the data engine.

One thread, and rows in a declared order: the same shop gives the same bytes.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Literal

from holdback.atomic_files import replacing
from holdback.data.engine import EmbeddedEngine
from holdback.data.engine.by_url import embedded
from holdback.data.engine.sql import quoted_text
from holdback.data.simulated.customers import COUNTRIES, DEVICES, Truth, blocks_of
from holdback.data.simulated.shop import ArmTruth, Lift, Shop

__all__ = ["simulate"]

TABLES = {
    "customers": "customer_id VARCHAR, device VARCHAR, country VARCHAR",
    "exposures": "customer_id VARCHAR, arm VARCHAR, exposed_at BIGINT, "
    "device VARCHAR, country VARCHAR",
    "orders": "order_id VARCHAR, customer_id VARCHAR, ordered_at BIGINT, "
    "total DECIMAL(18, 2), refunded DECIMAL(18, 2)",
}
SORTED_BY = {
    "customers": ("customer_id",),
    "exposures": ("exposed_at", "customer_id", "arm"),
    "orders": ("ordered_at", "order_id"),
}
UNIT_SQL = "printf('C%07d', unit)"
DEVICE = f"list_extract({list(DEVICES)}, device + 1)"
COUNTRY = f"list_extract({list(COUNTRIES)}, country + 1)"
HUNDREDTHS = "CAST({} AS DECIMAL(16, 0)) * CAST(0.01 AS DECIMAL(2, 2))"
INSERTED = {
    "customers": f"{UNIT_SQL}, {DEVICE}, {COUNTRY}",
    "exposures": f"{UNIT_SQL}, arm, second, {DEVICE}, {COUNTRY}",
    "orders": f"printf('O%08d', number), {UNIT_SQL}, second, "
    f"{HUNDREDTHS.format('total')}, {HUNDREDTHS.format('refunded')}",
}


def simulate(
    shop: Shop, folder: Path, *, form: Literal["csv", "parquet"] = "csv"
) -> tuple[ArmTruth, ...]:
    """Write customers, exposures and orders; what is true of each arm.

    Files of the same name are replaced. Raises EnvironmentFault when the folder
    cannot be written.
    """
    truths = _written(shop, folder, form)
    return tuple(
        ArmTruth(
            arm=name,
            lift=shop.lifts.get(name, Lift()),
            units=sum(truth.units[arm] for truth in truths),
            incremental_revenue=sum(truth.added[arm] for truth in truths),
        )
        for arm, name in enumerate(shop.split.names)
    )


def _written(shop: Shop, folder: Path, form: str) -> list[Truth]:
    """Write the tables block by block; what is true of each block."""
    truths = []
    with closing(embedded()) as engine:
        engine.execute("SET threads = 1")
        for table, columns in TABLES.items():
            engine.execute(f"CREATE TABLE {table} ({columns})")
        for block in blocks_of(shop):
            truths.append(block.truth)
            for table, columns in INSERTED.items():
                engine.register("block", getattr(block, table))
                engine.execute(f"INSERT INTO {table} SELECT {columns} FROM block")
                engine.unregister("block")
        for table in TABLES:
            _export(engine, table, folder / f"{table}.{form}", form)
    return truths


def _export(engine: EmbeddedEngine, table: str, target: Path, form: str) -> None:
    """Write one table, ordered by time; a time is text in a CSV file."""
    what = "*"
    for time in (name for name in SORTED_BY[table] if name.endswith("_at")):
        text = f"strftime(make_timestamp({time} * 1000000), '%Y-%m-%dT%H:%M:%SZ')"
        shown = text if form == "csv" else f"to_timestamp({time})"
        what = f"* REPLACE ({shown} AS {time})"
    how = "FORMAT csv, HEADER" if form == "csv" else "FORMAT parquet, COMPRESSION zstd"
    with replacing(target) as temporary:
        engine.execute(
            f"COPY (SELECT {what} FROM (FROM {table} "
            f"ORDER BY {', '.join(SORTED_BY[table])})) "
            f"TO {quoted_text(str(temporary))} ({how})"
        )
