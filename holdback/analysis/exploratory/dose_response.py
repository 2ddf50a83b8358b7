"""Arms as doses: whether more intensity brings more, and each step how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt

from holdback.analysis.comparison.comparison import Comparison
from holdback.analysis.preregistration.interim_looks import Stage
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Arm, Experiment
from holdback.experiments.metrics import Metric
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Reached, Readout
from holdback.results.sections.dose_response import DoseTrend
from holdback.stats.causal.dose_response import dose_slope
from holdback.stats.evidence.effect import Estimate

__all__ = ["Step", "by_dose", "dose_trends", "reached", "shares_reached", "steps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Two neighbouring doses, and the experiment in which the lower is the control."""

    lower: Arm
    upper: Arm
    experiment: Experiment
    level: float


def by_dose(experiment: Experiment) -> list[Arm]:
    """The arms in the order of their doses; none where they have none."""
    arms = [arm for arm in experiment.arms if arm.dose is not None]
    return sorted(arms, key=lambda arm: arm.dose or 0)


@readers.register("dose_trends")
def dose_trends(basis: Basis) -> Iterator[DoseTrend]:
    """The primary's slope over the doses, and the money's where that is another."""
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.level
    arms = by_dose(experiment)
    names = [experiment.primary]
    if experiment.economics is not None:
        names.append(experiment.economics.value)
    for name in dict.fromkeys(names if arms else ()):
        found = [_estimate(experiment, cells, name, arm.name) for arm in arms]
        if any(one is None or one.se <= 0 for one in found):
            continue
        known = [one for one in found if one is not None]
        slope = dose_slope(
            [float(arm.dose or 0) for arm in arms],
            [one.value for one in known],
            [one.se for one in known],
            level=level,
        )
        yield DoseTrend(
            metric=name,
            slope=Quantity(
                value=slope.value, se=slope.se, lower=slope.lower, upper=slope.upper
            ),
            p_value=slope.p_value,
        )


def steps(experiment: Experiment, stage: Stage) -> Iterator[Step]:
    """Each arm against the next lower dose, at a level that holds for all steps."""
    pairs = list(pairwise(by_dose(experiment)))
    level = 1 - (1 - stage.level) / max(len(pairs), 1)
    for lower, upper in pairs:
        arms = tuple(
            replace(arm, control=arm.name == lower.name) for arm in experiment.arms
        )
        yield Step(
            lower=lower,
            upper=upper,
            experiment=replace(experiment, arms=arms),
            level=level,
        )


def _estimate(
    experiment: Experiment, cells: Cells, metric: str, arm: str
) -> Estimate | None:
    """The metric's value in one arm, treated or not."""
    other = next(a for a in experiment.arms if a.name != arm)
    arms = tuple(replace(a, control=a.name == other.name) for a in experiment.arms)
    found = Comparison(
        experiment=replace(experiment, arms=arms),
        cells=cells,
        metric=experiment.metrics[metric],
        arms=frozenset({arm}),
    ).estimates
    return None if found is None else found[1]


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
    gap, found = treated - control, readout.absolute
    effect = None
    if found is not None and gap > SURE * error and found.has_interval:
        effect = Quantity(
            value=found.value / gap,
            lower=None if found.lower is None else found.lower / gap,
            upper=None if found.upper is None else found.upper / gap,
            unbounded=found.unbounded,
        )
    return Reached(metric=name, control=control, treatment=treated, effect=effect)


def shares_reached(
    experiment: Experiment, cells: Cells, metric: Metric, arms: frozenset[str]
) -> tuple[tuple[float, float], float] | None:
    """Shares in control and in `arms`, and the standard error of their difference."""
    found = Comparison(experiment=experiment, cells=cells, metric=metric, arms=arms)
    if found.estimates is None:
        return None
    control, treated = found.estimates
    return (control.value, treated.value), sqrt(control.se**2 + treated.se**2)
