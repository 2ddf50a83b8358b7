"""Words that stand where an id is missing: they are nobody's id.

Tracking writes ``(not set)``, programs ``null``, shops ``guest`` or 0 for whoever is
not known. As a unit such a word would be one customer with everybody's orders, and as
the id of a row it would make copies of rows that have nothing in common.
"""

from __future__ import annotations

from sqlglot import exp

from holdback.data.engine.expressions import Reader, blank
from holdback.data.engine.sql import all_of, any_of, cast, col

__all__ = ["PLACEHOLDERS", "is_nobody", "is_placeholder", "row_id", "word_of", "zero"]

PLACEHOLDERS = frozenset(
    {
        "(anonymous)", "(blank)", "(data not available)", "(empty)", "(guest)",
        "(missing)", "(none)", "(not available)", "(not provided)", "(not set)",
        "(null)", "(other)", "(undefined)", "(unknown)", "<na>", "<nil>", "<none>",
        "<null>", "<undefined>", "[null]", "[object object]", "{}", "[]",
        "anonymous", "anonymous user", "empty", "false", "guest", "guest user",
        "missing", "n.a.", "n/a", "nan", "nil", "no id", "no_id", "none",
        "not available", "not provided", "not set", "not_set", "notset", "null",
        "undefined", "unknown", "unknown user", "unset",
        "#n/a", "#name?", "#null!", "#ref!", "#value!", "\\n", '""', "''",
        "-", "--", "---", "?", ".", "-1",
        "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "00000000000000000000000000000000",
        "no user", "no-user", "no_user", "nouser", "not logged in", "logged out",
        "tbd", "no value", "no data", "not applicable",
        "gast", "gastkunde", "unbekannt", "unbekannter kunde", "anonym", "keine",
        "invité", "invite", "inconnu", "anonyme", "aucun", "invitado", "anonimo",
        "anónimo", "desconocido", "ninguno", "ospite", "sconosciuto", "nessuno",
        "convidado", "desconhecido", "onbekend", "anoniem", "гость",
    }
)  # fmt: skip
"""In small letters, without spaces at the ends; 0 is asked for by `zero`."""
UNFILLED = ("{{", "${", "%%", "%{", "<%", "[[", "{%", "$$")
"""How the variable of a template begins that nobody filled."""


def is_placeholder(reader: Reader, column: str) -> exp.Expression:
    """Whether a column's value stands for a missing id.

    0 does so too, unless the reader knows that ids are counted from it. Raises
    DataError for a column that is not there.
    """
    kind = reader.kind(column)
    if kind == "text":
        listed = [exp.Literal.string(word) for word in sorted(PLACEHOLDERS)]
        word = word_of(reader, column)
        begin = exp.Anonymous(
            this="substr",
            expressions=[word.copy(), exp.Literal.number(1), exp.Literal.number(2)],
        )
        unfilled = [exp.Literal.string(sign) for sign in UNFILLED]
        words = any_of(
            [
                exp.In(this=word, expressions=listed),
                exp.In(this=begin, expressions=unfilled),
            ]
        )
    elif kind in {"integer", "float", "decimal"}:
        words = exp.EQ(this=cast(col(column), "DOUBLE"), expression=_number(-1))
    else:
        return exp.false()
    conditions = [words] if reader.counts_from_zero else [words, zero(reader, column)]
    return exp.func("COALESCE", exp.Paren(this=any_of(conditions)), exp.false())


def word_of(reader: Reader, column: str) -> exp.Expression:
    """An id as placeholders are compared: in small letters, without outer spaces.

    Raises DataError for a column that is not there.
    """
    text = col(column) if reader.kind(column) == "text" else cast(col(column), "TEXT")
    return reader.dialect.bytewise(exp.Lower(this=exp.Trim(this=text)))


def zero(reader: Reader, column: str) -> exp.Expression:
    """Whether an id is 0, however many zeros it is written with.

    Raises DataError for a column that is not there.
    """
    if reader.kind(column) != "text":
        return exp.EQ(this=cast(col(column), "DOUBLE"), expression=_number(0))
    rest = exp.Anonymous(
        this="replace",
        expressions=[
            exp.Trim(this=col(column)),
            exp.Literal.string("0"),
            exp.Literal.string(""),
        ],
    )
    some = exp.NEQ(this=exp.Trim(this=col(column)), expression=exp.Literal.string(""))
    plain = exp.In(
        this=rest, expressions=[exp.Literal.string(""), exp.Literal.string(".")]
    )
    first = exp.Like(
        this=exp.Trim(this=col(column)), expression=exp.Literal.string("0%")
    )
    return all_of([some, first, plain])


def is_nobody(reader: Reader, column: str) -> exp.Expression:
    """Whether a row names no unit: its id is blank or a placeholder.

    Raises DataError for a column that is not there.
    """
    missing = blank(reader, column)
    return (
        missing
        if reader.all_named
        else any_of([missing, is_placeholder(reader, column)])
    )


def row_id(reader: Reader, column: str) -> exp.Expression:
    """The id of a row as text; null where it is blank or a placeholder.

    Raises DataError for a column that is not there.
    """
    return exp.Case().when(
        exp.Not(this=is_placeholder(reader, column)), reader.as_text(column)
    )


def _number(value: int) -> exp.Expression:
    return cast(exp.Literal.string(str(value)), "DOUBLE")
