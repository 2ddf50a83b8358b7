"""Units' values from rows whose times are written in many ways, counted by pandas.

Shares no code with the engine: times are parsed by `Timestamp`, zones are pandas', and
each unit's rows are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

NO_DATE = ("1970-01-01", "0000-00-00 00:00:00", "epoch", "1900-01-00")
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the file says of times: zones, days, tolerance and the moment of reading."""

    project: str
    as_of: pd.Timestamp
    zones: Mapping[str, str]
    days: frozenset[str]
    tolerance: pd.Timedelta


def moment(text: str, zone: str, *, second: bool) -> pd.Timestamp:
    """A stamp in UTC: by its offset, or by the wall clock of its zone.

    Of an hour that comes twice the first is meant, or the `second`; a time that is
    skipped moves forward by as much.
    """
    stamp = pd.Timestamp(text.replace(" UTC", "Z").replace(" GMT", "Z"))
    if stamp.tzinfo is not None:
        return stamp.tz_convert("UTC")
    summer = not second
    forward = pd.Timedelta(hours=1)
    local = stamp.tz_localize(zone, ambiguous=summer, nonexistent=forward)
    return local.tz_convert("UTC")


def midnight(text: str, zone: str) -> pd.Timestamp:
    """The start of a day of the project's timezone, in UTC."""
    return moment(text[:10], zone, second=False)


def exposed(rows: Sequence[Row], rules: Rules) -> dict[str, tuple[str, pd.Timestamp]]:
    """Unit → its arm and first exposure, before the moment of reading."""
    firsts: dict[str, tuple[str, pd.Timestamp]] = {}
    for row in rows:
        if row["at"] in NO_DATE:
            continue
        if "exposures" in rules.days:
            at = midnight(row["at"], rules.project)
        else:
            at = moment(row["at"], rules.zones["exposures"], second=False)
        known = firsts.get(row["unit"])
        if at < rules.as_of and (known is None or at < known[1]):
            firsts[row["unit"]] = (row["arm"], at)
    return firsts


def cents_of(row: Row) -> int:
    """A row's amount in cents; a refund is below 0."""
    return int(row["cents"])


def values(
    exposures: Sequence[Row], orders: Sequence[Row], rules: Rules, within: int
) -> dict[str, tuple[int, int, int]]:
    """Arm → its units with their full time, their cents, and those that bought."""
    cents: dict[str, int] = {}
    buyers: set[str] = set()
    firsts = exposed(exposures, rules)
    for row in orders:
        if row["at"] in NO_DATE or row["unit"] not in firsts:
            continue
        _, start = firsts[row["unit"]]
        if "orders" in rules.days or len(row["at"]) == len("2026-10-01"):
            at = midnight(row["at"], rules.project)
            own_day = start.tz_convert(rules.project).tz_localize(None).normalize()
            inside = 0 <= (pd.Timestamp(row["at"][:10]) - own_day).days < within
        else:
            at = moment(row["at"], rules.zones["orders"], second=True)
            span = at - start
            inside = -rules.tolerance <= span < pd.Timedelta(days=within)
        if inside and at < rules.as_of:
            cents[row["unit"]] = cents.get(row["unit"], 0) + row["cents"]
            if cents_of(row) >= 0:
                buyers.add(row["unit"])
    totals = dict.fromkeys(("held", "treated"), (0, 0, 0))
    for unit, (arm, start) in firsts.items():
        if start + pd.Timedelta(days=within) <= rules.as_of:
            n, total, bought = totals[arm]
            bought += unit in buyers
            totals[arm] = (n + 1, total + cents.get(unit, 0), bought)
    return totals
