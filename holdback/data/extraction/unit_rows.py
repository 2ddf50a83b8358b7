"""The queries that list units one by one, or count those that have the same values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import col, integer
from holdback.data.evidence.cells import Cells
from holdback.data.evidence.unit_rows import (
    KNOWN_BEFORE,
    UnitRows,
    unit_rows,
)
from holdback.data.queries.cells_query import Cube, cell_keys, relations, with_ctes
from holdback.data.queries.units import KEPT_CROSSED, USED, nested, select
from holdback.experiments.definition.experiment import Experiment
from holdback.stats.methods.permutation import MOST_RESPLIT

__all__ = ["RowRequest", "RowRequests", "no_rows", "units_with", "with_rows"]

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
    cube: Cube, units: Sequence[str], *, everyone: bool = False
) -> exp.Expression:
    """The relation that holds all of `units`; joined where two are needed.

    With `everyone` it holds every unit, those without events too.
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
