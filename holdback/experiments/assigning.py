"""The assignment as written → the assignment that is meant."""

from __future__ import annotations

import re

from holdback.experiments.experiment import Arm, Assignment
from holdback.experiments.issues import Issues
from holdback.experiments.quantities import decimal_text, did_you_mean
from holdback.experiments.uses import all_names
from holdback.experiments.written import ExperimentFile, WrittenAssignment

__all__ = ["assignment_of"]

SALT = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def assignment_of(
    written: ExperimentFile, arms: tuple[Arm, ...], issues: Issues
) -> Assignment | None:
    """The assignment with its source and salt filled in; None without a source."""
    plan = written.assignment or WrittenAssignment.model_validate({})
    source = plan.source or _only_exposures(written, issues)
    names = all_names("sources", written.sources, issues)
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
    names = all_names("sources", written.sources, issues)
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
