"""Synthetic exposures and orders as Parquet, made by the data engine itself."""

from __future__ import annotations

# ruff: noqa: E501  # SQL and YAML read best unbroken
from pathlib import Path

import duckdb

__all__ = ["EXPERIMENT", "generate"]

EXPERIMENT = """\
version: 1
experiment: benchmark
currency: EUR
arms:
  holdback: {share: 10%, control: true}
  personalized: {share: 90%}
assignment: {source: exposures}
window: {start: 2026-10-01, end: 2026-10-14}
sources:
  exposures:
    parquet: exposures.parquet
    columns: {unit: user_id, arm: arm, time: exposed_at}
  orders:
    parquet: orders.parquet
    columns: {unit: user_id, time: ordered_at}
metrics:
  conversion: {kind: conversion, source: orders, within: 14 days}
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 14 days}
  order_value: {kind: ratio, source: orders, value: total, per: orders, unit: money, within: 14 days}
primary: revenue
secondary: [conversion, order_value]
analysis: {looks: end, covariates: [pre_revenue]}
economics: {value: revenue, margin: 40%, costs: [{name: Service, amount: 5000, per: month}]}
"""

EXPOSURES = """
COPY (
  SELECT 'u' || lpad((hash(i) % 1000000000000)::VARCHAR, 12, '0') || '-' || i AS user_id,
         CASE WHEN hash(i, 1) % 10 = 0 THEN 'holdback' ELSE 'personalized' END AS arm,
         TIMESTAMP '2026-10-01' + to_microseconds((i * (14 * 86400000000 // {n}))) AS exposed_at,
         CASE WHEN hash(i, 2) % 10 < 3
              THEN round(exp(3 + (hash(i, 3) % 1000) / 500.0), 2) ELSE 0 END AS pre_revenue
  FROM range({n}) t(i)
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""

ORDERS = """
COPY (
  SELECT user_id,
         exposed_at + to_microseconds((hash(user_id, k) % (20 * 86400000000::UBIGINT))::BIGINT) AS ordered_at,
         round(exp(3 + (hash(user_id, k, 5) % 2000) / 700.0), 2) AS total
  FROM read_parquet('{exposures}'), range(3) s(k)
  WHERE hash(user_id, 7) % 100 < 10 AND hash(user_id, k, 8) % 10 < 6
  ORDER BY ordered_at
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""

JOINED = """
COPY (
  SELECT e.arm = 'personalized' AS variant, e.pre_revenue,
         coalesce(count(o.total), 0) AS orders, coalesce(sum(o.total), 0) AS revenue,
         (count(o.total) > 0)::INT AS converted
  FROM read_parquet('{exposures}') e
  LEFT JOIN read_parquet('{orders}') o
    ON o.user_id = e.user_id AND o.ordered_at >= e.exposed_at
   AND o.ordered_at < e.exposed_at + INTERVAL 14 DAY
  GROUP BY e.user_id, e.arm, e.pre_revenue
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""


def generate(folder: Path, users: int) -> None:
    """Write exposures, orders, the joined user table and the YAML, once.

    The last order lies past every user's 14 days, so all users are matured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.yaml").write_text(EXPERIMENT, encoding="utf-8")
    exposures, orders, joined = (
        folder / f"{name}.parquet" for name in ("exposures", "orders", "joined")
    )
    if joined.exists():
        return
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(EXPOSURES.format(n=users, path=exposures))
    connection.execute(ORDERS.format(exposures=exposures, path=orders))
    connection.execute(JOINED.format(exposures=exposures, orders=orders, path=joined))
