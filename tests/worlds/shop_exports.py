"""One small shop, as Shopify, Google Analytics and a plain table have it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

__all__ = [
    "METRICS",
    "Order",
    "experiment",
    "in_time",
    "orders",
    "plain_orders",
    "visitors",
    "write_rows",
]

START = datetime(2026, 10, 1, 12)  # noqa: DTZ001  # UTC, written as it is
METRICS = """\
metrics:
  conversion: {kind: conversion, source: orders, within: 14 days}
  revenue: {kind: mean, source: orders, value: VALUE, unit: money, within: 14 days}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order with its items; `total` and `refunded` are cents."""

    number: int
    unit: str
    time: datetime
    items: int
    total: int
    refunded: int


def visitors() -> list[tuple[str, str, datetime]]:
    """Unit, arm and time of sixty visitors."""
    arms = ["holdback", "personalized"]
    return [
        (f"u{i}@shop.example", arms[i % 2], START + timedelta(hours=i))
        for i in range(60)
    ]


def in_time() -> list[Order]:
    """The orders that came within 14 days of the visit."""
    seen = {unit: time for unit, _, time in visitors()}
    return [one for one in orders() if one.time < seen[one.unit] + timedelta(days=14)]


def orders() -> list[Order]:
    """Forty orders of the visitors, some of several items, some refunded in part."""
    rng = np.random.default_rng(79)
    made = []
    for number in range(40):
        unit, _, seen = visitors()[int(rng.integers(60))]
        total = int(rng.integers(500, 20_000))
        made.append(
            Order(
                number=number,
                unit=unit,
                time=seen + timedelta(minutes=int(rng.integers(1, 30_000))),
                items=int(rng.integers(1, 4)),
                total=total,
                refunded=total // 3 if number % 7 == 0 else 0,
            )
        )
    return made


def write_rows(path: Path, names: list[str], rows: list[list[object]]) -> None:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def experiment(folder: Path, source: str, value: str, exposures: str = "") -> Path:
    """The file of the experiment, with `source` as its orders."""
    write_rows(
        folder / "visitors.csv",
        ["unit", "arm", "time"],
        [[unit, arm, f"{time.isoformat()}Z"] for unit, arm, time in visitors()],
    )
    plain = "csv: visitors.csv\n    columns: {unit: unit, arm: arm, time: time}"
    file = folder / "recs.yaml"
    file.write_text(
        "version: 1\nexperiment: recs\ncurrency: EUR\n"
        "arms:\n  holdback: {share: 50%}\n  personalized: {share: 50%}\n"
        "assignment: {source: visitors}\n"
        "window: {start: 2026-10-01, end: 2026-10-31}\n"
        "primary: revenue\nsecondary: [conversion]\n"
        f"sources:\n  visitors:\n    {exposures or plain}\n  orders:\n    {source}\n"
        + METRICS.replace("VALUE", value),
        encoding="utf-8",
    )
    return file


def plain_orders(folder: Path, value: str, made: list[Order] | None = None) -> Path:
    """The same experiment from a plain table of orders; `value` is ``a - b``."""
    folder.mkdir(exist_ok=True)
    write_rows(
        folder / "orders.csv",
        ["order_id", "unit", "time", *value.split(" - ")],
        [
            [one.number, one.unit, f"{one.time.isoformat()}Z", one.total / 100,
             one.refunded / 100]
            for one in (orders() if made is None else made)
        ],
    )  # fmt: skip
    roles = "columns: {unit: unit, time: time, id: order_id}"
    return experiment(folder, f"csv: orders.csv\n    {roles}", value)
