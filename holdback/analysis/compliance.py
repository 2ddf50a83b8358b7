"""Compliance: whom the treatment reached, and the effect per unit that it reached."""

from __future__ import annotations

from math import sqrt

from holdback.analysis.comparison.comparison import Comparison
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Reached, Readout

__all__ = ["reached", "shares_reached"]

SURE = 10.0
"""Standard errors by which the shares must differ: below, the division invents much."""


def reached(
    experiment: Experiment, cells: Cells, arms: frozenset[str], readout: Readout
) -> Reached | None:
    """Shares of units reached, and the difference per unit that was reached.

    The readout compares units as assigned (intention to treat). Where the treatment
    works only on those whom it reached, their effect is that difference divided by
    the difference of the shares (Bloom 1984, Evaluation Review 8: 225–246; Imbens &
    Angrist 1994, Econometrica 62: 467–475, for control units reached as well). The
    range is divided alike, so it excludes 0 exactly when the readout's does; the
    shares' own error is left out, and there is no effect where it is above a tenth.
    None where the file names no metric of what was reached, or an arm has no units.
    """
    name = experiment.analysis.reached
    if name is None:
        return None
    shares = shares_reached(experiment, cells, experiment.metrics[name], arms)
    if shares is None:
        return None
    (control, treated), error = shares
    gap, absolute = treated - control, readout.absolute
    effect = None
    if absolute is not None and gap > SURE * error and absolute.has_interval:
        effect = Quantity(
            value=absolute.value / gap,
            lower=None if absolute.lower is None else absolute.lower / gap,
            upper=None if absolute.upper is None else absolute.upper / gap,
            unbounded=absolute.unbounded,
        )
    return Reached(metric=name, control=control, treatment=treated, effect=effect)


def shares_reached(
    experiment: Experiment, cells: Cells, metric: Metric, arms: frozenset[str]
) -> tuple[tuple[float, float], float] | None:
    """Shares in control and in `arms`, and the standard error of their difference."""
    comparison = Comparison.of(experiment, cells, metric, arms)
    if comparison.estimates is None:
        return None
    control, treated = comparison.estimates
    return (control.value, treated.value), sqrt(control.se**2 + treated.se**2)
