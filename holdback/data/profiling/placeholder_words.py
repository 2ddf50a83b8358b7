"""Which placeholders stand in the sources, and whether 0 is one of them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.placeholders import is_placeholder, word_of, zero
from holdback.data.engine.sql import all_of, col, count_where
from holdback.data.queries.exclusions import SHOWN_EXAMPLES
from holdback.data.queries.units import nested, select
from holdback.experiments.language.expression import Expression

__all__ = ["counts_from_zero", "words_of"]

TEXT_OR_NUMBER = frozenset({"text", "integer", "float", "decimal"})
FEW_ROWS = 20
TIMES_AS_MANY = 10


def counts_from_zero(
    engine: Engine, units: Mapping[str, tuple[Reader, str]], exposures: str
) -> bool:
    """Whether 0 is a unit like any other: ids run on from it, and nothing piles up.

    `units` are the readers and columns of the unit's id, by source. 0 is an id where
    1 and 2 are ids of the source `exposures`, too, and no source has more than 20 rows
    of it and more than 10 times those of 1 and 2.
    """
    reader, column = units[exposures]
    none, first, second = _rows(engine, reader, column)
    if not (none and first and second):
        return False
    return not any(
        _piles_up(*_rows(engine, *unit)) for unit in (units[exposures], *units.values())
    )


def _piles_up(none: int, first: int, second: int) -> bool:
    return none > FEW_ROWS and none > TIMES_AS_MANY * (first + second)


def _rows(engine: Engine, reader: Reader, column: str) -> tuple[int, int, int]:
    """Rows of the ids 0, 1 and 2."""
    if reader.kind(column) not in TEXT_OR_NUMBER:
        return 0, 0, 0
    columns = {"none": count_where(zero(reader, column))}
    for name in ("1", "2"):
        written = exp.EQ(
            this=reader.as_text(column), expression=exp.Literal.string(name)
        )
        columns[name] = count_where(written)
    (row,) = engine.run(select(columns, reader.table.relation.copy()))
    none, first, second = (int(count) for count in row)
    return none, first, second


def words_of(
    engine: Engine, reader: Reader, column: str, where: tuple[Expression, ...]
) -> dict[str, int]:
    """The most frequent placeholders among the rows that count, and their rows."""
    kept = [reader.condition(formula.tree) for formula in where]
    words = select(
        {"word": word_of(reader, column)},
        reader.table.relation.copy(),
        where=[all_of([*kept, is_placeholder(reader, column)])],
    )
    counted = select(
        {"word": col("word"), "n": exp.Count(this=exp.Star())},
        nested(words, "w"),
        group=["word"],
    )
    ranked = sorted(engine.run(counted), key=lambda row: (-int(row[1]), str(row[0])))
    return {str(word): int(rows) for word, rows in ranked[:SHOWN_EXAMPLES]}
