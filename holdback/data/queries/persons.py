"""Ids that are of one person: the union of all pairs of a map, by SQL alone.

Ids are joined by pairs, and pairs by the ids that they share: a person is a connected
component. All of its ids take one name, the least id of the column `to`, bytewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp, parse_one

from holdback.data.engine import Engine
from holdback.data.engine.by_url import embedded_dialect
from holdback.data.engine.expressions import Reader
from holdback.data.engine.placeholders import is_nobody
from holdback.data.engine.sql import all_of, col, count_where, integer
from holdback.data.evidence.cells import UnitedIds
from holdback.data.queries.exposures import PERSON, unit_text
from holdback.data.queries.units import nested, select
from holdback.errors import DataError, Problem
from holdback.experiments.definition.experiment import Identities
from holdback.experiments.language.expression import Expression

__all__ = ["Persons"]

MOST_IDS = 1_000
"""No person has so many ids; what ties more together is none."""
MAPPED_ID, OWN_ID = "holdback id", "holdback base"

_UNION = """
WITH RECURSIVE tied AS (
  SELECT a, b, CASE WHEN a = b THEN 1 ELSE 0 END AS own FROM pairs
  UNION SELECT b AS a, a AS b, 1 AS own FROM pairs
), reached AS (
  SELECT a AS root, a AS id FROM tied
  UNION SELECT reached.root, tied.b AS id FROM reached
  JOIN tied ON tied.a = reached.id WHERE tied.b > reached.root
), rooted AS (SELECT id, MIN(root) AS root FROM reached GROUP BY id
), known AS (
  SELECT a AS id, MAX(own) AS own, MIN(own) AS last FROM tied GROUP BY a
)
SELECT rooted.id AS id, rooted.root AS root, known.last AS last,
  MIN(CASE WHEN known.own = 1 THEN rooted.id END) OVER (PARTITION BY rooted.root)
  AS person
FROM rooted JOIN known ON known.id = rooted.id
"""
"""From pairs (a, b): each id with its person, and whether it is one of `to` at last.

In a chain, from a device to a visitor to an account, only the account is.
"""


class Persons:
    """The persons of a map, as a relation of ``id`` and ``person``."""

    def __init__(
        self,
        engine: Engine,
        reader: Reader,
        identities: Identities,
        where: Sequence[Expression],
    ) -> None:
        self.engine = engine
        self.reader = reader
        self.where = tuple(where)
        self.columns = (identities.columns.from_, identities.columns.to)
        self._refuse_hubs()
        self.relation = engine.kept(self._united())

    def _pairs(self) -> exp.Select:
        """Pairs of ids, those that name nobody left out."""
        bytewise = self.reader.dialect.bytewise
        named = [
            exp.Not(this=exp.Paren(this=is_nobody(self.reader, column)))
            for column in self.columns
        ]
        ids = {
            key: bytewise(unit_text(self.reader, column))
            for key, column in zip("ab", self.columns, strict=True)
        }
        kept = [self.reader.condition(formula.tree) for formula in self.where]
        relation = self.reader.table.relation.copy()
        rows = select(ids, relation, where=[all_of([*kept, *named])])
        return rows.distinct(copy=False)

    def _united(self) -> exp.Select:
        """Every id of the map with its person."""
        united = parse_one(_UNION, read=embedded_dialect().name)
        pairs = exp.CTE(
            this=self._pairs(),
            alias=exp.TableAlias(this=exp.to_identifier("pairs")),
        )
        ctes = united.args["with_"]
        ctes.set("expressions", [pairs, *ctes.expressions])
        names = {name: col(name) for name in ("id", "root", "last", "person")}
        return select(names, nested(united, "united"))

    def _refuse_hubs(self) -> None:
        """Raise DataError for an id that ties more ids together than a person has."""
        for this, other in (self.columns, self.columns[::-1]):
            mine, its = ("a", "b") if this == self.columns[0] else ("b", "a")
            tied = select(
                {"n": exp.Count(this=col(its))},
                nested(self._pairs(), "p"),
            ).group_by(col(mine), copy=False)
            most = select({"n": exp.Max(this=col("n"))}, nested(tied, "t"))
            ((count,),) = self.engine.run(most)
            if count is not None and int(count) > MOST_IDS:
                raise DataError(_hub(self.reader.table.source, this, other, int(count)))

    def counted(self, reader: Reader, unit: str) -> UnitedIds:
        """How many persons and ids there are, with those of the exposures."""
        by_root = select(
            {"n": exp.Count(this=exp.Star()), "last": exp.Sum(this=col("last"))},
            self.relation.copy(),
        ).group_by(col("root"), copy=False)
        several = exp.GT(this=col("last"), expression=integer(1))
        query = select(
            {
                "persons": exp.Count(this=exp.Star()),
                "ids": exp.Sum(this=col("n")),
                "conflicts": count_where(several),
            },
            nested(by_root, "p"),
        )
        ((persons, ids, conflicts),) = self.engine.run(query)
        units = select(
            {MAPPED_ID: unit_text(reader, unit)}, reader.table.relation.copy()
        )
        known = select({"id": col("id")}, self.relation.copy())
        found = exp.In(this=col(MAPPED_ID), query=exp.Subquery(this=known))
        met = select({"n": count_where(found)}, nested(units, "u"))
        ((rows,),) = self.engine.run(met)
        return UnitedIds(
            source=self.reader.table.source,
            column=self.columns[1],
            persons=int(persons),
            ids=int(ids or 0),
            conflicts=int(conflicts or 0),
            met=int(rows or 0),
        )

    def join(self, reader: Reader, unit: str) -> None:
        """Give the rows of a source a column more: the person of their unit."""
        table = reader.table
        known = select(
            {MAPPED_ID: col("id"), PERSON: col("person")}, self.relation.copy()
        )
        columns = {name: col(name) for name in table.columns}
        rows = select(
            columns | {OWN_ID: unit_text(reader, unit)}, table.relation.copy()
        )
        person = exp.func("COALESCE", col(PERSON, "p"), col(OWN_ID, "r"))
        joined = select(
            {name: col(name, "r") for name in columns} | {PERSON: person},
            nested(rows, "r"),
        ).join(
            nested(known, "p"),
            on=exp.EQ(this=col(MAPPED_ID, "p"), expression=col(OWN_ID, "r")),
            join_type="left",
            copy=False,
        )
        reader.table = replace(
            table,
            relation=self.engine.kept(joined),
            columns={**table.columns, PERSON: "text"},
            numbered=False,
        )


def _hub(source: str, this: str, other: str, count: int) -> Problem:
    return Problem(
        where=f"source {source}, column {this}",
        what=f"one id stands beside {count:,} different ones of {other}.",
        why="No person has so many: a shared device, a test account or a word for a "
        "missing id would make one unit of them all.",
        fix=f"Leave it out with `where` at {source}.",
    )
