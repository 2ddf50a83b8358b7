"""Whether amounts are in the currency's own unit: not in cents, thousands, or in two.

Nothing in a number says so. But a column may be called `amount_cents`; amounts that
are all whole, large and end in any digit are hardly euros; and where some amounts are a
hundred times the others, or those of before the test, something was written in another
unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import (
    all_of,
    cast,
    col,
    count_where,
    double,
    integer,
    when,
    within_limit,
)
from holdback.data.evidence.amounts import OddScale
from holdback.data.queries.units import nested, select
from holdback.experiments.language.currency_names import plain_name
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure
from holdback.experiments.language.trees import Arithmetic, parts_of

__all__ = ["AmountBin", "odd_scales", "read_bins"]

NAMED_UNITS = {
    re.compile(r"(^|_)(cents?|pence|minor(_units?)?|kope[ck]s?|subunits?)(_|$)"): 100.0,
    re.compile(r"(^|_)micros?(_|$)"): 1e6,
    re.compile(r"(^|_)(in_)?(thousands?|tsd|k(eur|usd|gbp|chf))(_|$)"): 1e-3,
}
"""What columns are called whose amounts are not in the currency's unit."""
WITH_COINS = frozenset(
    ["EUR", "USD", "GBP", "CHF", "CAD", "AUD", "NZD", "SGD", "BRL", "PLN"]
)
"""Currencies in which prices of a thousand and more are rare and usually round."""
NO_AMOUNT = -1000
"""The bin of rows whose amount is 0."""
MANY_ZEROS = 0.3
BINS_A_POWER = 10
"""Bins of amounts in a power of ten."""
LEAST_AMOUNTS, FEW_PRICES, LARGE_PRICE = 30, 10, 1000
MANY_UNROUND = 0.3
LEAST_HEAP, LEAST_HEAP_ROWS, FULL_VALLEY = 0.02, 20, 0.05
NEAR_POWER = 0.3
"""How near to a hundredfold or a thousandfold, in powers of ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountBin:
    """Amounts above 0 of one tenth of a power of ten; `unround` end in no 0, 5 or 9."""

    at: int
    whole: bool
    before: bool
    rows: int
    values: int
    unround: int


def scale_of_name(value: Expression) -> tuple[str, float] | None:
    """A column that is called after another unit, and how many of it make one.

    None where the value multiplies or divides: then it is converted.
    """
    parts = list(parts_of(value.tree))
    if any(isinstance(p, Arithmetic) and p.operator in {"*", "/"} for p in parts):
        return None
    for column in sorted(value.columns):
        for pattern, many in NAMED_UNITS.items():
            if pattern.search(plain_name(column)):
                return column, many
    return None


def odd_scales(  # what is asked of one source
    engine: Engine,
    reader: Reader,
    measure: Measure,
    filters: Sequence[Expression],
    before: exp.Expression | None,
    currency: str,
) -> Iterator[OddScale]:
    """What is odd about the unit of a measure's amounts, and rows of nothing.

    `before` says whether a row is from before the first exposure.
    """
    assert measure.value is not None  # noqa: S101  # amounts have one
    named = scale_of_name(measure.value)
    bins = _bins(engine, reader, measure, filters, before)
    amounts = [one for one in bins if one.at > NO_AMOUNT]
    zeros = _rows(bins) - _rows(amounts)
    text = measure.value.text
    if zeros > MANY_ZEROS * _rows(bins):
        yield OddScale(cause="zeros", value=text, times=_rows(bins) / zeros, rows=zeros)
    if named is not None:
        yield OddScale(cause="named", value=named[0], times=named[1])
        return
    odd = read_bins(text, amounts, whole_is_odd=currency in WITH_COINS)
    if odd is not None:
        yield odd


def read_bins(
    value: str, bins: Sequence[AmountBin], *, whole_is_odd: bool
) -> OddScale | None:
    """What a distribution of amounts says of their unit."""
    earlier = [one for one in bins if one.before]
    later = [one for one in bins if not one.before]
    times = _times(earlier, later)
    if times is not None:
        return OddScale(
            cause="history",
            value=value,
            times=times,
            rows=_rows(later),
            medians=(_median(earlier), _median(later)),
        )
    two = _by_valley(later) or _by_wholeness(later)
    if two is not None:
        low, high = two
        return OddScale(
            cause="two_units",
            value=value,
            times=_times(low, high) or 0.0,
            rows=_rows(high),
            medians=(_median(low), _median(high)),
        )
    if whole_is_odd and _are_coins(later):
        return OddScale(
            cause="whole",
            value=value,
            times=100.0,
            rows=_rows(later),
            medians=(_median(later) / 100, _median(later)),
        )
    return None


def _rows(bins: Sequence[AmountBin]) -> int:
    return sum(one.rows for one in bins)


def _median(bins: Sequence[AmountBin]) -> float:
    """The middle of the bin that holds the middle row; 0 without rows."""
    ahead, half = 0, _rows(bins) / 2
    for one in sorted(bins, key=lambda b: b.at):
        ahead += one.rows
        if ahead >= half:
            return float(10 ** ((one.at + 0.5) / BINS_A_POWER))
    return 0.0


def _times(low: Sequence[AmountBin], high: Sequence[AmountBin]) -> float | None:
    """100 or 1000 (or the inverse) where the medians are so far apart."""
    if min(_rows(low), _rows(high)) < LEAST_HEAP_ROWS:
        return None
    apart = log10(_median(high) / _median(low))
    for powers in (2, 3):
        if abs(abs(apart) - powers) <= NEAR_POWER:
            return float(10 ** (powers if apart > 0 else -powers))
    return None


def _by_wholeness(
    bins: Sequence[AmountBin],
) -> tuple[list[AmountBin], list[AmountBin]] | None:
    """Amounts with decimals, and whole ones that are a hundred times as large."""
    low = [one for one in bins if not one.whole]
    if not low:
        return None
    tenfold = log10(_median(low)) * BINS_A_POWER + BINS_A_POWER
    high = [one for one in bins if one.whole and one.at >= tenfold]
    few = min(_rows(low), _rows(high)) < LEAST_HEAP * _rows(bins)
    values = sum(one.values for one in high)
    if few or values < FEW_PRICES or (_times(low, high) or 0) < 1:
        return None
    return low, high


def _by_valley(
    bins: Sequence[AmountBin],
) -> tuple[list[AmountBin], list[AmountBin]] | None:
    """Two heaps of amounts with next to nothing between them, far apart."""
    places = sorted({one.at for one in bins})
    for place in range(places[0] + 1, places[-1] + 1) if places else ():
        low = [one for one in bins if one.at < place]
        high = [one for one in bins if one.at >= place]
        least = min(_rows(low), _rows(high))
        if least < LEAST_HEAP * _rows(bins) or _few_values(low) or _few_values(high):
            continue
        between = _rows([one for one in bins if -2 <= one.at - place < 2])
        if between <= FULL_VALLEY * least and (_times(low, high) or 0) > 1:
            return low, high
    return None


def _few_values(bins: Sequence[AmountBin]) -> bool:
    """Whether amounts are but a few prices."""
    return sum(one.values for one in bins) < FEW_PRICES


def _are_coins(bins: Sequence[AmountBin]) -> bool:
    """Whether all amounts are whole, large and end as amounts in cents do."""
    rows = _rows(bins)
    return (
        rows >= LEAST_AMOUNTS
        and all(one.whole for one in bins)
        and not _few_values(bins)
        and _median(bins) >= LARGE_PRICE
        and sum(one.unround for one in bins) >= MANY_UNROUND * rows
    )


def _bins(
    engine: Engine,
    reader: Reader,
    measure: Measure,
    filters: Sequence[Expression],
    before: exp.Expression | None,
) -> list[AmountBin]:
    """The amounts above 0 that a measure counts."""
    kept = [reader.condition(formula.tree) for formula in filters]
    if measure.where is not None:
        kept.append(reader.condition(measure.where.tree))
    amount = exp.Paren(this=reader.counted(measure))
    earlier = exp.func("COALESCE", before, exp.false()) if before else exp.false()
    rows = select(
        {"amount": amount, "before": earlier},
        reader.table.relation.copy(),
        where=[all_of([*kept, within_limit(amount.copy())])],
    )
    value = col("amount")
    is_amount = exp.GT(this=value.copy(), expression=double("0"))
    size = when(is_amount, value.copy(), double("1"))
    powers = exp.Mul(
        this=exp.Ln(this=size),
        expression=double(repr(BINS_A_POWER / 2.302585092994046)),
    )
    whole = exp.EQ(this=exp.Floor(this=value.copy()), expression=value.copy())
    tens = exp.Floor(this=exp.Div(this=value.copy(), expression=double("10")))
    digit = exp.Sub(
        this=value.copy(), expression=exp.Mul(this=tens, expression=double("10"))
    )
    round_digits = [double(text) for text in ("0", "5", "9")]
    unround = exp.Not(this=exp.Paren(this=exp.In(this=digit, expressions=round_digits)))
    placed = select(
        {
            "at": when(
                is_amount.copy(),
                cast(exp.Floor(this=powers), "BIGINT"),
                integer(NO_AMOUNT),
            ),
            "whole": whole,
            "before": col("before"),
            "amount": value.copy(),
            "unround": unround,
        },
        nested(rows, "a"),
        where=[exp.GTE(this=value.copy(), expression=double("0"))],
    )
    counted = select(
        {
            "at": col("at"),
            "whole": col("whole"),
            "before": col("before"),
            "n": exp.Count(this=exp.Star()),
            "kinds": exp.Count(this=exp.Distinct(expressions=[col("amount")])),
            "unround": count_where(col("unround")),
        },
        nested(placed, "p"),
        group=["at", "whole", "before"],
    )
    return [
        AmountBin(
            at=int(at),
            whole=bool(is_whole),
            before=bool(is_before),
            rows=int(n),
            values=int(kinds),
            unround=int(ends),
        )
        for at, is_whole, is_before, n, kinds, ends in engine.run(counted)
    ]
