"""Caps: thresholds pooled over all arms, found in the same statement."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from holdback.data.engine.sql import col, integer, when
from holdback.data.queries.cube import Cube, latest_exposure
from holdback.data.queries.unit_columns import UnitColumn
from holdback.data.queries.units import (
    KEPT_CROSSED,
    USED,
    nested,
    select,
)

__all__ = ["CAP_DIMENSION", "cap_row", "caps"]

CAP_DIMENSION = -1


def caps(
    cube: Cube, capped: Sequence[UnitColumn], relation: str
) -> list[tuple[str, exp.Expression, bool]]:
    """Thresholds of capped twins, and the relation with the twins added."""
    ctes: list[tuple[str, exp.Expression, bool]] = []
    query = exp.Select(
        expressions=[
            exp.Column(this=exp.Star(), table=exp.to_identifier(relation, quoted=True))
        ]
    ).from_(exp.table_(relation, quoted=True), copy=False)
    for unit in capped:
        ctes.append((f"n_{unit.name}", _population(cube, unit, relation), True))
        ctes.append((f"cap_{unit.name}", _threshold(cube, unit, relation), True))
        assert unit.capping is not None  # noqa: S101  # a capped twin
        value = col(unit.capping.of, relation)
        top = col("top", f"cap_{unit.name}")
        cut = when(exp.GT(this=value, expression=top), top.copy(), value.copy())
        query = query.select(exp.alias_(cut, unit.name, quoted=True), copy=False).join(
            exp.table_(f"cap_{unit.name}", quoted=True), join_type="cross", copy=False
        )
    ctes.append(("v" if relation == "u" else "w", query, True))
    return ctes


def _eligible(cube: Cube, unit: UnitColumn) -> list[exp.Expression]:
    """Conditions that a unit is used and matured for a capped twin's metric."""
    used = [integer(USED), integer(KEPT_CROSSED)]
    found: list[exp.Expression] = [exp.In(this=col("status"), expressions=used)]
    assert unit.capping is not None  # noqa: S101  # a capped twin
    within = unit.capping.within
    if within is not None and cube.exposures.time is not None and cube.span.as_of:
        latest = latest_exposure(cube, cube.layout.horizons.index(within) + 1)
        found.append(exp.LTE(this=col("t"), expression=integer(latest)))
    return found


def _population(cube: Cube, unit: UnitColumn, relation: str) -> exp.Select:
    """Number of units that a percentile is taken over."""
    assert unit.capping is not None  # noqa: S101  # a capped twin
    conditions = _eligible(cube, unit)
    if unit.capping.cap.non_zero:
        conditions.append(exp.NEQ(this=col(unit.capping.of), expression=integer(0)))
        return select(
            {"n": exp.Count(this=exp.Star())},
            exp.table_(relation, quoted=True),
            where=conditions,
        )
    return select(
        {"n": exp.Count(this=exp.Star())},
        exp.table_("u", quoted=True),
        where=conditions,
    )


def _threshold(cube: Cube, unit: UnitColumn, relation: str) -> exp.Select:
    """The ⌈p·n⌉-th smallest value, found from the top: rank ⌊n(1 − p)⌋ + 1.

    With p = a/b the rank r is the one with (r − 1)·b ≤ n·(b − a) < r·b, so no
    division is needed. Only positive values are ranked: the rest is no cap.
    """
    assert unit.capping is not None  # noqa: S101  # a capped twin
    share = unit.capping.cap.share
    a, b = share.numerator, share.denominator
    value = col(unit.capping.of)
    positive = exp.GT(this=value, expression=integer(0))
    rank = exp.Window(
        this=exp.RowNumber(),
        order=exp.Order(expressions=[exp.Ordered(this=value.copy(), desc=True)]),
    )
    ranked = select(
        {"x": value.copy(), "r": rank},
        exp.table_(relation, quoted=True),
        where=[*_eligible(cube, unit), positive],
    )
    left_over = exp.Mul(this=col("n", "n"), expression=integer(b - a))
    above = exp.Mul(
        this=exp.Paren(this=exp.Sub(this=col("r", "q"), expression=integer(1))),
        expression=integer(b),
    )
    upto = exp.Mul(this=col("r", "q"), expression=integer(b))
    query = select(
        {"top": exp.Max(this=col("x", "q"))},
        nested(ranked, "q"),
        where=[
            exp.LTE(this=above, expression=left_over),
            exp.LT(this=left_over.copy(), expression=upto),
        ],
    )
    counts = exp.alias_(
        exp.table_(f"n_{unit.name}", quoted=True), "n", quoted=True, table=True
    )
    return query.join(counts, join_type="cross", copy=False)


def cap_row(cube: Cube, unit: UnitColumn) -> exp.Select:
    """A row that carries a cap's threshold as its n; null when there is none."""
    columns: dict[str, exp.Expression] = {
        "dimension": integer(CAP_DIMENSION),
        "level": exp.Literal.string(unit.name),
        "arm": integer(0),
        "status": integer(0),
        "day": exp.null(),
        "matured": integer(0),
        "n": col("top"),
    }
    columns |= {name: integer(0) for name in cube.told()}
    columns |= {f"x{i}": integer(0) for i in range(len(cube.sums()))}
    return select(columns, exp.table_(f"cap_{unit.name}", quoted=True))
