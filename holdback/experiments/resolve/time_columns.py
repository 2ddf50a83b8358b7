"""Whether windows, joins and attributes can work with the columns that are named."""

from __future__ import annotations

from collections.abc import Mapping

from holdback.experiments.config.issues import Issues
from holdback.experiments.config.models import ExperimentFile, WrittenLookback
from holdback.experiments.definition.experiment import Analysis, Assignment
from holdback.experiments.metrics import Metric
from holdback.experiments.sources import Columns, Source

__all__ = ["check_attributes", "check_times"]


def check_times(
    written: ExperimentFile,
    assignment: Assignment,
    metrics: Mapping[str, Metric],
    sources: Mapping[str, Source],
    issues: Issues,
) -> None:
    """Windows need times; rows that are their own units join with nothing."""
    exposures = sources.get(assignment.source)
    if exposures is None:
        return
    columns = exposures.columns
    if columns.unit == "row":
        _check_rows(assignment, columns, issues)
    absent = written.window is None and not issues.is_broken("window")
    if columns.time is not None and absent:
        what = "'window' is missing, and the exposures have times."
        issues.add(("window",), what, fix="window: {start: 2026-10-01, end: …}")
    covariates = written.analysis.covariates if written.analysis else None
    if columns.time is None and isinstance(covariates, WrittenLookback):
        what = "a lookback needs the time of each exposure."
        fix = f"Name it: `time: column` in source '{assignment.source}'."
        issues.add(("analysis", "covariates"), what, fix=fix)
    for name, source in sources.items():
        if name != assignment.source:
            _check_events(name, source, issues)
        elif source.returns is not None:
            what = f"'{name}' says who was exposed, and an exposure is not returned."
            fix = "Write `returns` at the source of purchases."
            issues.add(("sources", name, "returns"), what, fix=fix, key=True)
    for name, metric in metrics.items():
        _check_metric_times(name, metric, columns, assignment.source, issues)


def _check_rows(assignment: Assignment, columns: Columns, issues: Issues) -> None:
    """Rows that are their own units have no id to draw anything by."""
    if columns.arm is None:
        what = "rows that are their own units have no id to compute an arm from."
        where = ("sources", assignment.source, "columns")
        issues.add(where, what, fix="Name the column of the logged arm: `arm: column`.")
    for key in ("holdout", "layer"):
        if getattr(assignment, key) is not None:
            what = "rows that are their own units have no id to draw by."
            fix = "Leave it out, or name the column of the unit's id."
            issues.add(("assignment", key), what, fix=fix, key=True)


def _check_metric_times(
    name: str,
    metric: Metric,
    columns: Columns,
    exposures: str,
    issues: Issues,
) -> None:
    name = metric.of or name
    path = ("metrics", name)
    others = {m.source for m in metric.measures()} - {exposures}
    if columns.unit == "row" and others:
        what = f"metric '{name}' reads '{min(others)}', but the units are rows."
        fix = f"Use columns of '{exposures}', or name the unit's id."
        issues.add(path, what, fix=fix, key=True)
        return
    if metric.needs_events and not others:
        what = f"metric '{name}' waits for rows, and '{exposures}' has one per unit."
        fix = "Name a source of events with times."
        issues.add((*path, "source"), what, fix=fix)
        return
    if columns.time is None and metric.timed_by is not None:
        what = f"'{metric.timed_by}' needs the time of each exposure."
        fix = f"Name it: `time: column` in source '{exposures}'."
        issues.add((*path, metric.timed_by), what, fix=fix)


def _check_events(name: str, source: Source, issues: Issues) -> None:
    """Rows beside the exposures need a unit to belong to, and a time."""
    path = ("sources", name, "columns")
    if source.columns.unit == "row":
        what = "`unit: row` is for the source of exposures only."
        issues.add((*path, "unit"), what, fix="Name the column of the unit's id.")
    if source.columns.time is None:
        issues.add(
            path,
            f"source '{name}' names no column for 'time'.",
            why="Only what happened after a unit joined may count.",
            fix="Add `time: column` to its columns.",
            key=True,
        )


def check_attributes(
    assignment: Assignment,
    analysis: Analysis,
    sources: Mapping[str, Source],
    issues: Issues,
) -> None:
    """Segments and covariates are attributes: neither roles nor listed twice."""
    exposures = sources.get(assignment.source)
    if exposures is None:
        return
    columns = exposures.columns
    roles = {columns.unit, columns.arm, columns.time, columns.id} - {None}
    for section in ("segments", "covariates"):
        listed: tuple[str, ...] = getattr(analysis, section)
        for at, name in enumerate(listed):
            path = ("analysis", section, at)
            if name in roles or (section == "segments" and name == "all"):
                issues.add(path, f"'{name}' is not an attribute of the unit.")
            elif name in listed[:at]:
                issues.add(path, f"'{name}' is listed twice.")
