"""In which currency the rows of a source of money are: named, guessed, converted.

Sums of several currencies mean nothing. A role `currency` says which column tells it;
without one, a column that is called so or holds codes of currencies is taken. Rows in
another currency than the project's are converted by the source's `rates`, or refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.expressions import DailyRates, Reader
from holdback.data.engine.sql import all_of, any_of, col, integer
from holdback.data.engine.times import DAY_MICROSECONDS, Clock
from holdback.data.engine.written_numbers import mark_of
from holdback.data.evidence.cells import Currencies
from holdback.data.queries.exclusions import SHOWN_EXAMPLES
from holdback.data.queries.units import nested, select
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.currency_names import (
    CURRENCY_COLUMNS,
    holds_currencies,
    plain_name,
)
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure
from holdback.experiments.language.quantities import CODES
from holdback.experiments.language.trees import Name, written

__all__ = ["RATE", "MoneyRows", "currencies_of", "daily_rates", "money_rows"]

RATE = "rate"
"""The column of a source of rates that holds them."""
LAST_HOLDS = 7
"""Days for which a last rate holds."""
SAMPLED = 1_000
SYMBOLS = {
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB",
    "₩": "KRW", "₺": "TRY", "₪": "ILS", "₫": "VND", "฿": "THB", "₴": "UAH", "₦": "NGN",
    "₱": "PHP", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "ЛВ": "BGN",
}  # fmt: skip
"""Signs and words of one currency, in capital letters and without a dot."""
SHARED = {
    "KR": ("SEK", "NOK", "DKK", "ISK"), "RS": ("INR", "PKR", "LKR", "NPR", "MUR"),
    "FR": ("CHF", "XOF", "XAF"), "LEI": ("RON", "MDL"), "¥": ("JPY", "CNY"), "¢": (),
}  # fmt: skip
"""Signs of several currencies; ¢ is none of a whole one."""
DOLLARS = frozenset(
    ["USD", "AUD", "CAD", "NZD", "SGD", "HKD", "TWD", "MXN", "BRL", "ARS", "CLP", "COP"]
)
SAID_BY_NAME = re.compile(r"(?:^|_)(?:in_)?(usd|eur|gbp|chf|jpy|cad|aud|sek|pln)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRows:
    """What of a source is money: the values, by their text, and when they count."""

    values: frozenset[str]
    columns: frozenset[str]
    wheres: tuple[Expression | None, ...]


def money_rows(experiment: Experiment) -> dict[str, MoneyRows]:
    """The sources that a metric of money takes amounts from."""
    measures: dict[str, list[Measure]] = {}
    for metric in experiment.metrics.values():
        if metric.unit != "money":
            continue
        amounts = metric.measures()[: 1 if metric.is_quotient else None]
        for measure in amounts:
            if measure.value is not None and measure.aggregate not in {"any", "count"}:
                measures.setdefault(measure.source, []).append(measure)
    return {
        name: MoneyRows(
            values=frozenset(m.value.text for m in found if m.value is not None),
            columns=frozenset(
                column
                for m in found
                if m.value is not None
                for column in m.value.columns
            ),
            wheres=tuple(m.where for m in found),
        )
        for name, found in measures.items()
    }


def currencies_of(  # noqa: PLR0913, PLR0917  # what is asked of one source
    engine: Engine,
    reader: Reader,
    source: Source,
    money: MoneyRows,
    filters: Sequence[Expression],
    own: str,
    daily: Mapping[str, DailyRates],
) -> Currencies | None:
    """Rows of money by currency; None where nothing tells it.

    `daily` are the rates of the source that it names for them, from each day on.

    Sets what the reader multiplies amounts with. Raises DataError for rows in another
    currency without a rate, ConfigError for rates without a column to go by.
    """
    rates: dict[str, Fraction | DailyRates] = {**daily, **(source.rates or {})}
    _refuse_marks(engine, reader, source, money, filters, own)
    named = _said_by_names(money.columns)
    if named is not None:
        return _by_name(reader, source, named, money, own)
    column = source.columns.currency or _guessed(engine, reader.table, source, own)
    if column is None:
        if rates:
            raise ConfigError(_no_column(source))
        return None
    counts = _counted(engine, reader, column, money, filters)
    rows = {_code(text): n for text, n in counts.items() if text}
    blank = sum(n for text, n in counts.items() if not text)
    guessed = source.columns.currency is None
    if guessed and not any(code in CODES for code in rows):
        return None
    foreign = {c: n for c, n in rows.items() if c != own and c not in rates}
    if foreign:
        texts = sorted(text for text in counts if text and _code(text) == own)
        raise DataError(_foreign(source, column, rows, foreign, own, texts))
    if any(code != own for code in rows):
        reader.rates = {
            text: rates[_code(text)]
            for text in counts
            if _code(text) in rates and _code(text) != own
        }
        reader.currency, reader.money = column, money.values
        _refuse_other_days(engine, reader, source, filters)
    return Currencies(
        column=column, guessed=guessed, rows=rows, blank=blank, rates=_used(rates, rows)
    )


def _used(
    rates: Mapping[str, Fraction | DailyRates], rows: Mapping[str, int]
) -> dict[str, float]:
    """The rates that rows were multiplied with; of those by day the last."""
    return {
        code: float(rate if isinstance(rate, Fraction) else rate[-1][1])
        for code, rate in rates.items()
        if code in rows
    }


def daily_rates(
    engine: Engine, reader: Reader, source: Source, clock: Clock | None
) -> dict[str, DailyRates]:
    """The rates of a source of them, by currency and day.

    Raises DataError for a source without days or a column `rate`, or a rate of none.
    """
    if clock is None or RATE not in reader.table.columns:
        raise DataError(
            Problem(
                where=f"source {source.name}",
                what=f"rates by day need the day as `time` and a column '{RATE}'.",
                fix="Name them: `columns: {unit: currency, time: day}`, with what one "
                f"of the currency is worth in the project's in '{RATE}'.",
            )
        )
    rows = select(
        {
            "code": reader.as_text(source.columns.unit),
            "day": clock.raw(),
            "rate": reader.as_number(RATE),
        },
        reader.table.relation.copy(),
    )
    rates: dict[str, dict[int, Fraction]] = {}
    for code, day, rate in engine.run(rows):
        if code is None or day is None or rate is None or not float(rate) > 0:
            raise DataError(
                Problem(
                    where=f"source {source.name}",
                    what="a row has no currency, no day or no rate above 0.",
                    fix="Correct it, or leave such rows out of the file.",
                )
            )
        day_start = int(day) - int(day) % DAY_MICROSECONDS
        rates.setdefault(_code(str(code)), {})[day_start] = Fraction(str(float(rate)))
    return {code: tuple(sorted(days.items())) for code, days in rates.items()}


def _refuse_other_days(
    engine: Engine, reader: Reader, source: Source, filters: Sequence[Expression]
) -> None:
    """DataError for rows before the first rate of their currency, or after the last."""
    assert reader.currency is not None  # noqa: S101  # asked for where it is known
    for text, rate in reader.rates.items():
        if isinstance(rate, Fraction) or reader.moment is None:
            continue
        end = rate[-1][0] + LAST_HOLDS * DAY_MICROSECONDS
        outside = any_of(
            [
                exp.LT(this=reader.moment.copy(), expression=integer(rate[0][0])),
                exp.GTE(this=reader.moment.copy(), expression=integer(end)),
            ]
        )
        is_it = exp.EQ(
            this=reader.as_text(reader.currency), expression=exp.Literal.string(text)
        )
        kept = [reader.condition(formula.tree) for formula in filters]
        query = select(
            {"n": exp.Count(this=exp.Star())},
            reader.table.relation.copy(),
            where=[*kept, is_it, outside],
        )
        ((count,),) = engine.run(query)
        if int(count):
            raise DataError(
                Problem(
                    where=f"source {source.name}, daily_rates",
                    what=f"{int(count):,} rows in {_code(text)} have no rate: they are "
                    f"from before the first day of {source.daily_rates}, or more than "
                    f"{LAST_HOLDS} days after the last.",
                    fix="Add the rates of these days; a rate holds until the next one.",
                )
            )


def _code(text: str) -> str:
    """A currency as a code, as far as it is one: ``eur`` and € are EUR."""
    plain = text.strip().upper()
    return SYMBOLS.get(plain.rstrip("."), plain)


def _counted(
    engine: Engine,
    reader: Reader,
    column: str,
    money: MoneyRows,
    filters: Sequence[Expression],
) -> dict[str, int]:
    """Rows that some amount is taken of, by the currency as it is written."""
    kept = [reader.condition(formula.tree) for formula in filters]
    if all(where is not None for where in money.wheres):
        wheres = [reader.condition(where.tree) for where in money.wheres if where]
        kept.append(any_of(wheres))
    rows = select(
        {"code": reader.as_text(column)},
        reader.table.relation.copy(),
        where=[all_of(kept)],
    )
    counted = select(
        {"code": col("code"), "n": exp.Count(this=exp.Star())},
        nested(rows, "c"),
        group=["code"],
    )
    ranked = sorted(engine.run(counted), key=lambda r: (-int(r[1]), str(r[0])))
    return {"" if code is None else str(code): int(n) for code, n in ranked}


def _refuse_marks(  # what is asked of one source
    engine: Engine,
    reader: Reader,
    source: Source,
    money: MoneyRows,
    filters: Sequence[Expression],
    own: str,
) -> None:
    """DataError for currency and percent signs beside numbers that do not agree."""
    form = reader.table.numbers
    if form is None:
        return
    for column in sorted(money.columns):
        if reader.table.columns.get(column) != "text":
            continue
        marks = select(
            {"mark": mark_of(col(column), form)},
            reader.table.relation.copy(),
            where=[reader.condition(formula.tree) for formula in filters],
        )
        counted = select(
            {"mark": col("mark"), "n": exp.Count(this=exp.Star())},
            nested(marks, "m"),
            group=["mark"],
        )
        rows = {str(m): int(n) for m, n in engine.run(counted) if m is not None}
        signs = {_code(mark) for mark in rows if mark}
        wrong = {sign for sign in signs if not _may_be(sign, own)}
        if "%" in signs and len(rows) > 1:
            raise DataError(_mixed(source, column, rows, "some as shares"))
        if wrong or len(signs) > 1:
            raise DataError(_mixed(source, column, rows, f"and not all are {own}"))


def _may_be(sign: str, own: str) -> bool:
    """Whether a sign beside an amount may mean the project's currency."""
    if sign.endswith("$"):
        return own in DOLLARS
    if sign in {"%", "‰"}:
        return True
    shared = SHARED.get(sign.rstrip("."))
    if shared is not None:
        return own in shared
    return sign == own or sign not in CODES


