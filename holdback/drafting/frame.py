"""An experiment over one frame, from a few arguments: no file, no YAML."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from holdback.data.loaders.frame_columns import frame_columns
from holdback.drafting.shares import likely_shares
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.config.models import ExperimentFile
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import did_you_mean
from holdback.experiments.python_form import FRAME, PythonForm

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["experiment_of"]

MOST_ARMS_READ = 20
OWN = frozenset({"version", "experiment", "arms", "sources", "database"})
"""Keys of the YAML that the frame and its arguments say."""
EXAMPLE = (
    'analyze(frame, unit="id", arm="group", control="none", '
    'metrics={"visit": hb.conversion("visit")})'
)


def experiment_of(frame: Any, said: Mapping[str, Any]) -> tuple[Experiment, Any]:
    """The experiment of a frame (pandas, polars, Arrow, DuckDB), and the frame.

    `said` are the arguments of `of_frame`. Raises ConfigError for arguments that say
    nothing sound, DataError for what is no frame or lacks a column.
    """
    arguments = list(inspect.signature(of_frame).parameters)[1:-1]
    known = [
        *arguments,
        *(key for key in ExperimentFile.model_fields if key not in OWN),
    ]
    for name in said:
        if name not in known:
            raise ConfigError(
                Problem(
                    where=name,
                    what="analyze takes no such argument with a frame.",
                    fix=did_you_mean(name, known) or f"It takes {', '.join(known)}.",
                )
            )
    missing = [name for name in ("arm", "control", "metrics") if name not in said]
    if missing:
        raise ConfigError(
            Problem(
                where=missing[0],
                what=f"analyze needs `{missing[0]}` beside a frame.",
                fix=f"Write {EXAMPLE}.",
            )
        )
    if type(frame).__module__.partition(".")[0] in {"duckdb", "_duckdb"}:
        frame = frame.to_arrow_table()
    return of_frame(frame, **said), frame


def of_frame(  # noqa: PLR0913  # what a YAML file says, as arguments
    frame: Any,
    *,
    arm: str,
    control: object,
    metrics: Mapping[str, Any],
    unit: str = "row",
    time: str | None = None,
    window: tuple[date, date] | None = None,
    shares: Mapping[object, float | str] | None = None,
    primary: str | None = None,
    covariates: Sequence[str] = (),
    segments: Sequence[str] = (),
    currency: str | None = None,
    name: str = "test",
    **more: Any,
) -> Experiment:
    """The experiment of a frame with one row a unit, or several.

    `unit`, `arm` and `time` are columns (without `unit` each row is one), `control`
    the value of the arm that got nothing new. `metrics` are made by `mean`,
    `conversion`, `ratio` and `metric`; the first decides unless `primary` says
    otherwise. `shares` are the planned ones by arm; without them they are equal where
    the counts allow it, else as counted. `more` are further keys of the YAML, such as
    `economics`. Raises ConfigError and DataError.
    """
    wanted = [one for one in (unit, arm, time) if one is not None and one != "row"]
    read = frame_columns(frame, FRAME, wanted)
    for column in wanted:
        if column not in read.names:
            raise DataError(
                Problem(
                    where="frame",
                    what=f"there is no column '{column}'.",
                    fix=did_you_mean(column, read.names)
                    or f"Its columns are: {', '.join(read.names)}.",
                )
            )
    counts = _counts(read.table, None if unit == "row" else unit, arm)
    chosen = _text(control)
    if chosen not in counts:
        raise ConfigError(
            Problem(
                where="control",
                what=f"column '{arm}' holds no '{chosen}'.",
                fix=did_you_mean(chosen, counts)
                or f"Its values are: {', '.join(counts)}.",
            )
        )
    planned, are_equal = likely_shares(counts)
    if shares is not None:
        planned = {_text(key): _share(value) for key, value in shares.items()}
    if window is None and time is not None:
        window = _window(read.table, time)
    return PythonForm(
        name=name,
        unit=unit,
        arm=arm,
        time=time,
        window=window,
        shares=planned,
        counted_shares=shares is None and not are_equal,
        control=chosen,
        metrics=metrics,
        primary=primary,
        covariates=_names("covariates", covariates),
        segments=_names("segments", segments),
        currency=currency,
        more=more,
    ).experiment()


def _names(argument: str, given: object) -> Sequence[str]:
    names: list[Any] = list(given) if isinstance(given, list | tuple) else [None]
    if not all(isinstance(one, str) for one in names):
        raise ConfigError(
            Problem(
                where=argument,
                what=f"a {type(given).__name__} is no list of columns.",
                fix=f'Write {argument}=["column"].',
            )
        )
    return names


def _share(value: object) -> Fraction:
    from holdback.experiments.language.quantities import Unreadable, share

    try:
        return share(str(value))
    except Unreadable as error:
        raise ConfigError(Problem(where="shares", what=str(error))) from error


def _text(value: object) -> str:
    """A value of the arm's column as sources read it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _counts(table: pa.Table, unit: str | None, arm: str) -> dict[str, int]:
    """Units of each arm, in the order of their names."""
    chosen = table.select([arm] if unit is None else [unit, arm])
    if unit is not None and unit != arm:
        chosen = chosen.group_by([unit, arm]).aggregate([])
    values = chosen.column(arm).value_counts().to_pylist()
    counts = {
        _text(one["values"]): int(one["counts"])
        for one in values
        if one["values"] is not None
    }
    if not 1 < len(counts) <= MOST_ARMS_READ:
        raise DataError(
            Problem(
                where=f"column {arm}",
                what=f"it holds {len(counts)} values, which cannot be the arms.",
                fix="Name the column that says who got which treatment.",
            )
        )
    return dict(sorted(counts.items()))


def _window(table: pa.Table, time: str) -> tuple[date, date]:
    """The first and the last day of a column of times."""
    import pyarrow.compute as pc

    ends = pc.min_max(table.column(time)).as_py()
    days = []
    for value in (ends["min"], ends["max"]):
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)  # noqa: PLW2901
            except ValueError as error:
                raise ConfigError(
                    Problem(
                        where="window",
                        what=f"'{value}' in column {time} is no time as 2026-10-01.",
                        fix="Make the column datetimes, or give "
                        "`window=(first day, last day)`.",
                    )
                ) from error
        days.append(value.date() if isinstance(value, datetime) else value)
    return days[0], days[1]
