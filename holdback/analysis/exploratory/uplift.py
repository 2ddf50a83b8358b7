"""Whether a score finds the units that the treatment moves, from value counts."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from holdback.analysis.comparison.comparison import moments_of
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.measure import Companion
from holdback.facts import Fact, fact
from holdback.results.quantity import Quantity
from holdback.results.sections.uplift import Uplift, UpliftPoint
from holdback.stats.causal.uplift_qini import Bins, binned, qini
from holdback.stats.evidence.arm_evidence import ValueCounts
from holdback.stats.numeric import quantile

__all__ = ["LEAST_OUTCOMES", "uplifts"]

LEAST_OUTCOMES = 2000
"""Units with an outcome that each arm needs: below, a curve is mostly noise."""
BINS = 10


@readers.register("uplift")
def uplifts(basis: Basis) -> tuple[Uplift, ...]:
    """One curve a treatment arm, or why there is none; nothing where none is asked."""
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.level
    return tuple(
        _of_arm(experiment, cells, scores, arm.name, level)
        for scores in experiment.companions_for("scores")
        for arm in experiment.treatments
    )


def _of_arm(
    experiment: Experiment, cells: Cells, scores: Companion, arm: str, level: float
) -> Uplift:
    score = experiment.analysis.uplift
    none = Uplift(
        score=score.text if score is not None else "",
        metric=experiment.primary,
        arm=arm,
    )
    small = _too_small(experiment, cells, arm, none)
    if small is not None:
        return small
    names = experiment.control.name, arm
    edges = _edges(cells.counts(scores.name, names, within=scores.within))
    control, treated = (
        _bins(cells.counts(scores.name, {name}, within=scores.within), edges)
        for name in names
    )
    if len(edges) < 1 or min(control.n.min(), treated.n.min()) < 10:
        return _refused(none, fact("uplift.few_scores"))
    curve = qini(control, treated)
    low, high = curve.interval(level)
    z = quantile((1 + level) / 2)
    return Uplift(
        score=none.score,
        metric=none.metric,
        arm=arm,
        area=Quantity(value=curve.area, se=curve.se, lower=low, upper=high),
        p_value=curve.p_value,
        curve=tuple(
            UpliftPoint(
                share=one.share,
                gain=Quantity(
                    value=one.value,
                    se=one.se,
                    lower=one.value - z * one.se,
                    upper=one.value + z * one.se,
                ),
                random=one.random,
            )
            for one in curve.gains
        ),
    )


def _too_small(
    experiment: Experiment, cells: Cells, arm: str, none: Uplift
) -> Uplift | None:
    """A refusal with the size that it would take, where an arm has too few outcomes."""
    metric = experiment.metrics[experiment.primary]
    for name in (experiment.control.name, arm):
        moments = moments_of(cells, metric, {name})
        had = moments.nonzero[0]
        if had >= LEAST_OUTCOMES:
            continue
        needed = ceil(LEAST_OUTCOMES * moments.n / had) if had else None
        return Uplift(
            score=none.score,
            metric=none.metric,
            arm=arm,
            refused=fact(
                "uplift.few_units",
                arm=name,
                units=had,
                least=LEAST_OUTCOMES,
                units_needed=needed,
            ),
            units_needed=needed,
        )
    return None


def _refused(none: Uplift, why: Fact) -> Uplift:
    return Uplift(score=none.score, metric=none.metric, arm=none.arm, refused=why)


def _edges(counts: ValueCounts) -> npt.NDArray[np.float64]:
    """Scores that cut all units into tenths, the highest first; ties stay together."""
    scores, units = counts.values[:, 0], counts.units
    order = np.argsort(-scores, kind="stable")
    share = np.cumsum(units[order]) / units.sum()
    at = [
        scores[order][min(int(np.searchsorted(share, k / BINS)), len(order) - 1)]
        for k in range(1, BINS)
    ]
    values = np.unique(np.array(at))[::-1]
    edges: npt.NDArray[np.float64] = values[values > scores.min()]
    return edges


def _bins(counts: ValueCounts, edges: npt.NDArray[np.float64]) -> Bins:
    scores, outcomes = counts.values.T
    return binned(scores, outcomes, counts.units.astype(float), edges)
