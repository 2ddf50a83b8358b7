"""Frames of many kinds: each read as it is meant, or refused with column and fix."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from holdback.data.extraction.extract import extract
from holdback.errors import DataError
from holdback.experiments.load import load
from tests.data.test_extract_rejects import write

UNITS = [f"u{i}" for i in range(12)]
ARMS = ["a", "b"] * 6
SEEN = datetime(2026, 10, 1, 10, tzinfo=UTC)
ORDERED = datetime(2026, 10, 2, 11, tzinfo=UTC)
VALUES = [10.5 + i for i in range(8)]
CENTS = sum(round(100 * value) for value in VALUES)


def visitors(**columns: Any) -> pd.DataFrame:
    """Twelve visitors, six an arm."""
    plain: dict[str, Any] = {"visitor": UNITS, "group": ARMS, "seen": [SEEN] * 12}
    return pd.DataFrame(plain | columns)


def orders(**columns: Any) -> pd.DataFrame:
    """An order of each of the first eight visitors."""
    plain: dict[str, Any] = {
        "order": [f"o{i}" for i in range(8)],
        "visitor": UNITS[:8],
        "at": [ORDERED] * 8,
        "total": VALUES,
    }
    return pd.DataFrame(plain | columns)


def objects(values: list[Any]) -> pd.Series[Any]:
    """A pandas column of Python objects, whatever they are."""
    return pd.Series(values, dtype=object)


def revenue(folder: Path, seen: object, bought: object, **parts: str) -> int:
    """Revenue of all units in cents, from two frames."""
    found = extract(
        load(write(folder, **parts)), frames={"visitors": seen, "orders": bought}
    )
    return found.cells.total("revenue", {"a", "b"}).sums[0]


RARE = [10] * 1500 + [12.75] + [10] * 1499
"""A fraction behind more rows than any sample looks at."""

READ: dict[str, Callable[[], tuple[object, object]]] = {
    "pandas": lambda: (visitors(), orders()),
    "pandas, values as objects": lambda: (visitors(), orders(total=objects(VALUES))),
    "pandas, texts as numbers": lambda: (
        visitors(), orders(total=[str(v) for v in VALUES])),
    "pandas, decimals": lambda: (
        visitors(), orders(total=objects([Decimal(str(v)) for v in VALUES]))),
    "pandas, decimals beside wholes": lambda: (
        visitors(),
        orders(total=objects([Decimal("10.5"), 12, 12, *VALUES[3:7], 17.5]))),
    "pandas, nullable": lambda: (
        visitors(visitor=pd.array(UNITS, dtype="string")),
        orders(total=pd.array(VALUES, dtype="Float64"))),
    "pandas, Arrow types": lambda: (
        visitors().convert_dtypes(dtype_backend="pyarrow"), orders()),
    "pandas, categories": lambda: (
        visitors(group=pd.Categorical(ARMS), visitor=pd.Categorical(UNITS)), orders()),
    "pandas, times without offset": lambda: (
        visitors(seen=[SEEN.replace(tzinfo=None)] * 12), orders()),
    "pandas, times as objects": lambda: (
        visitors(seen=objects([SEEN] * 12)), orders(at=objects([ORDERED] * 8))),
    "pandas, times of two kinds": lambda: (
        visitors(seen=objects([SEEN, SEEN.replace(tzinfo=None)] * 6)), orders()),
    "pandas, times as texts": lambda: (
        visitors(seen=[SEEN.isoformat()] * 12), orders(at=[ORDERED.isoformat()] * 8)),
    "pandas, nanoseconds": lambda: (
        visitors(seen=pd.Series([SEEN] * 12).astype("datetime64[ns, UTC]")), orders()),
    "pandas, days": lambda: (
        visitors(seen=objects([date(2026, 10, 1)] * 12)), orders()),
    "pandas, an unused column of lists": lambda: (
        visitors(tags=objects([["a"], {"b": 1}] * 6)), orders(note=objects([[]] * 8))),
    "pandas, unused columns of one name": lambda: (
        visitors(), pd.concat([orders(), orders()[["order"]]], axis=1)),
    "pandas, another index": lambda: (visitors().set_index("group", drop=False),
                                      orders().sort_values("total")),
    "pandas, float16": lambda: (
        visitors(), orders(total=np.array(VALUES, dtype=np.float16))),
    "polars": lambda: (pl.from_pandas(visitors()), pl.from_pandas(orders())),
    "polars, lazy": lambda: (
        pl.from_pandas(visitors()).lazy(), pl.from_pandas(orders()).lazy()),
    "polars, decimals": lambda: (
        pl.from_pandas(visitors()), pl.from_pandas(orders()).with_columns(
            pl.col("total").cast(pl.Decimal(10, 2)))),
    "polars, an unused column of objects": lambda: (
        pl.from_pandas(visitors()).with_columns(
            pl.Series("odd", [object()] * 12, dtype=pl.Object)),
        pl.from_pandas(orders())),
    "polars, categories": lambda: (
        pl.from_pandas(visitors()).with_columns(pl.col("group").cast(pl.Categorical)),
        pl.from_pandas(orders())),
    "Arrow": lambda: (pa.Table.from_pandas(visitors()),
                      pa.Table.from_pandas(orders())),
    "Arrow, a reader": lambda: (
        pa.Table.from_pandas(visitors()).to_reader(), pa.Table.from_pandas(orders())),
    "Arrow, dictionaries": lambda: (
        pa.Table.from_pandas(visitors()).set_column(
            1, "group", pa.array(ARMS).dictionary_encode()), orders()),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_frames_are_read_as_meant(tmp_path: Path, kind: str) -> None:
    """Every kind gives the sum of the eight orders, counted here."""
    seen, bought = READ[kind]()
    assert revenue(tmp_path, seen, bought) == CENTS


def test_a_rare_fraction_keeps_its_digits(tmp_path: Path) -> None:
    """One fraction among 2 999 whole numbers of a column of objects."""
    bought = pd.DataFrame(
        {
            "visitor": ["u1"] * 3000,
            "at": [ORDERED] * 3000,
            "total": objects(list(RARE)),
        }
    )
    assert revenue(tmp_path, visitors(), bought) == 29990 * 100 + 1275


@pytest.mark.parametrize("first", [1, 1.0, Decimal(1), np.int64(1), "1"])
def test_ids_of_two_types_are_texts(tmp_path: Path, first: object) -> None:
    """'0001' is not 1, and 'u7' beside whole numbers is an id like another."""
    ids: list[object] = [first, "0001", "u7", *range(10, 19)]
    bought = pd.DataFrame(
        {
            "visitor": objects(["1", "0001", "u7", "10"]),
            "at": [ORDERED] * 4,
            "total": [1.0, 10.0, 100.0, 1000.0],
        }
    )
    found = extract(
        load(write(tmp_path)),
        frames={"visitors": visitors(visitor=objects(ids)), "orders": bought},
    )
    assert found.accounting.units_used == 12
    assert found.cells.total("revenue", {"a"}).sums[0] == 10100
    assert found.cells.total("revenue", {"b"}).sums[0] == 101000


def test_uuids_are_ids(tmp_path: Path) -> None:
    """UUID objects on one side and their text on the other are the same unit."""
    ids = [UUID(int=i + 1) for i in range(12)]
    seen = visitors(visitor=objects(ids))
    bought = orders(visitor=[str(i) for i in ids[:8]])
    assert revenue(tmp_path, seen, bought) == CENTS


def test_an_empty_frame_is_a_legal_zero(tmp_path: Path) -> None:
    """Columns without a row: nobody bought anything."""
    empty = pd.DataFrame({"order": [], "visitor": [], "at": [], "total": []})
    assert revenue(tmp_path, visitors(), empty) == 0


def test_whole_numbers_beyond_doubles_are_texts(tmp_path: Path) -> None:
    """Two ids that one double would merge stay two, beside a fraction."""
    big = 2**60
    ids: list[object] = [big, big + 1, 0.5, *range(1, 10)]
    seen = visitors(visitor=objects(ids))
    found = extract(
        load(write(tmp_path)),
        frames={"visitors": seen, "orders": orders(visitor=[str(big + 1)] * 8)},
    )
    assert found.cells.total("revenue", {"b"}).sums[0] == CENTS
    assert found.cells.total("revenue", {"a"}).sums[0] == 0


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "a list as a value": (
        lambda: orders(total=objects([1.0, [2.0], *VALUES[2:]])),
        "source orders, row 2, column total: the column holds a list",
    ),
    "truth beside numbers": (
        lambda: orders(total=objects([True, 2.5, *VALUES[2:]])),
        "source orders, column total: the column mixes fraction, truth",
    ),
    "days beside moments": (
        lambda: orders(at=objects([date(2026, 10, 2), ORDERED] * 4)),
        "source orders, column at: the column mixes day, moment",
    ),
    "complex numbers": (
        lambda: orders(total=np.array(VALUES) + 1j),
        "source orders, column total: the column is of type complex128",
    ),
    "periods": (
        lambda: orders(at=pd.period_range("2026-10-01", periods=8)),
        r"source orders, column at: the column is of type period",
    ),
    "a used name twice": (
        lambda: pd.concat([orders(), orders()[["total"]]], axis=1),
        "source orders: the frame has 2 columns with the name 'total'",
    ),
    "an Arrow name twice": (
        lambda: pa.Table.from_pandas(orders()).append_column(
            "total", pa.array(VALUES)),
        "source orders: the frame has 2 columns with the name 'total'",
    ),
    "names of two levels": (
        lambda: pd.concat({"x": orders()}, axis=1),
        "names of several levels",
    ),
    "Python objects in polars": (
        lambda: pl.DataFrame({"visitor": ["u1"], "at": [ORDERED]}).with_columns(
            pl.Series("total", [object()], dtype=pl.Object)),
        "source orders, column total: the column holds Python objects",
    ),
    "no column": (pd.DataFrame, "source orders: the frame has no column"),
    "a dict": (lambda: {"visitor": ["u1"]}, "a dict cannot be read as a table"),
    "a list": (lambda: [("u1", 3.0)], "a list cannot be read as a table"),
    "a path": (lambda: Path("orders.csv"), "cannot be read as a table"),
    "a text": (lambda: "orders.csv", "a str cannot be read as a table"),
    "a column": (lambda: pd.Series([1]), "a Series cannot be read as a table"),
    "a column is missing": (
        lambda: orders().drop(columns="total"),
        "there is no column 'total'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_frames_are_refused_with_their_column(tmp_path: Path, kind: str) -> None:
    """One sentence with source, row and column, and no word of an engine."""
    made, said = REFUSED[kind]
    with pytest.raises(DataError, match=said) as caught:
        revenue(tmp_path, visitors(), made())
    assert all(problem.fix for problem in caught.value.problems)
