"""A reading without a connection: its questions as a script, its answers from a file.

A reading asks one question after another, and what it asks hangs on the answers
before. To print the questions it is run on supposed rows (`supposed_rows`); to read
the answers it is run again, and takes them from the table that the warehouse made.
Nothing is read otherwise than with a connection. Where the data raise a question that
supposed rows do not, it is missing, and the script is printed once more with the
answers that are known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlglot import exp

from holdback.assignment.recipe import Draw
from holdback.assignment.sql import draw_sql
from holdback.data.engine import (
    Engine,
    EngineDialect,
    Query,
    Table,
    Type,
)
from holdback.data.engine.answer_table import AnswerTable, WarehouseQuestion
from holdback.data.engine.by_url import embedded, embedded_dialect, spelling
from holdback.data.extraction.supposed_rows import SUPPOSITIONS, made_table, suppose
from holdback.data.queries.units import nested, select
from holdback.errors import ConfigError, DataError, Problem, StatsError
from holdback.experiments.definition.experiment import Experiment

__all__ = ["CarriedAnswers", "NotAsked", "questions_of"]

KindsBySource = Mapping[str, Mapping[str, Type]]
"""Columns by source, and what they hold."""
EvidenceReader = Callable[[Engine, Mapping[str, Table], date | datetime], object]
"""Reads the evidence as of a moment, by an engine with tables."""


class NotAsked(ConfigError):
    """A question that the data raise and the script did not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    key: str
    types: tuple[Type, ...]
    lines: Sequence[tuple[Any, ...]]


class CarriedAnswers:
    """What stands in place of sources: the answers of the warehouse that holds them.

    Without `answers` to a question, supposed rows answer it where there are any.
    `close` it; all sources of an experiment share one.
    """

    def __init__(self, kinds: KindsBySource, answers: AnswerTable | None) -> None:
        self.kinds = kinds
        self.answers = answers
        self.lists_rows = answers is None or answers.header.rows
        self.supposed = False
        self.asked: list[_Asked] = []
        self.rows = embedded()
        for name, columns in kinds.items():
            made_table(self.rows, name, columns)

    def close(self) -> None:
        """Let go of the supposed rows."""
        self.rows.close()

    def suppose(
        self, experiment: Experiment, as_of: date | datetime, which: int
    ) -> None:
        """Let supposed rows answer what nobody else does."""
        self.supposed = True
        suppose(self.rows, experiment, self.kinds, as_of, SUPPOSITIONS[which])

    @contextmanager
    def opened(self, names: Sequence[str]) -> Iterator[tuple[Engine, dict[str, Table]]]:
        """The engine that gives the answers, and the sources as it knows them.

        Raises DataError for a source that the answers say nothing of.
        """
        for name in names:
            if name not in self.kinds:
                raise DataError(
                    Problem(
                        where=f"source {name}",
                        what="the answers say nothing of this source.",
                        fix="Print the script again with `holdback sql`, and run it.",
                    )
                )
        relations = {name: exp.table_(name, quoted=True) for name in names}
        yield _FromAnswers(self), _tables(relations, self.kinds)


def _tables(relations: Mapping[str, Query], kinds: KindsBySource) -> dict[str, Table]:
    return {
        name: Table(source=name, relation=relation, columns=kinds[name])
        for name, relation in relations.items()
    }


