"""Synthetic shops as Parquet and CSV, made by the data engine itself.

Arm, time, history, attributes and orders are drawn independently of each other, row
by row from a seeded generator, so that a sound test is measured.
"""

from __future__ import annotations

# ruff: noqa: E501  # SQL and YAML read best unbroken
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

__all__ = ["Shop", "generate"]

EXPERIMENT = """\
version: 1
experiment: benchmark
currency: EUR
arms:
{arms}
assignment: {{source: exposures}}
window: {{start: {first}, end: {last}}}
sources:
  exposures:
    {form}: exposures.{form}
    columns: {{unit: user_id, arm: arm, time: exposed_at}}
  orders:
    {form}: orders.{form}
    columns: {{unit: user_id, time: ordered_at}}
metrics:
{metrics}
primary: {primary}
secondary: [{secondary}]
analysis: {{looks: end, covariates: {covariates}, segments: [{segments}]}}
economics: {{value: {primary}, margin: 40%, costs: [{{name: Service, amount: 5000, per: month}}]}}
"""

NAMED = (
    "revenue: {kind: mean, source: orders, value: total, unit: money, within: 14 days}",
    "conversion: {kind: conversion, source: orders, within: 14 days}",
    "order_value: {kind: ratio, source: orders, value: total, per: orders, unit: money, within: 14 days}",
)
FURTHER = "m{i}: {{kind: mean, source: orders, value: a{column}, where: \"category = 'c{category}'\", unit: money, within: 14 days}}"
AMOUNTS, CATEGORIES = 8, 8
START = date(2026, 10, 1)

EXPOSURES = """
CREATE OR REPLACE TABLE exposures AS
  SELECT 'u' || lpad((hash(i) % 1000000000000)::VARCHAR, 12, '0') || '-' || i AS user_id,
         'arm' || CASE WHEN random() < 0.1 THEN 0 ELSE 1 + floor(random() * {treated})::INT END AS arm,
         TIMESTAMP '{start} 00:00:01' + to_microseconds((i * ({days} * 86300000000 // {users}))) AS exposed_at,
         CASE WHEN random() < 0.3 THEN round(exp(3 + 2 * random()), 2) ELSE 0 END AS pre_revenue,
         {dimensions}
         random() < {buyers} AS buys
  FROM range({users}) t(i)
"""

ORDERS = """
CREATE OR REPLACE TABLE orders AS
  SELECT user_id,
         exposed_at + to_microseconds(((random() * {span} - {lookback}) * 86400000000)::BIGINT) AS ordered_at,
         round(exp(3 + 2.8 * random()), 2) AS total,
         {amounts}
         'c' || floor(random() * {categories})::INT AS category
  FROM exposures, range(3) s(k)
  WHERE buys AND (k = 0 OR random() < 0.4)
  ORDER BY ordered_at
"""

JOINED = """
CREATE OR REPLACE TABLE joined AS
  SELECT (e.arm <> 'arm0')::INT AS variant, e.pre_revenue,
         count(o.total) AS orders, coalesce(sum(o.total), 0) AS revenue,
         (count(o.total) > 0)::INT AS converted
  FROM exposures e
  LEFT JOIN orders o
    ON o.user_id = e.user_id AND o.ordered_at >= e.exposed_at
   AND o.ordered_at < e.exposed_at + INTERVAL 14 DAY
  GROUP BY e.user_id, e.arm, e.pre_revenue
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What grows: users, metrics, dimensions of so many levels, days, arms, buyers.

    `buyers` is the share of users that order, once to three times in 20 days; with a
    `lookback` also in so many days before.
    """

    users: int = 300_000
    metrics: int = 3
    dimensions: int = 0
    levels: int = 5
    days: int = 14
    arms: int = 2
    buyers: float = 0.1
    lookback: int = 0
    form: str = "parquet"

    @property
    def name(self) -> str:
        """The folder that holds it."""
        return "-".join(str(value) for value in asdict(self).values())

    def experiment(self) -> str:
        """Its YAML."""
        shares = ["10%", *_parts(90, self.arms - 1)]
        arms = "\n".join(
            f"  arm{i}: {{share: {share}{', control: true' if i == 0 else ''}}}"
            for i, share in enumerate(shares)
        )
        lines = [*NAMED, *map(_further, range(self.metrics - len(NAMED)))]
        lines = lines[: self.metrics]
        first, *others = [line.split(":")[0] for line in lines]
        return EXPERIMENT.format(
            arms=arms,
            first=START,
            last=START + timedelta(days=self.days - 1),
            form=self.form,
            metrics="\n".join(f"  {line}" for line in lines),
            primary=first,
            secondary=", ".join(others),
            covariates=f"{{lookback: {self.lookback} days}}"
            if self.lookback
            else "[pre_revenue]",
            segments=", ".join(f"d{i}" for i in range(self.dimensions)),
        )

    def statements(self) -> Iterator[str]:
        """What makes its tables."""
        dimensions = [
            f"'l' || floor(random() * {self.levels})::INT AS d{i},"
            for i in range(self.dimensions)
        ]
        yield EXPOSURES.format(
            treated=self.arms - 1,
            users=self.users,
            start=START,
            days=self.days,
            buyers=self.buyers,
            dimensions=" ".join(dimensions),
        )
        amounts = [
            f"round(exp({k % 4} + 2 * random()), 2) AS a{k}," for k in range(AMOUNTS)
        ]
        further = self.metrics > len(NAMED)
        yield ORDERS.format(
            span=20 + self.lookback,
            lookback=self.lookback,
            amounts=" ".join(amounts) if further else "",
            categories=CATEGORIES,
        )
        yield JOINED


def _further(i: int) -> str:
    return FURTHER.format(i=i, column=i % AMOUNTS, category=i // AMOUNTS)


def _parts(whole: int, count: int) -> list[str]:
    """Whole percents that add up."""
    return [f"{whole * (i + 1) // count - whole * i // count}%" for i in range(count)]


def generate(folder: Path, shop: Shop) -> None:
    """Write exposures, orders, the joined user table and the YAML, once.

    The last order lies past every user's 14 days, so all users are matured.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "experiment.yaml").write_text(shop.experiment(), encoding="utf-8")
    options = "FORMAT csv" if shop.form == "csv" else "FORMAT parquet, COMPRESSION zstd"
    if (folder / f"joined.{shop.form}").exists():
        return
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false; SET threads = 1")
    connection.execute("SELECT setseed(0.42)")
    for statement in shop.statements():
        connection.execute(statement)
    connection.execute("ALTER TABLE exposures DROP COLUMN buys")
    for name in ("exposures", "orders", "joined"):
        path = folder / f"{name}.{shop.form}"
        connection.execute(f"COPY {name} TO '{path}' ({options})")
