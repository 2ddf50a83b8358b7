"""Rows as an experiment would have them, to find out what a reading asks.

No figure ever comes from them: they only lead a reading along the questions that it
asks of plain data, of units that stand in both arms, and of amounts that are given
back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from holdback.data.engine import EmbeddedEngine, Type
from holdback.data.engine.sql import quoted_name, quoted_text
from holdback.data.queries.unit_columns import layout
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.expression import Expression

__all__ = ["SUPPOSITIONS", "Supposition", "made_table", "suppose"]

SUPPOSED_UNITS, SUPPOSED_EXPOSURES, SUPPOSED_ROWS, SUPPOSED_COPIES = (
    1_000,
    1_300,
    6_000,
    50,
)
SUPPOSED_DAYS = 28
STORED_AS: dict[Type, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 2)",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "local": "TIMESTAMP",
    "instant": "TIMESTAMPTZ",
    "other": "BLOB",
}
TEXTS = re.compile(r"'((?:[^']|'')*)'|\"([^\"]*)\"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposition:
    """What the rows are like: whether units and ids repeat, and money is given back."""

    repeated: bool
    refunds: bool


SUPPOSITIONS = (
    Supposition(repeated=False, refunds=False),
    Supposition(repeated=True, refunds=False),
    Supposition(repeated=True, refunds=True),
)


def made_table(engine: EmbeddedEngine, name: str, columns: Mapping[str, Type]) -> None:
    """An empty table of such columns."""
    made = ", ".join(f"{quoted_name(c)} {STORED_AS[k]}" for c, k in columns.items())
    engine.execute(f"CREATE TABLE {quoted_name(name)} ({made})")


def suppose(
    engine: EmbeddedEngine,
    experiment: Experiment,
    kinds: Mapping[str, Mapping[str, Type]],
    as_of: date | datetime,
    like: Supposition,
) -> None:
    """Fill the tables of an experiment's sources."""
    for name, columns in kinds.items():
        values = _Values(experiment, name, as_of, like)
        count = SUPPOSED_EXPOSURES if like.repeated else SUPPOSED_UNITS
        rows = count if name == experiment.assignment.source else SUPPOSED_ROWS
        listed = ", ".join(
            f"CAST({values.of(c, kind)} AS {STORED_AS[kind]})"
            for c, kind in columns.items()
        )
        copies = SUPPOSED_COPIES if like.repeated and values.has_ids else 0
        numbers = f"SELECT i - CASE WHEN i < {rows - copies} THEN 0 ELSE {copies} END"
        engine.execute(
            f"INSERT INTO {quoted_name(name)} "
            f"SELECT {listed} FROM ({numbers} AS i FROM range({rows}) t(i))"
        )


