"""The leaves of a query that engines spell differently, and nothing else."""

from __future__ import annotations

from typing import Protocol

from sqlglot import exp

from holdback.data.engine import Type

__all__ = ["Dialect", "DuckDB", "Postgres"]

NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$"
STAMP = (
    r"^\d{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])"
    r"([ T]([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?$"
)
OFFSET = "[Zz+-]"


class Dialect(Protocol):
    """Spelling of the leaves that differ between engines."""

    name: str

    def wide(self, value: exp.Expression) -> exp.Expression:
        """An integer cast to the widest exact type."""
        ...

    def quotient(self, value: exp.Expression, by: exp.Expression) -> exp.Expression:
        """Integer division, truncated."""
        ...

    def number(self, text: exp.Expression) -> exp.Expression:
        """Text → DOUBLE, or null where it is no number."""
        ...

    def stamp(self, text: exp.Expression) -> exp.Expression:
        """Text → microseconds since 1970 (UTC, or the wall clock's), or null."""
        ...

    def has_offset(self, text: exp.Expression) -> exp.Expression:
        """Whether a time in text names its offset."""
        ...

    def microseconds(self, stamp: exp.Expression, kind: Type) -> exp.Expression:
        """Date or timestamp → microseconds since 1970 (UTC, or the wall clock's)."""
        ...

    def bytewise(self, text: exp.Expression) -> exp.Expression:
        """Text that is ordered by its bytes."""
        ...

    def composed(self, text: exp.Expression) -> exp.Expression:
        """Text in Unicode's composed form (NFC)."""
        ...


def cast(value: exp.Expression, to: str) -> exp.Expression:
    """CAST to a type named in the common subset."""
    return exp.Cast(this=value, to=exp.DataType.build(to))


class DuckDB:
    """The embedded engine."""

    name = "duckdb"

    def wide(self, value: exp.Expression) -> exp.Expression:
        """An integer cast to the widest exact type."""
        return cast(value, "INT128")

    def quotient(self, value: exp.Expression, by: exp.Expression) -> exp.Expression:
        """Integer division, truncated."""
        return exp.IntDiv(this=exp.Paren(this=value), expression=exp.Paren(this=by))

    def number(self, text: exp.Expression) -> exp.Expression:
        """Text → DOUBLE, or null where it is no number."""
        parsed = exp.TryCast(this=text, to=exp.DataType.build("DOUBLE"))
        scored = exp.Anonymous(
            this="contains", expressions=[text.copy(), exp.Literal.string("_")]
        )
        return exp.Case().when(exp.Not(this=scored), parsed)

    def stamp(self, text: exp.Expression) -> exp.Expression:
        """Text → microseconds since 1970 (UTC, or the wall clock's), or null."""
        to = exp.DataType.build("TIMESTAMPTZ")
        # `12:00:00 -0300`: DuckDB wants the offset without the space before it.
        joined = exp.Anonymous(
            this="regexp_replace",
            expressions=[
                text.copy(),
                exp.Literal.string(" ([Z+-])"),
                exp.Literal.string(r"\1"),
            ],
        )
        parsed = exp.func(
            "COALESCE", exp.TryCast(this=text, to=to), exp.TryCast(this=joined, to=to)
        )
        return exp.Anonymous(this="epoch_us", expressions=[parsed])

    def has_offset(self, text: exp.Expression) -> exp.Expression:
        """Whether a time in text names its offset."""
        tail = exp.Anonymous(this="substr", expressions=[text, exp.Literal.number(11)])
        return exp.Anonymous(
            this="regexp_matches", expressions=[tail, exp.Literal.string(OFFSET)]
        )

    def microseconds(self, stamp: exp.Expression, kind: Type) -> exp.Expression:
        """Date or timestamp → microseconds since 1970 (UTC, or the wall clock's)."""
        del kind
        return exp.Anonymous(this="epoch_us", expressions=[stamp])

    def bytewise(self, text: exp.Expression) -> exp.Expression:
        """Text that is ordered by its bytes."""
        return text

    def composed(self, text: exp.Expression) -> exp.Expression:
        """Text in Unicode's composed form (NFC)."""
        return exp.Anonymous(this="nfc_normalize", expressions=[text])


class Postgres:
    """PostgreSQL, from version 14."""

    name = "postgres"

    def wide(self, value: exp.Expression) -> exp.Expression:
        """An integer cast to the widest exact type."""
        return cast(value, "DECIMAL(38, 0)")

    def quotient(self, value: exp.Expression, by: exp.Expression) -> exp.Expression:
        """Integer division, truncated."""
        return exp.Anonymous(
            this="DIV",
            expressions=[self.wide(value), self.wide(by)],
        )

    def number(self, text: exp.Expression) -> exp.Expression:
        """Text → DOUBLE, or null where it is no number."""
        return exp.Case().when(
            exp.RegexpLike(this=text, expression=exp.Literal.string(NUMBER)),
            cast(exp.Trim(this=text.copy()), "DOUBLE"),
        )

    def stamp(self, text: exp.Expression) -> exp.Expression:
        """Text → microseconds since 1970 (UTC, or the wall clock's), or null."""
        parsed = exp.Case().when(
            exp.RegexpLike(this=text, expression=exp.Literal.string(STAMP)),
            cast(text.copy(), "TIMESTAMPTZ"),
        )
        return self.microseconds(parsed, "instant")

    def has_offset(self, text: exp.Expression) -> exp.Expression:
        """Whether a time in text names its offset."""
        tail = exp.Anonymous(this="substr", expressions=[text, exp.Literal.number(11)])
        return exp.RegexpLike(this=tail, expression=exp.Literal.string(OFFSET))

    def microseconds(self, stamp: exp.Expression, kind: Type) -> exp.Expression:
        """Date or timestamp → microseconds since 1970 (UTC, or the wall clock's)."""
        del kind
        seconds = exp.Extract(this=exp.Var(this="EPOCH"), expression=stamp)
        scaled = exp.Mul(this=seconds, expression=exp.Literal.number(1_000_000))
        return cast(scaled, "BIGINT")

    def bytewise(self, text: exp.Expression) -> exp.Expression:
        """Text that is ordered by its bytes."""
        return exp.Collate(this=text, expression=exp.Identifier(this="C", quoted=True))

    def composed(self, text: exp.Expression) -> exp.Expression:
        """Text in Unicode's composed form (NFC)."""
        return exp.Anonymous(this="normalize", expressions=[text])
