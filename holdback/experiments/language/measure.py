"""A measure: one number per unit, from the rows of one source.

A measure says *what* to collect and *when*; the data engine collects it. Two
metrics that need the same measure share it, because equal measures are equal. What is
collected beside a metric for something else than its value is a `Companion`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Literal

from holdback.experiments.language.expression import Expression

__all__ = [
    "EVER",
    "Aggregate",
    "Cap",
    "Collected",
    "Companion",
    "CompanionReader",
    "EvidenceKind",
    "Measure",
]

Aggregate = Literal["sum", "count", "mean", "max", "min", "last", "distinct"]
Collected = Aggregate | Literal["any", "first_day", "last_day"]
EvidenceKind = Literal["moments", "value_counts"]
"""What is read: sums of powers and products, or how many units have which values."""
CompanionReader = Literal[
    "answers", "ever", "former", "histories", "known", "orders", "scores", "slices"
]
"""Who reads what is collected beside a metric: response bias, lifetime value, where
money came from, uplift, fading by days since exposure, or the checks of who was
compared: on all from before (`former`), on buyers (`ever`), on covariates (`known`)."""
EVER = timedelta(days=36_500)
"""So long before or after its exposure nothing of a unit is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A pooled percentile at which a unit's value is cut off (winsorized)."""

    share: Fraction
    non_zero: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number per unit: an aggregate of a source's rows in a window.

    The window is [exposure + start, exposure + end); without `end` it runs to the
    end of the experiment's window (or as-of, if that is earlier). Where the source
    is the assignment table itself without event times, the unit's own row counts
    and no window applies. Units without rows have the value 0. `any` is 1 for a
    unit with at least `least` rows (with `value`: rows whose value is not 0).
    `first_day` is the number of the day, counted in 24 hours from exposure, on which
    the unit's first row lies: 1 for the first 24 hours. `last_day` is that of its last
    row.
    With `half` only rows before the middle of the time for which the unit was watched
    count, from its exposure to its end or as-of.
    With `after` only rows count from that measure's first row on, which may itself
    come `after` another; of values of the assignment table it is enough that both are.
    `digits` decimals are kept, rounded half away from zero after aggregation.
    """

    source: str
    aggregate: Collected
    value: Expression | None = None
    where: Expression | None = None
    start: timedelta = timedelta(0)
    end: timedelta | None = None
    digits: int = 6
    cap: Cap | None = None
    least: int = 1
    half: bool = False
    after: Measure | None = None

    def moved(self, start: timedelta, end: timedelta) -> Measure:
        """The same in another window, and so what it comes after."""
        after = None if self.after is None else self.after.moved(start, end)
        return replace(self, start=start, end=end, after=after)

    def before(self) -> Measure:
        """The same over all that was before exposure, uncapped."""
        now = timedelta(0)
        return replace(self, start=-EVER, end=now, after=None, half=False, cap=None)

    @property
    def is_former(self) -> bool:
        """Whether it is over all that was before exposure."""
        return self.start == -EVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Measures of the same units, collected beside a metric for one `reader`.

    It has no value of its own that arms could be compared by: `of` names the metric
    that it belongs to.
    """

    name: str
    of: str
    reader: CompanionReader
    collected: tuple[Measure, ...]
    within: timedelta | None = None
    evidence: EvidenceKind = "value_counts"

    def measures(self) -> tuple[Measure, ...]:
        """What is collected of each unit, in the reader's order."""
        return self.collected

    @property
    def edges(self) -> tuple[int, ...]:
        """Days since exposure at which the measures' windows meet."""
        (first, *_), ends = self.collected, [one.end for one in self.collected]
        return (first.start.days, *(end.days for end in ends if end is not None))