class _Unconnected:
    """What both engines share: nothing is stored, and nothing can be looked at first.

    Raises NotAsked and DataError as `run` does.
    """

    stores = False
    careful = True
    dialect: EngineDialect

    def run(self, query: Query) -> Sequence[tuple[Any, ...]]:
        """Rows of a query tree."""
        raise NotImplementedError

    def batches(self, query: Query, size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
        """Rows of a query, so many at a time."""
        rows = self.run(query)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    def repeats(self, query: Query) -> int:
        """Rows of a one-column query beyond the first of each value."""
        value = exp.column(query.expressions[0].alias_or_name, quoted=True)
        counts = {
            "n": exp.Count(this=exp.Star()),
            "kinds": exp.Count(this=exp.Distinct(expressions=[value])),
        }
        ((rows, kinds),) = self.run(select(counts, nested(query, "q")))
        return int(rows) - int(kinds)

    def kept(self, query: Query) -> Query:
        """The query itself: nobody may write."""
        return nested(query, "src")

    def close(self) -> None:
        """Nothing is open."""


class _FromAnswers(_Unconnected):
    """Takes each answer from the table, or else from supposed rows."""

    def __init__(self, carried: CarriedAnswers) -> None:
        self.dialect = embedded_dialect()
        self._carried = carried
        self._draws: list[str] = []

    def run(self, query: Query) -> Sequence[tuple[Any, ...]]:
        """Rows of a query tree.

        Raises NotAsked for a question without an answer, DataError for an answer that
        is none.
        """
        carried = self._carried
        text = query.sql(dialect=self.dialect.name)
        asked = "\n".join([text, *self._draws])
        key = hashlib.sha256(asked.encode()).hexdigest()[:32]
        types = tuple(carried.rows.types(text).values())
        lines: Sequence[tuple[Any, ...]] | None = None
        if carried.answers is not None:
            lines = carried.answers.lines_of(key, types)
        if lines is None and not carried.supposed:
            raise NotAsked(
                Problem(
                    where="--cells",
                    what="the data raise a question that the script did not ask.",
                    why="What is asked hangs on what the data hold: amounts finer "
                    "than coins, or a source that ends early, lead to more questions.",
                    fix="Print them by the same `holdback sql` with `--cells` and "
                    "these answers; run that script, and give all files to `analyze`, "
                    "each with `--cells`.",
                )
            )
        if lines is None:
            lines = carried.rows.execute(text)
        carried.asked.append(_Asked(key=key, types=types, lines=lines))
        return lines

    def drawn(self, draw: Draw, unit: str) -> str:
        """SQL of a draw's number for the text `unit`."""
        self._draws.append(repr(draw))
        return self._carried.rows.drawn(draw, unit)


class _InDialect(_Unconnected):
    """Writes the questions down in a warehouse's SQL, given the answers of each."""

    def __init__(self, dialect: str, asked: Sequence[_Asked]) -> None:
        self.dialect = spelling(dialect)
        self.questions: dict[str, WarehouseQuestion] = {}
        self._name = dialect
        self._asked = iter(asked)

    def run(self, query: Query) -> Sequence[tuple[Any, ...]]:
        """The answer that is known; DataError where the reading ended there."""
        asked = next(self._asked, None)
        if asked is None:
            raise DataError(Problem(what="the reading ended here."))
        self.questions[asked.key] = WarehouseQuestion(
            key=asked.key, query=query, types=asked.types
        )
        return asked.lines

    def drawn(self, draw: Draw, unit: str) -> str:
        """SQL of a draw's number; AssignmentError for a hash that SQL lacks."""
        return draw_sql(draw, unit, self._name)


def questions_of(  # noqa: PLR0913  # all that a script hangs on
    read: EvidenceReader,
    *,
    experiment: Experiment,
    relations: Mapping[str, Query],
    kinds: KindsBySource,
    dialect: str,
    moments: Sequence[date | datetime],
    answers: AnswerTable | None = None,
) -> list[WarehouseQuestion]:
    """What readings as of some moments ask, as far as it can be foreseen.

    Raises ConfigError for what cannot be asked, or not in that SQL.
    """
    questions: dict[str, WarehouseQuestion] = {}
    for which in range(len(SUPPOSITIONS)):
        with closing(CarriedAnswers(kinds, answers)) as carried:
            carried.suppose(experiment, moments[0], which)
            for moment in moments:
                carried.asked.clear()
                with (
                    carried.opened(list(relations)) as (engine, tables),
                    suppress(DataError, StatsError),
                ):
                    read(engine, tables, moment)
                there = _InDialect(dialect, carried.asked)
                with suppress(DataError, StatsError):
                    read(there, _tables(relations, kinds), moment)
                questions |= there.questions
    known = {} if answers is None else answers.answers
    return [q for key, q in questions.items() if key not in known]
