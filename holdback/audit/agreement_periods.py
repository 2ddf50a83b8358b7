"""Stretches of days with one rate of agreement, and what explains each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from holdback.audit.causes import explains
from holdback.audit.recomputed_arms import Counts
from holdback.audit.result import Cause, Verdict
from holdback.stats.srm.change_point import changes
from holdback.stats.srm.label_agreement import Agreement

__all__ = ["Ask", "Days", "Stretch", "by_day", "stretches"]

Days = tuple[date | None, ...]
Ask = Callable[[Days, Agreement], Cause | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days of one rate, their agreement, and what it comes from."""

    days: Days
    agreement: Agreement
    verdict: Verdict
    cause: Cause | None = None

    @property
    def is_perfect(self) -> bool:
        """Whether every unit was logged in the recomputed arm."""
        return self.agreement.agreeing == self.agreement.n


def stretches(counts: Counts, ask: Ask) -> list[Stretch]:
    """Every day in its stretch, in order; `ask` searches for a cause."""
    days = by_day(counts)
    cuts = changes(
        [pair[0] for pair in days.values()], [sum(pair) for pair in days.values()]
    )
    listed = tuple(days)
    parts = [listed[a:b] for a, b in pairwise([0, *cuts, len(listed)])]
    sides = [_agreement(counts, part) for part in parts]
    found: list[Stretch] = []
    for i, part in enumerate(parts):
        if _is_between(sides, i, part):
            one = Stretch(days=part, agreement=sides[i], verdict="changing")
            found.append(one)
        else:
            ends = (i > 0, i < len(parts) - 1)
            found += _read(counts, part, ask, ends)
    return found


def by_day(counts: Counts) -> dict[date | None, tuple[int, int]]:
    """(agreeing, disagreeing) units by day, in order."""
    found: dict[date | None, tuple[int, int]] = {}
    for cell, n in sorted(counts.cells.items(), key=lambda i: i[0].day or date.min):
        agreeing, disagreeing = found.get(cell.day, (0, 0))
        here = (n, 0) if cell.agrees else (0, n)
        found[cell.day] = (agreeing + here[0], disagreeing + here[1])
    return found


def _read(
    counts: Counts, days: Days, ask: Ask, ends: tuple[bool, bool]
) -> list[Stretch]:
    """A stretch as a whole, or without the day at an end where a change came.

    A day that had two deployments, but too few units to be told from its neighbours,
    would keep the others from being explained; or it would pass as one of them, though
    the only units that differ are its own.
    """
    whole = _explained(counts, days, ask)
    if whole.verdict == "explained" or whole.is_perfect or len(days) < 2:
        return [whole]
    for at, is_change in enumerate(ends):
        if not is_change:
            continue
        rest, day = (days[:-1], days[-1:]) if at else (days[1:], days[:1])
        better = _explained(counts, rest, ask)
        mended = whole.verdict == "unexplained" != better.verdict
        if better.is_perfect or mended:
            changing = Stretch(
                days=day, agreement=_agreement(counts, day), verdict="changing"
            )
            return [better, changing] if at else [changing, better]
    return [whole]


def _explained(counts: Counts, days: Days, ask: Ask) -> Stretch:
    side = _agreement(counts, days)
    if side.agreeing == side.n or explains(side):
        return Stretch(days=days, agreement=side, verdict="agrees")
    cause = ask(days, side)
    verdict: Verdict = "unexplained" if cause is None else "explained"
    return Stretch(days=days, agreement=side, verdict=verdict, cause=cause)


def _agreement(counts: Counts, days: Sequence[date | None]) -> Agreement:
    inside = set(days)
    pairs: Counter[tuple[str | None, str | None]] = Counter()
    for cell, n in counts.cells.items():
        if cell.day in inside:
            pairs[cell.planned, cell.logged] += n
    return Agreement.counted(pairs)


def _is_between(sides: Sequence[Agreement], i: int, days: Days) -> bool:
    """Whether a single day lies between its neighbours: a change came during it."""
    if len(days) > 1 or not 0 < i < len(sides) - 1:
        return False
    before, after = sides[i - 1].share, sides[i + 1].share
    return min(before, after) < sides[i].share < max(before, after)
