"""Columns of a frame as Arrow, each typed by all of its values and never by a sample.

A pandas column of objects may hold anything: ids that are text in one row and numbers
in the next, a rare fraction among whole numbers, exact decimals. What fits one type is
that type; numbers beside text are text, as in a file; what has no meaning in a table
is refused with its row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from holdback.data.loaders.store import WITH_LEVELS
from holdback.errors import DataError, EnvironmentFault, Problem
from holdback.experiments.language.status_words import is_telling

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FrameColumns", "frame_columns"]

ValueFamily = Literal[
    "text", "truth", "whole", "fraction", "decimal", "moment", "day", "uuid", "other"
]
EXACT_WHOLE = 2**53
"""Whole numbers below it keep their value beside fractions, as doubles."""
LONGEST_WHOLE = 2**63
POLARS_LEVELS = ("String", "Int", "UInt", "Boolean", "Categorical", "Enum")
ARROW_LEVELS = (
    "string",
    "large_string",
    "int",
    "uint",
    "bool",
    "dictionary<values=str",
)
LEVEL_TYPES = ("Categorical", "Enum")
"""Types of polars whose texts stand once each."""


class FrameColumns:
    """The used columns of a frame as an Arrow table, and the names of all columns."""

    def __init__(self, table: pa.Table, names: Sequence[str]) -> None:
        self.table = _in_plain_types(table)
        self.names = tuple(names)


def frame_columns(
    frame: Any, source: str, wanted: Collection[str] | None
) -> FrameColumns:
    """The columns of a frame that are used, all where `wanted` is None.

    Columns that are not used may be of any type. Raises DataError for what is no
    frame, a name that stands twice and a column without one meaning, EnvironmentFault
    where Arrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise EnvironmentFault(
            Problem(
                where=f"source {source}",
                what="frames are read by pyarrow, which is not installed.",
                fix="Run `pip install pyarrow`, or name a file in the YAML.",
            )
        ) from error
    library = type(frame).__module__.partition(".")[0]
    if library == "pandas" and hasattr(frame, "iloc") and frame.ndim == 2:
        names = [_name(label, source) for label in frame.columns]
        used = _used(names, source, wanted, lambda at: _has_levels(frame.iloc[:, at]))
        columns = [_pandas_column(frame.iloc[:, at], n, source) for at, n in used]
        return FrameColumns(pa.table(columns, names=[n for _, n in used]), names)
    if library == "polars" and hasattr(frame, "collect"):
        frame = frame.collect()
    if not hasattr(frame, "__arrow_c_stream__") or hasattr(frame, "iloc"):
        raise _no_frame(frame, source)
    if library == "polars" and hasattr(frame, "columns"):
        kinds = [str(kind) for kind in frame.schema.values()]
        used = _used(
            frame.columns,
            source,
            wanted,
            lambda at: kinds[at].startswith(POLARS_LEVELS),
        )
        objects = [n for _, n in used if str(frame.schema[n]) == "Object"]
        if objects:
            raise _unclear(source, objects[0], "holds Python objects", 0)
        chosen = frame.select(
            frame[n].cast(str)
            if str(frame.schema[n]).startswith(LEVEL_TYPES)
            else frame[n]
            for _, n in used
        )
        return FrameColumns(pa.table(chosen), frame.columns)
    table = frame if isinstance(frame, pa.Table) else pa.table(frame)
    types = [str(kind) for kind in table.schema.types]
    used = _used(
        table.column_names,
        source,
        wanted,
        lambda at: types[at].startswith(ARROW_LEVELS),
    )
    return FrameColumns(table.select([at for at, _ in used]), table.column_names)


def _in_plain_types(table: pa.Table) -> pa.Table:
    """Types that every engine reads: no nanoseconds, half floats or dictionaries.

    A column without any value has no type of its own and is text, as in a file.
    """
    import pyarrow as pa

    for at, field in enumerate(table.schema):
        column, kind = table.column(at), field.type
        if column.null_count == len(column):
            plain = pa.string()
        elif pa.types.is_dictionary(kind):
            plain = kind.value_type
        elif pa.types.is_timestamp(kind):
            plain = pa.timestamp("us", tz=kind.tz)
        elif pa.types.is_float16(kind):
            plain = pa.float32()
        else:
            continue
        if plain == pa.string() and column.null_count == len(column):
            changed = pa.nulls(len(column), plain)
        else:
            changed = column.cast(plain, safe=False)
        table = table.set_column(at, field.name, changed)
    return table


