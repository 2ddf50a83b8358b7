"""The reading of a metric in two or three words."""

from __future__ import annotations

from holdback.results.scorecard import Quantity, Readout
from holdback.wording import texts

__all__ = ["excludes_zero", "verdict_told"]


def verdict_told(readout: Readout) -> str:
    """Better, worse, can't tell yet; or not proof, where the range has but one side.

    That is so where several metrics are read together, or the primary is not settled.
    """
    effect = readout.relative or readout.absolute
    alone = effect is not None and excludes_zero(effect)
    unproven = readout.verdict == "unclear" and alone
    return texts("verdicts")["unproven" if unproven else readout.verdict]


def excludes_zero(effect: Quantity) -> bool:
    """Whether the whole range lies on one side of no change."""
    above = effect.lower is not None and effect.lower > 0
    return above or (effect.upper is not None and effect.upper < 0)
