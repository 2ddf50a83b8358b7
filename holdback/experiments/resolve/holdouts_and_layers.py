"""Holdouts and layers as written → the ones that an experiment uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from holdback.assignment.reserved import LayerRange
from holdback.errors import AssignmentError
from holdback.experiments.config.issues import Issues, Path
from holdback.experiments.config.models import (
    ProjectFile,
    WrittenAssignment,
    WrittenHoldout,
)
from holdback.experiments.definition.experiment import Holdout, Layer, Window
from holdback.experiments.language.quantities import (
    decimal_text,
    did_you_mean,
    share_text,
)
from holdback.experiments.resolve.references import all_names

__all__ = ["check_reserved", "check_salt", "holdout_of", "layer_of"]

SALT = re.compile(r"[A-Za-z0-9_.-]{1,100}")
LEAST = Fraction(1, 10_000)


def check_reserved(written: ProjectFile, issues: Issues) -> None:
    """Shares, salts and days of all holdouts, and salts of all layers."""
    for name, holdout in written.holdouts.items():
        path = ("holdouts", name)
        check_salt((*path, "salt"), holdout.salt, name, issues)
        if not LEAST <= holdout.share <= 1 - LEAST:
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


def check_salt(path: Path, salt: str | None, default: str, issues: Issues) -> None:
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
    found = written.holdouts.get(name)
    if found is None:
        return {}
    if window is not None:
        _check_days(name, found, window, issues)
    return {
        name: Holdout(
            share=found.share,
            salt=found.salt or name,
            from_=found.from_,
            until=found.until,
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
        told = f"[{share_text(start)}, {share_text(end)}]"
        issues.add(
            ("assignment", "layer", "range"),
            f"{told} is no range of a layer.",
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
