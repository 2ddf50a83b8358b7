"""How the primary's lift changes with the days since exposure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from holdback.analysis.section_readers import Basis, readers
from holdback.experiments.definition.experiment import Experiment
from holdback.results.quantity import Quantity
from holdback.results.sections.effect_decay import Lasting, SliceLift
from holdback.stats.causal.effect_decay import decay, fading
from holdback.stats.evidence.moments import Moments
from holdback.stats.numeric import quantile

__all__ = ["lasting"]

Vector = npt.NDArray[np.float64]
LEAST_UNITS_A_SLICE = 60
"""Units with a value that each arm needs in each slice."""
MAX_CONDITION = 1e10


@readers.register("lasting")
def lasting(basis: Basis) -> tuple[Lasting, ...]:
    """One for each treatment arm; none where a slice has too few values.

    None either where units got another arm's treatment later: the lift wanes by that.

    A fixed cohort: only units with the primary's full time count, so all slices are of
    the same units (Hohnhold, O'Brien & Tang 2015, KDD). Lifts by the delta method.
    """
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.nominal
    records: list[Lasting] = []
    switches = basis.evidence.quality.switches
    if switches is not None and switches.matter:
        return ()
    for slices in experiment.companions_for("slices"):
        for arm in experiment.treatments:
            control, treated = (
                cells.total(slices.name, {name}, within=slices.within)
                for name in (experiment.control.name, arm.name)
            )
            edges = np.array(slices.edges, dtype=np.float64)
            if not (_is_thin(control) or _is_thin(treated)):
                records.append(
                    _of_arm(experiment, (control, treated), edges, arm.name, level)
                )
    return tuple(records)


def _of_arm(
    experiment: Experiment,
    sides: tuple[Moments, Moments],
    edges: Vector,
    arm: str,
    level: float,
) -> Lasting:
    control, treated = sides
    ratio = treated.mean / control.mean
    spread = _relative_covariance(control) + _relative_covariance(treated)
    covariance = np.asarray(spread * np.outer(ratio, ratio))
    change = fading(ratio - 1, covariance, edges)
    half = decay(ratio - 1, covariance, edges, level=level)
    z = quantile((1 + level) / 2)
    errors = np.sqrt(np.diag(covariance) / ratio**2)
    rollout = experiment.economics.rollout if experiment.economics else None
    planned = rollout.decay if rollout is not None else None
    return Lasting(
        metric=experiment.primary,
        arm=arm,
        units=control.n + treated.n,
        slices=tuple(
            SliceLift(
                start=int(edges[j]),
                end=int(edges[j + 1]),
                control=float(control.mean[j]),
                treatment=float(treated.mean[j]),
                relative=Quantity(
                    value=float(ratio[j] - 1),
                    lower=float(ratio[j] * np.exp(-z * errors[j]) - 1),
                    upper=float(ratio[j] * np.exp(z * errors[j]) - 1),
                ),
            )
            for j in range(len(ratio))
        ),
        slope=Quantity(
            value=change.slope,
            se=change.se,
            lower=change.slope - z * change.se,
            upper=change.slope + z * change.se,
        ),
        p_slope=change.p_slope,
        p_change=change.p_change,
        half_life=half.half_life,
        half_life_lower=half.lower,
        half_life_upper=half.upper,
        planned=None if planned is None else planned.days,
    )


def _relative_covariance(side: Moments) -> Vector:
    """Of the logs of the slices' means."""
    return np.asarray(side.cov / np.outer(side.mean, side.mean) / side.n)


def _is_thin(side: Moments) -> bool:
    """Too few values, no ratio, or slices that always go together."""
    if min(side.nonzero) < LEAST_UNITS_A_SLICE or bool((side.mean <= 0).any()):
        return True
    return float(np.linalg.cond(_relative_covariance(side))) > MAX_CONDITION
