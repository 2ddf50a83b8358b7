"""Cells from rows, one unit at a time in pure Python: an oracle for the data engine.

Shares no code with the engine: exact fractions, dictionaries and loops. Rows are
dictionaries with aware datetimes; a value is a `Fraction` or None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import combinations_with_replacement
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

Key = tuple[str, str, str, date | None, int]


@dataclass(frozen=True, kw_only=True)
class Want:
    """A measure as the oracle understands it."""

    name: str
    source: str
    aggregate: str
    value: str | None
    digits: int
    start: timedelta = timedelta(0)
    end: timedelta | None = None
    cap: tuple[Fraction, bool] | None = None
    within: timedelta | None = None
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class World:
    """Rows and rules."""

    exposures: Sequence[Mapping[str, Any]]
    events: Mapping[str, Sequence[Mapping[str, Any]]]
    arms: Sequence[str]
    blocks: Mapping[str, Sequence[Want]]
    start: datetime
    end: datetime
    as_of: datetime
    zone: str = "UTC"
    crossovers: str = "exclude"
    segments: Sequence[str] = ()
    covariates: Sequence[str] = ()
    horizons: Sequence[timedelta] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)


def _gives_back(world: World, want: Want, row: Mapping[str, Any]) -> bool:
    """A refund among sales: an amount below 0 where fewer than half are."""
    rows = world.events[want.source]
    refunds = sum((other.get("total") or 0) < 0 for other in rows)
    return 2 * refunds < len(rows) and (row.get("total") or 0) < 0


def half_away(value: Fraction, digits: int) -> int:
    """A value in quanta, rounded half away from zero."""
    scaled = abs(value) * 10**digits
    size = int(scaled + Fraction(1, 2))
    return size if value >= 0 else -size


def units(world: World) -> dict[str, dict[str, Any]]:
    """Each exposed unit: arm, first exposure, whether it crossed over."""
    found: dict[str, dict[str, Any]] = {}
    for row in world.exposures:
        moment = row["t"]
        if row["arm"] not in world.arms or not world.start <= moment < world.end:
            continue
        if moment >= world.as_of:
            continue
        key = (moment, world.arms.index(row["arm"]))
        unit = found.setdefault(row["unit"], {"key": key, "arms": set(), "rows": []})
        unit["arms"].add(row["arm"])
        unit["key"] = min(unit["key"], key)
        unit["rows"].append(row)
    for unit in found.values():
        first = [
            row
            for row in unit["rows"]
            if (row["t"], world.arms.index(row["arm"])) == unit["key"]
        ]
        unit["t"] = unit["key"][0]
        unit["arm"] = world.arms[unit["key"][1]]
        unit["crossed"] = len(unit["arms"]) > 1
        for name in world.segments:
            unit[name] = min(row[name] or "(missing)" for row in first)
        for name in world.covariates:
            unit[name] = min(half_away(row[name] or Fraction(0), 6) for row in first)
    return found


def value_of(  # noqa: C901, PLR0912  # one case an aggregate
    world: World, name: str, unit: Mapping[str, Any], want: Want
) -> int:
    """One measure of one unit, in quanta."""
    rows = []
    for row in world.events[want.source]:
        if row["unit"] != name or row["t"] >= world.as_of:
            continue
        low = unit["t"] + want.start
        high = unit["t"] + want.end if want.end is not None else world.end
        if low <= row["t"] < high:
            rows.append(row)
    values = [row[want.value] for row in rows] if want.value else []
    kept = [value for value in values if value is not None]
    bought = [row for row in rows if not _gives_back(world, want, row)]
    counted = len(kept) if want.value else len(bought)
    match want.aggregate:
        case "count":
            return counted
        case "any":
            return int(any(kept) if want.value else bool(bought))
        case "sum":
            return half_away(sum(kept, Fraction(0)), want.digits)
        case "mean":
            mean = sum(kept, Fraction(0)) / len(kept) if kept else Fraction(0)
            return half_away(mean, want.digits)
        case "max":
            return half_away(max(kept, default=Fraction(0)), want.digits)
        case "min":
            return half_away(min(kept, default=Fraction(0)), want.digits)
        case "distinct":
            return len(set(kept))
        case "first_day":
            return 1 + (min(r["t"] for r in bought) - unit["t"]).days if bought else 0
        case "last_day":
            return 1 + (max(r["t"] for r in bought) - unit["t"]).days if bought else 0
        case "last":
            dated = [(r["t"], r[want.value]) for r in rows if r[want.value] is not None]
            return half_away(max(dated)[1], want.digits) if dated else 0
    raise AssertionError(want.aggregate)


def matured(world: World, unit: Mapping[str, Any]) -> int:
    """Horizons that had passed at as-of."""
    return sum(1 for end in world.horizons if unit["t"] + end <= world.as_of)


def cells(world: World) -> tuple[dict[Key, dict[str, list[list[int]]]], dict[str, int]]:
    """(arm, dimension, level, day, matured) → block → rows of quanta; and the caps."""
    found = units(world)
    used = {
        name: unit
        for name, unit in found.items()
        if name not in world.overrides
        and not (unit["crossed"] and world.crossovers == "exclude")
    }
    caps = thresholds(world, used)
    result: dict[Key, dict[str, list[list[int]]]] = {}
    for name, unit in used.items():
        values = {
            block: [_value(world, name, unit, want, caps) for want in wants]
            + [unit[c] for c in world.covariates]
            for block, wants in world.blocks.items()
        }
        day = unit["t"].astimezone(ZoneInfo(world.zone)).date()
        ripe = matured(world, unit)
        keys: list[Key] = [(unit["arm"], "all", "all", day, ripe)]
        keys += [(unit["arm"], s, unit[s], None, ripe) for s in world.segments]
        for key in keys:
            cell = result.setdefault(key, {block: [] for block in world.blocks})
            for block in world.blocks:
                cell[block].append(values[block])
    return result, caps


def thresholds(world: World, used: Mapping[str, Any]) -> dict[str, int]:
    """The capped columns' ⌈p·n⌉-th order statistics over matured units."""
    caps = {}
    for wants in world.blocks.values():
        for want in wants:
            if want.cap is None:
                continue
            share, non_zero = want.cap
            values = sorted(
                value_of(world, name, unit, want)
                for name, unit in used.items()
                if want.within is None or unit["t"] + want.within <= world.as_of
            )
            if non_zero:
                values = [value for value in values if value]
            rank = ceil(share * len(values))
            top = values[rank - 1] if values else 0
            if top > 0 or not want.optional:
                caps[want.name] = top
    return caps


def _value(
    world: World,
    name: str,
    unit: Mapping[str, Any],
    want: Want,
    caps: Mapping[str, int],
) -> int:
    value = value_of(world, name, unit, want)
    return min(value, caps[want.name]) if want.name in caps else value


def power_sums(rows: Sequence[Sequence[int]], k: int) -> dict[str, Any]:
    """What `Moments` holds of rows of quanta, by loops."""

    def products(size: int) -> tuple[int, ...]:
        total = []
        for chosen in combinations_with_replacement(range(k), size):
            value = 0
            for row in rows:
                term = 1
                for i in chosen:
                    term *= row[i]
                value += term
            total.append(value)
        return tuple(total)

    return {
        "n": len(rows),
        "sums": products(1),
        "products": products(2),
        "thirds": products(3),
        "nonzero": tuple(sum(1 for row in rows if row[i]) for i in range(k)),
        "largest": tuple(max([0, *(row[i] for row in rows)]) for i in range(k)),
    }
