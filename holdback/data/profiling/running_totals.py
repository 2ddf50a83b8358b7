"""Amounts that run on: a unit's total up to each row, and what each row adds to it.

An export of daily snapshots holds what a customer has spent in all his life, once a
day. Added up, a single order counts every day again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import all_of, any_of, col, count_where, integer, when
from holdback.data.engine.times import DAY_MICROSECONDS
from holdback.data.evidence.cells import RunningTotals
from holdback.data.queries.units import nested, select, widened
from holdback.experiments.language.expression import Expression

__all__ = ["differenced", "running_totals"]

UNITS_LOOKED_AT = 3_000
"""Units whose rows are looked at, the first by their id."""
LEAST_RISES, FALLS_ARE_RARE, RISEN_TWICE = 8, 20, 5
ROUND_OF_SNAPSHOTS = DAY_MICROSECONDS // 2
OF_UNIT, OF_TIME, OF_VALUE, OF_STEP, OF_BEGIN = (
    f"holdback {name}" for name in ("unit", "time", "value", "step", "begin")
)


def _before(name: str) -> str:
    """The column that holds what another was in the unit's row before."""
    return f"{name} before"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Rows of a source that count: unit, time in µs, and amounts by their number."""

    unit: exp.Expression
    time: exp.Expression
    values: tuple[exp.Expression, ...]
    kept: exp.Expression

    def columns(self) -> dict[str, exp.Expression]:
        """Unit, time and amounts."""
        amounts = {f"{OF_VALUE} {i}": value for i, value in enumerate(self.values)}
        return {OF_UNIT: self.unit, OF_TIME: self.time} | amounts

    def counted(self) -> exp.Expression:
        """Whether a row counts and has a time and every amount."""
        parts = (self.unit, self.time, *self.values)
        known = [
            exp.Not(
                this=exp.Is(this=exp.Paren(this=part.copy()), expression=exp.null())
            )
            for part in parts
        ]
        return all_of([self.kept.copy(), *known])

    def before(self, name: str) -> exp.Expression:
        """A column of the unit's row before; amounts break ties of time."""
        order = [name for name in self.columns() if name != OF_UNIT]
        return exp.Window(
            this=exp.Lag(this=col(name)),
            partition_by=[col(OF_UNIT)],
            order=exp.Order(
                expressions=[exp.Ordered(this=col(key), desc=False) for key in order]
            ),
        )


def _rows(
    reader: Reader,
    unit: exp.Expression,
    time: exp.Expression,
    values: Sequence[Expression],
    filters: Sequence[Expression],
) -> _Rows:
    return _Rows(
        unit=reader.dialect.bytewise(unit),
        time=time,
        values=tuple(reader.number(formula.tree) for formula in values),
        kept=all_of([reader.condition(formula.tree) for formula in filters]),
    )


def running_totals(  # what is asked of one source
    engine: Engine,
    reader: Reader,
    unit: exp.Expression,
    time: exp.Expression,
    value: Expression,
    filters: Sequence[Expression],
) -> RunningTotals | None:
    """How a value that never falls goes from each row of a unit to its next.

    Plans at a fixed price never fall either. So some amounts must have risen, and
    besides rows come daily, or the same units rise twice, or they rise to many
    different amounts: a subscription does not.
    """
    rows = _rows(reader, unit, time, [value], filters)
    source = select(
        rows.columns(), reader.table.relation.copy(), where=[rows.counted()]
    )
    units = select({OF_UNIT: col(OF_UNIT)}, nested(source, "s"))
    units = units.distinct(copy=False).order_by(col(OF_UNIT), copy=False)
    picked = select(
        {name: col(name) for name in rows.columns()},
        nested(source.copy(), "r"),
        where=[
            exp.In(this=col(OF_UNIT), query=_bracketed(units.limit(UNITS_LOOKED_AT)))
        ],
    )
    steps = {name: col(name) for name in rows.columns()}
    steps |= {_before(name): rows.before(name) for name in (OF_TIME, f"{OF_VALUE} 0")}
    (counted,) = engine.run(_counted(select(steps, nested(picked, "p"))))
    pairs, rises, falls, daily, twice, amounts = map(int, counted)
    if rises < LEAST_RISES or falls * FALLS_ARE_RARE > rises:
        return None
    if 2 * daily < pairs and twice < RISEN_TWICE and amounts < LEAST_RISES:
        return None
    return RunningTotals(value=value.text, steps=pairs, rises=rises, falls=falls)


