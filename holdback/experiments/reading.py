"""Evidence → scorecard: the composition of readouts, checks and pictures. No IO."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from zoneinfo import ZoneInfo

import holdback
from holdback.errors import Problem, StatsError
from holdback.experiments.beliefs import beliefs
from holdback.experiments.cells import Cells
from holdback.experiments.checks import findings
from holdback.experiments.comparison import Comparison, formula_columns, moments_of
from holdback.experiments.decomposition import decomposition
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.foreseen import compared_with_plan, outlook_of
from holdback.experiments.history import History
from holdback.experiments.metrics import Metric
from holdback.experiments.plan_hash import plan_hash
from holdback.experiments.posteriors import lift_prior, posterior_of
from holdback.experiments.readouts import readouts
from holdback.experiments.scorecard import ArmRecord, Finding, MetricRecord, Scorecard
from holdback.experiments.sensitivity import sensitivity
from holdback.experiments.settled import told_changes
from holdback.experiments.splits import planned_widths
from holdback.experiments.stage import Stage, stage_of
from holdback.experiments.trend import trend
from holdback.stats.effect import Inference
from holdback.stats.posterior import Posterior

__all__ = ["Reading", "ValueComparison", "read", "value_comparisons"]

SHOWN_VERSIONS = ("duckdb", "numpy", "scipy")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueComparison:
    """What the money is computed from: the raw value metric of one arm.

    Arm ``*`` is all treatment arms together. `treated_total` is the sum of the value
    over the arm's matured units, in money.
    """

    arm: str
    treated_units: int
    treated_total: float
    inference: Inference
    posterior: Posterior | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A scorecard without money and decision, and what the money needs."""

    scorecard: Scorecard
    comparisons: tuple[ValueComparison, ...]
    stage: Stage


def read(
    experiment: Experiment, evidence: Evidence, history: History | None = None
) -> Reading:
    """Everything that the evidence says, before money and decision.

    `history` is what the audit log tells of before; nothing where it is left out.

    Raises StatsError when an arm has too few units to compare anything.
    """
    _refuse_empty_arms(experiment, evidence)
    cells = evidence.cells
    digest = plan_hash(experiment)
    window = experiment.window
    as_of = evidence.as_of
    past = history or History()
    stage = stage_of(experiment, cells, as_of, past)
    read_outs, interactions = readouts(experiment, cells, stage)
    expected = compared_with_plan(experiment, cells, stage.nominal, past.expected)
    scorecard = Scorecard(
        experiment=experiment.name,
        status=past.status,
        amended=past.amended,
        plan_hash=digest,
        seed=experiment.seed,
        final=stage.final,
        look=stage.look,
        preview=stage.why_preview,
        level=float(experiment.analysis.level),
        minimum_lift=float(experiment.decision.minimum_lift),
        locale=experiment.locale,
        timezone=experiment.timezone,
        hypothesis=experiment.hypothesis,
        owner=experiment.owner,
        tags=experiment.tags,
        learned=tuple(
            one.record for _, one in sorted(experiment.analysis.prior.learned.items())
        ),
        currency=experiment.currency,
        as_of=told_as_of(experiment, evidence),
        window_start=window.start.isoformat() if window else None,
        window_end=window.end.isoformat() if window else None,
        inputs=evidence.inputs,
        versions={"holdback": holdback.__version__}
        | {name: version(name) for name in SHOWN_VERSIONS},
        arms=_arms(experiment, evidence),
        metrics=_metrics(experiment),
        accounting=evidence.accounting,
        checks=(
            *findings(experiment, evidence),
            *_restated(experiment, evidence, past),
        ),
        readouts=read_outs,
        interactions=interactions,
        sensitivity=sensitivity(experiment, cells, stage),
        decomposition=decomposition(experiment, cells, stage.nominal),
        trend=trend(experiment, cells),
        beliefs=beliefs(experiment, cells, stage),
        expected=expected,
        outlook=outlook_of(experiment, cells, stage.nominal, as_of, expected),
        configuration=experiment.resolved,
        command=_command(experiment, evidence),
    )
    return Reading(
        scorecard=scorecard,
        comparisons=_comparisons(experiment, cells, stage),
        stage=stage,
    )


