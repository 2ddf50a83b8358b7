"""Orders that are none: failed, cancelled, drafts and tests that count as money.

A column that says so helps only where a condition reads it. One that no condition of
the money reads is looked at: what it says, on how many rows, with how much money.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import NO, YES, Reader, blank
from holdback.data.engine.sql import all_of, any_of, cast, col, double, when
from holdback.data.evidence.amounts import Statuses
from holdback.data.queries.units import nested, select
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure
from holdback.experiments.language.status_words import (
    MOST_STATES,
    StatusForm,
    holds_states,
    is_no_sale,
    status_form,
)
from holdback.experiments.language.trees import (
    Compare,
    IsNull,
    Junction,
    Member,
    Name,
    Not,
    Text,
    Tree,
    TruthWord,
    written,
)

__all__ = ["money_measures", "statuses_of"]

SAMPLED_STATES = 1_000
WAS_FILLED, NO_STATE = "filled", "(empty)"
TRUTH_FORMS = frozenset({"none_if_true", "none_if_false"})
WORDS_FOR_NOTHING = ("-", "none", "null", "nan", "nat")
"""Words that programs write where nothing stands."""


def money_measures(experiment: Experiment, source: str) -> tuple[Measure, ...]:
    """The measures that add up money of a source, each condition and value once."""
    amounts = {
        (measure.value.text, "" if measure.where is None else measure.where.text): (
            measure
        )
        for metric in experiment.metrics.values()
        if metric.unit == "money"
        for measure in metric.measures()[: 1 if metric.is_quotient else None]
        if measure.source == source
        and measure.value is not None
        and measure.aggregate not in {"any", "count", "distinct"}
    }
    return tuple(amounts.values())


def statuses_of(
    engine: Engine,
    reader: Reader,
    source: Source,
    measures: Sequence[Measure],
    filters: Sequence[Expression],
) -> tuple[Statuses, ...]:
    """Columns of states that some measure of money does not read, with their money."""
    used = {name for formula in filters for name in formula.columns}
    if source.returns is not None:
        used |= source.returns.where.columns
    told = []
    for column, form in _candidates(engine, reader, source):
        unread = [m for m in measures if column not in used | _read_by(m)]
        if unread:
            levels = _levels(engine, reader, (column, form), unread, filters)
            told.append(_judged(column, form, levels, filters))
    return tuple(statuses for statuses in told if statuses is not None)


def _read_by(measure: Measure) -> frozenset[str]:
    assert measure.value is not None  # noqa: S101  # amounts have one
    where = frozenset() if measure.where is None else measure.where.columns
    return measure.value.columns | where


def _candidates(
    engine: Engine, reader: Reader, source: Source
) -> Iterator[tuple[str, StatusForm]]:
    """Columns that may tell what is a sale, by their names and first values."""
    table, roles = reader.table, source.columns
    names = [
        name
        for name, kind in table.columns.items()
        if (table.loaded is None or name in table.loaded)
        and name not in {*roles.named, roles.currency}
        and (kind == "text" or status_form(name) is not None)
    ]
    if not names:
        return
    shown = {name: cast(col(name), "TEXT") for name in names}
    rows = engine.run(
        select(shown, table.relation.copy()).limit(SAMPLED_STATES, copy=False)
    )
    for i, name in enumerate(names):
        values = {str(row[i]).strip() for row in rows if row[i] not in {None, ""}}
        form = status_form(name)
        if form == "none_if_filled" or (form in TRUTH_FORMS and _are_truths(values)):
            yield name, form
        elif 0 < len(values) <= MOST_STATES and (
            form == "states" or holds_states(name, values)
        ):
            yield name, "states"


def _are_truths(values: set[str]) -> bool:
    return bool(values) and {value.lower() for value in values} <= {*YES, *NO}


def _levels(
    engine: Engine,
    reader: Reader,
    asked: tuple[str, StatusForm],
    measures: Sequence[Measure],
    filters: Sequence[Expression],
) -> dict[str, tuple[int, float]]:
    """Rows and money of the first measure by what a column says."""
    column, form = asked
    kept = [reader.condition(formula.tree) for formula in filters]
    if all(measure.where is not None for measure in measures):
        wheres = [reader.condition(m.where.tree) for m in measures if m.where]
        kept.append(any_of(wheres))
    level = exp.func("COALESCE", reader.as_text(column), exp.Literal.string(NO_STATE))
    if form == "none_if_filled":
        level = _filled(reader, column)
    amount = exp.Paren(this=reader.counted(measures[0]))
    positive = exp.GT(this=amount, expression=double("0"))
    rows = select(
        {"level": level, "amount": when(positive, amount.copy(), double("0"))},
        reader.table.relation.copy(),
        where=[all_of(kept)],
    )
    counted = select(
        {
            "level": col("level"),
            "n": exp.Count(this=exp.Star()),
            "money": exp.Sum(this=col("amount")),
        },
        nested(rows, "s"),
        group=["level"],
    )
    ranked = sorted(engine.run(counted), key=lambda r: (-int(r[1]), str(r[0])))
    total = sum(float(money or 0) for _, _, money in ranked) or 1.0
    return {str(level): (int(n), float(m or 0) / total) for level, n, m in ranked}


def _text(value: str) -> exp.Expression:
    return exp.Literal.string(value)


def _filled(reader: Reader, column: str) -> exp.Expression:
    """Whether something stands in a column: nothing, a word for it, or anything."""
    empty = when(blank(reader, column), _text(NO_STATE), _text(WAS_FILLED))
    if reader.kind(column) != "text":
        return empty
    word = exp.Lower(this=exp.Trim(this=col(column)))
    is_word = exp.In(this=word, expressions=[_text(text) for text in WORDS_FOR_NOTHING])
    return when(is_word, col(column), empty)


def _judged(
    column: str,
    form: StatusForm,
    levels: Mapping[str, tuple[int, float]],
    filters: Sequence[Expression],
) -> Statuses | None:
    """What a column tells; None where it is no column of states after all."""
    judged = {level: _is_none(form, level) for level in levels}
    if len(levels) > MOST_STATES or all(is_none is None for is_none in judged.values()):
        return None
    none = tuple(level for level, is_none in judged.items() if is_none)
    tree = _remedy(column, form, none, levels)
    for formula in filters:
        tree = Junction("and", formula.tree, tree)
    text = written(tree)
    return Statuses(
        column=column,
        levels=levels,
        none=none,
        remedy=text[1:-1] if text.startswith("(") and not filters else text,
    )


def _is_none(form: StatusForm, level: str) -> bool | None:
    """Whether rows of a level are no sales; None where that is not known."""
    if form == "states":
        return is_no_sale(level)
    if form == "none_if_filled":
        return level == WAS_FILLED
    words = NO if form == "none_if_false" else YES
    return level.strip().lower() in words


def _remedy(
    column: str, form: StatusForm, none: Sequence[str], levels: Collection[str]
) -> Tree:
    """The condition that leaves rows out which are no sales."""
    name = Name(column)
    if form == "none_if_filled":
        words = tuple(
            Text(level) for level in levels if level not in {WAS_FILLED, NO_STATE}
        )
        return (
            Junction("or", IsNull(name), Member(name, words)) if words else IsNull(name)
        )
    if form == "none_if_false":
        return Not(Compare("=", name, TruthWord(value=False)))
    if form == "none_if_true":
        return Not(Compare("=", name, TruthWord(value=True)))
    rest = Member(name, tuple(Text(level) for level in none), negated=True)
    return Junction("or", rest, IsNull(name)) if NO_STATE in levels else rest
