"""Units → the one statement whose rows are the cells, all in integers.

The statement has two parts that add up: the totals of all exposed units (how many,
and sums of what the assignment table itself holds), and the sums of products that
contain a value from events, over the units that have events. Zeros need no row.
Both are grouped to one fine cube (arm, status, segments, day, matured), and that is
rolled up: everyone by day, and each segment without days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import reduce

from sqlglot import exp

from holdback.data.engine.protocol import EngineDialect, Query
from holdback.data.engine.sql import cast, col, count_where, integer, when
from holdback.data.engine.times import MICROSECOND, Zone
from holdback.data.queries.event_units import event_units, since
from holdback.data.queries.step_order import StepOrder
from holdback.data.queries.unit_columns import (
    ROW_COUNTS,
    Layout,
    Monomial,
    UnitColumn,
    lagging,
)
from holdback.data.queries.units import (
    KEPT_CROSSED,
    USED,
    Events,
    Exposures,
    Span,
    exposed_units,
    nested,
    select,
    unit_keys,
)

__all__ = [
    "CAP_DIMENSION",
    "Cube",
    "Sum",
    "cap_row",
    "caps",
    "cell_keys",
    "eligible",
    "exposed",
    "exposed_relations",
    "from_exposed",
    "latest_exposure",
    "population",
    "relations",
    "statement",
    "with_ctes",
    "with_events",
]

Ctes = list[tuple[str, exp.Expression, bool]]


def statement(cube: Cube) -> exp.Expression:
    """One SELECT: dimension, level, arm, status, day, matured, n, told …, sums …."""
    ctes = relations(cube)
    parts = [_totals(cube, cube.unit_relation)]
    if cube.events:
        parts.append(_sparse(cube, cube.event_relation))
    ctes.append(("fine", _union(parts), True))
    rolled = [
        _rolled(cube, None),
        *(_rolled(cube, i) for i in range(_segments(cube))),
    ]
    rolled += [cap_row(cube, cap) for cap in cube.capped if cap.name not in cube.tops]
    final = _union(rolled)
    final.set("with_", with_ctes(ctes))
    return final


def relations(cube: Cube) -> Ctes:
    """Named queries up to the units: all exposed ones, and those with events."""
    event_caps = [c for c in cube.capped if not c.own]
    ctes = exposed_relations(cube)
    if cube.events:
        units = _stored(cube, "p") or ("p", with_events(cube), bool(event_caps))
        ctes.append(units)
        if event_caps:
            ctes += caps(cube, event_caps, "p")
    return ctes


def exposed_relations(cube: Cube) -> Ctes:
    """Named queries up to the exposed units, and since when they have what counts."""
    own_caps = [c for c in cube.capped if c.own]
    ctes: Ctes = [_stored(cube, "u") or ("u", exposed(cube), _repeats(cube))]
    if own_caps:
        ctes += caps(cube, own_caps, "u")
    return ctes + _awaited(cube)


def _stored(cube: Cube, name: str) -> tuple[str, exp.Expression, bool] | None:
    """A relation that the engine holds already."""
    if name not in cube.stored:
        return None
    star = exp.Select(expressions=[exp.Star()])
    return name, star.from_(cube.stored[name].copy(), copy=False), False


def exposed(cube: Cube) -> exp.Select:
    """One row per exposed unit."""
    return exposed_units(cube.exposures, cube.span, cube.own)


def from_exposed(cube: Cube, name: str) -> exp.Expression:
    """One row per exposed unit, in FROM: the relation that is stored, or a query."""
    if "u" in cube.stored:
        return exp.alias_(cube.stored["u"].copy(), name, quoted=True, table=True)
    return nested(exposed(cube), name)


def _awaited(cube: Cube) -> Ctes:
    """Who has what something else comes after, and since when."""
    ctes: Ctes = []
    for unit in cube.step_order.awaited():
        assert unit.measure is not None  # noqa: S101  # awaited ones have measures
        query = since(
            cube.events[unit.measure.source],
            cube.exposures,
            cube.span_of(unit.measure.source),
            unit,
            order=cube.step_order,
        )
        ctes.append((cube.step_order.relation(unit.name), query, True))
    return ctes


def _repeats(cube: Cube) -> bool:
    """Whether the units are dear to find, so that they are kept for both parts."""
    return not cube.exposures.one_row


def _segments(cube: Cube) -> int:
    return len(cube.exposures.segments)


def with_ctes(ctes: Ctes) -> exp.With:
    """The named queries as a WITH."""
    return exp.With(
        expressions=[
            exp.CTE(
                this=query,
                alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)),
                materialized=keep,
            )
            for name, query, keep in ctes
        ]
    )


def _union(parts: Sequence[exp.Expression]) -> exp.Expression:
    return reduce(lambda a, b: exp.Union(this=a, expression=b, distinct=False), parts)


def cell_keys(cube: Cube) -> dict[str, exp.Expression]:
    """Columns that say in which cell of the fine cube a unit stands."""
    keys: dict[str, exp.Expression] = {"arm": col("arm"), "status": col("status")}
    if cube.exposures.time is not None:
        keys["day"] = cast(cube.zone.day(col("t"), cube.dialect), "INT")
    keys["matured"] = _matured(cube)
    return keys | {f"s{i}": col(f"s{i}") for i in range(_segments(cube))}


def _matured(cube: Cube) -> exp.Expression:
    """Number of horizons that had passed at as-of."""
    horizons = cube.layout.horizons
    if cube.exposures.time is None or cube.span.as_of is None:
        return integer(len(horizons))
    case = exp.Case()
    for i in range(len(horizons), 0, -1):
        latest = latest_exposure(cube, i)
        case = case.when(
            exp.LTE(this=col("t"), expression=integer(latest)), integer(i), copy=False
        )
    return case.else_(integer(0), copy=False) if horizons else integer(0)


def _totals(cube: Cube, relation: str) -> exp.Select:
    """All exposed units: how many, and the sums of the table's own values."""
    keys = cell_keys(cube)
    columns = dict(keys)
    columns["n"] = exp.Count(this=exp.Star())
    columns |= {name: integer(0) for name in cube.row_counts()}
    for i, sum_ in enumerate(cube.sums()):
        columns[f"x{i}"] = _sum(cube, sum_) if sum_.own else integer(0)
    return _grouped(columns, keys, relation)


