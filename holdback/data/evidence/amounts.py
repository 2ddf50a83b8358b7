"""What was found out about the amounts of a source: whether they are sales."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["OddScale", "Statuses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OddScale:
    """Why amounts may not be in the currency's unit, but `times` as large.

    By the column's name (`value` is it), as they are all whole, beside others of the
    same column, or beside those from before the test; `medians` are those of the
    smaller amounts (or the earlier) and of the `rows` that are odd. `zeros`: so many
    rows hold no amount, one of `times` so many.
    """

    cause: Literal["named", "whole", "two_units", "history", "zeros"]
    value: str
    times: float
    rows: int = 0
    medians: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """A column that tells which rows are sales, and that no condition reads.

    `levels` are rows and the share of the money by what the column says, `none` those
    of them that are no sales, and `remedy` the condition that leaves them out.
    """

    column: str
    levels: Mapping[str, tuple[int, float]]
    none: tuple[str, ...]
    remedy: str

    @property
    def share(self) -> float:
        """Share of the money that stands on rows which are no sales."""
        return sum(self.levels[level][1] for level in self.none)
