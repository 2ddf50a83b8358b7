"""What an assigned file gains: three columns, and counts for the summary."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdback.errors import DataError, Problem

__all__ = ["APPENDED", "Tally", "unit_position"]

APPENDED = ("arm", "bucket", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows of each (arm, reason), and what is odd about the ids.

    `floats` came as whole floats; `similar` are ids beyond the first of those that
    differ only by case, spaces at the ends, spelling of accents or a trailing ``.0``,
    None where there were too many ids to compare.
    """

    counts: Mapping[tuple[str | None, str], int]
    floats: int = 0
    similar: int | None = 0

    @property
    def rows(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    def by_arm(self) -> dict[str, int]:
        """Rows with an arm: arm → rows."""
        arms: Counter[str] = Counter()
        for (arm, _), rows in self.counts.items():
            if arm is not None:
                arms[arm] += rows
        return dict(arms)

    def by_reason(self) -> dict[str, int]:
        """Rows of each reason that occurs."""
        reasons: Counter[str] = Counter()
        for (_, reason), rows in self.counts.items():
            reasons[reason] += rows
        return dict(reasons)


def unit_position(names: Sequence[str], unit: str, where: str) -> int:
    """Position of the id column among the names of a file's columns.

    Raises DataError when it is missing or there twice, and when a column already
    has a name that is to be appended.
    """
    problems = [
        Problem(
            where=where,
            what=f"there is already a column '{name}'",
            why=f"The columns {', '.join(APPENDED)} are appended to the file.",
            fix="Rename that column in the file, or leave it out.",
        )
        for name in names
        if name.casefold() in APPENDED
    ]
    if names.count(unit) != 1:
        near = difflib.get_close_matches(unit, names, n=1, cutoff=0.6)
        meant = f"Did you mean '{near[0]}'? " if near and near[0] != unit else ""
        found = "two columns are called" if unit in names else "there is no column"
        problems.append(
            Problem(
                where=where,
                what=f"{found} '{unit}'",
                why=f"The file has the columns {', '.join(names)}.",
                fix=f"{meant}Name the column of the unit ids with --id.",
            )
        )
    if problems:
        raise DataError(problems)
    return names.index(unit)
