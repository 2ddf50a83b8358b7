"""The gallery's customers: lifetime value, and a funnel to the first order."""

from __future__ import annotations

# ruff: noqa: E501  # YAML reads best one a line
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from oracles.customers import Customers

import holdback as hb
from holdback.results.scorecard import Scorecard

__all__ = ["lifetime"]

YAML = """\
version: 1
experiment: lifetime
hypothesis: A personalized welcome brings customers back.
owner: growth@acme.example
currency: EUR
locale: en-IE
timezone: UTC
arms:
  holdback: {share: 40%, control: true, label: No personalization}
  personalized: {share: 60%, label: Personalized welcome}
window: {start: 2026-01-01, end: 2026-06-30}
assignment: {source: customers}
sources:
  customers: {csv: customers.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
  events: {csv: events.csv, columns: {unit: id, time: at}}
metrics:
  ordered: {kind: conversion, source: orders, within: 30 days, label: Customers with an order}
  lifetime_value: {kind: clv, source: orders, value: total, horizon: 52 weeks, discount: 10%, unit: money}
  to_first_order:
    kind: funnel
    within: 30 days
    label: To the first order
    steps:
      - {step: Opened the welcome, source: events, where: what = 'open'}
      - {step: Filled a basket, source: events, where: what = 'basket'}
      - {step: Ordered, source: orders}
primary: ordered
secondary: [lifetime_value, to_first_order]
analysis: {looks: end}
economics:
  value: lifetime_value
  margin: 40%
  costs: [{name: Welcome programme, amount: 700, per: month}]
"""
START = pd.Timestamp("2026-01-01T08:00:00")
DAYS = 180
END = pd.Timestamp("2026-08-01")


def lifetime(folder: Path) -> Scorecard:
    """5,000 customers who join over half a year, read a month after the last."""
    draw = np.random.default_rng(17)
    world = Customers(r=0.8, alpha=6.0)
    units = 5_000
    treated = draw.random(units) < 0.6
    seen = START + pd.to_timedelta(draw.integers(0, DAYS * 86_400 - 40_000, units), "s")
    orders, events = [], []
    for i in range(units):
        mine = world.treated(-0.35 if treated[i] else 0.0)
        weeks, amounts = mine.orders(draw, weeks=40)
        orders += [
            (f"u{i:05d}", seen[i] + pd.Timedelta(weeks=week), round(amount, 2))
            for week, amount in zip(weeks, amounts, strict=True)
            if seen[i] + pd.Timedelta(weeks=week) < END
        ]
        soon = bool(weeks) and weeks[0] < 30 / 7
        basket = soon or draw.random() < 0.12
        opened = basket or draw.random() < (0.35 if treated[i] else 0.25)
        hour = seen[i] + pd.Timedelta(hours=1)
        events += [(f"u{i:05d}", hour, "open")] * opened
        events += [(f"u{i:05d}", hour, "basket")] * basket
    path = folder / "lifetime.yaml"
    path.write_text(YAML)
    frames = {
        "customers": pd.DataFrame(
            {
                "id": [f"u{i:05d}" for i in range(units)],
                "arm": np.where(treated, "personalized", "holdback"),
                "at": seen,
            }
        ),
        "orders": pd.DataFrame(orders, columns=["id", "at", "total"]),
        "events": pd.DataFrame(events, columns=["id", "at", "what"]),
    }
    return hb.analyze(path, as_of=date(2026, 7, 31), **frames).scorecard