def _bracketed(query: exp.Select) -> exp.Subquery:
    """A query in brackets."""
    return exp.Subquery(this=query)


def _counted(paired: exp.Select) -> exp.Select:
    """Pairs of rows, rises, falls, daily pairs, units that rose twice, amounts."""
    name = f"{OF_VALUE} 0"
    earlier = _before(name)
    apart = exp.Sub(this=col(OF_TIME), expression=col(_before(OF_TIME)))
    # Rows of one moment stand in the order of their amounts, which says nothing.
    known = exp.GT(this=exp.Paren(this=apart), expression=integer(0))
    rise = all_of([known, exp.GT(this=col(name), expression=col(earlier))])
    by_unit = select(
        {
            OF_UNIT: col(OF_UNIT),
            "pairs": count_where(known),
            "rises": count_where(rise),
            "falls": count_where(
                all_of([known, exp.LT(this=col(name), expression=col(earlier))])
            ),
            "daily": count_where(
                all_of(
                    [
                        known,
                        exp.LTE(
                            this=exp.Paren(this=apart.copy()),
                            expression=integer(3 * ROUND_OF_SNAPSHOTS),
                        ),
                    ]
                )
            ),
            "top": exp.Max(this=when(rise.copy(), col(name), exp.null())),
        },
        nested(paired, "q"),
        group=[OF_UNIT],
    )
    twice = exp.GT(this=col("rises"), expression=integer(1))
    sums = [exp.func("COALESCE", exp.Sum(this=col(k)), integer(0)) for k in OF_STEPS]
    columns = dict(zip(OF_STEPS, sums, strict=True)) | {
        "twice": count_where(twice),
        "amounts": exp.Count(this=exp.Distinct(expressions=[col("top")])),
    }
    return select(columns, nested(by_unit, "u"))


OF_STEPS = ("pairs", "rises", "falls", "daily")


def differenced(  # what is asked of one source
    engine: Engine,
    reader: Reader,
    unit: exp.Expression,
    time: exp.Expression,
    values: Sequence[Expression],
    filters: Sequence[Expression],
) -> None:
    """Let the reader take what each row adds, and leave out rows that add nothing.

    The first snapshots are where totals begin: what a unit had by then is no amount of
    the test. A unit that is not among them had nothing, so that its first total counts.
    """
    rows = _rows(reader, unit, time, values, filters)
    source = widened(rows.columns(), reader.table.relation.copy())
    source = source.where(rows.counted(), copy=False)
    begin = exp.Window(this=exp.Min(this=col(OF_TIME)))
    names = [f"{OF_VALUE} {i}" for i in range(len(values))]
    earlier = {_before(name): rows.before(name) for name in names}
    paired = widened({OF_BEGIN: begin} | earlier, nested(source, "s"))
    since = exp.Sub(this=col(OF_TIME), expression=col(OF_BEGIN))
    first = exp.LT(this=exp.Paren(this=since), expression=integer(ROUND_OF_SNAPSHOTS))
    steps = {
        f"{OF_STEP} {i}": exp.Sub(
            this=col(name),
            expression=exp.func(
                "COALESCE",
                col(_before(name)),
                when(first.copy(), col(name), integer(0)),
            ),
        )
        for i, name in enumerate(names)
    }
    table = reader.table
    added = select(
        {name: col(name) for name in table.columns} | steps, nested(paired, "p")
    )
    changed = any_of(exp.NEQ(this=col(step), expression=integer(0)) for step in steps)
    kept = select(
        {name: col(name) for name in (*table.columns, *steps)},
        nested(added, "a"),
        where=[changed],
    )
    reader.table = replace(
        table,
        relation=engine.kept(kept),
        columns={**table.columns, **dict.fromkeys(steps, "float")},
        numbered=False,
    )
    reader.steps = {
        formula.text: step for formula, step in zip(values, steps, strict=True)
    }