def told_as_of(experiment: Experiment, evidence: Evidence) -> str | None:
    """As-of in the project's timezone."""
    if evidence.as_of is None:
        return None
    return evidence.as_of.astimezone(ZoneInfo(experiment.timezone)).isoformat()


def _restated(
    experiment: Experiment, evidence: Evidence, history: History
) -> Iterator[Finding]:
    """What has changed in the data that an earlier look had read."""
    told = [
        f"{one.source} has changed since this moment was last looked at: it had "
        f"{history.restated[one.source]:,} rows then and has {one.rows:,} now."
        for one in evidence.inputs
        if one.source in history.restated
    ]
    told += told_changes(experiment, evidence, history.settled)
    if told:
        yield Finding(check="restated", status="warn", message=" ".join(told))
    elif history.settled is not None:
        yield Finding(
            check="restated",
            status="pass",
            message="Units and values that were complete at the last look are the "
            "same now.",
        )


def _refuse_empty_arms(experiment: Experiment, evidence: Evidence) -> None:
    metric = experiment.metrics[experiment.primary]
    problems = []
    for arm in experiment.arms:
        units = evidence.cells.total(metric.name, {arm.name}, within=metric.within).n
        if units < 2:
            noun = "unit" if units == 1 else "units"
            problems.append(
                Problem(
                    what=f"arm '{arm.name}' has {units} {noun} with a complete "
                    f"{metric.title}.",
                    why="An arm of fewer than 2 units has no spread, so nothing can "
                    "be compared.",
                    fix="Check the arm's name in the data (`logged_as`), the window, "
                    "and whether enough time has passed.",
                )
            )
    if problems:
        raise StatsError(problems)


def _arms(experiment: Experiment, evidence: Evidence) -> tuple[ArmRecord, ...]:
    widths = planned_widths(experiment)
    return tuple(
        ArmRecord(
            arm=arm.name,
            control=arm.control,
            label=arm.label or arm.name,
            planned_share=widths[arm.name] / sum(widths.values()),
            units=evidence.cells.units(arm.name),
        )
        for arm in experiment.arms
    )


def _metrics(experiment: Experiment) -> tuple[MetricRecord, ...]:
    return tuple(
        MetricRecord(
            metric=name,
            label=experiment.metrics[name].title,
            kind=experiment.metrics[name].kind,
            role=role,
            better=experiment.metrics[name].better,
            unit=experiment.metrics[name].unit,
            scale=experiment.metrics[name].scale,
        )
        for name, role in experiment.roles()
    )


def _comparisons(
    experiment: Experiment, cells: Cells, stage: Stage
) -> tuple[ValueComparison, ...]:
    if experiment.economics is None:
        return ()
    metric = experiment.metrics[experiment.economics.value]
    return value_comparisons(experiment, cells, stage, metric)


def value_comparisons(
    experiment: Experiment,
    cells: Cells,
    stage: Stage,
    metric: Metric,
    *,
    together: bool = True,
) -> tuple[ValueComparison, ...]:
    """A metric of every treatment arm, uncapped; `together` adds all as arm ``*``."""
    columns = formula_columns(cells.blocks[metric.name], capped=False)
    groups = {arm.name: {arm.name} for arm in experiment.treatments}
    if together:
        groups["*"] = {arm.name for arm in experiment.treatments}
    found = []
    for name, arms in groups.items():
        inference = Comparison(
            experiment=experiment, cells=cells, metric=metric, arms=frozenset(arms)
        ).inference(stage.level if name == "*" else stage.arms_level)
        treated = moments_of(cells, metric, arms).select(columns)
        found.append(
            ValueComparison(
                arm=name,
                treated_units=treated.n,
                treated_total=float(treated.total[0]),
                inference=inference,
                posterior=posterior_of(
                    metric, inference, lift_prior(experiment.analysis.prior, metric)
                ),
            )
        )
    return tuple(found)


def _command(experiment: Experiment, evidence: Evidence) -> str:
    file = experiment.file or f"experiments/{experiment.name}.yaml"
    command = f"holdback analyze {file}"
    if evidence.as_of is None:
        return command
    return f"{command} --as-of {told_as_of(experiment, evidence)}"
