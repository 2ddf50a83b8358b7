"""Times that are not written as ISO 8601: by the form declared, or the only one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.expressions import Reader
from holdback.data.engine.placeholders import PLACEHOLDERS
from holdback.data.engine.sql import all_of, cast, col, count_where
from holdback.data.engine.written_dates import as_iso
from holdback.data.evidence.cells import ReadDates
from holdback.data.queries.units import nested, select
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.date_forms import (
    DATE_FORMS,
    NUMBER_DATES,
    DateForm,
)
from holdback.experiments.language.trees import Name, written

__all__ = ["Dated", "dated", "fitting_dates", "time_advice", "zone_advice"]

SAMPLED_TIMES = 100
NUMBERS = frozenset({"integer", "float", "decimal"})
DAY_FIRST: tuple[DateForm, DateForm] = ("d/m/y", "m/d/y")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A table whose times are text of ISO 8601, and how they were written."""

    table: Table
    dates: ReadDates


def dated(engine: Engine, reader: Reader, source: Source) -> Dated | None:
    """The table with its times rewritten; None where they can be read as they are.

    A form that nobody declared is taken only if every row is of it and of no other.
    """
    column = source.columns.time
    if column is None or column not in reader.table.columns:
        return None
    form = source.dates or _guessed(engine, reader, column)
    if form is None:
        return None
    text = _as_text(reader, column)
    read = as_iso(reader.dialect, text, form)
    columns: dict[str, exp.Expression] = {
        name: col(name)
        for name in reader.table.columns
        if reader.table.loaded is None or name in reader.table.loaded
    }
    columns[column] = exp.func("COALESCE", read, text.copy())
    example = _example(engine, reader, text, read)
    relation = engine.kept(select(columns, reader.table.relation.copy()))
    kinds = {**reader.table.columns, column: "text"}
    return Dated(
        table=replace(reader.table, relation=relation, columns=kinds),
        dates=ReadDates(
            column=column,
            form=form,
            guessed=source.dates is None,
            written=example[0],
            meant=example[1],
        ),
    )


def _as_text(reader: Reader, column: str) -> exp.Expression:
    return col(column) if reader.kind(column) == "text" else cast(col(column), "TEXT")


def _filled(text: exp.Expression) -> exp.Expression:
    return exp.NEQ(this=exp.Trim(this=text.copy()), expression=exp.Literal.string(""))


def _guessed(engine: Engine, reader: Reader, column: str) -> DateForm | None:
    """The only form that reads every row; None where times are read as they are."""
    kind = reader.kind(column)
    if kind not in {"text", *NUMBERS}:
        return None
    forms = DATE_FORMS if kind == "text" else tuple(NUMBER_DATES)
    if kind == "text" and _reads_sample(engine, reader, column):
        return None
    fitting = fitting_dates(engine, reader, column, forms, exp.true(), mixed=False)
    return fitting[0] if len(fitting) == 1 else None


def _reads_sample(engine: Engine, reader: Reader, column: str) -> bool:
    """Whether the first times can be read without any form."""
    first = select(
        {"t": col(column)}, reader.table.relation.copy(), where=[_filled(col(column))]
    ).limit(SAMPLED_TIMES, copy=False)
    unread = exp.Is(this=reader.dialect.stamp(col("t")), expression=exp.null())
    ((count,),) = engine.run(select({"n": count_where(unread)}, nested(first, "f")))
    return not int(count)


def fitting_dates(  # what is asked of one column
    engine: Engine,
    reader: Reader,
    column: str,
    forms: Iterable[DateForm],
    kept: exp.Expression,
    *,
    mixed: bool,
) -> list[DateForm]:
    """Forms that read every row which counts; `mixed` with rows of ISO 8601."""
    text = _as_text(reader, column)
    tried = tuple(forms)
    columns: dict[str, exp.Expression] = {
        "filled": count_where(all_of([kept.copy(), _filled(text)]))
    }
    for form in tried:
        value = exp.Paren(
            this=reader.dialect.stamp(
                exp.Paren(this=as_iso(reader.dialect, text, form))
            )
        )
        unread = [kept.copy(), _filled(text), exp.Is(this=value, expression=exp.null())]
        if mixed:
            plain = exp.Paren(this=reader.dialect.stamp(text.copy()))
            unread.append(exp.Is(this=plain, expression=exp.null()))
        columns[form] = count_where(all_of(unread))
    ((filled, *counts),) = engine.run(select(columns, reader.table.relation.copy()))
    if not int(filled):
        return []
    return [form for form, n in zip(tried, counts, strict=True) if not int(n)]


def _example(
    engine: Engine, reader: Reader, text: exp.Expression, read: exp.Expression
) -> tuple[str, str]:
    """A time as it is written, and as it is read."""
    known = exp.Not(
        this=exp.Is(this=exp.Paren(this=read.copy()), expression=exp.null())
    )
    query = select(
        {"text": text.copy(), "read": read.copy()},
        reader.table.relation.copy(),
        where=[known],
    )
    rows = engine.run(query.limit(1, copy=False))
    return (str(rows[0][0]), str(rows[0][1])[:19]) if rows else ("", "")


def time_advice(
    engine: Engine,
    reader: Reader,
    column: str,
    kept: exp.Expression,
    texts: Sequence[str],
) -> str:
    """How to mend a column of which `texts` are no times."""
    words = {text.strip().lower() for text in texts}
    if not texts or words <= PLACEHOLDERS:
        name = written(Name(column))
        condition = f"{name} != '{texts[0]}'" if texts else f"{name} is not null"
        return (
            "A row without a time could be of any moment: complete it, or leave it out "
            f"with `where: {condition}`."
        )
    fitting = fitting_dates(engine, reader, column, DATE_FORMS, kept, mixed=True)
    if set(DAY_FIRST) <= set(fitting):
        return (
            f"Say at the source what {texts[0].strip()} begins with: the day "
            "(`dates: d/m/y`) or the month (`dates: m/d/y`)."
        )
    if fitting:
        return f"`dates: {fitting[0]}` at the source reads them."
    return "Write times as 2026-10-01 or 2026-10-01T12:00:00+02:00."


NAMED_ZONE = re.compile(
    r"\s*\d{4}[-/]\d.*:\d\d(?:\.\d+)?\s*[(\[]?([A-Za-z_]{2,}(?:/[A-Za-z_+-]+)*)[)\]]?\s*"
)


def zone_advice(texts: Sequence[str]) -> str | None:
    """How to say the zone of times such as ``2026-10-04 05:31 EST``; None of others.

    Abbreviations are not read: EST, IST and CST are several zones each.
    """
    named = NAMED_ZONE.fullmatch(texts[0]) if texts else None
    if named is None or named[1].upper() in {"AM", "PM"}:
        return None
    if "/" in named[1]:
        return (
            f"Take the zone out of the times, and set `timezone: {named[1]}` at the "
            "source."
        )
    return (
        f"'{named[1]}' is not the name of one zone: write the offset (such as -05:00), "
        "or take it out and set `timezone: America/New_York` (or yours) at the source."
    )
