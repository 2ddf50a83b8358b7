"""Text that is no number: which notation reads the whole column, and what else it is.

An advice must mend what it is given for: "take the dots out" of a column that writes
49.40 would make it a hundred times as much. So a notation is advised only where it
reads every row that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.placeholders import PLACEHOLDERS
from holdback.data.engine.sql import all_of, col, count_where
from holdback.data.engine.written_numbers import as_written
from holdback.data.queries.units import select
from holdback.experiments.language.number_forms import (
    DASHES,
    NUMBER_FORMS,
    SPACE,
    Notation,
    readings,
)

__all__ = ["fitting_notations", "number_advice"]

TOTALS = frozenset(
    {"total", "totals", "sum", "summe", "gesamt", "grand total", "итого"}
)
NO_VALUES = PLACEHOLDERS | {"inf", "-inf", "+inf", "infinity", "-infinity"}
GENERAL = "Correct it, leave the value empty, or leave such rows out with `where`."


def number_advice(
    engine: Engine,
    reader: Reader,
    column: str,
    kept: exp.Expression,
    texts: Sequence[str],
) -> str:
    """How to mend a column of which `texts` are values that are no numbers."""
    words = {text.strip().lower() for text in texts}
    if words & TOTALS:
        return "A row of totals must not be in the data: delete it."
    if words <= NO_VALUES:
        return (
            "Leave the value empty where there is none, or leave such rows out with "
            "`where`."
        )
    fitting = fitting_notations(engine, reader, column, kept)
    if not fitting:
        return _of_examples(texts)
    text = texts[0].strip()
    meant = readings(text)
    values = {meant[name] for name in fitting if name in meant}
    if len(values) > 1:
        return _question(text, fitting, meant)
    name = _nearest(text, fitting)
    shown = _shown(text, name)
    return f"{_cause(text, name)}`numbers: {name}` at the source reads {shown}."


def fitting_notations(
    engine: Engine, reader: Reader, column: str, kept: exp.Expression
) -> list[Notation]:
    """Notations that read every row which counts."""
    filled = exp.NEQ(this=exp.Trim(this=col(column)), expression=exp.Literal.string(""))
    columns = {}
    for name, form in NUMBER_FORMS.items():
        value = exp.Paren(this=as_written(reader.dialect, col(column), form))
        unread = exp.Is(this=value, expression=exp.null())
        columns[name] = count_where(all_of([kept.copy(), filled.copy(), unread]))
    (row,) = engine.run(
        select(
            {str(name): c for name, c in columns.items()}, reader.table.relation.copy()
        )
    )
    return [name for name, unread in zip(columns, row, strict=True) if not int(unread)]


def _nearest(text: str, fitting: Sequence[Notation]) -> Notation:
    """Of notations that agree, the one that is called after such a text."""
    if "fr" in fitting and any(space in text.strip() for space in SPACE):
        return "fr"
    return fitting[0]


def _question(
    text: str, fitting: Sequence[Notation], meant: dict[Notation, Decimal]
) -> str:
    """Both readings, where the column does not say which is meant."""
    groups = next(n for n in fitting if n in meant and abs(meant[n]) >= 1000)
    marks = next(n for n in fitting if n in meant and abs(meant[n]) < 1000)
    mark = NUMBER_FORMS[marks].decimal
    noun = "comma" if mark == "," else "dot"
    return (
        f"Is the {noun} a thousands separator (`numbers: {groups}` at the source reads "
        f"{_shown(text, groups)}) or a decimal {noun} (`numbers: {marks}` reads "
        f"{_shown(text, marks)})?"
    )


def _shown(text: str, name: Notation) -> str:
    value = NUMBER_FORMS[name].read(text)
    return f"{text} as {value:f}" if value is not None else text


def _cause(text: str, name: Notation) -> str:
    """What makes a text no plain number, as far as it can be seen."""
    if "%" in text:
        return "Take the % out where percents are meant; as a share, "
    if text.startswith("(") and text.endswith(")"):
        return "In brackets a number is negative: write it with a minus, or "
    if text[-1:] in {"-", "\u2212"}:
        return "A minus stands at the end: write it at the front, or "
    if text[0] in DASHES[1:]:
        return "The minus is a dash: write it as -, or "
    signs = {sign for sign in text.removeprefix("-") if not sign.isdigit()} - {"."}
    if "," in signs and NUMBER_FORMS[name].decimal == ",":
        return "The comma is a decimal comma: " if signs == {","} else ""
    for what, those in (
        ("the apostrophes", "'\u2019"),
        ("the spaces", SPACE),
        ("the thousands separators", ","),
    ):
        if signs and signs <= set(those):
            return f"Take {what} out, or "
    beside = signs.isdisjoint({",", "'", "\u2019"})
    return "Take currency signs out, or " if beside else ""


def _of_examples(texts: Sequence[str]) -> str:
    """Where no notation reads the whole column: what each of the examples is."""
    if all(readings(text) for text in texts):
        return (
            "Write all numbers of the column in one way: no notation reads every one."
        )
    return GENERAL
