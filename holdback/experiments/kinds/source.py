"""Sources: one file a kind of table of data. The fields are the YAML keys.

A file says what a source is; how it is read is the business of `data.loaders`, which
have a loader for each kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Literal

from holdback.experiments.language.date_forms import DateForm
from holdback.experiments.language.expression import Expression, bare_name
from holdback.experiments.language.number_forms import Notation
from holdback.registry import Kinds

__all__ = ["EMBEDDED", "Columns", "RefundFile", "ReturnRule", "Source", "kinds"]


VARIANT_OF = re.compile(
    r"variant_of\(\s*(`[^`]+`|\"[^\"]+\"|[^,`\"]+?)\s*,\s*'([^']+)'\s*\)"
)
EMBEDDED = "duckdb"
"""The `database` of a project that names none: the engine in this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Role → column name. Every other column of a source is an attribute.

    `unit` may be the word ``row``: each row is then its own unit. `arm` may be
    ``variant_of(column, 'key')``: what follows the key in a URL, JSON or list of tags.
    """

    unit: str
    arm: str | None = None
    time: str | None = None
    id: str | None = None
    currency: str | None = None

    @property
    def arm_column(self) -> str | None:
        """The column in which the arm stands, or of which it is a part."""
        part = None if self.arm is None else VARIANT_OF.fullmatch(self.arm)
        return self.arm if part is None else bare_name(part[1])

    @property
    def arm_key(self) -> str | None:
        """What the arm follows in its column, where it is but a part of it.

        >>> Columns(unit="id", arm="variant_of(url, 'exp')").arm_key
        'exp'
        """
        part = None if self.arm is None else VARIANT_OF.fullmatch(self.arm)
        return None if part is None else part[2].replace("''", "'")

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that have a role."""
        unit = None if self.unit == "row" else self.unit
        roles = (unit, self.arm_column, self.time, self.id)
        return tuple(name for name in roles if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRule:
    """Which rows are returns, and by what they are matched to their purchase.

    A return counts at the time of the unit's latest purchase with the same values in
    the columns of `match`; without columns, of its latest purchase of anything.
    """

    where: Expression
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFile:
    """Refunds in a source of their own, which names orders and no unit.

    What is refunded of each order, whenever it was, becomes its column ``refunded``.
    """

    source: str
    value: Expression
    id: str | None = field(
        default=None,
        metadata={"meaning": "Its column of the order's id. Default: called alike."},
    )
    time: str | None = field(
        default=None,
        metadata={"meaning": "When a refund was made: later ones are not known yet."},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What every source has.

    `duplicates` rules rows of the same `id` that differ; `returns` says which rows undo
    others, `refunds` which source holds what was given back of its rows; `numbers` in
    which notation numbers in text are written and `dates` in which form times; `rates`
    what other currencies are worth in the project's, and `daily_rates` the source that
    says so by day. `timezone` is that of stamps without offset, where it is not the
    project's; `resolution` says whether times are whole days, where it is not to be
    found out; `tolerance` how long before its exposure an event may be logged;
    `snapshots` whether amounts are a unit's total up to each row (``cumulative``),
    where they look like it.
    """

    name: str
    columns: Columns
    where: Expression | None = None
    duplicates: Literal["error", "first", "last"] = "error"
    returns: ReturnRule | None = None
    refunds: RefundFile | None = None
    numbers: Notation | None = None
    dates: DateForm | None = None
    rates: Mapping[str, Fraction] | None = None
    daily_rates: str | None = None
    timezone: str | None = None
    resolution: Literal["day", "moment"] | None = None
    tolerance: timedelta | None = None
    snapshots: Literal["cumulative", "separate"] | None = None

    def lives_in(self, database: str) -> bool:
        """Whether the rows live in a database, so that queries can run there."""
        del database
        return False

    @property
    def kind(self) -> str:
        """The kind's name in the YAML."""
        return kinds.name_of(self)


kinds: Kinds[Source] = Kinds("holdback.experiments.sources")