class _Values:
    """SQL of the values of a source's columns, in the row of number `i`."""

    def __init__(
        self,
        experiment: Experiment,
        name: str,
        as_of: date | datetime,
        like: Supposition,
    ) -> None:
        self._experiment = experiment
        self._source = experiment.sources[name]
        self._own = name == experiment.assignment.source
        self._like = like
        self._formulas = _formulas(experiment, name)
        self._end = _moment(as_of)
        window = experiment.window
        start = self._end - timedelta(days=SUPPOSED_DAYS)
        if window is not None:
            start = min(_moment(window.start) - timedelta(days=1), start)
        lookback = experiment.analysis.lookback or timedelta(0)
        self._start = start if self._own else start - lookback - timedelta(days=1)

    @property
    def has_ids(self) -> bool:
        """Whether a column says which rows are the same."""
        return self._source.columns.id is not None

    def of(self, column: str, kind: Type) -> str:
        """The value of a column."""
        roles, experiment = self._source.columns, self._experiment
        ids = experiment.identities
        if column == roles.unit or (ids and column == ids.columns.to):
            return self._id(f"(i * 7) % {SUPPOSED_UNITS}", kind)
        if ids and column == ids.columns.from_ and column not in roles.named:
            return self._id(f"i % {SUPPOSED_UNITS}", kind)
        if column == roles.arm_column:
            return self._arm(kind)
        if column == roles.id or self._is_order_id(column):
            return self._id("i", kind)
        if column == roles.currency:
            return quoted_text(experiment.currency or "USD")
        if column == roles.time or kind in {"date", "local", "instant"}:
            return self._time(kind)
        return self._plain(column, kind)

    def _is_order_id(self, column: str) -> bool:
        others = self._experiment.sources.values()
        rules = [o.refunds for o in others if o.refunds is not None]
        return any(r.source == self._source.name and r.id == column for r in rules)

    @staticmethod
    def _id(number: str, kind: Type) -> str:
        return f"({number}) + 1" if kind != "text" else f"'u' || (({number}) + 1)"

    def _arm(self, kind: Type) -> str:
        labels = [arm.logged_as or arm.name for arm in self._experiment.arms]
        key = self._source.columns.arm_key
        texts = [label if key is None else f"{key}={label}" for label in labels]
        chosen = _chosen(texts, "i" if not self._like.repeated else "hash(i) % 8191")
        if kind == "boolean":
            return f"{chosen} = 'true'"
        return chosen if kind == "text" else f"TRY_CAST({chosen} AS BIGINT)"

    def _time(self, kind: Type) -> str:
        """Times from before the window up to as-of, evenly."""
        rows = SUPPOSED_EXPOSURES if self._own else SUPPOSED_ROWS
        span = int((self._end - self._start) / timedelta(microseconds=1)) - 1
        first = int(self._start.timestamp()) * 10**6
        at = f"{first} + CAST({span} AS HUGEINT) * ((i * 617) % {rows}) // {rows}"
        moment = f"make_timestamp(CAST({at} AS BIGINT))"
        if kind == "text":
            return f"strftime({moment}, '%Y-%m-%d %H:%M:%S')"
        if kind == "instant":
            return f"CAST({moment} AS TIMESTAMP) AT TIME ZONE 'UTC'"
        return moment if kind in {"date", "local"} else "NULL"

    def _plain(self, column: str, kind: Type) -> str:
        sign = "CASE WHEN i % 9 = 0 THEN -1 ELSE 1 END" if self._like.refunds else "1"
        rare = "ROUND(5 / POW(1 - ((i * 7919) % 9000) / 9000.0, 1.1), 2)"
        amount = f"({sign}) * {rare}"
        if kind in {"decimal", "float"}:
            return amount
        if kind == "integer":
            return f"({sign}) * (1 + (i * 37) % 90)"
        if kind == "boolean":
            return "i % 2 = 0"
        if kind != "text":
            return "NULL"
        formulas = [f for f in self._formulas if column in f.columns]
        texts = [a or b for f in formulas for a, b in TEXTS.findall(f.text)]
        numeric = formulas and not texts
        if numeric or column in self._experiment.analysis.covariates:
            return f"CAST(CAST({amount} AS DECIMAL(18, 2)) AS VARCHAR)"
        return _chosen([*texts, "a", "b"], "i")


def _formulas(experiment: Experiment, name: str) -> list[Expression]:
    """Everything that is computed from a source's columns."""
    source = experiment.sources[name]
    found = [source.where, source.returns.where if source.returns else None]
    if name == experiment.assignment.source:
        found.append(experiment.assignment.where)
    for unit in layout(experiment).units.values():
        measure = unit.measure
        if measure is not None and measure.source == name:
            found.append(measure.where)
            if measure.aggregate != "distinct":
                found.append(measure.value)
    others = experiment.sources.values()
    rules = [o.refunds for o in others if o.refunds is not None]
    found += [rule.value for rule in rules if rule.source == name]
    return [formula for formula in found if formula is not None]


def _chosen(texts: Sequence[str], number: str) -> str:
    listed = ", ".join(quoted_text(text) for text in texts)
    return f"[{listed}][CAST({number} AS BIGINT) % {len(texts)} + 1]"


def _moment(day: date | datetime) -> datetime:
    """A moment, or the end of a day, as if clocks were in UTC."""
    if isinstance(day, datetime):
        return day if day.tzinfo else day.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
