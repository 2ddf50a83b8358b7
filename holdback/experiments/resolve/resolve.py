"""What is written → the `Experiment` that is meant: references, defaults, sums, order.

Every check notes its problem and goes on; an Experiment exists only when there is
none. Checks that would merely repeat an earlier problem are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from holdback.experiments.config.models import (
    ExperimentFile,
    ProjectFile,
    WrittenAnalysis,
    WrittenAssignment,
)
from holdback.experiments.config.validation import Issues
from holdback.experiments.definition.experiment import (
    Experiment,
    NamedEvent,
    Window,
)
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.kinds.source import EMBEDDED
from holdback.experiments.language.quantities import CODES, did_you_mean
from holdback.experiments.resolve.analysis import (
    analysis_of,
    attribution_of,
    check_segments,
    companions_of,
    identities_of,
    scores_of,
    slices_of,
    with_parts,
)
from holdback.experiments.resolve.arms import arms_of
from holdback.experiments.resolve.assignment import (
    assignment_of,
    check_reserved,
    holdout_of,
    layer_of,
    with_crossing,
)
from holdback.experiments.resolve.economics import (
    decision_of,
    economics_of,
    guardrails_of,
    with_profit,
)
from holdback.experiments.resolve.history import former_of, knowledge_of
from holdback.experiments.resolve.orders import orders_of
from holdback.experiments.resolve.references import metric_names, metrics_of, sources_of
from holdback.experiments.resolve.snapshot import resolved_of
from holdback.experiments.resolve.sources_and_metrics import (
    check_attributes,
    check_connection,
    check_times,
)

__all__ = ["check_project", "resolve"]

EXPERIMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Z][a-z]{3})?([-_]([A-Z]{2}|\d{3}))?")


def resolve(
    written: ExperimentFile,
    issues: Issues,
    *,
    environ: Mapping[str, str],
    root: Path,
    file: str,
) -> Experiment | None:
    """The experiment of the merged files, or None when `issues` has problems."""
    _check_name(written.experiment, issues)
    check_project(written, issues, environ)
    arms = arms_of(written.arms, issues)
    window = _window(written, issues)
    metrics = metrics_of(written, metric_names(written, issues), issues)
    companions = companions_of(metrics, window, issues)
    metrics = with_parts(metrics)
    plan = written.assignment or WrittenAssignment.model_validate({})
    holdouts = holdout_of(written, plan, window, issues)
    layer, layers = layer_of(written, plan, issues)
    assignment = assignment_of(written, plan, arms, layer, issues)
    used = {m.source for metric in metrics.values() for m in metric.measures()}
    if assignment is not None:
        used.add(assignment.source)
    if written.attribution is not None:
        used.add(written.attribution.source)
    identities = identities_of(written, used, issues)
    if identities is not None:
        used.add(identities.source)
    analysis = analysis_of(
        written.analysis or WrittenAnalysis.model_validate({}), window, issues
    )
    used |= {one.source for one in analysis.derived if one.source in written.sources}
    sources = sources_of(written, used, issues, environ)
    _check_reached(analysis.reached, metrics, issues)
    guardrails = guardrails_of(written, metrics, issues)
    economics = economics_of(written, metrics, issues)
    metrics = with_profit(economics, metrics)
    attribution = attribution_of(written, metrics, issues)
    if assignment is not None:
        primary = metrics.get(written.primary or "")
        companions |= scores_of(primary, analysis, assignment, issues)
        companions |= slices_of(primary, assignment)
        companions |= orders_of(economics, metrics, sources, assignment)
        companions |= former_of(metrics, written.primary or "", sources, assignment)
        companions |= knowledge_of(
            metrics, written.primary or "", analysis.covariates, assignment
        )
    decision = decision_of(written, issues)
    events = _events(written, issues)
    if assignment is not None:
        assignment = with_crossing(assignment, sources)
        check_times(written, assignment, metrics, sources, issues)
        check_attributes(assignment, analysis, sources, issues)
        check_segments(written, assignment, sources, issues)
    if issues.problems or assignment is None:
        return None
    experiment = Experiment(
        name=written.experiment or "",
        arms=arms,
        assignment=assignment,
        metrics=metrics,
        companions=companions,
        sources=sources,
        primary=written.primary or "",
        window=window,
        secondary=written.secondary,
        guardrails=guardrails,
        analysis=analysis,
        economics=economics,
        attribution=attribution,
        identities=identities,
        events=events,
        decision=decision,
        title=written.title,
        hypothesis=written.hypothesis,
        owner=written.owner,
        tags=written.tags,
        currency=written.currency,
        timezone=written.timezone or "UTC",
        locale=(written.locale or "en-US").replace("_", "-"),
        unit_name=written.unit_name or "customer",
        database=written.database or EMBEDDED,
        holdouts=holdouts,
        layers=layers,
        root=root,
        file=file,
    )
    return replace(experiment, resolved=resolved_of(experiment))


def check_project(
    written: ProjectFile, issues: Issues, environ: Mapping[str, str] | None
) -> None:
    """What all experiments share; without `environ` the database is left alone."""
    check_reserved(written, issues)
    if written.currency is not None and written.currency not in CODES:
        hint = did_you_mean(written.currency, CODES)
        what = f"'{written.currency}' is not a currency of ISO 4217."
        issues.add(("currency",), what, fix=hint or "Write a code such as EUR or USD.")
    if written.timezone is not None and not _is_timezone(written.timezone):
        issues.add(
            ("timezone",),
            f"'{written.timezone}' is not a timezone.",
            fix=_timezone_hint(written.timezone),
        )
    if written.locale is not None and not LOCALE.fullmatch(written.locale):
        what = f"'{written.locale}' is not a locale."
        issues.add(("locale",), what, fix="Write a code such as en-IE or de-DE.")
    if written.database is not None and environ is not None:
        check_connection(("database",), written.database, issues, environ)


def _check_reached(
    name: str | None, metrics: Mapping[str, Metric], issues: Issues
) -> None:
    metric = metrics.get(name or "")
    if metric is not None and not metric.is_rate:
        issues.add(
            ("analysis", "reached"),
            f"'{name}' is no conversion metric.",
            why="A unit was reached or it was not.",
            fix="Name a metric of kind conversion.",
        )


def _is_timezone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _timezone_hint(name: str) -> str:
    from zoneinfo import available_timezones

    hint = did_you_mean(name, sorted(available_timezones()))
    return hint or "Write an IANA name such as Europe/Dublin, or UTC."


def _check_name(name: str | None, issues: Issues) -> None:
    if name is not None and not EXPERIMENT_NAME.fullmatch(name):
        issues.add(
            ("experiment",),
            f"'{name}' cannot be an experiment's name.",
            why="The name becomes the output folder and the default salt.",
            fix="Use letters, digits, '-', '_' and '.'; begin with a letter or digit.",
        )


def _events(written: ExperimentFile, issues: Issues) -> tuple[NamedEvent, ...]:
    """What happened outside, by its first day."""
    events = []
    for event in written.events:
        until = event.until or event.date
        if until < event.date:
            issues.add(
                ("events",),
                f"'{event.what}' ends on {until}, before it begins on {event.date}.",
                fix="Swap the days, or check the year.",
                key=True,
            )
            continue
        events.append(
            NamedEvent(
                first=event.date, last=until, what=event.what, exclude=event.exclude
            )
        )
    return tuple(sorted(events, key=lambda event: (event.first, event.what)))


def _window(written: ExperimentFile, issues: Issues) -> Window | None:
    window = written.window
    if window is None:
        return None
    if window.end < window.start:
        issues.add(
            ("window", "end"),
            f"the end {window.end} lies before the start {window.start}.",
            fix="Swap them, or check the year.",
        )
        return None
    return Window(start=window.start, end=window.end)