def _no_frame(frame: object, source: str) -> DataError:
    return DataError(
        Problem(
            where=f"source {source}",
            what=f"a {type(frame).__name__} cannot be read as a table.",
            fix="Hand over a pandas, polars or Arrow frame.",
        )
    )


def _name(label: object, source: str) -> str:
    if isinstance(label, tuple):
        raise DataError(
            Problem(
                where=f"source {source}",
                what="the frame's columns have names of several levels.",
                fix='Join them first: `frame.columns = ["_".join(n) for n in '
                "frame.columns]`.",
            )
        )
    return str(label)


def _used(
    names: Sequence[str],
    source: str,
    wanted: Collection[str] | None,
    has_levels: Callable[[int], bool],
) -> list[tuple[int, str]]:
    """Position and name of the columns that are used; the first where none is.

    A column that is called as those of currencies or states are is always used, and
    where levels are asked for, so are columns of one type whose name stands once.

    Raises DataError for a name that several of them have, or a frame of no column.
    """
    if not names:
        raise DataError(
            Problem(
                where=f"source {source}",
                what="the frame has no column.",
                fix="Hand over a frame with the columns that the file names.",
            )
        )
    used = [
        (at, name)
        for at, name in enumerate(names)
        if wanted is None
        or name in wanted
        or is_telling(name)
        or (WITH_LEVELS in wanted and list(names).count(name) == 1 and has_levels(at))
    ]
    twice = sorted({n for _, n in used if list(names).count(n) > 1})
    if twice:
        raise DataError(
            [
                Problem(
                    where=f"source {source}",
                    what=f"the frame has {list(names).count(name)} columns with the "
                    f"name '{name}'.",
                    fix="Drop or rename all but one.",
                )
                for name in twice
            ]
        )
    lowered = [name.lower() for name in names]
    alike = sorted(n for _, n in used if lowered.count(n.lower()) > 1)
    if alike:
        raise DataError(
            Problem(
                where=f"source {source}",
                what=f"several columns of the frame are called '{alike[0]}', some in "
                "other capital letters.",
                why="One could be taken for the other.",
                fix="Drop or rename all but one.",
            )
        )
    return used or [(0, names[0])]


def _has_levels(series: Any) -> bool:
    """Whether a pandas column is of whole numbers, truth or nothing but text."""
    if series.dtype == object:
        return all(isinstance(value, str) for value in series.dropna().tolist())
    return getattr(series.dtype, "kind", "") in "iub" or str(series.dtype) in {
        "string",
        "str",
        "boolean",
    }


def _pandas_column(series: Any, name: str, source: str) -> pa.Array:
    """A pandas column as Arrow; objects by their values, all others by their type."""
    import pyarrow as pa

    if series.dtype == object:
        return _objects(series.tolist(), name, source)
    try:
        column = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        raise _unclear(source, name, f"is of type {series.dtype}", 0) from None
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column.type, pa.BaseExtensionType):
        raise _unclear(source, name, f"is of type {series.dtype}", 0)
    return column


def _objects(values: list[Any], name: str, source: str) -> pa.Array:
    """Python objects as one Arrow column, by what all of them are."""
    import pyarrow as pa

    values = [None if _is_missing(value) else value for value in values]
    families = {_family(value) for value in values if value is not None}
    build = BUILDERS.get(frozenset(families))
    if build is None and "text" in families and families <= TEXTUAL:
        build = _texts
    if build is not None:
        try:
            return build(values)
        except (pa.ArrowException, OverflowError):
            return _texts(values)
    row = next(
        (
            at
            for at, value in enumerate(values, 1)
            if value is not None and _family(value) == "other"
        ),
        0,
    )
    kind = type(values[row - 1]).__name__ if row else ""
    what = f"holds a {kind}" if row else f"mixes {', '.join(sorted(families))}"
    raise _unclear(source, name, what, row)


