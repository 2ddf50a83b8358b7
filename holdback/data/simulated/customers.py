"""What the customers of a simulated shop do, as columns of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from holdback.data.simulated.shop import HIGHEST_CHANCE, Lift, Shop

__all__ = ["COUNTRIES", "DEVICES", "CustomerBlock", "Truth", "blocks_of"]

ColumnValues = npt.NDArray[Any]
TableColumns = dict[str, ColumnValues]

DAY_SECONDS = 86_400
BLOCK_SIZE = 100_000
PURCHASE_DAYS = 14
# Level -> (share of customers, factor on the chance to buy or on the order value).
DEVICES = {"mobile": (0.62, 0.9), "desktop": (0.32, 1.25), "tablet": (0.06, 0.7)}
COUNTRIES = {"IE": (0.45, 1.0), "GB": (0.35, 1.1), "DE": (0.20, 0.85)}
WHOLLY, PARTLY = 0.04, 0.03  # shares of orders that are refunded
LEAST_REFUNDED, MOST_REFUNDED = 0.1, 0.6  # of an order that is refunded in part


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """For each arm: units that stayed in it, net revenue that its treatment adds."""

    units: tuple[int, ...]
    added: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBlock:
    """Columns of three tables. Times are seconds since 1970, amounts hundredths.

    Segments are positions in `DEVICES` and `COUNTRIES`; `unit` is the number within
    an id.
    """

    customers: TableColumns
    exposures: TableColumns
    orders: TableColumns
    truth: Truth


def blocks_of(shop: Shop) -> Iterator[CustomerBlock]:
    """Everything that happens, some customers at a time."""
    orders = 0
    for number, first in enumerate(range(0, shop.units, BLOCK_SIZE)):
        block = _block(shop, number, range(first, min(first + BLOCK_SIZE, shop.units)))
        block.orders["number"] += orders
        orders = int(block.orders["number"].max(initial=orders - 1)) + 1
        yield block


def _block(shop: Shop, number: int, units: range) -> CustomerBlock:
    """One block of customers with everything that they do.

    Orders are numbered from 0 here; those logged twice have one number.
    """
    rng = np.random.default_rng([shop.seed, number])
    n = len(units)
    people = _people(shop, rng, n) | {"unit": np.arange(units.start, units.stop)}
    ids = [f"C{unit:07d}" for unit in units]
    code = np.asarray(shop.split.assign_many(ids).arm_codes, dtype=np.int64)
    seen = _first_seen(shop, rng, n)
    crossed = (code >= 0) & (rng.random(n) < shop.crossovers)
    orders = _orders(shop, rng, people, seen=seen, code=code)
    again = np.flatnonzero(rng.random(len(orders["unit"])) < shop.duplicates)
    orders = {name: np.append(column, column[again]) for name, column in orders.items()}
    orders["unit"] = people["unit"][orders["unit"]]
    return CustomerBlock(
        customers=_rows(people, np.arange(n)),
        exposures=_exposures(shop, rng, people, seen=seen, code=code, crossed=crossed),
        orders=orders,
        truth=_truth(shop, people, code=code, counted=~crossed),
    )


def _exposures(
    shop: Shop,
    rng: np.random.Generator,
    people: TableColumns,
    *,
    seen: ColumnValues,
    code: ColumnValues,
    crossed: ColumnValues,
) -> TableColumns:
    """A row for each customer in the test, and one in another arm for crossovers."""
    once, twice = np.flatnonzero(code >= 0), np.flatnonzero(crossed)
    names = np.array(shop.split.names, dtype=object)
    other = (code[twice] + 1) % len(names)
    later = seen[twice] + rng.integers(3_600, 5 * DAY_SECONDS, len(twice))
    columns = _rows(people, np.append(once, twice))
    columns["arm"] = names[np.append(code[once], other)]
    columns["second"] = np.append(
        seen[once], np.minimum(later, _midnights(shop)[-1] - 1)
    )
    return columns


def _people(shop: Shop, rng: np.random.Generator, n: int) -> TableColumns:
    """Segments, chance to buy in 14 days, and mean value of an order, untreated.

    The chance is gamma distributed over customers (a negative binomial world), cut
    at 60 %; the mean value is lognormal.
    """

    def segment(
        levels: Mapping[str, tuple[float, float]],
    ) -> tuple[ColumnValues, ColumnValues]:
        shares, factors = np.array(list(levels.values())).T
        level = rng.choice(len(shares), size=n, p=shares)
        return level, (factors / (shares @ factors))[level]

    device, readiness = segment(DEVICES)
    country, budget = segment(COUNTRIES)
    taste = rng.gamma(1.5, 1 / 1.5, n)
    purse = np.exp(0.4 * rng.standard_normal(n) - 0.4**2 / 2)
    return {
        "device": device,
        "country": country,
        "chance": np.minimum(shop.conversion_rate * readiness * taste, HIGHEST_CHANCE),
        "value": shop.order_value * budget * purse,
    }


def _midnights(shop: Shop) -> ColumnValues:
    """Second at which each day begins, and the last one ends, in the shop's zone."""
    zone = ZoneInfo(shop.timezone)
    days = (shop.start + timedelta(days=day) for day in range(shop.days + 1))
    return np.array(
        [int(datetime(d.year, d.month, d.day, tzinfo=zone).timestamp()) for d in days]
    )


