"""The assignment as written → the assignment that is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from holdback.assignment.scheme_params import scheme_or_faults
from holdback.assignment.split import LayerRange, Split
from holdback.errors import AssignmentError
from holdback.experiments.config.models import (
    ExperimentFile,
    ProjectFile,
    WrittenAssignment,
    WrittenHoldout,
)
from holdback.experiments.config.validation import ConfigPath, Issues
from holdback.experiments.config.yaml_document import (
    MappingNode,
    ScalarNode,
    SequenceNode,
)
from holdback.experiments.definition.experiment import (
    Arm,
    Assignment,
    Holdout,
    Layer,
    Window,
)
from holdback.experiments.definition.split import shares_of
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.quantities import (
    decimal_text,
    did_you_mean,
    share_text,
)
from holdback.experiments.resolve.references import all_names

__all__ = [
    "assignment_of",
    "check_reserved",
    "check_salt",
    "holdout_of",
    "layer_of",
    "with_crossing",
]


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
        counted_shares=plan.counted_shares,
        everybody=plan.everybody,
        crossovers=plan.crossovers,
        crossovers_by_default="crossovers" not in plan.model_fields_set,
        where=plan.where,
        holdout=plan.holdout,
        layer=layer,
        params=params,
    )


def with_crossing(assignment: Assignment, sources: Mapping[str, Source]) -> Assignment:
    """The assignment with its default for units in two arms settled.

    Which arm came first is only known where exposures have a time; else such units
    are left out of both arms.
    """
    exposures = sources.get(assignment.source)
    timeless = exposures is not None and exposures.columns.time is None
    if not (assignment.crossovers_by_default and timeless):
        return assignment
    return replace(assignment, crossovers="exclude")


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
    if isinstance(node, MappingNode):
        return {key: _plain(item) for key, item in node.items()}
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node]
    return _value(node)


def _value(node: ScalarNode) -> str | int | float | bool:
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
        path: ConfigPath = ("assignment", "params", *fault.path)
        fix = fault.fix
        if not params:
            path, fix = ("assignment", "scheme"), f"Under `params`: {fix}"
        issues.add(path, fault.what, fix=fix, key=fault.on_key and bool(params))
    if scheme is None or issues.is_broken("arms") or issues.is_broken("assignment"):
        return
    own: ConfigPath = ("assignment", "params" if params else "scheme")
    if plan.scheme == "holdback":
        own = ("arms",)
    for traffic, path in (
        (Fraction(1), own),
        (plan.traffic, ("assignment", "traffic")),
    ):
        try:
            Split(plan.salt or "salt", shares_of(arms), traffic, scheme=scheme)
        except AssignmentError as error:
            for problem in error.problems:
                issues.add(
                    path, f"{problem.what}.", why=problem.why, fix=problem.fix, key=True
                )
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


SALT = re.compile(r"[A-Za-z0-9_.-]{1,100}")
LEAST_HOLDOUT = Fraction(1, 10_000)


def check_reserved(written: ProjectFile, issues: Issues) -> None:
    """Shares, salts and days of all holdouts, and salts of all layers."""
    for name, holdout in written.holdouts.items():
        path = ("holdouts", name)
        check_salt((*path, "salt"), holdout.salt, name, issues)
        if not LEAST_HOLDOUT <= holdout.share <= 1 - LEAST_HOLDOUT:
            near = f"Did you mean {decimal_text(holdout.share)}%?"
            issues.add(
                (*path, "share"),
                "a holdout's share lies from 0.01% to 99.99%.",
                fix=near if 1 <= holdout.share < 100 else "Write a share such as 5%.",
            )
        first, last = holdout.from_, holdout.until
        if first is not None and last is not None and last < first:
            what = f"the holdout ends {last}, before it begins {first}."
            fix = "Swap the days, or check the year."
            issues.add((*path, "until"), what, fix=fix)
    for name, room in written.layers.items():
        check_salt(("layers", name, "salt"), room.salt, name, issues)


def check_salt(
    path: ConfigPath, salt: str | None, default: str, issues: Issues
) -> None:
    """Note a salt that could make two keys meet: of `path`, or of the default name."""
    used = default if salt is None else salt
    if SALT.fullmatch(used):
        return
    fix = "Use letters, digits, '-', '_' and '.' only."
    if salt is None:
        what = f"the name '{used}' cannot be the salt as well."
        issues.add(path[:-1], what, fix=f"Add `salt: …`. {fix}", key=True)
    else:
        issues.add(
            path,
            f"'{used}' cannot be a salt.",
            why="Salt, purpose and id are joined by colons before they are hashed.",
            fix=fix,
        )


def holdout_of(
    written: ProjectFile,
    plan: WrittenAssignment,
    window: Window | None,
    issues: Issues,
) -> dict[str, Holdout]:
    """The holdout that the assignment names, by its name."""
    name = plan.holdout
    if name is None:
        return {}
    path = ("assignment", "holdout")
    names = all_names("holdouts", written.holdouts, issues)
    if name not in names:
        issues.add(path, f"there is no holdout '{name}'.", fix=_define(name, names))
    holdout = written.holdouts.get(name)
    if holdout is None:
        return {}
    if window is not None:
        _check_days(name, holdout, window, issues)
    return {
        name: Holdout(
            share=holdout.share,
            salt=holdout.salt or name,
            from_=holdout.from_,
            until=holdout.until,
        )
    }


def layer_of(
    written: ProjectFile, plan: WrittenAssignment, issues: Issues
) -> tuple[Layer | None, dict[str, str]]:
    """The part of a layer that the experiment uses, and name → salt of the layer."""
    if plan.layer is None:
        return None, {}
    name, (start, end) = plan.layer.name, plan.layer.range
    names = all_names("layers", written.layers, issues)
    if name not in names:
        fix = _define(name, names)
        issues.add(
            ("assignment", "layer", "name"), f"there is no layer '{name}'.", fix=fix
        )
    try:
        LayerRange(name=name, salt="layer", start=start, end=end).gate()
    except AssignmentError:
        span = f"[{share_text(start)}, {share_text(end)}]"
        issues.add(
            ("assignment", "layer", "range"),
            f"{span} is no range of a layer.",
            fix="Write [from, to] with 0% <= from < to <= 100%.",
        )
    room = written.layers.get(name)
    salts = {} if room is None else {name: room.salt or name}
    return Layer(name=name, range=(start, end)), salts


def _define(name: str, known: Iterable[str]) -> str:
    listed = ", ".join(known)
    return did_you_mean(name, known) or (
        f"Known: {listed}." if listed else "Define it in holdback.yaml."
    )


def _check_days(
    name: str, holdout: WrittenHoldout, window: Window, issues: Issues
) -> None:
    """A holdout that does not cover the window would let its units in half-way."""
    late = holdout.from_ is not None and window.start < holdout.from_
    early = holdout.until is not None and holdout.until < window.end
    if not (late or early):
        return
    days = " ".join(
        f"{word} {day}"
        for word, day in (("from", holdout.from_), ("until", holdout.until))
        if day is not None
    )
    issues.add(
        ("assignment", "holdout"),
        f"holdout '{name}' holds {days}, and the window goes from {window.start} to "
        f"{window.end}.",
        why="Its units would join in the middle of the test.",
        fix="Keep the window within the holdout's days, or leave the holdout out.",
    )
