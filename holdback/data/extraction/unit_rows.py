"""The queries that list units one by one, or count those that have the same values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import col, integer
from holdback.data.engine.times import from_microseconds
from holdback.data.evidence.cells import Cells
from holdback.data.evidence.unit_rows import (
    KNOWN_BEFORE,
    UnitRows,
    unit_rows,
)
from holdback.data.queries.cells_query import Cube, cell_keys, relations, with_ctes
from holdback.data.queries.units import (
    CROSSED,
    KEPT_CROSSED,
    OVERRIDDEN,
    USED,
    nested,
    select,
)
from holdback.experiments.definition.experiment import Experiment
from holdback.results.unit_table import UnitTable
from holdback.stats.methods.permutation import MOST_RESPLIT

__all__ = [
    "RowRequest",
    "RowRequests",
    "no_rows",
    "unit_table",
    "units_with",
    "with_rows",
]

LEFT_OUT = {CROSSED: "several_arms", OVERRIDDEN: "placed_by_hand"}
ROLES = {"outcome", "capped", "before", "attribute"}
"""Columns of a metric that its reading is made of."""
HASH_BYTES = 8

WantedColumns = dict[tuple[str, str], str]
"""(block, column) → the unit column behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRequest:
    """Columns of a metric's block whose rows a reading needs.

    The `covariates` are let go where the rows that have one of them are too many to
    list; `known_before` asks for all that was known of the units before exposure.
    """

    block: str
    columns: tuple[str, ...]
    covariates: tuple[str, ...] = ()
    known_before: bool = False


RowRequests = Callable[[Cells], Sequence[RowRequest]]
"""What a reading needs, asked once the cells are known."""


def no_rows(cells: Cells) -> Sequence[RowRequest]:
    """Nothing: a reading that is content with cells."""
    del cells
    return ()


def with_rows(
    experiment: Experiment,
    engine: Engine,
    cube: Cube,
    cells: Cells,
    requests: RowRequests,
) -> Cells:
    """Cells with the rows of units that have a value, where they are asked for.

    Given up where more than 200,000 units have a value.
    """
    asked = requests(cells)
    outcomes = _wanted(cube, asked, covariates=False)
    adjusted = _wanted(cube, asked, covariates=True) | _known_before(cube, asked)
    for wanted in (adjusted, outcomes) if adjusted != outcomes else (outcomes,):
        listed = _listed(experiment, engine, cube, wanted) if wanted else None
        if listed is not None:
            return replace(cells, listed=listed)
    return cells


def _wanted(
    cube: Cube, asked: Iterable[RowRequest], *, covariates: bool
) -> WantedColumns:
    return {
        (request.block, column): cube.layout.names[request.block, column]
        for request in asked
        for column in (*request.columns, *(request.covariates if covariates else ()))
    }


def _known_before(cube: Cube, asked: Iterable[RowRequest]) -> WantedColumns:
    """Everything known before exposure, of any metric, for each that asks."""
    known = dict.fromkeys(
        cube.layout.names[block, column.name]
        for block, columns in cube.layout.blocks.items()
        for column in columns
        if column.role in {"before", "attribute"}
    )
    return {
        (request.block, f"{KNOWN_BEFORE}{unit}"): unit
        for request in asked
        if request.known_before
        for unit in known
    }


def _listed(
    experiment: Experiment, engine: Engine, cube: Cube, wanted: WantedColumns
) -> UnitRows | None:
    units = list(dict.fromkeys(wanted.values()))
    answers = engine.run(_query(cube, units))
    if len(answers) > MOST_RESPLIT:
        return None
    return unit_rows(
        answers,
        arms=[arm.name for arm in experiment.arms],
        dimensions=list(cube.exposures.segments),
        digits=[cube.layout.units[name].digits for name in units],
        at={key: units.index(name) for key, name in wanted.items()},
    )


def _query(cube: Cube, units: Sequence[str]) -> exp.Expression:
    """Arm, day, horizons passed, levels and values of used units with a value."""
    names = units_with(cube, units)
    values = {name: col(name) for name in units}
    keys = {
        "arm": col("arm"),
        "day": exp.null(),
        **{k: v for k, v in cell_keys(cube).items() if k not in {"arm", "status"}},
    }
    used = [integer(USED), integer(KEPT_CROSSED)]
    present = [exp.NEQ(this=col(name), expression=integer(0)) for name in units]
    query = select(
        keys | values,
        names,
        where=[
            exp.In(this=col("status"), expressions=used),
            exp.Paren(this=exp.or_(*present)),
        ],
    ).limit(MOST_RESPLIT + 1, copy=False)
    query.set("with_", with_ctes(relations(cube)))
    return query