def _mixed(source: Source, column: str, rows: Mapping[str, int], why: str) -> Problem:
    ranked = sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(
        f"{n:,} with {mark}" if mark else f"{n:,} without a sign" for mark, n in ranked
    )
    return Problem(
        where=f"source {source.name}, column {column}",
        what=f"the numbers have different signs: {listed}.",
        why=f"They would be added up as if they were alike, {why}.",
        fix="Have all amounts in the project's currency, or leave rows out with "
        "`where`.",
    )


def _said_by_names(columns: Collection[str]) -> str | None:
    """The currency that the names of all columns of an amount say: total_usd."""
    said = {
        match[1].upper() if match else ""
        for match in (SAID_BY_NAME.search(plain_name(column)) for column in columns)
    }
    return next(iter(said)) if len(said) == 1 and "" not in said else None


def _by_name(
    reader: Reader, source: Source, named: str, money: MoneyRows, own: str
) -> Currencies | None:
    rates = source.rates or {}
    if named == own:
        return None
    column = min(money.columns)
    if named not in rates:
        raise DataError(_foreign(source, column, {named: 0}, {named: 0}, own, ()))
    reader.rates, reader.currency, reader.money = {"": rates[named]}, None, money.values
    return Currencies(
        column=column,
        guessed=True,
        rows={named: 0},
        blank=0,
        rates={named: float(rates[named])},
    )


