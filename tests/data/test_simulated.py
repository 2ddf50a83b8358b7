"""The simulated shop against its own declared truth, counted from its files."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import sqrt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from holdback.assignment.split import Split
from holdback.data.simulated import Lift, Shop, simulate

HALF = Split("x", (("control", Fraction(1, 2)), ("treated", Fraction(1, 2))))


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    """Rows of a written CSV table."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Content of each file by its name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def big() -> Shop:
    """A half and half shop with strong effects in a zone that changes its clock."""
    return Shop(
        units=60_000,
        seed=7,
        split=HALF,
        lifts={"treated": Lift(conversion=0.25, order_value=0.10)},
        conversion_rate=0.2,
        timezone="Europe/Dublin",
        start=date(2026, 10, 1),
    )


@pytest.fixture(scope="module")
def folder(big: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the big shop."""
    place = tmp_path_factory.mktemp("shop")
    simulate(big, place)
    return place


@pytest.fixture(scope="module")
def sums(folder: Path) -> dict[str, dict[str, list[float]]]:
    """Arm → buyers and net revenue and orders and gross, by brute force over rows."""
    seen: dict[str, tuple[str, datetime]] = {}
    crossed = set()
    for row in rows(folder, "exposures"):
        first = seen.setdefault(
            row["customer_id"],
            (row["arm"], datetime.fromisoformat(row["exposed_at"])),
        )
        if first[0] != row["arm"]:
            crossed.add(row["customer_id"])
    orders = {row["order_id"]: row for row in rows(folder, "orders")}
    net: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    found: dict[str, dict[str, list[float]]] = {}
    for arm in ("control", "treated"):
        units = [u for u, (a, _) in seen.items() if a == arm and u not in crossed]
        found[arm] = {"units": [float(len(units))], "order": []}
        for unit in units:
            net[arm][unit] = 0.0
    buyers: dict[str, set[str]] = defaultdict(set)
    for row in orders.values():
        unit = row["customer_id"]
        arm, since = seen[unit]
        wait = datetime.fromisoformat(row["ordered_at"]) - since
        if unit not in crossed and timedelta() <= wait < timedelta(days=14):
            buyers[arm].add(unit)
            net[arm][unit] += float(row["total"]) - float(row["refunded"])
            found[arm]["order"].append(float(row["total"]))
    for arm, per_unit in net.items():
        found[arm]["net"] = list(per_unit.values())
        found[arm]["buyers"] = [float(len(buyers[arm]))]
    return found


def mean_and_error(values: list[float]) -> tuple[float, float]:
    """Mean and its standard error."""
    mean = sum(values) / len(values)
    var = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, sqrt(var / len(values))


def test_conversion_lift_against_rows(
    big: Shop, sums: dict[str, dict[str, list[float]]]
) -> None:
    """The counted lift of conversion lies within 4 standard errors of the truth."""
    rate = {a: s["buyers"][0] / s["units"][0] for a, s in sums.items()}
    error = {a: sqrt(p * (1 - p) / sums[a]["units"][0]) for a, p in rate.items()}
    lift = rate["treated"] / rate["control"] - 1
    spread = sqrt(sum((error[a] / rate[a]) ** 2 for a in rate)) * (1 + lift)
    assert abs(lift - big.lifts["treated"].conversion) < 4 * spread


@pytest.mark.parametrize(("figure", "true"), [("order", 0.10), ("net", 0.375)])
def test_money_lifts_against_rows(
    figure: str, true: float, sums: dict[str, dict[str, list[float]]]
) -> None:
    """Order value and net revenue per visitor lie within 4 standard errors."""
    control, treated = (
        mean_and_error(sums[arm][figure]) for arm in ("control", "treated")
    )
    lift = treated[0] / control[0] - 1
    spread = (1 + lift) * sqrt(
        (control[1] / control[0]) ** 2 + (treated[1] / treated[0]) ** 2
    )
    assert abs(lift - true) < 4 * spread
    assert spread < 0.05


def test_incremental_revenue_against_rows(
    big: Shop, folder: Path, sums: dict[str, dict[str, list[float]]]
) -> None:
    """The declared extra revenue is what the treated arm has above the control."""
    control, treated = (
        mean_and_error(sums[arm]["net"]) for arm in ("control", "treated")
    )
    truth = {truth.arm: truth for truth in simulate(big, folder)}
    assert truth["treated"].units == len(sums["treated"]["net"])
    assert truth["control"].units == len(sums["control"]["net"])
    assert truth["control"].incremental_revenue == 0
    extra = (treated[0] - control[0]) * truth["treated"].units
    spread = truth["treated"].units * sqrt(control[1] ** 2 + treated[1] ** 2)
    assert abs(extra - truth["treated"].incremental_revenue) < 4 * spread


def test_the_rates_against_the_fields(big: Shop, folder: Path) -> None:
    """Crossovers, duplicates, conversion and refunds are as often as they should be."""
    seen = Counter(row["customer_id"] for row in rows(folder, "exposures"))
    twice = sum(count > 1 for count in seen.values())
    assert len(seen) == big.units
    assert twice / big.units == pytest.approx(big.crossovers, rel=0.4)
    orders = rows(folder, "orders")
    copies = len(orders) - len({row["order_id"] for row in orders})
    assert copies / len(orders) == pytest.approx(big.duplicates, rel=0.4)
    whole = sum(row["refunded"] == row["total"] for row in orders) / len(orders)
    some = sum(float(row["refunded"]) > 0 for row in orders) / len(orders)
    assert whole == pytest.approx(0.04, rel=0.15)
    assert some == pytest.approx(0.07, rel=0.15)


def test_exposures_lie_in_the_window(big: Shop, folder: Path) -> None:
    """Every exposure falls on one of the shop's days, by its own clock."""
    zone = ZoneInfo(big.timezone)
    days = Counter(
        datetime.fromisoformat(row["exposed_at"]).astimezone(zone).date()
        for row in rows(folder, "exposures")
    )
    assert min(days) == big.start
    assert max(days) == big.start + timedelta(days=big.days - 1)
    assert len(days) == big.days


def test_logged_arms_against_the_split(folder: Path) -> None:
    """The first arm of every customer is the one that the split gives its id."""
    seen: dict[str, str] = {}
    for row in rows(folder, "exposures"):
        seen.setdefault(row["customer_id"], row["arm"])
    assert all(HALF.assign(unit).arm == arm for unit, arm in list(seen.items())[:5000])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_same_seed_same_bytes_invariance(tmp_path: Path, form: str) -> None:
    """The same shop gives the same bytes, another seed gives others."""
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        shop = Shop(units=2_000, seed=seed)
        simulate(shop, tmp_path / name, form=form)  # type: ignore[arg-type]
    a, b, c = (bytes_of(tmp_path / name) for name in "abc")
    assert a == b
    assert a["orders." + form] != c["orders." + form]


def test_parquet_against_csv(tmp_path: Path) -> None:
    """Both forms hold the same rows, times and amounts."""
    import pyarrow.parquet as pq

    shop = Shop(units=2_000)
    simulate(shop, tmp_path)
    simulate(shop, tmp_path, form="parquet")
    table = pq.read_table(tmp_path / "orders.parquet").to_pylist()
    assert [
        (r["order_id"], r["ordered_at"].isoformat(), str(r["total"])) for r in table
    ] == [
        (r["order_id"], r["ordered_at"].replace("Z", "+00:00"), r["total"])
        for r in rows(tmp_path, "orders")
    ]


def test_blocks_join_without_a_seam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several blocks give every customer once and order numbers that do not clash."""
    monkeypatch.setattr("holdback.data.simulated.customers.BLOCK_SIZE", 700)
    simulate(Shop(units=2_000, duplicates=0, conversion_rate=0.3), tmp_path)
    units = [row["customer_id"] for row in rows(tmp_path, "customers")]
    assert units == [f"C{n:07d}" for n in range(2_000)]
    orders = [row["order_id"] for row in rows(tmp_path, "orders")]
    assert sorted(orders) == [f"O{n:08d}" for n in range(len(orders))]


def test_traffic_leaves_customers_out(tmp_path: Path) -> None:
    """Customers outside the traffic buy as ever and are never exposed."""
    split = Split("x", HALF.arms, traffic=Fraction(1, 4))
    truths = simulate(Shop(units=4_000, split=split, crossovers=0), tmp_path)
    exposed = {row["customer_id"] for row in rows(tmp_path, "exposures")}
    assert len(exposed) == sum(truth.units for truth in truths)
    assert 800 < len(exposed) < 1_200
    assert {row["customer_id"] for row in rows(tmp_path, "orders")} - exposed


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("units", 0, "at least 1"),
        ("days", 0, "at least 1"),
        ("seed", -1, "at least 0"),
        ("lifts", {"personalized": Lift(conversion=0.9)}, "too large"),
        ("lifts", {"nobody": Lift()}, "not there"),
    ],
)
def test_impossible_shops_are_rejected(field: str, value: object, said: str) -> None:
    """Figures that no shop can have are refused with the value."""
    with pytest.raises(ValueError, match=said):
        Shop(**({"units": 10} | {field: value}))  # type: ignore[arg-type]
