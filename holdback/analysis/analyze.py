"""Evidence → readouts and checks, and the scorecard made of them. No IO."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

import holdback
from holdback.analysis.checks.check import findings
from holdback.analysis.comparison.comparison import Comparison
from holdback.analysis.empty_arms import refuse_empty_arms
from holdback.analysis.preregistration.history import (
    History,
    look_key,
    settled_changes,
)
from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.analysis.readouts import readouts
from holdback.analysis.section_readers import Basis
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import DEFAULTS, Experiment
from holdback.experiments.definition.split import planned_widths
from holdback.facts import fact
from holdback.results.money import Money
from holdback.results.scorecard import (
    ArmRecord,
    Finding,
    Interaction,
    LookTaken,
    MetricRecord,
    Readout,
    Scorecard,
)
from holdback.results.section import Records

__all__ = ["Reading", "Sampling", "read", "scorecard_of", "told_as_of"]

SHOWN_VERSIONS = ("duckdb", "numpy", "scipy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the comparison says: every lift, and whether the data can be believed."""

    readouts: tuple[Readout, ...]
    interactions: tuple[Interaction, ...]
    checks: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """A reading with what a sampler adds to it; nothing where none was asked for.

    `posteriors` are the draws by the name of their file, as ArviZ holds them.
    """

    reading: Reading
    checks: tuple[Finding, ...] = ()
    sections: Records = field(default_factory=dict)
    posteriors: Mapping[str, Any] = field(default_factory=dict)
    packages: tuple[str, ...] = ()


def read(basis: Basis) -> Reading:
    """Every lift and every check of the evidence.

    Raises StatsError when an arm has too few units to compare anything.
    """
    experiment, evidence = basis.experiment, basis.evidence
    refuse_empty_arms(experiment, evidence)
    read_outs, interactions = readouts(experiment, basis.cells, basis.stage)
    return Reading(
        readouts=read_outs,
        interactions=interactions,
        checks=(
            *findings(experiment, evidence),
            *_older_defaults(experiment),
            *_restated(experiment, evidence, basis.history),
            *_log_lost(basis.history),
        ),
    )


def scorecard_of(  # its parts, which are made on several floors
    basis: Basis,
    reading: Reading,
    *,
    money: tuple[Money, ...] = (),
    checks: Iterable[Finding] = (),
    sections: Records | None = None,
    packages: Sequence[str] = (),
) -> Scorecard:
    """The scorecard of a reading, without a decision.

    `checks` are those beyond the reading's own, `packages` what computed something
    beside those that always do.
    """
    experiment, evidence, stage = basis.experiment, basis.evidence, basis.stage
    window, as_of = experiment.window, told_as_of(experiment, evidence)
    return Scorecard(
        experiment=experiment.name,
        status=basis.history.status,
        amended=basis.history.amended,
        looks_taken=(
            *basis.history.taken,
            LookTaken(
                key=look_key(experiment, as_of, evidence.inputs),
                as_of=as_of,
                information=stage.information,
                could_decide=stage.decides,
            ),
        ),
        plan_hash=plan_hash(experiment),
        seed=Comparison.of_primary(experiment, basis.cells).seed[0] >> 32,
        final=stage.final,
        look=stage.look,
        preview=stage.why_preview,
        level=float(experiment.analysis.level),
        minimum_lift=float(experiment.decision.minimum_lift),
        locale=experiment.locale,
        timezone=experiment.timezone,
        title=experiment.title,
        unit_name=experiment.unit_name,
        hypothesis=experiment.hypothesis,
        owner=experiment.owner,
        tags=experiment.tags,
        learned=tuple(
            prior.record
            for _, prior in sorted(experiment.analysis.prior.learned.items())
        ),
        currency=experiment.currency,
        as_of=as_of,
        window_start=window.start.isoformat() if window else None,
        window_end=window.end.isoformat() if window else None,
        inputs=evidence.inputs,
        versions={"holdback": holdback.__version__}
        | {name: version(name) for name in (*SHOWN_VERSIONS, *packages)},
        arms=_arms(experiment, evidence),
        metrics=_metrics(experiment),
        accounting=evidence.accounting,
        checks=(*reading.checks, *checks),
        readouts=reading.readouts,
        interactions=reading.interactions,
        money=money,
        sections=sections or {},
        configuration=experiment.resolved,
        command=_command(experiment, evidence),
    )


def told_as_of(experiment: Experiment, evidence: Evidence) -> str | None:
    """As-of in the project's timezone."""
    if evidence.as_of is None:
        return None
    return evidence.as_of.astimezone(ZoneInfo(experiment.timezone)).isoformat()


def _older_defaults(experiment: Experiment) -> Iterator[Finding]:
    """That what the file leaves open means what it meant when the plan was locked."""
    if experiment.defaults < DEFAULTS:
        older = fact(
            "defaults.older",
            treated=experiment.assignment.crossovers,
            then=experiment.defaults,
            now=DEFAULTS,
        )
        yield Finding(check="defaults", status="warn", fact=older)


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


def _log_lost(history: History) -> Iterator[Finding]:
    """That the audit log has lost entries, and which looks are paid for."""
    if history.losses:
        lost = fact(
            "audit_log.lost",
            entries=sum(loss.entries or 0 for loss in history.losses),
            days=tuple(
                sorted(
                    look.day
                    for loss in history.losses
                    for look in loss.looks
                    if look.day is not None
                )
            ),
        )
        yield Finding(check="audit_log", status="warn", fact=lost)


def _arms(experiment: Experiment, evidence: Evidence) -> tuple[ArmRecord, ...]:
    widths = planned_widths(experiment)
    return tuple(
        ArmRecord(
            arm=arm.name,
            control=arm.control,
            label=arm.label or arm.name,
            planned_share=widths[arm.name] / sum(widths.values()),
            units=evidence.cells.pooled.units(arm.name),
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