def _guessed(engine: Engine, table: Table, source: Source, own: str) -> str | None:
    """The column that tells the currency, by its name or else by its values."""
    by_name = {plain_name(name): name for name in reversed(list(table.columns))}
    for name in CURRENCY_COLUMNS:
        if name in by_name and table.columns[by_name[name]] == "text":
            return by_name[name]
    roles = source.columns
    taken = {roles.unit, roles.arm, roles.time, roles.id}
    texts = [
        name
        for name, kind in table.columns.items()
        if kind == "text" and name not in taken and _is_loaded(table, name)
    ]
    if not texts:
        return None
    sample = select({name: col(name) for name in texts}, table.relation.copy())
    rows = engine.run(sample.limit(SAMPLED, copy=False))
    for i, name in enumerate(texts):
        values = {str(row[i]).strip() for row in rows if row[i] not in {None, ""}}
        codes = {value.upper() for value in values}
        if holds_currencies(values) and (own in values or len(values) > 1):
            return name
        if holds_currencies(codes) and own in codes:
            return name
    return None


def _is_loaded(table: Table, name: str) -> bool:
    return table.loaded is None or name in table.loaded


def _no_column(source: Source) -> Problem:
    return Problem(
        where=f"source {source.name}, rates",
        what="no column tells the currency of a row.",
        fix="Name it: `columns: {currency: column}`.",
    )


def _foreign(
    source: Source,
    column: str,
    rows: Mapping[str, int],
    foreign: Mapping[str, int],
    own: str,
    texts: Sequence[str],
) -> Problem:
    """Amounts in other currencies; `texts` are how the project's own is written."""
    listed = ", ".join(
        f"{n:,} in {code}" if n else code
        for code, n in list(rows.items())[:SHOWN_EXAMPLES]
    )
    code = next(iter(foreign))
    several = len(rows) > 1
    name = written(Name(column))
    chosen = " or ".join(f"{name} = '{text}'" for text in texts)
    worth = (
        f"Say what one {code} is worth in {own}, `rates: {{{code}: …}}` at the source"
        if code in CODES
        else f"Write the currency as a code such as {own} in {column}"
    )
    remedy = (
        f"choose which count: `where: {chosen}`"
        if chosen
        else f"leave such rows out with `where: {name} != '{code}'`"
        if several
        else f"set `currency: {code}` if the figures should be in it"
    )
    return Problem(
        where=f"source {source.name}, column {column}",
        what=f"orders are in several currencies: {listed}."
        if several
        else f"the amounts are in {code}, and the project's currency is {own}.",
        why="Sums of them would mean nothing."
        if several
        else "Money of another currency would be told as if it were the project's.",
        fix=f"{worth}, or {remedy}.",
    )
