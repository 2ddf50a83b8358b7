"""What findings say, without a whole analysis: the words of an experiment."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.experiments.definition.experiment import Experiment
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import told
from holdback.results.scorecard import Finding

__all__ = ["in_words", "words_of"]


def words_of(experiment: Experiment) -> Words:
    """How a report calls the experiment's arms and metrics."""
    return Words(
        locale="en_US",
        currency=experiment.currency,
        labels={name: experiment.metrics[name].title for name, _ in experiment.roles()},
        arms={arm.name: arm.title for arm in experiment.arms},
        metrics={},
    )


def in_words(experiment: Experiment, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with their sentences."""
    return told(tuple(found), words_of(experiment))