def _sparse(cube: Cube, relation: str) -> exp.Select:
    """Units that have events: the sums that need a value from events."""
    keys = cell_keys(cube)
    columns = dict(keys)
    columns["n"] = integer(0)
    columns |= {name: cube.dialect.total(col(name)) for name in cube.row_counts()}
    for i, sum_ in enumerate(cube.sums()):
        columns[f"x{i}"] = integer(0) if sum_.own else _sum(cube, sum_)
    return _grouped(columns, keys, relation)


def _grouped(
    columns: Mapping[str, exp.Expression],
    keys: Mapping[str, exp.Expression],
    relation: str,
) -> exp.Select:
    """Groups by computed keys: they are named in a query of their own first."""
    inner = dict(keys)
    plain = exp.table_(relation, quoted=True)
    query = exp.Select(
        expressions=[
            exp.Star(),
            *(
                exp.alias_(value, f"k_{name}", quoted=True, copy=False)
                for name, value in inner.items()
            ),
        ]
    ).from_(plain, copy=False)
    outer = {
        name: col(f"k_{name}") if name in keys else v for name, v in columns.items()
    }
    named = [
        exp.alias_(value, name, quoted=True, copy=False)
        for name, value in outer.items()
    ]
    return (
        exp.Select(expressions=named)
        .from_(nested(query, "g"), copy=False)
        .group_by(*(col(f"k_{name}") for name in keys), copy=False)
    )


def _sum(cube: Cube, sum_: Sum) -> exp.Expression:
    value = col(sum_.of[0])
    if sum_.kind == "nonzero":
        differs = exp.NEQ(this=value, expression=integer(0))
        return count_where(differs)
    if sum_.kind == "largest":
        return exp.func("COALESCE", exp.Max(this=value), integer(0))
    if len(sum_.of) == 1:
        return cube.dialect.total(value)
    factors = [cube.dialect.wide(col(name)) for name in sum_.of]
    return cube.dialect.total(
        reduce(lambda a, b: exp.Mul(this=a, expression=b), factors)
    )


def with_events(cube: Cube) -> exp.Select:
    """One row per unit with events, over all sources."""
    units = cube.layout.units.values()
    per_source: list[exp.Select] = []
    for i, (source, events) in enumerate(cube.events.items()):
        wanted = [
            u
            for u in units
            if not u.own
            and u.capping is None
            and u.measure
            and u.measure.source == source
        ]
        query = event_units(
            events,
            cube.exposures,
            cube.span_of(source),
            wanted,
            order=cube.step_order,
            carried=_carried(cube),
        )
        per_source.append(_widened(cube, i, wanted, query))
    return per_source[0] if len(per_source) == 1 else _merged(cube, per_source)


