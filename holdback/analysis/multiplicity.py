"""Several readouts read together: arms, secondary metrics, segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdback.analysis.comparison.collapse import does_harm
from holdback.analysis.comparison.verdict import verdict
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact, joined
from holdback.results.scorecard import Readout
from holdback.stats.multiplicity.dunnett import exceeding
from holdback.stats.multiplicity.p_value_adjustment import benjamini_hochberg, holm
from holdback.stats.numeric import quantile

__all__ = ["corrected", "gated", "together"]

TINY = 1e-15


def corrected(
    experiment: Experiment, readouts: list[Readout], role: str
) -> list[Readout]:
    """Readouts of `role` with p-values corrected over all of them.

    Secondary metrics by the file's `multiplicity` (Holm by default); segments are
    exploration and are always read with Benjamini and Hochberg's correction. All
    treatment arms together (``*``) ask nothing that the arms do not: they are no test
    of the family, and prove only what an arm proves on the same side.
    """
    rule = "bh" if role == "segment" else experiment.analysis.multiplicity
    family = [
        r for r in readouts if r.role == role and r.arm != "*" and r.p_value is not None
    ]
    if rule == "none" or not family:
        return readouts
    adjust = holm if rule == "holm" else benjamini_hochberg
    adjusted = adjust([r.p_value for r in family if r.p_value is not None])
    changed = {
        id(r): replace(
            r,
            p_value_adjusted=p_value,
            verdict=verdict(
                experiment.metrics[r.metric],
                r.relative or r.absolute,
                p_value=p_value,
                alpha=r.decision_alpha or 1 - r.level,
                least=float(experiment.decision.minimum_lift) if r.relative else 0.0,
            ),
        )
        for r, p_value in zip(family, adjusted, strict=True)
    }
    proven = {(r.metric, r.verdict) for r in changed.values()}
    return [
        replace(r, verdict="unclear")
        if r.role == role
        and r.arm == "*"
        and r.verdict in {"better", "worse"}
        and (r.metric, r.verdict) not in proven
        else changed.get(id(r), r)
        for r in readouts
    ]


def together(
    experiment: Experiment,
    readouts: Sequence[Readout],
    sizes: Sequence[int],
    control: int,
) -> list[Readout]:
    """Readouts whose primary's p-values hold for all treatment arms at once.

    Dunnett's adjustment; their intervals have the level that does the same.
    """
    if len(sizes) < 2 or experiment.analysis.multiplicity == "none":
        return list(readouts)
    return [
        replace(r, p_value_adjusted=_dunnett(r.p_value, sizes, control))
        if r.role in {"primary", "value"} and r.arm != "*" and r.p_value is not None
        else r
        for r in readouts
    ]


def gated(experiment: Experiment, readouts: Sequence[Readout]) -> list[Readout]:
    """Readouts whose secondary metrics prove something only once the primary does.

    A fixed sequence: where an arm's primary is unclear, its secondary metrics are
    unclear too, however small their own p-values, unless nearly all units with a value
    are gone (`does_harm`).
    """
    if experiment.analysis.multiplicity == "none":
        return list(readouts)
    settled = {
        r.arm
        for r in readouts
        if r.role == "primary" and r.verdict in {"better", "worse"}
    }
    return [
        replace(r, verdict="unclear", note=joined(r.note, fact("multiplicity.gated")))
        if r.role == "secondary"
        and r.arm not in settled
        and r.verdict in {"better", "worse"}
        and not does_harm(experiment.metrics[r.metric], r.estimates)
        else r
        for r in readouts
    ]


def _dunnett(p_value: float, sizes: Sequence[int], control: int) -> float:
    if p_value < TINY:
        return min(1.0, p_value * len(sizes))
    return exceeding(quantile(1 - p_value / 2), sizes, control)
