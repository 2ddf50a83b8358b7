"""Numbers as people write them, read by the engine: brackets, signs, groups, marks."""

from __future__ import annotations

from sqlglot import exp

from holdback.data.engine.protocol import EngineDialect
from holdback.data.engine.sql import double, when
from holdback.experiments.language.number_forms import (
    MINUS_SIGNS,
    PLUS_SIGNS,
    NumberForm,
)

__all__ = ["as_written", "mark_of"]

PERCENT, PER_MILLE = "%", "‰"


def as_written(
    dialect: EngineDialect, text: exp.Expression, form: NumberForm
) -> exp.Expression:
    """Text in a notation → DOUBLE, or null where it is no number of it."""
    signs = _groups(text, form, r"\1\2\4\8\9")
    value = dialect.number(_plain(text, form))
    after = _groups(text, form, r"\7")
    scaled = (
        exp.Case()
        .when(_is(after, PERCENT), exp.Div(this=value, expression=double("100")))
        .when(
            _is(after.copy(), PER_MILLE),
            exp.Div(this=value.copy(), expression=double("1000")),
        )
        .else_(value.copy())
    )
    signed = (
        exp.Case()
        .when(_among(signs, PLUS_SIGNS), scaled)
        .when(
            _among(signs.copy(), MINUS_SIGNS),
            exp.Neg(this=exp.Paren(this=scaled.copy())),
        )
    )
    return when(_fits(text, form), signed, None)


def mark_of(text: exp.Expression, form: NumberForm) -> exp.Expression:
    """The currency or percent sign of a number; null where it is no number."""
    both = exp.Upper(this=_groups(text, form, r"\3\7"))
    return when(_fits(text, form), both, None)


def _plain(text: exp.Expression, form: NumberForm) -> exp.Expression:
    """Digits, a dot and an exponent: what a program would have written."""
    digits = exp.Anonymous(
        this="translate",
        expressions=[
            _groups(text, form, r"\5"),
            exp.Literal.string(form.dropped),
            exp.Literal.string(""),
        ],
    )
    dotted = exp.Anonymous(
        this="replace",
        expressions=[digits, exp.Literal.string(form.decimal), exp.Literal.string(".")],
    )
    return exp.Paren(this=exp.DPipe(this=dotted, expression=_groups(text, form, r"\6")))


def _fits(text: exp.Expression, form: NumberForm) -> exp.Expression:
    return exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(form.pattern))


def _groups(text: exp.Expression, form: NumberForm, wanted: str) -> exp.Expression:
    """Groups of the pattern, one after the other."""
    return exp.Anonymous(
        this="regexp_replace",
        expressions=[
            text.copy(),
            exp.Literal.string(form.pattern),
            exp.Literal.string(wanted),
        ],
    )


def _is(value: exp.Expression, text: str) -> exp.Expression:
    return exp.EQ(this=value, expression=exp.Literal.string(text))


def _among(value: exp.Expression, options: tuple[str, ...]) -> exp.Expression:
    return exp.In(this=value, expressions=[exp.Literal.string(o) for o in options])