def _widened(
    cube: Cube, index: int, wanted: Sequence[UnitColumn], query: exp.Select
) -> exp.Select:
    """A source's units with every source's columns, 0 where they are another's."""
    mine = {unit.name for unit in wanted}
    columns: dict[str, exp.Expression] = {"unit": col("unit")}
    columns |= {key: col(key) for key in unit_keys(cube.exposures)}
    columns |= {name: col(name) for name in _carried(cube)}
    for i in range(len(cube.events)):
        for name in ROW_COUNTS:
            columns[f"{name}_{i}"] = col(f"n_{name}") if i == index else integer(0)
    for unit in cube.layout.units.values():
        if not unit.own and unit.capping is None:
            value = col(unit.name) if unit.name in mine else integer(0)
            columns[unit.name] = value
    return select(columns, nested(query, "q"))


def _merged(cube: Cube, parts: Sequence[exp.Expression]) -> exp.Select:
    """The sources' units as one row per unit."""
    columns: dict[str, exp.Expression] = {"unit": col("unit")}
    for key in unit_keys(cube.exposures):
        value: exp.Expression = col(key)
        if key.startswith("s") and key != "status":
            value = cube.dialect.bytewise(value)
        columns[key] = exp.Min(this=value)
    columns |= {name: exp.Min(this=col(name)) for name in _carried(cube)}
    columns |= {name: cube.dialect.total(col(name)) for name in cube.row_counts()}
    for unit in cube.layout.units.values():
        if not unit.own and unit.capping is None:
            columns[unit.name] = cube.dialect.total(col(unit.name))
    return select(columns, nested(_union(parts), "q"), group=["unit"])


def _carried(cube: Cube) -> list[str]:
    """The assignment table's own values that some product mixes with events."""
    units = cube.layout.units
    mixed = (m for m in cube.layout.monomials() if len({units[n].own for n in m}) == 2)
    return sorted({name for m in mixed for name in m if units[name].own})


