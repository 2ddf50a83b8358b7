"""`prior: past`: what the project's finished experiments teach about the next lift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import (
    Experiment,
    Learned,
    LearnedPrior,
    PastEffect,
)
from holdback.experiments.kinds.metric import Metric
from holdback.portfolio.finished_experiments import effect_of, results_in
from holdback.results.scorecard import MetricRecord, Scorecard
from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.spike_and_slab import program

__all__ = ["LEAST_EXPERIMENTS", "learned_from", "of_kind", "with_past"]

LEAST_EXPERIMENTS = 5
"""Finished experiments without which nothing is learned."""


def with_past(experiment: Experiment) -> Experiment:
    """The experiment with the priors that `prior: past` means today.

    Learned per metric from the effects of all finished experiments in `results/` of
    its project but this one. A metric that too few of them measured keeps the weak
    prior; the primary and the money's metric need theirs. Raises ConfigError where
    they have none.
    """
    prior = experiment.analysis.prior
    if prior.name != "past" or prior.learned:
        return experiment
    cards = [
        card
        for card in results_in([experiment.root]).finished
        if card.experiment != experiment.name
    ]
    learned = {}
    for name, _ in experiment.roles():
        past = learned_from(of_kind(cards, experiment.metrics[name]), name)
        if past is not None:
            learned[name] = past
    _require(experiment, learned, cards)
    analysis = replace(experiment.analysis, prior=replace(prior, learned=learned))
    return replace(experiment, analysis=analysis)


def learned_from(cards: Sequence[Scorecard], metric: str) -> Learned | None:
    """The prior that finished experiments teach of a metric; None from too few."""
    effects = [
        PastEffect(experiment=card.experiment, log_lift=log_lift)
        for card in cards
        if (log_lift := effect_of(card, metric)) is not None
    ]
    if len(effects) < LEAST_EXPERIMENTS:
        return None
    fitted = program(
        [LogRatio(value=e.log_lift.value, se=e.log_lift.se) for e in effects]
    )
    mixture = fitted.next
    return Learned(
        mixture=mixture,
        record=LearnedPrior(
            metric=metric,
            mean=mixture.mean,
            sd=mixture.sd,
            tau=fitted.tau,
            experiments=tuple(effects),
        ),
    )


def of_kind(
    cards: Sequence[Scorecard], metric: Metric | MetricRecord
) -> list[Scorecard]:
    """The experiments whose metric of that name is the same.

    Of the same kind and unit, and better in the same direction: a lift of another one
    teaches nothing of this.
    """
    name = metric.metric if isinstance(metric, MetricRecord) else metric.name
    same = (name, metric.kind, metric.unit, metric.better)
    return [
        card
        for card in cards
        if any((m.metric, m.kind, m.unit, m.better) == same for m in card.metrics)
    ]


def _require(
    experiment: Experiment, learned: dict[str, Learned], cards: Sequence[Scorecard]
) -> None:
    needed = [experiment.primary]
    if experiment.economics is not None:
        needed.append(experiment.economics.value)
    missing = [name for name in dict.fromkeys(needed) if name not in learned]
    if not missing:
        return
    raise ConfigError(_too_few(experiment, name, cards) for name in missing)


def _too_few(experiment: Experiment, name: str, cards: Sequence[Scorecard]) -> Problem:
    same = of_kind(cards, experiment.metrics[name])
    usable = sum(effect_of(card, name) is not None for card in same)
    others = sorted({m.metric for card in cards for m in card.metrics} - {name})
    why = f"In results/ {_counted(len(cards))} finished"
    if cards and not same:
        why += f", and none measured '{name}' in this way"
        why += f" (they measured {', '.join(others)})" if others else ""
    elif cards:
        why += f", {usable} with a lift of '{name}'"
    return Problem(
        where=experiment.file,
        what=f"'prior: past' needs {LEAST_EXPERIMENTS} finished experiments with a "
        f"lift of '{name}'.",
        why=f"{why}. Experiments that still run, whose checks failed, or that are "
        "this one do not count.",
        fix="Analyze the others first, or write weak, skeptical or {lift_sd: 10%}.",
    )


def _counted(count: int) -> str:
    return (
        "no experiment is"
        if count == 0
        else ("1 experiment is" if count == 1 else f"{count} experiments are")
    )