def _first_seen(shop: Shop, rng: np.random.Generator, n: int) -> ColumnValues:
    """Second of each customer's first exposure: weekends and evenings are busier."""
    midnights = _midnights(shop)
    weekday = (shop.start.weekday() + np.arange(shop.days)) % 7
    busy = np.where(weekday >= 5, 1.3, 1.0)
    day = rng.choice(shop.days, size=n, p=busy / busy.sum())
    length = np.diff(midnights)[day]
    return midnights[day] + np.floor(rng.beta(3.0, 2.0, n) * length).astype(np.int64)


def _orders(
    shop: Shop,
    rng: np.random.Generator,
    people: TableColumns,
    *,
    seen: ColumnValues,
    code: ColumnValues,
) -> TableColumns:
    """Orders before, within and after the 14 days that treatment is measured in."""
    # A customer outside the test has code -1, which picks the 1.0 at the end.
    lifts = [shop.lifts.get(name, Lift()) for name in shop.split.names]
    more = np.array([1 + lift.conversion for lift in lifts] + [1.0])[code]
    dearer = np.array([1 + lift.order_value for lift in lifts] + [1.0])[code]
    chance = people["chance"]
    periods = (
        (
            -2 * PURCHASE_DAYS,
            2 * PURCHASE_DAYS,
            1 - (1 - chance) ** 2,
            np.ones_like(more),
        ),
        (0, PURCHASE_DAYS, chance * more, dearer),
        (PURCHASE_DAYS, PURCHASE_DAYS, chance * more, dearer),
    )
    parts = []
    for begin, length, likely, factor in periods:
        buyers = np.flatnonzero(rng.random(len(seen)) < likely)
        unit = np.repeat(
            buyers, 1 + rng.poisson(shop.orders_per_buyer - 1, len(buyers))
        )
        offset = np.floor(rng.random(len(unit)) * length * DAY_SECONDS).astype(np.int64)
        noise = shop.spread * rng.standard_normal(len(unit)) - shop.spread**2 / 2
        value = people["value"][unit] * factor[unit] * np.exp(noise)
        total = np.maximum(np.rint(100 * value), 1).astype(np.int64)
        parts.append(
            {
                "unit": unit,
                "second": seen[unit] + begin * DAY_SECONDS + offset,
                "total": total,
                "refunded": np.rint(total * _returned(rng, len(unit))).astype(np.int64),
            }
        )
    orders = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return orders | {"number": np.arange(len(orders["unit"]))}


def _returned(rng: np.random.Generator, n: int) -> ColumnValues:
    """Share of each order that is refunded: nothing, all, or a part."""
    kind = rng.random(n)
    part = rng.uniform(LEAST_REFUNDED, MOST_REFUNDED, n)
    return np.where(
        kind < WHOLLY, 1.0, np.where(kind < WHOLLY + PARTLY, part, np.zeros(n))
    )


def _truth(
    shop: Shop, people: TableColumns, *, code: ColumnValues, counted: ColumnValues
) -> Truth:
    """What can be known without drawing: expectations given who the customers are."""
    kept = 1 - WHOLLY - PARTLY * (LEAST_REFUNDED + MOST_REFUNDED) / 2
    spent = people["chance"] * people["value"] * shop.orders_per_buyer * kept
    inside = [counted & (code == arm) for arm in range(len(shop.split.names))]
    lifts = [shop.lifts.get(name, Lift()).revenue for name in shop.split.names]
    return Truth(
        units=tuple(int(who.sum()) for who in inside),
        added=tuple(
            float(lift * spent[who].sum())
            for lift, who in zip(lifts, inside, strict=True)
        ),
    )


def _rows(people: TableColumns, rows: ColumnValues) -> TableColumns:
    """Number and segments of some customers."""
    return {name: people[name][rows] for name in ("unit", "device", "country")}
