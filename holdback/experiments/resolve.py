"""What is written → the `Experiment` that is meant: references, defaults, sums, order.

Every check notes its problem and goes on; an Experiment exists only when there is
none. Checks that would merely repeat an earlier problem are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path as FilePath
from typing import Any

from holdback.experiments.arms import arms_of
from holdback.experiments.currency import CODES
from holdback.experiments.experiment import (
    Analysis,
    Arm,
    Assignment,
    Experiment,
    Prior,
    Window,
)
from holdback.experiments.issues import Issues
from holdback.experiments.metrics import Metric
from holdback.experiments.plugins import Later
from holdback.experiments.quantities import decimal_text, did_you_mean
from holdback.experiments.resolved import resolved_of
from holdback.experiments.sources import Columns, Source
from holdback.experiments.tables import check_connection, metric_from, source_from
from holdback.experiments.worth import decision_of, economics_of, guardrails_of
from holdback.experiments.written import (
    ExperimentFile,
    ProjectFile,
    WrittenAnalysis,
    WrittenAssignment,
    WrittenLookback,
    WrittenPrior,
)

__all__ = ["check_project", "metrics_of", "resolve", "sources_of"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
SALT = re.compile(r"[A-Za-z0-9_.-]{1,100}")
LOCALE = re.compile(r"[a-z]{2,3}([-_][A-Z][a-z]{3})?([-_]([A-Z]{2}|\d{3}))?")


def resolve(
    written: ExperimentFile,
    issues: Issues,
    *,
    environ: Mapping[str, str],
    root: FilePath,
    file: str,
) -> Experiment | None:
    """The experiment of the merged files, or None when `issues` has problems."""
    _check_name(written.experiment, issues)
    check_project(written, issues, environ)
    arms = arms_of(written.arms, issues)
    metrics = metrics_of(written, _metric_names(written, issues), issues)
    assignment = _assignment(written, arms, issues)
    used = {m.source for metric in metrics.values() for m in metric.measures()}
    if assignment is not None:
        used.add(assignment.source)
    sources = sources_of(written, used, issues, environ)
    window = _window(written, issues)
    analysis = _analysis(written.analysis or WrittenAnalysis.model_validate({}), issues)
    guardrails = guardrails_of(written, metrics, issues)
    economics = economics_of(written, metrics, issues)
    decision = decision_of(written, issues)
    if assignment is not None:
        _check_times(written, assignment, metrics, sources, issues)
        _check_attributes(assignment, analysis, sources, issues)
    if issues.problems or assignment is None:
        return None
    experiment = Experiment(
        name=written.experiment or "",
        arms=arms,
        assignment=assignment,
        metrics=metrics,
        sources=sources,
        primary=written.primary or "",
        window=window,
        secondary=written.secondary,
        guardrails=guardrails,
        analysis=analysis,
        economics=economics,
        decision=decision,
        hypothesis=written.hypothesis,
        owner=written.owner,
        currency=written.currency,
        timezone=written.timezone or "UTC",
        locale=(written.locale or "en-US").replace("_", "-"),
        database=written.database or "duckdb",
        root=root,
        file=file,
    )
    return replace(experiment, resolved=resolved_of(experiment))


def check_project(
    written: ProjectFile, issues: Issues, environ: Mapping[str, str] | None
) -> None:
    """Currency, timezone, locale and database; without `environ` not the last."""
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
    if name is not None and not NAME.fullmatch(name):
        issues.add(
            ("experiment",),
            f"'{name}' cannot be an experiment's name.",
            why="The name becomes the output folder and the default salt.",
            fix="Use letters, digits, '-', '_' and '.'; begin with a letter or digit.",
        )


def metrics_of(
    written: ProjectFile, used: Sequence[str], issues: Issues
) -> dict[str, Metric]:
    """The metrics that are used, in their order; the others are checked as well.

    A metric of a kind that this version does not read stops only who uses it.
    """
    digits = CODES.get(written.currency or "", 2)
    names = _names("sources", written.sources, issues)
    found = {}
    for name in dict.fromkeys((*used, *written.metrics)):
        model = written.metrics.get(name)
        if model is None or (isinstance(model, Later) and name not in used):
            continue
        metric = metric_from(
            name, model, issues, known_sources=names, money_digits=digits
        )
        if metric is None or name not in used:
            continue
        found[name] = metric
        if metric.unit == "money" and written.currency is None:
            issues.add(
                ("metrics", name, "unit"),
                f"metric '{name}' is money, but there is no currency.",
                fix="Add `currency: EUR` (ISO 4217).",
            )
    return found


def _metric_names(written: ExperimentFile, issues: Issues) -> list[str]:
    """Names of the metrics that are used and defined; each has one role."""
    economics = written.economics
    uses: list[tuple[tuple[str | int, ...], str | None, str]] = [
        (("primary",), written.primary, "primary")
    ]
    uses += [
        (("secondary", i), n, "secondary") for i, n in enumerate(written.secondary)
    ]
    uses += [(("guardrails", n), n, "guardrail") for n in written.guardrails]
    value = economics.value if economics else None
    uses.append((("economics", "value"), value, "value"))
    known = _names("metrics", written.metrics, issues)
    roles: dict[str, str] = {}
    for path, name, role in uses:
        if name is None:
            continue
        on_key = path[0] == "guardrails"
        if name not in known:
            fix = did_you_mean(name, known) or (
                f"Metrics: {', '.join(known)}." if known else "Define it in `metrics`."
            )
            issues.add(path, f"there is no metric '{name}'.", fix=fix, key=on_key)
        elif name in roles and role != "value":
            what = f"'{name}' is already the {roles[name]} metric."
            if role == roles[name]:
                what = f"'{name}' is listed twice."
            issues.add(path, what, fix="Give each metric one role.", key=on_key)
        else:
            roles.setdefault(name, role)
    return list(roles)


def _names(section: str, read: Mapping[str, Any], issues: Issues) -> tuple[str, ...]:
    """All names written in a section, whether they could be read or not."""
    names = dict.fromkeys(read)
    for document in issues.documents:
        block = document.root.get(section) if document.root is not None else None
        names |= dict.fromkeys(getattr(block, "key_places", {}))
    return tuple(names)


def sources_of(
    written: ProjectFile,
    used: Iterable[str],
    issues: Issues,
    environ: Mapping[str, str],
) -> dict[str, Source]:
    """The sources that are used, by name; the others are checked as well.

    Variables need to be set, and kinds known to this version, only where used.
    """
    wanted = set(used)
    found = {}
    for name, model in written.sources.items():
        if isinstance(model, Later) and name not in wanted:
            continue
        source = source_from(name, model, issues, environ if name in wanted else None)
        if source is not None and name in wanted:
            found[name] = source
    return found


def _assignment(
    written: ExperimentFile, arms: tuple[Arm, ...], issues: Issues
) -> Assignment | None:
    plan = written.assignment or WrittenAssignment.model_validate({})
    source = plan.source or _only_exposures(written, issues)
    names = _names("sources", written.sources, issues)
    if source is not None and source not in names:
        issues.add(
            ("assignment", "source"),
            f"there is no source '{source}'.",
            fix=did_you_mean(source, names) or f"Sources: {', '.join(names)}.",
        )
    _refuse_later_schemes(plan, issues)
    _check_overrides(plan, arms, issues)
    salt = plan.salt or written.experiment or ""
    if plan.salt is not None and not SALT.fullmatch(plan.salt):
        issues.add(
            ("assignment", "salt"),
            f"'{plan.salt}' cannot be a salt.",
            fix="Use letters, digits, '-', '_' and '.' only.",
        )
    if not 0 < plan.traffic <= 1:
        hint = (
            f"Did you mean {decimal_text(plan.traffic)}%?"
            if plan.traffic <= 100
            else ""
        )
        issues.add(
            ("assignment", "traffic"),
            "traffic lies above 0% and not above 100%.",
            fix=hint if plan.traffic > 1 else "",
        )
    if plan.phase < 1:
        issues.add(("assignment", "phase"), "the first phase is 1.")
    if source is None:
        return None
    return Assignment(
        source=source,
        salt=salt,
        scheme=plan.scheme,
        traffic=plan.traffic,
        phase=plan.phase,
        overrides=plan.overrides,
        overrides_file=plan.overrides_file,
        crossovers=plan.crossovers,
        where=plan.where,
    )


def _only_exposures(written: ExperimentFile, issues: Issues) -> str | None:
    """The source of exposures where none is named: the one that holds arms."""
    names = _names("sources", written.sources, issues)
    if len(names) == 1:
        return names[0]
    columns = {
        name: getattr(model, "columns", None) for name, model in written.sources.items()
    }
    armed = [name for name, roles in columns.items() if getattr(roles, "arm", None)]
    if len(armed) == 1:
        return armed[0]
    if "assignments" in names:
        return "assignments"
    if not names and not issues.is_broken("sources"):
        issues.add(
            ("sources",),
            "there is no source of data.",
            fix="Add `sources: {assignments: {csv: file.csv, columns: {unit: id}}}`.",
        )
    elif not issues.is_broken("sources") and not issues.is_broken("assignment"):
        issues.add(
            ("assignment",),
            "which source holds the exposures is not said.",
            fix=f"Add `assignment: {{source: …}}`, one of: {', '.join(names)}.",
            key=True,
        )
    return None


def _refuse_later_schemes(plan: WrittenAssignment, issues: Issues) -> None:
    for key, what in (
        ("scheme", f"scheme '{plan.scheme}'" if plan.scheme != "holdback" else ""),
        ("holdout", "a global holdout" if plan.holdout is not None else ""),
        ("layer", "a layer" if plan.layer is not None else ""),
        ("params", "a scheme with params" if plan.params else ""),
    ):
        if what and not (key == "params" and plan.scheme != "holdback"):
            issues.add(
                ("assignment", key),
                f"{what} is not in this version.",
                fix="Leave it out.",
                key=True,
            )


def _check_overrides(
    plan: WrittenAssignment, arms: tuple[Arm, ...], issues: Issues
) -> None:
    names = [arm.name for arm in arms]
    for unit, arm in plan.overrides.items():
        if names and arm not in names:
            issues.add(
                ("assignment", "overrides", unit),
                f"there is no arm '{arm}'.",
                fix=did_you_mean(arm, names) or f"Arms: {', '.join(names)}.",
            )


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


def _analysis(written: WrittenAnalysis, issues: Issues) -> Analysis:
    _check_level(written.level, issues)
    looks, prior = written.looks, written.prior
    if looks == "always_valid" or not isinstance(looks, str):
        told = "looks: always_valid" if isinstance(looks, str) else "a list of looks"
        fix = "Write `looks: spending` or `looks: end`."
        issues.add(("analysis", "looks"), f"{told} is not in this version.", fix=fix)
    if prior == "past":
        fix = "Write weak, skeptical, none or {lift_sd: 10%}."
        issues.add(
            ("analysis", "prior"), "prior: past is not in this version.", fix=fix
        )
    lookback: timedelta | None = None
    covariates: tuple[str, ...] = ()
    if isinstance(written.covariates, tuple):
        covariates = written.covariates
    elif written.covariates is not None:
        lookback = written.covariates.lookback
    return Analysis(
        level=written.level,
        looks=_looks(looks),
        lookback=lookback,
        covariates=covariates,
        multiplicity=written.multiplicity,
        prior=_prior(prior, issues),
        segments=written.segments,
    )


def _looks(written: str | tuple[date, ...]) -> Any:
    return written


def _check_level(level: Fraction, issues: Issues) -> None:
    if 0 < level < 1:
        if level < Fraction(1, 2):
            issues.add(
                ("analysis", "level"),
                f"a level of {decimal_text(level * 100)}% is below 50%.",
                why="`level` is the coverage of the intervals, not the error rate.",
                fix=f"Did you mean {decimal_text((1 - level) * 100)}%?",
            )
        return
    meant = ""
    if 1 < level < 100:
        percent = level if level >= 50 else 100 - level
        meant = f"Did you mean {decimal_text(percent)}%?"
    issues.add(
        ("analysis", "level"),
        "the level lies between 0% and 100%.",
        fix=meant or "Write 95%.",
    )


def _prior(written: Any, issues: Issues) -> Prior:
    if isinstance(written, WrittenPrior):
        if not 0 < written.lift_sd <= 10:
            issues.add(
                ("analysis", "prior", "lift_sd"),
                "the lift's standard deviation lies above 0% and not above 1000%.",
            )
        return Prior(name="custom", lift_sd=written.lift_sd)
    return Prior(name=written)


def _check_times(
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
    where = ("sources", assignment.source, "columns")
    if columns.unit == "row" and columns.arm is None:
        what = "rows that are their own units have no id to compute an arm from."
        issues.add(where, what, fix="Name the column of the logged arm: `arm: column`.")
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
    for name, metric in metrics.items():
        _check_metric_times(name, metric, columns, assignment.source, issues)


def _check_metric_times(
    name: str,
    metric: Metric,
    columns: Columns,
    exposures: str,
    issues: Issues,
) -> None:
    path = ("metrics", name)
    others = {m.source for m in metric.measures()} - {exposures}
    if columns.unit == "row" and others:
        what = f"metric '{name}' reads '{min(others)}', but the units are rows."
        fix = f"Use columns of '{exposures}', or name the unit's id."
        issues.add(path, what, fix=fix, key=True)
        return
    if columns.time is None and metric.within is not None:
        what = "'within' needs the time of each exposure."
        fix = f"Name it: `time: column` in source '{exposures}'."
        issues.add((*path, "within"), what, fix=fix)


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


def _check_attributes(
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
