"""Evidence → readouts: every metric of every treatment arm, and of every segment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from holdback.analysis.comparison.collapse import does_harm
from holdback.analysis.comparison.comparison import (
    EVERYONE,
    Comparison,
    Group,
    quantity,
)
from holdback.analysis.comparison.posteriors import (
    bayes_of,
    lift_prior,
    other_priors,
    why_none,
)
from holdback.analysis.comparison.small_groups import shown_levels
from holdback.analysis.comparison.verdict import guardrail_verdict, verdict
from holdback.analysis.compliance import reached
from holdback.analysis.multiplicity import corrected, gated, together
from holdback.analysis.preregistration.interim_looks import (
    Stage,
    after_looks,
    arm_sizes,
)
from holdback.analysis.segments import compared_segments
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment, LogLift, Role
from holdback.experiments.kinds.metric import Metric
from holdback.facts import joined
from holdback.results.scorecard import (
    Drawing,
    Estimates,
    Interaction,
    Plain,
    PointEstimate,
    Readout,
    Segment,
)
from holdback.stats.evidence.effect import Estimate, Inference

__all__ = ["readouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadoutQuestion:
    """What one readout is of; `arm` ``*`` is all treatment arms together."""

    metric: Metric
    role: Role
    arm: str
    arms: frozenset[str]
    group: Group = EVERYONE

    @property
    def segment(self) -> Segment | None:
        """The segment that it is limited to."""
        if self.group is EVERYONE:
            return None
        return Segment(dimension=self.group.dimension, level=self.group.level)


def readouts(
    experiment: Experiment, cells: Cells, stage: Stage
) -> tuple[tuple[Readout, ...], tuple[Interaction, ...]]:
    """All readouts (primary, secondary, guardrails, segments), and segments' tests."""
    overall = [
        _readout(experiment, cells, stage, asked) for asked in _overall(experiment)
    ]
    segments = [
        _readout(experiment, cells, stage, asked)
        for asked in _segments(experiment, cells)
    ]
    sizes, control = arm_sizes(experiment, cells)
    read = corrected(experiment, overall, "secondary")
    overall = gated(experiment, together(experiment, read, sizes, control))
    pooled, tests = compared_segments(corrected(experiment, segments, "segment"))
    return (*overall, *pooled), tests


def _overall(experiment: Experiment) -> Iterable[ReadoutQuestion]:
    for name, role in experiment.roles():
        for arm in experiment.treatments:
            yield ReadoutQuestion(
                metric=experiment.metrics[name],
                role=role,
                arm=arm.name,
                arms=frozenset({arm.name}),
            )
        if len(experiment.treatments) > 1 and role != "guardrail":
            yield ReadoutQuestion(
                metric=experiment.metrics[name],
                role=role,
                arm="*",
                arms=frozenset(arm.name for arm in experiment.treatments),
            )


def _segments(experiment: Experiment, cells: Cells) -> Iterable[ReadoutQuestion]:
    named = dict.fromkeys(name for name, _ in experiment.roles())
    for dimension in experiment.analysis.segments:
        for level in shown_levels(experiment, cells, dimension):
            for name in named:
                for arm in experiment.treatments:
                    yield ReadoutQuestion(
                        metric=experiment.metrics[name],
                        role="segment",
                        arm=arm.name,
                        arms=frozenset({arm.name}),
                        group=Group(dimension=dimension, level=level),
                    )


def _readout(
    experiment: Experiment, cells: Cells, stage: Stage, asked: ReadoutQuestion
) -> Readout:
    metric, role = asked.metric, asked.role
    comparison = Comparison.of(
        experiment,
        cells,
        metric,
        asked.arms,
        group=asked.group,
        capped=metric.cap is not None,
    )
    segment = asked.segment
    level = stage.level if asked.arm == "*" else stage.level_of(role)
    net = comparison.adjusted if segment is None else None
    inference = (
        comparison.inference(level) if segment is None else comparison.plain(level)
    )
    relative, absolute = quantity(inference.relative), quantity(inference.absolute)
    margin = experiment.guardrails.get(metric.name) if role == "guardrail" else None
    readout = Readout(
        metric=metric.name,
        kind=metric.kind,
        role=role,
        arm=asked.arm,
        control=experiment.control.name,
        segment=segment,
        estimates=_estimates(inference),
        absolute=absolute,
        relative=relative,
        level=float(experiment.analysis.level),
        decision_alpha=1 - level if stage.look and segment is None else None,
        interval_level=level,
        look=stage.look if segment is None else None,
        method=inference.method,
        note=inference.note,
        p_value=inference.p_value,
        p_value_below=inference.p_value_below,
        draws=_drawing(inference),
        unadjusted=None if net is None else _unadjusted(comparison, level),
        variance_reduction=None if net is None else net.variance_reduction,
        skew_coefficient=inference.skew_coefficient,
        verdict=guardrail_verdict(metric, margin, relative, absolute)
        if margin is not None
        else verdict(
            metric,
            relative or absolute,
            least=float(experiment.decision.minimum_lift) if relative else 0.0,
        ),
        margin=float(margin.value) if margin is not None else None,
        margin_scale=margin.scale if margin is not None else None,
    )
    if segment is not None:
        return readout
    if role != "guardrail" and does_harm(metric, readout.estimates):
        readout = replace(readout, verdict="worse")
    readout = replace(readout, log_lift=_log_lift(inference))
    if role == "primary":
        units = reached(experiment, cells, asked.arms, readout)
        readout = replace(readout, reached=units)
    if role == "primary" and (stage.final or readout.verdict in {"better", "worse"}):
        readout = replace(readout, after_looks=after_looks(stage, inference))
    return _with_bayes(comparison, inference, readout)


def _unadjusted(comparison: Comparison, level: float) -> Plain:
    """The plain lift beside an adjusted one."""
    plain = comparison.plain(level)
    return Plain(
        absolute=quantity(plain.absolute),
        relative=quantity(plain.relative),
        p_value=plain.p_value,
        method=plain.method,
        estimates=_estimates(plain),
    )


def _with_bayes(
    comparison: Comparison, inference: Inference, readout: Readout
) -> Readout:
    experiment, metric = comparison.experiment, comparison.metric
    prior = experiment.analysis.prior
    chosen = lift_prior(prior, metric)
    posterior = bayes_of(experiment, metric, inference, chosen)
    method = "" if posterior is None else posterior.method
    others = (
        bayes_of(experiment, metric, inference, other)
        for other in other_priors(prior, metric, method)
        if posterior is None or posterior.scale is None
    )
    why = None if posterior is not None else why_none(metric, inference, chosen)
    return replace(
        readout,
        note=joined(readout.note, why),
        bayes=posterior,
        bayes_alternatives=tuple(other for other in others if other is not None),
    )


def _drawing(inference: Inference) -> Drawing | None:
    draws = inference.draws
    if draws is None:
        return None
    return Drawing(number=draws.number, error_of_ends=draws.error_of_ends)


def _log_lift(inference: Inference) -> LogLift | None:
    ratio = inference.log_ratio
    return None if ratio is None else LogLift(value=ratio.value, se=ratio.se)


def _estimates(inference: Inference) -> Estimates | None:
    if inference.control is None or inference.treatment is None:
        return None
    return Estimates(
        control=_point(inference.control), treatment=_point(inference.treatment)
    )


def _point(estimate: Estimate) -> PointEstimate:
    return PointEstimate(
        value=estimate.value, units=estimate.n, nonzero=estimate.nonzero
    )
