"""Methods: how an effect is read. `compare` chooses by what the data can bear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from holdback.stats.delta import Formula, estimate
from holdback.stats.effect import Estimate, Inference
from holdback.stats.methods.mean import compare_means
from holdback.stats.methods.proportion import compare_proportions
from holdback.stats.moments import Moments

__all__ = ["compare"]


def compare(
    control: Moments,
    treatment: Moments,
    *,
    formula: Formula,
    columns: Sequence[str],
    family: Literal["proportion", "mean"],
    level: float,
) -> Inference:
    """The metric `formula` of `columns` in one sample against another.

    Raises ValueError for a level outside (0, 1). Where no honest number exists (an
    arm of fewer than 2 units, a denominator of 0, no spread) the inference has no
    contrasts and its note says why.
    """
    if not 0 < level < 1:
        raise ValueError(f"`level` must lie in (0, 1), got {level}.")
    sides = [_estimate(side, formula, columns) for side in (control, treatment)]
    if sides[0] is None or sides[1] is None:
        return _impossible(sides, fewest=min(control.n, treatment.n))
    if family == "proportion":
        return compare_proportions(sides[0], sides[1], level=level)
    return compare_means(sides[0], sides[1], level=level)


def _estimate(
    moments: Moments, formula: Formula, columns: Sequence[str]
) -> Estimate | None:
    if moments.n < 2:  # noqa: PLR2004  # a spread needs two
        return None
    try:
        return estimate(moments, formula, columns)
    except ZeroDivisionError:
        return None


def _impossible(sides: Sequence[Estimate | None], *, fewest: int) -> Inference:
    note = (
        f"No number: an arm has {fewest} units, and a comparison needs at least 2."
        if fewest < 2  # noqa: PLR2004
        else "No number: the denominator is 0 in an arm."
    )
    return Inference(
        control=sides[0],
        treatment=sides[1],
        absolute=None,
        relative=None,
        p_value=None,
        method="none",
        note=note,
    )
