"""Several treatment arms: each against each, and how likely each is the best of all.

Which arm to keep on is a question between treatment arms; that one is further from
control than the other is no answer to it. The pairs are read by the method that reads
them against control, control itself plays no part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from math import log

from holdback.analysis.comparison.comparison import Comparison, quantity
from holdback.analysis.comparison.posteriors import FLAT, lift_prior
from holdback.analysis.comparison.verdict import verdict
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Arm, Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.results.sections.arms_compared import ArmsCompared, BestArm
from holdback.stats.evidence.effect import Estimate
from holdback.stats.methods.compare import LEAST_NONZERO
from holdback.stats.posterior.best_arm import ArmValue, best_of_arms
from holdback.stats.posterior.prior import LiftPrior
from holdback.stats.posterior.random_effects import NormalMixture

__all__ = ["arms_compared", "best"]

ENOUGH_FOR_CHANCES = 60
"""Units with a value in each arm from which chances are as sure as they say."""


@readers.register("arms_compared")
def arms_compared(basis: Basis) -> Iterator[ArmsCompared]:
    """Each pair of treatment arms by what decides; none where there is one arm.

    The pairs hold together at the level of the look (Bonferroni), unless the file asks
    for no correction.
    """
    experiment, cells, stage = basis.experiment, basis.cells, basis.stage
    pairs = list(combinations(experiment.treatments, 2))
    alone = experiment.analysis.multiplicity == "none"
    level = 1 - (1 - stage.level) / (1 if alone else max(len(pairs), 1))
    for metric, capped in _deciding(experiment):
        for first, second in pairs:
            yield _pair(experiment, cells, (metric, capped), (first, second), level)


@readers.register("best")
def best(basis: Basis) -> Iterator[BestArm]:
    """Every arm's chance to be the best by what decides; none of a single treatment.

    None either where an arm has too few values to be read.
    """
    experiment = basis.experiment
    if len(experiment.treatments) < 2:
        return
    metric, capped = next(iter(_deciding(experiment)))
    prior = lift_prior(experiment.analysis.prior, metric)
    pairs = _estimates(experiment, basis.cells, metric, capped=capped)
    if pairs is None:
        return
    on_log = metric.has_lift and all(one.value > 0 for pair in pairs for one in pair)
    prior = _turned(prior, metric) if on_log else FLAT
    control, arms = _values(pairs, metric, on_log=on_log)
    found = best_of_arms(control, arms, prior)
    names = [experiment.control.name, *(arm.name for arm in experiment.treatments)]
    higher = metric.better == "higher"
    fewest = min(one.nonzero for pair in pairs for one in pair)
    rough = metric.is_amount and fewest < ENOUGH_FOR_CHANCES
    for i, name in enumerate(names):
        per_unit = found.losses_of_exp[i] if on_log and higher else None
        yield BestArm(
            arm=name,
            metric=metric.name,
            p_best=found.chances[i],
            expected_loss=found.losses[i],
            prior=prior.name,
            loss_per_unit=per_unit,
            rough=True if rough else None,
        )


def _deciding(experiment: Experiment) -> Iterator[tuple[Metric, bool]]:
    """What the rule reads, and whether cut off at the file's cap; then the primary."""
    economics = experiment.economics
    primary = experiment.metrics[experiment.primary]
    if economics is not None and experiment.decision.rule == "profit":
        money = experiment.metrics[economics.profit or economics.value]
        yield money, False
        if money.name == primary.name and primary.cap is None:
            return
    yield primary, primary.cap is not None


def _pair(
    experiment: Experiment,
    cells: Cells,
    read: tuple[Metric, bool],
    pair: tuple[Arm, Arm],
    level: float,
) -> ArmsCompared:
    """Two arms, the better of them first."""
    metric, capped = read
    seen = _seen(_against(experiment, cells, metric, pair, capped=capped))
    sign = 1 if metric.better == "higher" else -1
    ahead = seen is None or sign * (seen[1].value - seen[0].value) >= 0
    a, b = pair if ahead else pair[::-1]
    inference = _against(experiment, cells, metric, (a, b), capped=capped).inference(
        level
    )
    relative, absolute = quantity(inference.relative), quantity(inference.absolute)
    return ArmsCompared(
        a=a.name,
        b=b.name,
        metric=metric.name,
        level=level,
        proven=verdict(metric, relative or absolute) == "better",
        relative=relative,
        absolute=absolute,
        p_value=inference.p_value,
    )


def _against(
    experiment: Experiment,
    cells: Cells,
    metric: Metric,
    pair: tuple[Arm, Arm],
    *,
    capped: bool,
) -> Comparison:
    """The first arm against the second, which takes control's place."""
    arm, other = pair
    arms = tuple(
        replace(one, control=one.name == other.name) for one in experiment.arms
    )
    return Comparison(
        experiment=replace(experiment, arms=arms),
        cells=cells,
        metric=metric,
        arms=frozenset({arm.name}),
        capped=capped,
    )


def _estimates(
    experiment: Experiment, cells: Cells, metric: Metric, *, capped: bool
) -> list[tuple[Estimate, Estimate]] | None:
    """Control and each treatment arm as they are read against each other.

    None where an arm has no value, no spread, or too few values.
    """
    pairs = []
    for arm in experiment.treatments:
        against = (arm, experiment.control)
        pair = _seen(_against(experiment, cells, metric, against, capped=capped))
        if pair is None or any(one.se <= 0 for one in pair):
            return None
        if metric.is_amount and min(one.nonzero for one in pair) < LEAST_NONZERO:
            return None
        pairs.append(pair)
    return pairs


def _seen(comparison: Comparison) -> tuple[Estimate, Estimate] | None:
    """Both values as the comparison reads them: net of covariates where they help."""
    net = comparison.adjusted
    return comparison.estimates if net is None else (net.control, net.treatment)


def _values(
    pairs: Sequence[tuple[Estimate, Estimate]], metric: Metric, *, on_log: bool
) -> tuple[ArmValue, tuple[ArmValue, ...]]:
    """Control and the arms on one scale, on which more is better.

    With covariates control has another value beside each arm: the arms keep their
    distance from it.
    """
    sign = 1 if metric.better == "higher" else -1

    def value(one: Estimate) -> ArmValue:
        if not on_log:
            return ArmValue(value=sign * one.value, variance=one.se**2)
        return ArmValue(value=sign * log(one.value), variance=(one.se / one.value) ** 2)

    controls = [value(control) for control, _ in pairs]
    treated = [value(arm) for _, arm in pairs]
    first = controls[0]
    return first, tuple(
        replace(arm, value=first.value + arm.value - control.value)
        for control, arm in zip(controls, treated, strict=True)
    )


def _turned(prior: LiftPrior, metric: Metric) -> LiftPrior:
    """The prior of what is better, where that is a fall."""
    learned = prior.learned
    if metric.better == "higher" or learned is None:
        return prior
    mirrored = NormalMixture(
        weights=learned.weights, means=-learned.means, sds=learned.sds
    )
    return LiftPrior.of(prior.name, mirrored)
