"""Rows of the one statement → cells, and what they tell of units and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from holdback.data.engine import TooLarge
from holdback.data.evidence.cells import ALL, Cell, Cells
from holdback.data.evidence.unit_rows import EPOCH_DAY
from holdback.data.queries.cells_query import CAP_DIMENSION, Cube, Sum
from holdback.data.queries.unit_columns import Monomial
from holdback.data.queries.units import KEPT_CROSSED, USED
from holdback.errors import Problem, StatsError
from holdback.stats.evidence.moments import Moments, pairs, triples

__all__ = ["Row", "cells_of", "rows_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the statement, by name."""

    dimension: int
    level: str
    arm: int
    status: int
    day: int | None
    matured: int
    n: int | None
    row_counts: Mapping[str, int]
    sums: Mapping[Sum, int]

    @property
    def used(self) -> bool:
        """Whether its units count in the comparison."""
        return self.status in {USED, KEPT_CROSSED}


def rows_of(cube: Cube, answers: Sequence[tuple[Any, ...]]) -> list[Row]:
    """The statement's rows. Raises TooLarge for a sum beyond exact arithmetic."""
    row_counts, sums = cube.row_counts(), cube.sums()
    digits = cube.dialect.digits
    if any(
        abs(int(v)) >= 10**digits for row in answers for v in row[6:] if v is not None
    ):
        raise TooLarge(Problem(what=f"a sum has more than {digits} digits."))
    start = 7 + len(row_counts)
    return [
        Row(
            dimension=int(row[0]),
            level=str(row[1]),
            arm=int(row[2]),
            status=int(row[3]),
            day=None if row[4] is None else int(row[4]),
            matured=int(row[5]),
            n=None if row[6] is None else int(row[6]),
            row_counts={
                name: int(v) for name, v in zip(row_counts, row[7:start], strict=True)
            },
            sums={sum_: int(v) for sum_, v in zip(sums, row[start:], strict=True)},
        )
        for row in answers
    ]


def cells_of(cube: Cube, rows: Sequence[Row], arms: Sequence[str]) -> Cells:
    """Cells of the used units, sorted; caps by the name of the capped column.

    Raises StatsError for caps at 0 or below.
    """
    dimensions = [ALL, *cube.exposures.segments]
    cells = []
    merged: dict[tuple[str, str, str, int | None, int], list[Row]] = {}
    for row in rows:
        if row.used and row.dimension != CAP_DIMENSION:
            dimension = dimensions[row.dimension]
            level = row.level if row.dimension else ALL
            key = (arms[row.arm], dimension, level, row.day, row.matured)
            merged.setdefault(key, []).append(row)
    for key in sorted(merged, key=lambda k: (k[1] != ALL, *k[:3], k[3] or 0, k[4])):
        arm, dimension, level, day, matured = key
        cells.append(
            Cell(
                arm=arm,
                dimension=dimension,
                level=level,
                day=None if day is None else EPOCH_DAY + timedelta(days=day),
                matured=matured,
                moments=_added(cube, merged[key]),
            )
        )
    return Cells(
        blocks=cube.layout.blocks,
        horizons=cube.layout.horizons,
        rows=tuple(cells),
        caps=_caps(cube, rows),
        lags=_lags(cube),
    )


def _lags(cube: Cube) -> dict[str, timedelta]:
    """By block, how long before as-of its sources end; those that do not have none."""
    lags = {
        block: cube.lag(cube.layout.sources_of(block)) for block in cube.layout.blocks
    }
    return {block: lag for block, lag in lags.items() if lag}


def _added(cube: Cube, rows: Sequence[Row]) -> dict[str, Moments]:
    moments = [_moments(cube, row) for row in rows]
    total = moments[0]
    for other in moments[1:]:
        total = {block: total[block] + other[block] for block in total}
    return total


def _moments(cube: Cube, row: Row) -> dict[str, Moments]:
    layout = cube.layout
    sums: dict[Monomial, int] = {}
    other: dict[tuple[str, str], int] = {}
    for sum_, value in row.sums.items():
        if sum_.kind == "sum":
            sums[sum_.of] = value
        else:
            other[sum_.kind, sum_.of[0]] = value
    for name, unit in layout.units.items():
        if unit.indicator:
            other["nonzero", name] = sums[name,]
            other["largest", name] = min(1, sums[name,])
    moments = {}
    for block, columns in layout.blocks.items():
        units = layout.block_units(block)
        k = len(units)
        moments[block] = Moments(
            columns=tuple(column.name for column in columns),
            digits=tuple(column.digits for column in columns),
            n=row.n or 0,
            sums=tuple(sums[layout.monomial(u)] for u in units),
            products=tuple(
                sums[layout.monomial(units[i], units[j])] for i, j in pairs(k)
            ),
            thirds=tuple(
                sums[layout.monomial(units[i], units[j], units[m])]
                for i, j, m in triples(k)
            ),
            nonzero=tuple(other["nonzero", u] for u in units),
            largest=tuple(max(0, other["largest", u]) for u in units),
        )
    return moments


def _caps(cube: Cube, rows: Sequence[Row]) -> dict[str, int]:
    tops = {row.level: row.n for row in rows if row.dimension == CAP_DIMENSION}
    problems, caps = [], {}
    for (block, column), unit in cube.layout.names.items():
        if unit not in tops:
            continue
        top = tops[unit]
        capping = cube.layout.units[unit].capping
        if top is None and capping is not None and not capping.optional:
            share = float(capping.cap.share)
            problems.append(
                Problem(
                    where=f"metric {block}",
                    what=f"the cap at {share:.6g} of the units lies at 0 or below: "
                    "most units have no value.",
                    why="Capping there would wipe out every value.",
                    fix=f"Cap among the units that have one: "
                    f"`cap: {{non_zero: {100 * share:.6g}%}}`.",
                )
            )
        elif top is not None:
            caps[column] = top
    if problems:
        raise StatsError(problems)
    return caps
