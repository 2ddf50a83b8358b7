"""Many ids at once, and arms in the container that the ids came in.

Two ways give identical buckets: a loop over hashlib, and DuckDB's own digests for
large typed columns (Arrow, polars, numpy or pandas numbers and strings), where the
loop would cost seconds. The choice is made by size, and by whether the engine has the
scheme's hash.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from holdback.assignment.recipe import REASONS, Reason, Rules
from holdback.assignment.sql import can_draw, decided, draw_sql, literal
from holdback.assignment.unit_ids import is_float, is_float_sql, text_sql
from holdback.errors import AssignmentError, Problem

__all__ = [
    "LARGE_COLUMN",
    "Assignments",
    "assigned",
    "by_engine",
    "by_loop",
    "in_kind",
    "is_native",
]

LARGE_COLUMN = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignments:
    """Assignment of n ids, in their order, as compact columns.

    `arm_codes` are positions in `names`, `reason_codes` positions in `REASONS`; -1
    stands for no arm or no bucket. `floats` counts the ids that were whole floats.
    """

    names: tuple[str, ...]
    arm_codes: array[int]
    buckets: array[int]
    reason_codes: array[int]
    floats: int = 0

    @property
    def arm(self) -> list[str | None]:
        """Arm of each id, None without one."""
        named = (*self.names, None)
        return [named[code] for code in self.arm_codes]

    @property
    def bucket(self) -> list[int | None]:
        """Bucket of each id, None for an unusable one."""
        return [None if number < 0 else number for number in self.buckets]

    @property
    def reason(self) -> list[Reason]:
        """Reason of each id."""
        return [REASONS[code] for code in self.reason_codes]

    def counts(self) -> Mapping[tuple[str | None, Reason], int]:
        """Number of ids of each (arm, reason) that occurs."""
        named = (*self.names, None)
        pairs = Counter(zip(self.arm_codes, self.reason_codes, strict=True))
        return {(named[arm], REASONS[why]): n for (arm, why), n in pairs.items()}

    def __len__(self) -> int:
        """Number of ids."""
        return len(self.arm_codes)


def assigned(split: Rules, ids: Any) -> Assignments:
    """Assignment of a sequence, an array or a column, by the cheaper of two ways.

    Raises AssignmentError for ids of several dimensions, or of a type that is none.
    """
    family = _family(ids)
    if family and len(ids) >= LARGE_COLUMN and is_native(split):
        column = _typed(ids, family)
        if column is not None:
            return by_engine(split, column)
    return by_loop(split, _values(ids, family))


def by_loop(split: Rules, ids: Iterable[object]) -> Assignments:
    """Assignment by hashlib, one id after the other."""
    position = {name: code for code, name in enumerate(split.names)} | {None: -1}
    why = {reason: code for code, reason in enumerate(REASONS)}
    arms, buckets, reasons = array("h"), array("i"), array("b")
    floats = 0
    for unit_id in ids:
        drawn = split.assign(unit_id)
        arms.append(position[drawn.arm])
        buckets.append(-1 if drawn.bucket is None else drawn.bucket)
        reasons.append(why[drawn.reason])
        floats += drawn.bucket is not None and is_float(unit_id)
    return Assignments(
        names=split.names,
        arm_codes=arms,
        buckets=buckets,
        reason_codes=reasons,
        floats=floats,
    )


def by_engine(split: Rules, column: Any) -> Assignments:
    """Assignment of an Arrow array by DuckDB's digests.

    Raises AssignmentError for a type that cannot hold ids.
    """
    import duckdb
    import pyarrow as pa

    with duckdb.connect(config={"preserve_insertion_order": "true"}) as connection:
        connection.register("ids", pa.table({"id": column}))
        kind = connection.execute("SELECT typeof(id) FROM ids LIMIT 1").fetchall()
        column_type = str(kind[0][0]) if kind else "VARCHAR"
        text = text_sql("id", column_type)
        if text is None:
            raise AssignmentError(no_ids_of(column_type))
        got = connection.execute(_coded(split, text)).fetchnumpy()
    buckets = array("i", got["bucket"].tobytes())
    usable = len(buckets) - buckets.count(-1)
    return Assignments(
        names=split.names,
        arm_codes=array("h", got["arm"].tobytes()),
        buckets=buckets,
        reason_codes=array("b", got["reason"].tobytes()),
        floats=usable if is_float_sql(column_type) else 0,
    )


def is_native(split: Rules) -> bool:
    """Whether the engine itself has every hash that the split draws with."""
    return all(can_draw(draw, "duckdb") for draw in split.draws)


def in_kind(ids: Any, arms: list[str | None]) -> Any:
    """Arms in the container of `ids`: list, tuple, numpy, pandas, polars or Arrow.

    Raises AssignmentError for ids of several dimensions.
    """
    family = _family(ids)
    if family == "numpy":
        import numpy as np

        return np.array([*arms, None], dtype=object)[:-1]
    if family == "pandas":
        import pandas as pd

        if isinstance(ids, pd.Index):
            return pd.Index(arms, name="arm", dtype=object)
        return type(ids)(arms, index=ids.index, name="arm", dtype=object)
    if family == "polars":
        import polars as pl

        return pl.Series("arm", arms, dtype=pl.String)
    if family == "pyarrow":
        import pyarrow as pa

        column = pa.array(arms, type=pa.string())
        return pa.chunked_array([column]) if hasattr(ids, "chunks") else column
    return tuple(arms) if isinstance(ids, tuple) else arms


def no_ids_of(column_type: str) -> Problem:
    """The problem of a column whose type cannot hold unit ids."""
    return Problem(
        what=f"a column of type {column_type} cannot hold unit ids",
        fix="Hand over text or whole numbers.",
    )


def _coded(split: Rules, text: str) -> str:
    """Query over table `ids` that gives codes in place of names."""
    numbers = [f"n{i}" for i in range(len(split.draws))]
    drawn = ", ".join(
        f"{draw_sql(draw, 'u', 'duckdb')} AS {number}"
        for draw, number in zip(split.draws, numbers, strict=True)
    )
    columns = decided(split, "duckdb", unit="u", numbers=numbers)
    names = ", ".join(literal(name, "duckdb") for name in split.names)
    reasons = ", ".join(literal(reason, "duckdb") for reason in REASONS)
    return f"""
        WITH texts AS (SELECT {text} AS u FROM ids),
        drawn AS (SELECT u, {drawn} FROM texts)
        SELECT
            CAST(coalesce(list_position([{names}], {columns.arm}), 0) - 1 AS SMALLINT)
                AS arm,
            CAST(coalesce({columns.bucket}, -1) AS INTEGER) AS bucket,
            CAST(list_position([{reasons}], {columns.reason}) - 1 AS TINYINT) AS reason
        FROM drawn
    """


def _family(ids: Any) -> str | None:
    """The library whose one-dimensional column `ids` is; None for plain Python.

    Raises AssignmentError for what is no column of ids: several dimensions, a frame,
    bytes (whose items are numbers), or a set or dictionary, which have no order.
    """
    if isinstance(ids, bytes | bytearray | memoryview | AbstractSet | Mapping):
        raise AssignmentError(
            Problem(
                what=f"{type(ids).__name__} holds no column of ids",
                why="Its items are numbers or have no order of their own.",
                fix="Hand over text, or a list, array or column of ids.",
            )
        )
    library = type(ids).__module__.partition(".")[0]
    if library not in {"numpy", "pandas", "polars", "pyarrow"}:
        return None
    shape = getattr(ids, "shape", (len(ids),))
    if len(shape) != 1 or not hasattr(ids, "__getitem__"):
        raise AssignmentError(
            Problem(
                what=f"{type(ids).__name__} of {len(shape)} dimensions holds no ids",
                fix="Hand over one column of ids.",
            )
        )
    return library


def _values(ids: Any, family: str | None) -> Iterable[object]:
    values: Iterable[object] = ids
    if family == "pyarrow":
        values = ids.to_pylist()
    elif family:
        values = ids.tolist() if hasattr(ids, "tolist") else ids.to_list()
    return values


def _typed(ids: Any, family: str) -> Any:
    """The column as Arrow, None where Arrow is missing or the type is not plain."""
    try:
        import pyarrow as pa
    except ImportError:
        return None
    if family == "polars":
        column = ids.to_arrow()
    elif family == "pyarrow":
        column = ids
    elif ids.dtype == object:
        return None
    else:
        try:
            column = pa.array(ids, from_pandas=True)
        except pa.ArrowException:  # a type of pandas' own: read one by one
            return None
    kind = pa.types
    plain = (
        kind.is_string(column.type)
        or kind.is_large_string(column.type)
        or kind.is_integer(column.type)
        or kind.is_float32(column.type)
        or kind.is_float64(column.type)
    )
    return column if plain else None
