"""Small builders of SQL trees.

No text of a user ever becomes SQL text: names become quoted identifiers, and only
those that the source has; values become quoted literals.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, reduce

from sqlglot import exp

from holdback.data.engine.protocol import EngineDialect

__all__ = [
    "MICRO",
    "NO_DATE_FORM",
    "OFFSET_FORM",
    "PLAUSIBLE",
    "STAMP_FORM",
    "all_of",
    "any_of",
    "cast",
    "coalesce",
    "col",
    "count_where",
    "double",
    "finite",
    "integer",
    "is_finite",
    "micro",
    "quoted_name",
    "quoted_text",
    "round_to",
    "total",
    "when",
    "within_limit",
]

MICRO = 6
PLAUSIBLE = "1e12"
DATE_FORM = (
    r"\d{4}([-/](0?[13578]|1[02])[-/](0?[1-9]|[12]\d|3[01])"
    r"|[-/](0?[469]|11)[-/](0?[1-9]|[12]\d|30)|[-/]0?2[-/](0?[1-9]|1\d|2[0-8]))"
    r"|(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)[-/]0?2[-/]29"
)
OFFSET_FORM = r"(Z|z|UTC|GMT|[+-](0\d|1[0-5])(:?[0-5]\d)?)"
STAMP_FORM = (
    rf"^\s*({DATE_FORM})"
    r"([ T](([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?|24:00(:00(\.0+)?)?)"
    rf"\s?{OFFSET_FORM}?)?\s*$"
)
"""A time as text: the calendar's own days, a clock, an offset or UTC by name.

Zones of other names are not read: EST, IST and CST are several zones each.
"""
NO_DATE_FORM = (
    r"^\s*(epoch|0000[-/].*|\d{4}[-/]\d{1,2}[-/]00?([ T].*)?|.*\(BC\).*|.* BC)\s*$"
)


def col(name: str, table: str | None = None) -> exp.Column:
    """A quoted column, of a table if that is given."""
    return exp.column(name, table=table, quoted=True)


def cast(value: exp.Expression, to: str) -> exp.Expression:
    """CAST to a type named in the common subset."""
    return exp.Cast(this=value, to=_type(to).copy())


@cache
def _type(name: str) -> exp.DataType:
    """A type by its name; SQLGlot starts a parser to read it."""
    return exp.DataType.build(name)


def coalesce(value: exp.Expression, otherwise: exp.Expression) -> exp.Expression:
    """The value, or another where it is null; both are taken as they are."""
    return exp.Coalesce(this=value, expressions=[otherwise])


def integer(value: int) -> exp.Expression:
    """An integer literal that fits any column it meets."""
    literal = exp.Literal.number(abs(value))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def all_of(conditions: Iterable[exp.Expression]) -> exp.Expression:
    """AND of conditions; true when there is none."""
    parts = [exp.Paren(this=condition) for condition in conditions]
    if not parts:
        return exp.true()
    return reduce(lambda a, b: exp.And(this=a, expression=b), parts)


def any_of(conditions: Iterable[exp.Expression]) -> exp.Expression:
    """OR of conditions; false when there is none."""
    parts = [exp.Paren(this=condition) for condition in conditions]
    if not parts:
        return exp.false()
    return reduce(lambda a, b: exp.Or(this=a, expression=b), parts)


def when(
    condition: exp.Expression, then: exp.Expression, otherwise: exp.Expression | None
) -> exp.Expression:
    """CASE WHEN condition THEN then ELSE otherwise END."""
    case = exp.Case().when(condition, then, copy=False)
    return case.else_(otherwise, copy=False) if otherwise is not None else case


def count_where(condition: exp.Expression) -> exp.Expression:
    """Rows for which a condition is true; 0 for no rows."""
    return total(when(condition, integer(1), integer(0)))


def total(value: exp.Expression) -> exp.Expression:
    """SUM, 0 for no rows; of amounts, ask the engine's dialect for it."""
    return coalesce(exp.Sum(this=value), exp.Literal.number(0))


def double(text: str) -> exp.Expression:
    """A DOUBLE literal, read from its text."""
    return cast(exp.Literal.string(text), "DOUBLE")


def within_limit(value: exp.Expression) -> exp.Expression:
    """Whether a DOUBLE is finite and at most the plausibility limit in size."""
    return exp.LTE(this=exp.Abs(this=value), expression=double(PLAUSIBLE))


def is_finite(value: exp.Expression) -> exp.Expression:
    """Whether a DOUBLE is a number: x − x is 0 of numbers alone.

    A comparison with the largest number is folded away by engines that know the least
    and greatest value of a file, which tell nothing of NaN.
    """
    none = exp.Paren(this=exp.Sub(this=value, expression=value.copy()))
    return exp.EQ(this=none, expression=double("0"))


def finite(value: exp.Expression) -> exp.Expression:
    """A DOUBLE, or null where it is infinite or not a number."""
    return when(is_finite(value), value.copy(), None)


def micro(value: exp.Expression) -> exp.Expression:
    """A DOUBLE within the plausibility limit as millionths, half away from zero."""
    scaled = exp.Mul(this=exp.Paren(this=value), expression=double("1e6"))
    half = double("0.5")
    down = exp.Ceil(this=exp.Sub(this=scaled, expression=half))
    up = exp.Floor(this=exp.Add(this=scaled.copy(), expression=half.copy()))
    negative = exp.LT(this=exp.Paren(this=value.copy()), expression=double("0"))
    return cast(when(negative, down, up), "BIGINT")


def round_to(
    dialect: EngineDialect, value: exp.Expression, digits: int
) -> exp.Expression:
    """Millionths → quanta of ``10 ** -digits``, half away from zero."""
    if digits >= MICRO:
        scale = 10 ** (digits - MICRO)
        if scale == 1:
            return value
        return exp.Mul(this=dialect.wide(value), expression=integer(scale))
    scale = 10 ** (MICRO - digits)
    half = integer(scale // 2)
    up = exp.Add(this=exp.Paren(this=value), expression=half)
    down = exp.Sub(this=exp.Paren(this=value.copy()), expression=half.copy())
    negative = exp.LT(this=exp.Paren(this=value.copy()), expression=integer(0))
    return dialect.quotient(when(negative, down, up), integer(scale))


def quoted_name(text: str) -> str:
    """A name as standard SQL writes it."""
    return '"' + text.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text as standard SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
