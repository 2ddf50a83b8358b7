"""What `holdback init` writes: a commented project, its schemas, and invented data.

The data are there so that the project runs as it is; they are drawn from a fixed seed
and are the same everywhere. Their lift is small and no secret: buyers buy 12 % more
often in the personalized arm.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from importlib import resources
from random import Random
from statistics import NormalDist
from typing import Final

from holdback.assignment.split import Split

__all__ = ["TEMPLATES", "starter"]

UNITS = 4000
LIFT = 0.12
FIRST_DAY: Final = datetime(2026, 9, 7)  # noqa: DTZ001  # local time of the project
WINDOW_DAYS, WITHIN_DAYS, LOOKBACK_DAYS = 28, 14, 28
STARTER_SHARES = (("holdback", Fraction(1, 5)), ("personalized", Fraction(4, 5)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """Names and sizes of one template's invented tables.

    `units` and `events` are the tables' headers: id, arm, time and two attributes;
    id, unit, time, amount and one small whole number.
    """

    experiment: str
    units: str
    units_header: tuple[str, ...]
    attributes: tuple[tuple[str, ...], tuple[str, ...]]
    events: str
    events_header: tuple[str, ...]
    rate: float
    typical_amount: float
    small: tuple[int, ...]


TEMPLATES: Final = {
    "ecommerce": Invented(
        experiment="recommendations",
        units="visitors",
        units_header=("customer_id", "arm", "exposed_at", "device", "country"),
        attributes=(("mobile", "desktop", "tablet"), ("IE", "GB", "DE")),
        events="orders",
        events_header=("order_id", "customer_id", "ordered_at", "total", "refunded"),
        rate=0.10,
        typical_amount=60,
        small=(0, 0, 0, 0, 0, 0, 0, 0, 0, 20),
    ),
    "saas": Invented(
        experiment="onboarding",
        units="accounts",
        units_header=("account_id", "arm", "signed_up_at", "plan", "company_size"),
        attributes=(("free", "trial"), ("1-9", "10-99", "100+")),
        events="payments",
        events_header=("invoice_id", "account_id", "paid_at", "amount", "discount"),
        rate=0.08,
        typical_amount=90,
        small=(0, 0, 0, 5, 10),
    ),
    "fintech": Invented(
        experiment="offers",
        units="customers",
        units_header=("customer_id", "arm", "offered_at", "channel", "tenure"),
        attributes=(("app", "web", "branch"), ("new", "1-3 years", "over 3 years")),
        events="applications",
        events_header=(
            "application_id",
            "customer_id",
            "funded_at",
            "fee",
            "days_late",
        ),
        rate=0.06,
        typical_amount=120,
        small=(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7),
    ),
    "hospitality": Invented(
        experiment="room-offers",
        units="guests",
        units_header=("guest_id", "arm", "visited_at", "device", "market"),
        attributes=(("mobile", "desktop"), ("ES", "GB", "DE", "FR")),
        events="bookings",
        events_header=("booking_id", "guest_id", "booked_at", "price", "nights"),
        rate=0.07,
        typical_amount=240,
        small=(1, 2, 2, 3, 7),
    ),
}


def starter(template: str) -> dict[str, str]:
    """The files of a new project: path → text."""
    from holdback.experiments.config.json_schema import schema

    invented = TEMPLATES[template]
    experiment = f"experiments/{invented.experiment}.yaml"
    visits, events = _tables(invented)
    files = {
        "holdback.yaml": _headed(template, "holdback.yaml", "schemas/project"),
        experiment: _headed(template, experiment, "../schemas/experiment"),
        f"data/{invented.units}.csv": _csv(invented.units_header, visits),
        f"data/{invented.events}.csv": _csv(invented.events_header, events),
    }
    for which in ("project", "experiment"):
        text = json.dumps(schema(which), indent=2, ensure_ascii=False)
        files[f"schemas/{which}.schema.json"] = f"{text}\n"
    return files


def _headed(template: str, name: str, schema_path: str) -> str:
    folder = resources.files("holdback.experiments") / "templates" / template
    text = folder.joinpath(name).read_text(encoding="utf-8")
    return f"# yaml-language-server: $schema={schema_path}.schema.json\n{text}"


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"{','.join(row)}\n" for row in (header, *rows))


TableRows = list[tuple[str, ...]]


def _tables(invented: Invented) -> tuple[TableRows, TableRows]:
    """Exposures and events, both in order of time."""
    rng = Random(invented.experiment)  # noqa: S311  # invented data
    split = Split(invented.experiment, STARTER_SHARES)
    visits: TableRows = []
    events: TableRows = []
    for number in range(UNITS):
        unit = f"u-{number + 1:05d}"
        arm = split.assign(unit).arm or ""
        seen = FIRST_DAY + timedelta(minutes=int(rng.random() * WINDOW_DAYS * 1440))
        first, second = (
            kinds[int(rng.random() * len(kinds))] for kinds in invented.attributes
        )
        visits.append((unit, arm, f"{seen:%Y-%m-%dT%H:%M}", first, second))
        taste = 2 * rng.random()
        lift = 1 + LIFT * (arm == "personalized")
        before = seen - timedelta(days=LOOKBACK_DAYS)
        events += _bought(invented, rng, unit, before, LOOKBACK_DAYS, taste)
        events += _bought(invented, rng, unit, seen, WITHIN_DAYS, taste * lift)
    events += _others(invented, rng)
    events.sort(key=lambda event: event[2])
    numbered = [(f"e-{n + 1:05d}", *event[1:]) for n, event in enumerate(events)]
    return sorted(visits, key=lambda visit: visit[2]), numbered


def _bought(
    invented: Invented,
    rng: Random,
    unit: str,
    start: datetime,
    days: int,
    appetite: float,
) -> Iterator[tuple[str, ...]]:
    """No event, one, or rarely more, somewhere in the days after `start`."""
    while rng.random() < invented.rate * appetite:
        at = start + timedelta(minutes=1 + int(rng.random() * (days * 1440 - 1)))
        yield _event(invented, rng, unit, at)


def _others(invented: Invented, rng: Random) -> Iterator[tuple[str, ...]]:
    """One event a day of units outside the test, until every unit has had its time."""
    for day in range(WINDOW_DAYS + WITHIN_DAYS + 1):
        at = FIRST_DAY + timedelta(days=day, hours=12)
        yield _event(invented, rng, f"w-{day + 1:05d}", at)


def _event(invented: Invented, rng: Random, unit: str, at: datetime) -> tuple[str, ...]:
    size = NormalDist().inv_cdf(min(max(rng.random(), 1e-9), 1 - 1e-9))
    amount = invented.typical_amount * math.exp(0.6 * size)
    small = invented.small[int(rng.random() * len(invented.small))]
    return "", unit, f"{at:%Y-%m-%dT%H:%M}", f"{amount:.2f}", str(small)