def units_with(
    cube: Cube, units: Sequence[str], *, everyone: bool = False, ids: bool = False
) -> exp.Expression:
    """The relation that holds all of `units`; joined where two are needed.

    With `everyone` it holds every unit, those without events too; with `ids` their ids
    where they have any.
    """
    own = [name for name in units if cube.layout.units[name].own]
    if not own and not everyone:
        return exp.table_(cube.event_relation, quoted=True)
    exposed = exp.table_(cube.unit_relation, quoted=True)
    events = [name for name in units if name not in own]
    if not events:
        return exposed
    keys = ["arm", "status", *(["t"] if cube.exposures.time is not None else [])]
    keys += [f"s{i}" for i in range(len(cube.exposures.segments))]
    keys += ["unit"] if ids else []
    columns: dict[str, exp.Expression] = {
        name: col(name, "a") for name in (*keys, *own)
    }
    columns |= {
        name: exp.func("COALESCE", col(name, "b"), integer(0)) for name in events
    }
    joined = select(
        columns,
        exp.alias_(exposed, "a", quoted=True, table=True),
    ).join(
        exp.alias_(
            exp.table_(cube.event_relation, quoted=True), "b", quoted=True, table=True
        ),
        on=exp.EQ(this=col("unit", "a"), expression=col("unit", "b")),
        join_type="left",
        copy=False,
    )
    return nested(joined, "j")


def unit_table(
    experiment: Experiment, engine: Engine, cube: Cube, cells: Cells, *, ids: bool
) -> UnitTable:
    """Every exposed unit with its arm, moment, segments and values, sorted by id.

    Cells say what must have passed for a metric to count a unit.
    """
    named = dict(_columns_told(experiment, cube, cells))
    units = list(dict.fromkeys(unit for unit, _ in named.values()))
    has_id, has_time = cube.exposures.unit is not None, cube.exposures.time is not None
    keys: dict[str, exp.Expression] = {
        "unit": col("unit") if has_id else exp.null(),
        "t": col("t") if has_time else exp.null(),
        **{k: v for k, v in cell_keys(cube).items() if k != "day"},
    }
    query = select(
        keys | {name: col(name) for name in units},
        units_with(cube, units, everyone=True, ids=has_id),
    )
    query.set("with_", with_ctes(relations(cube)))
    answers = sorted(engine.run(query), key=lambda row: (str(row[0]), str(row[1:])))
    read = dict(zip([*keys, *units], zip(*answers, strict=True), strict=False))
    read = {name: read.get(name, ()) for name in [*keys, *units]}
    return UnitTable(
        {
            **_keys_told(experiment, cube, read, ids=ids),
            **{
                name: tuple(
                    _value(value, cube.layout.units[unit].digits)
                    if status not in LEFT_OUT and matured >= needed
                    else None
                    for value, status, matured in zip(
                        read[unit], read["status"], read["matured"], strict=True
                    )
                )
                for name, (unit, needed) in named.items()
            },
        }
    )


def _keys_told(
    experiment: Experiment, cube: Cube, read: dict[str, tuple[Any, ...]], *, ids: bool
) -> dict[str, tuple[Any, ...]]:
    arms = [arm.name for arm in experiment.arms]
    told: dict[str, tuple[Any, ...]] = {
        "unit": read["unit"]
        if ids
        else tuple(
            None if unit is None else _hashed(experiment.name, str(unit))
            for unit in read["unit"]
        ),
        "arm": tuple(arms[int(arm)] for arm in read["arm"]),
        "exposed": tuple(
            None if t is None else from_microseconds(int(t)) for t in read["t"]
        ),
        "left_out": tuple(LEFT_OUT.get(int(s), "") for s in read["status"]),
    }
    levels = {name: read[f"s{i}"] for i, name in enumerate(cube.exposures.segments)}
    return told | levels


def _columns_told(
    experiment: Experiment, cube: Cube, cells: Cells
) -> Iterator[tuple[str, tuple[str, int]]]:
    """Name of each column, the unit column behind it, and the horizons it needs."""
    for metric in experiment.metrics.values():
        if metric.hidden:
            continue
        needed = cells.passed(metric.name, metric.within)
        columns = cube.layout.blocks[metric.name]
        several = sum(column.role == "outcome" for column in columns) > 1
        for column in columns:
            if column.role not in ROLES:
                continue
            unit = cube.layout.names[metric.name, column.name]
            if column.role == "attribute":
                yield column.name, (unit, 0)
                continue
            part, _, more = column.name.removeprefix(f"{metric.name}.").partition(".")
            name = f"{metric.name}_{int(part) + 1}" if several else metric.name
            yield f"{name}_{more}" if more else name, (unit, needed)


def _hashed(key: str, unit: str) -> str:
    """A name for a unit that says nothing of it, and is the same each time."""
    keyed = blake2b(unit.encode(), key=key.encode()[:64], digest_size=HASH_BYTES)
    return keyed.hexdigest()


def _value(quanta: Any, digits: int) -> float | int | None:
    if quanta is None:
        return None
    return int(quanta) / 10**digits if digits else int(quanta)