def _is_missing(value: Any) -> bool:
    """None, NaN of any type, NaT and pandas' NA."""
    if value is None:
        return True
    if isinstance(value, Real | Decimal):
        return bool(value != value)  # noqa: PLR0124  # only NaN is not itself
    return type(value).__name__ in {"NaTType", "NAType"}


def _family(value: Any) -> ValueFamily:
    """What a value is."""
    kinds: tuple[tuple[Any, ValueFamily], ...] = (
        (str, "text"),
        (bool, "truth"),
        (Integral, "whole"),
        (Decimal, "decimal"),
        (Real, "fraction"),
        (datetime, "moment"),
        (date, "day"),
        (UUID, "uuid"),
    )
    if type(value).__name__ in {"bool_", "bool"}:
        return "truth"
    return next((family for kind, family in kinds if isinstance(value, kind)), "other")


def _texts(values: Iterable[Any]) -> pa.Array:
    """Each value as a file would have it: 7 beside '7a' is '7', 7.0 as well."""
    import pyarrow as pa

    return pa.array([_text(value) for value in values], type=pa.string())


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if _family(value) == "truth":
        return str(bool(value)).lower()
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real) and float(value).is_integer():
        return str(int(float(value)))
    return str(value)


def _wholes(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    if any(v is not None and abs(int(v)) >= LONGEST_WHOLE for v in values):
        return _texts(values)
    return pa.array([None if v is None else int(v) for v in values], type=pa.int64())


def _fractions(values: list[Any]) -> pa.Array:
    """Doubles, unless a whole number beside them would lose digits as one."""
    import pyarrow as pa

    if any(isinstance(v, Integral) and abs(int(v)) > EXACT_WHOLE for v in values):
        return _texts(values)
    return pa.array(
        [None if v is None else float(v) for v in values], type=pa.float64()
    )


def _decimals(values: list[Any]) -> pa.Array:
    """Exact decimals; a double beside them counts as the digits that it shows."""
    import pyarrow as pa

    exact = [None if v is None else Decimal(str(v)) for v in values]
    if not all(v is None or v.is_finite() for v in exact):
        return _texts(values)
    return pa.array(exact)


def _moments(values: list[Any]) -> pa.Array:
    """Moments in UTC where all have an offset, as written where none has."""
    import pyarrow as pa

    offsets = {v.tzinfo is not None for v in values if v is not None}
    if len(offsets) > 1:
        return _texts([None if v is None else v.isoformat() for v in values])
    zone = "UTC" if offsets == {True} else None
    return pa.array(values, type=pa.timestamp("us", tz=zone), from_pandas=True)


def _days(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, type=pa.date32())


def _truths(values: list[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.array([None if v is None else bool(v) for v in values], type=pa.bool_())


BUILDERS: dict[frozenset[ValueFamily], Callable[[list[Any]], Any]] = {
    frozenset(): _texts,
    frozenset({"text"}): _texts,
    frozenset({"uuid"}): _texts,
    frozenset({"truth"}): _truths,
    frozenset({"whole"}): _wholes,
    frozenset({"fraction"}): _fractions,
    frozenset({"whole", "fraction"}): _fractions,
    frozenset({"decimal"}): _decimals,
    frozenset({"decimal", "whole"}): _decimals,
    frozenset({"decimal", "fraction"}): _decimals,
    frozenset({"decimal", "whole", "fraction"}): _decimals,
    frozenset({"moment"}): _moments,
    frozenset({"day"}): _days,
}
TEXTUAL: frozenset[ValueFamily] = frozenset(
    {"text", "truth", "whole", "fraction", "decimal", "uuid"}
)
"""What may stand beside text and is then text itself, as in a file."""


def _unclear(source: str, column: str, what: str, row: int) -> DataError:
    place = f"source {source}, row {row}" if row else f"source {source}"
    return DataError(
        Problem(
            where=f"{place}, column {column}",
            what=f"the column {what}, which has no one meaning in a table.",
            fix="Convert it before: to text for ids and names, to numbers for values, "
            "to datetime for times.",
        )
    )