def _rolled(cube: Cube, segment: int | None) -> exp.Select:
    """The fine cube by day for everyone, or by a segment's level without days."""
    columns: dict[str, exp.Expression] = {
        "dimension": integer(0 if segment is None else segment + 1),
        "level": cast(exp.Literal.string(""), "TEXT")
        if segment is None
        else col(f"s{segment}"),
        "arm": col("arm"),
        "status": col("status"),
        "day": cast(exp.null(), "INT"),
        "matured": col("matured"),
    }
    group = ["arm", "status", "matured"]
    if segment is not None:
        group.append(f"s{segment}")
    elif cube.exposures.time is not None:
        columns["day"] = col("day")
        group.append("day")
    columns["n"] = cube.dialect.total(col("n"))
    columns |= {name: cube.dialect.total(col(name)) for name in cube.row_counts()}
    for i, sum_ in enumerate(cube.sums()):
        value = col(f"x{i}")
        columns[f"x{i}"] = (
            exp.Max(this=value) if sum_.kind == "largest" else cube.dialect.total(value)
        )
    return select(columns, exp.table_("fine", quoted=True), group=group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A number of each cell: a sum of a product, or a count or the top of a value."""

    kind: str
    of: Monomial
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cube:
    """All that the statement is built from.

    `stored` holds what an engine made once of the units, by the relation's name, and
    `tops` where capped twins are cut off, once that is known: see `settle`.
    """

    layout: Layout
    exposures: Exposures
    events: Mapping[str, Events]
    span: Span
    zone: Zone
    dialect: EngineDialect
    ends: Mapping[str, int] = field(default_factory=dict)
    stored: dict[str, Query] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    tops: dict[str, int | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def span_of(self, source: str) -> Span:
        """What bounds the rows of a source: they count up to where it is complete."""
        return replace(self.span, as_of=self.ends.get(source, self.span.as_of))

    def lag(self, sources: Iterable[str]) -> timedelta:
        """How long before as-of the first of some sources ends."""
        if self.span.as_of is None:
            return timedelta(0)
        stops = [self.ends[name] for name in sources if name in self.ends]
        return (self.span.as_of - min(stops, default=self.span.as_of)) * MICROSECOND

    def with_lags(self) -> Cube:
        """The same with the horizons of metrics whose sources end before as-of."""
        plan = self.layout
        lags = [self.lag([source]) for source in plan.sources()]
        return replace(self, layout=lagging(plan, lags))

    @property
    def step_order(self) -> StepOrder:
        """Which measures come after one another."""
        return StepOrder(units=self.layout.units, exposed=self.unit_relation)

    @property
    def own(self) -> tuple[UnitColumn, ...]:
        """Unit columns from the assignment table, capped twins left out."""
        return tuple(
            u for u in self.layout.units.values() if u.own and u.capping is None
        )

    @property
    def capped(self) -> tuple[UnitColumn, ...]:
        """Twins that are cut off at a pooled percentile."""
        return tuple(u for u in self.layout.units.values() if u.capping is not None)

    @property
    def unit_relation(self) -> str:
        """The exposed units: ``u``, or ``v`` once their capped twins are added."""
        return "v" if any(c.own for c in self.capped) else "u"

    @property
    def event_relation(self) -> str:
        """The units with events: ``p``, or ``w`` once their capped twins are added."""
        return "w" if any(not c.own for c in self.capped) else "p"

    def sums(self) -> tuple[Sum, ...]:
        """The numbers of each cell, in the order of the statement's columns."""
        units = self.layout.units
        sums = [
            Sum(kind="sum", of=m, own=all(units[name].own for name in m))
            for m in self.layout.monomials()
        ]
        for unit in units.values():
            if not unit.indicator:
                single = (unit.name,)
                sums.append(Sum(kind="nonzero", of=single, own=unit.own))
                sums.append(Sum(kind="largest", of=single, own=unit.own))
        return tuple(sums)

    def row_counts(self) -> tuple[str, ...]:
        """Columns that count each source's rows for the reader of the report."""
        return tuple(
            f"{name}_{i}" for i in range(len(self.events)) for name in ROW_COUNTS
        )


def latest_exposure(cube: Cube, horizon: int) -> int:
    """The last exposure whose first `horizon` horizons had passed at as-of."""
    end = cube.layout.horizons[horizon - 1]
    assert cube.span.as_of is not None  # noqa: S101  # asked with times only
    return cube.span.as_of - end // MICROSECOND


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
    known = all(unit.name in cube.tops for unit in capped)
    for unit in capped:
        assert unit.capping is not None  # noqa: S101  # a capped twin
        value = col(unit.capping.of, relation)
        if known:
            top = cube.tops[unit.name]
            cut = value if top is None else _cut(value, integer(top))
        else:
            ctes.append((f"n_{unit.name}", _counted(cube, unit, relation), True))
            ctes.append((f"cap_{unit.name}", _threshold(cube, unit, relation), True))
            cut = _cut(value, col("top", f"cap_{unit.name}"))
            table = exp.table_(f"cap_{unit.name}", quoted=True)
            query = query.join(table, join_type="cross", copy=False)
        query = query.select(exp.alias_(cut, unit.name, quoted=True), copy=False)
    ctes.append(("v" if relation == "u" else "w", query, not known))
    return ctes


def _cut(value: exp.Expression, top: exp.Expression) -> exp.Expression:
    return when(exp.GT(this=value, expression=top), top.copy(), value.copy())


def eligible(cube: Cube, unit: UnitColumn) -> list[exp.Expression]:
    """Conditions that a unit is used and matured for a capped twin's metric."""
    used = [integer(USED), integer(KEPT_CROSSED)]
    conditions: list[exp.Expression] = [exp.In(this=col("status"), expressions=used)]
    assert unit.capping is not None  # noqa: S101  # a capped twin
    within = unit.capping.within
    if within is not None and cube.exposures.time is not None and cube.span.as_of:
        assert unit.measure is not None  # noqa: S101  # a capped measure
        lagging = within + cube.lag([unit.measure.source])
        latest = latest_exposure(cube, cube.layout.horizons.index(lagging) + 1)
        conditions.append(exp.LTE(this=col("t"), expression=integer(latest)))
    return conditions


def population(
    cube: Cube, unit: UnitColumn, relation: str
) -> tuple[str, list[exp.Expression]]:
    """The units that a percentile is taken over: their relation, and which of it."""
    assert unit.capping is not None  # noqa: S101  # a capped twin
    conditions = eligible(cube, unit)
    if not unit.capping.cap.non_zero:
        return "u", conditions
    value = col(unit.capping.of)
    return relation, [*conditions, exp.NEQ(this=value, expression=integer(0))]


def _counted(cube: Cube, unit: UnitColumn, relation: str) -> exp.Select:
    """Number of units that a percentile is taken over."""
    name, conditions = population(cube, unit, relation)
    number = {"n": exp.Count(this=exp.Star())}
    return select(number, exp.table_(name, quoted=True), where=conditions)


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
        where=[*eligible(cube, unit), positive],
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
    columns |= {name: integer(0) for name in cube.row_counts()}
    columns |= {f"x{i}": integer(0) for i in range(len(cube.sums()))}
    return select(columns, exp.table_(f"cap_{unit.name}", quoted=True))
