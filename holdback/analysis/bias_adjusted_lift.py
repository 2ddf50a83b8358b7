"""The lift after several looks: one that stopping early does not flatter."""

from __future__ import annotations

from math import expm1

from holdback.analysis.preregistration.interim_looks import Stage
from holdback.results.scorecard import Quantity
from holdback.stats.evidence.effect import Inference
from holdback.stats.sequential.stagewise_ordering import stagewise

__all__ = ["after_looks"]


def after_looks(stage: Stage, inference: Inference) -> Quantity | None:
    """The median-unbiased lift with its range at the file's own level.

    Read off the logarithm of the ratio and the standard error that its interval stands
    for; in half of all tests such an estimate is too large, wherever they stop. None
    at a first look, where it is the lift itself, and without a lift.
    """
    ratio = inference.log_ratio
    if len(stage.times) < 2 or ratio is None or ratio.se <= 0:
        return None
    found = stagewise(
        stage.times,
        stage.bounds,
        ratio.value / ratio.se,
        total=1 / (ratio.se**2 * stage.times[-1]),
        level=stage.nominal,
    )
    return Quantity(
        value=expm1(found.value), lower=expm1(found.lower), upper=expm1(found.upper)
    )
