"""The assignment as written → the assignment that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from holdback.assignment.params import scheme_or_faults
from holdback.assignment.split import Split
from holdback.errors import AssignmentError
from holdback.experiments.config.document import Block, Items, Scalar
from holdback.experiments.config.issues import Issues, Path
from holdback.experiments.config.models import ExperimentFile, WrittenAssignment
from holdback.experiments.definition.experiment import Arm, Assignment, Layer
from holdback.experiments.definition.split import shares_of
from holdback.experiments.language.quantities import decimal_text, did_you_mean
from holdback.experiments.resolve.holdouts_and_layers import check_salt
from holdback.experiments.resolve.references import all_names

__all__ = ["assignment_of"]


def assignment_of(
    written: ExperimentFile,
    plan: WrittenAssignment,
    arms: tuple[Arm, ...],
    layer: Layer | None,
    issues: Issues,
) -> Assignment | None:
    """The assignment with its source and salt filled in; None without a source."""
    source = plan.source or _only_exposures(written, issues)
    names = all_names("sources", written.sources, issues)
    if source is not None and source not in names:
        issues.add(
            ("assignment", "source"),
            f"there is no source '{source}'.",
            fix=did_you_mean(source, names) or f"Sources: {', '.join(names)}.",
        )
    _check_overrides(plan, arms, issues)
    salt = plan.salt or written.experiment or ""
    if plan.salt is not None:
        check_salt(("assignment", "salt"), salt, salt, issues)
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
    params = {key: _plain(node) for key, node in plan.params.items()}
    if not issues.is_broken("assignment", "scheme"):
        _check_scheme(plan, params, arms, issues)
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
        include_overridden=plan.include_overridden,
        crossovers=plan.crossovers,
        where=plan.where,
        holdout=plan.holdout,
        layer=layer,
        params=params,
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


def _plain(node: Any) -> Any:
    """A part of `params` as plain values; numbers stay exact in what they say."""
    if isinstance(node, Block):
        return {key: _plain(item) for key, item in node.items()}
    if isinstance(node, Items):
        return [_plain(item) for item in node]
    return _value(node)


def _value(node: Scalar) -> str | int | float | bool:
    if node.means == "boolean":
        return node.text.lower() == "true"
    if node.means == "text":
        return node.text
    for read in (int, float):
        try:
            value = read(node.text)
        except ValueError:
            continue
        if read is float or str(value) == node.text:
            return value
    return int(node.text, 0)  # YAML's 0x1F and 0o17


def _check_scheme(
    plan: WrittenAssignment,
    params: Mapping[str, Any],
    arms: tuple[Arm, ...],
    issues: Issues,
) -> None:
    """Note what is wrong with the scheme's parameters, or with the split under it."""
    scheme, faults = scheme_or_faults(plan.scheme, params)
    for fault in faults:
        path: Path = ("assignment", "params", *fault.path)
        fix = fault.fix
        if not params:
            path, fix = ("assignment", "scheme"), f"Under `params`: {fix}"
        issues.add(path, fault.what, fix=fix, key=fault.on_key and bool(params))
    if scheme is None or issues.is_broken("arms") or issues.is_broken("assignment"):
        return
    own: Path = ("assignment", "params" if params else "scheme")
    if plan.scheme == "holdback":
        own = ("arms",)
    for traffic, path in (
        (Fraction(1), own),
        (plan.traffic, ("assignment", "traffic")),
    ):
        try:
            Split(plan.salt or "salt", shares_of(arms), traffic, scheme=scheme)
        except AssignmentError as error:
            for one in error.problems:
                issues.add(path, f"{one.what}.", why=one.why, fix=one.fix, key=True)
            return


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
