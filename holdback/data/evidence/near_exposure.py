"""Rows near their unit's exposure: whether more lie just before it than by chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

__all__ = ["BEFORE_THAT", "QUARTERS", "hours_early", "is_piled"]

BEFORE_THAT = 12
"""So many times as long is the time before, which tells how many rows are usual."""
LEAST_PILED, TIMES_USUAL, CHANCE = 10, 3, 1e-6
QUARTERS = 4 * 14
"""Quarters of an hour before exposure that are looked at: as far as zones differ."""
STEADY = 0.5


def is_piled(rows: int, before: int, times: int) -> bool:
    """Whether `rows` in a stretch are too many, given `before` in `times` as long.

    At least ten and three times as many as usual, and by the binomial tail so many
    once in a million.
    """
    if rows < LEAST_PILED or rows * times < TIMES_USUAL * before:
        return False
    from scipy.special import bdtrc

    return float(bdtrc(rows - 1, rows + before, 1 / (1 + times))) < CHANCE


def hours_early(quarters: Sequence[int], before: int) -> int | None:
    """By how many whole hours rows begin before their exposure, if they do.

    `quarters` counts rows in the quarters of an hour before exposure, the last just
    before it, `before` those in as long a time before that. A wrong zone moves the
    rows that follow an exposure, so they begin at a whole hour and are no fewer there
    than next to the exposure; what people do in the hour before it rises towards it.
    """
    found: tuple[float, int] | None = None
    for hours in range(1, len(quarters) // 4 + 1):
        early, rest = quarters[-4 * hours :], quarters[: -4 * hours]
        usual = (sum(rest) + before) / (len(rest) + len(quarters))
        rate = sum(early) / len(early)
        half = len(early) // 2
        steady = sum(early[:half]) >= STEADY * sum(early[half:])
        begins = sum(early[:4]) / 4 >= STEADY * rate
        excess = sum(early) - usual * len(early)
        if not (steady and begins) or excess < LEAST_PILED or rate < 3 * usual:
            continue
        fit = _likelihood(sum(early), len(early)) + _likelihood(
            sum(rest) + before, len(rest) + len(quarters)
        )
        if found is None or fit > found[0]:
            found = (fit, hours)
    return None if found is None else found[1]


def _likelihood(rows: int, length: int) -> float:
    """Log-likelihood of a Poisson rate at its best, but for what does not change."""
    return rows * log(rows / length) - rows if rows else 0.0
