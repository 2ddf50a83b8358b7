"""Evidence → scorecard: the composition of readouts, checks and pictures. No IO."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from zoneinfo import ZoneInfo

import holdback
from holdback.analysis.checks import findings
from holdback.analysis.exploratory.attribution import attributed
from holdback.analysis.exploratory.cohorts import before_after, cohorts
from holdback.analysis.exploratory.decomposition import concentration, decomposition
from holdback.analysis.exploratory.dose_response import dose_trends
from holdback.analysis.exploratory.effect_decay import lasting
from holdback.analysis.exploratory.funnel import funnels
from holdback.analysis.exploratory.incremental_ratios import incremental_ratios
from holdback.analysis.exploratory.lifetime_value import lifetimes
from holdback.analysis.exploratory.prior_posterior import beliefs
from holdback.analysis.exploratory.sensitivity import sensitivity
from holdback.analysis.exploratory.trend import trend
from holdback.analysis.exploratory.uplift import uplifts
from holdback.analysis.preregistration.against_plan import (
    compared_with_plan,
    outlook_of,
)
from holdback.analysis.preregistration.history import History, settled_changes
from holdback.analysis.preregistration.interim_looks import Stage, stage_of
from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.analysis.readouts import readouts
from holdback.analysis.value_metric import (
    DoseComparison,
    ValueComparison,
    dose_comparisons,
    money_comparisons,
    value_comparisons,
)
from holdback.data.evidence.cells import Evidence
from holdback.errors import Problem, StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import planned_widths
from holdback.facts import fact
from holdback.results.scorecard import ArmRecord, Finding, MetricRecord, Scorecard
from holdback.results.section import Records
from holdback.wording import in_its_language

__all__ = [
    "DoseComparison",
    "Reading",
    "ValueComparison",
    "read",
    "value_comparisons",
]

SHOWN_VERSIONS = ("duckdb", "numpy", "scipy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A scorecard without money and decision, and what the money needs."""

    scorecard: Scorecard
    comparisons: tuple[ValueComparison, ...]
    stage: Stage
    doses: tuple[DoseComparison, ...] = ()


@in_its_language
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
        sections=present(
            {
                "sensitivity": sensitivity(experiment, cells, stage),
                "incremental": incremental_ratios(experiment, cells, stage.level),
                "dose_trends": dose_trends(experiment, cells, stage.level),
                "concentration": only(concentration(experiment, cells)),
                "uplift": uplifts(experiment, cells, stage.level),
                "funnels": funnels(experiment, cells, stage.level),
                "lifetime": lifetimes(experiment, cells, stage.level),
                "attributed": only(
                    attributed(experiment, cells, evidence.paths, stage.level)
                ),
                "decomposition": decomposition(experiment, cells, stage.nominal),
                "trend": trend(experiment, cells),
                "lasting": lasting(experiment, cells, stage.nominal),
                "cohorts": only(cohorts(experiment, cells, stage.nominal)),
                "before_after": before_after(experiment, cells),
                "beliefs": beliefs(experiment, cells, stage),
                "expected": only(expected),
                "outlook": only(
                    outlook_of(experiment, cells, stage.nominal, as_of, expected)
                ),
            }
        ),
        configuration=experiment.resolved,
        command=_command(experiment, evidence),
    )
    return Reading(
        scorecard=scorecard,
        comparisons=money_comparisons(experiment, cells, stage),
        doses=tuple(dose_comparisons(experiment, cells, stage)),
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
    changes = [
        fact(
            "restated.rows",
            source=one.source,
            then=history.restated[one.source],
            now=one.rows,
        )
        for one in evidence.inputs
        if one.source in history.restated
    ]
    changes += settled_changes(experiment, evidence, history.settled)
    if changes:
        changed = fact("restated.changed", changes=tuple(changes))
        yield Finding(check="restated", status="warn", fact=changed)
    elif history.settled is not None:
        unchanged = fact("restated.unchanged")
        yield Finding(check="restated", status="pass", fact=unchanged)


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


def _command(experiment: Experiment, evidence: Evidence) -> str:
    file = experiment.file or f"experiments/{experiment.name}.yaml"
    command = f"holdback analyze {file}"
    if evidence.as_of is None:
        return command
    return f"{command} --as-of {told_as_of(experiment, evidence)}"


def only(record: object | None) -> tuple[object, ...]:
    return () if record is None else (record,)


def present(sections: Mapping[str, Iterable[object]]) -> Records:
    return {name: told for name, one in sections.items() if (told := tuple(one))}
