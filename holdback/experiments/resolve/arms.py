"""Arms as written → arms: names that cannot be confused, shares, one control."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from fractions import Fraction

from holdback.experiments.config.models import WrittenArm
from holdback.experiments.config.validation import Issues
from holdback.experiments.definition.experiment import Arm
from holdback.experiments.language.quantities import decimal_text, share_text

__all__ = ["arms_of"]

CONTROL_NAMES = ("holdback", "control")
TOLERANCE = Fraction(1, 10**9)


def arms_of(
    written: Mapping[str, WrittenArm] | None, issues: Issues
) -> tuple[Arm, ...]:
    """The arms in the file's order; empty when there are none to speak of."""
    if written is None:
        return ()
    _check_names(written, issues)
    if issues.is_broken("arms"):
        return ()
    for name, arm in written.items():
        if not 0 < arm.share < 1:
            issues.add(
                ("arms", name, "share"),
                f"the share of '{name}' is {share_text(arm.share)}, not between 0% and "
                "100%.",
                fix=_percent_hint(arm.share),
            )
    if len(written) < 2:
        issues.add(
            ("arms",),
            "an experiment has two or more arms.",
            fix="arms: {holdback: {share: 10%}, personalized: {share: 90%}}",
            key=True,
        )
    if issues.is_broken("arms"):
        return ()
    _check_sum(written, issues)
    control = _control(written, issues)
    _check_doses(written, control, issues)
    return tuple(
        Arm(
            name=name,
            share=arm.share,
            control=name == control,
            label=arm.label,
            logged_as=arm.logged_as,
            dose=arm.dose,
        )
        for name, arm in written.items()
    )


def _check_sum(written: Mapping[str, WrittenArm], issues: Issues) -> None:
    total = sum((arm.share for arm in written.values()), Fraction(0))
    if abs(total - 1) <= TOLERANCE:
        return
    listed = " + ".join(share_text(arm.share) for arm in written.values())
    issues.add(
        ("arms",),
        f"the shares sum to {share_text(total)} ({decimal_text(total)}), not to 100%.",
        why=f"{listed} = {share_text(total)}.",
        fix="Mend a share; for units outside the experiment use `assignment: {traffic: "
        "…}`.",
        key=True,
    )


def _check_doses(
    written: Mapping[str, WrittenArm], control: str | None, issues: Issues
) -> None:
    doses = [arm.dose for arm in written.values() if arm.dose is not None]
    if not doses:
        return
    if len(doses) < len(written):
        missing = next(name for name, arm in written.items() if arm.dose is None)
        issues.add(
            ("arms", missing),
            f"'{missing}' has no 'dose', and other arms have one.",
            fix="Give every arm a dose; that of the holdback is usually 0.",
            key=True,
        )
    elif len(set(doses)) < max(3, len(doses)):
        issues.add(
            ("arms",),
            "doses order three or more arms, each with a dose of its own.",
            fix="arms: {holdback: {share: 20%, dose: 0}, rules: {share: 40%, dose: 1}, "
            "predictive: {share: 40%, dose: 2}}",
            key=True,
        )
    elif control is not None and written[control].dose != min(doses):
        issues.add(
            ("arms", control, "dose"),
            f"the control '{control}' has not the lowest dose.",
            why="Each arm is held against the next less intense one, down to it.",
            fix="Give the control the dose 0.",
        )


def _control(written: Mapping[str, WrittenArm], issues: Issues) -> str | None:
    flagged = [name for name, arm in written.items() if arm.control]
    if len(flagged) > 1:
        issues.add(
            ("arms", flagged[1], "control"),
            f"'{flagged[0]}' and '{flagged[1]}' are both the control.",
            fix="Flag the one arm that the others are held against.",
        )
        return None
    if flagged:
        return flagged[0]
    named = [name for name in written if name in CONTROL_NAMES]
    if len(named) == 1:
        return named[0]
    issues.add(
        ("arms",),
        "which arm is the control is not said.",
        why="Lift is measured against it.",
        fix="Add `control: true` to the arm without personalization.",
        key=True,
    )
    return None


def _check_names(written: Mapping[str, WrittenArm], issues: Issues) -> None:
    seen: dict[str, str] = {}
    logged: dict[str, str] = {}
    for name, arm in written.items():
        if not name.strip() or name != name.strip() or name == "*" or len(name) > 100:
            issues.add(
                ("arms", name),
                f"'{name}' cannot be an arm's name.",
                fix="Use a short word without spaces around it.",
                key=True,
            )
        folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        if folded in seen:
            issues.add(
                ("arms", name),
                f"the arms '{seen[folded]}' and '{name}' are too alike.",
                why="They differ only in case, spaces or the form of a letter.",
                fix="Choose names that cannot be mistaken for each other.",
                key=True,
            )
        seen.setdefault(folded, name)
        called = arm.logged_as or name
        if called in logged:
            issues.add(
                ("arms", name),
                f"'{logged[called]}' and '{name}' are both logged as '{called}'.",
                key=True,
            )
        logged.setdefault(called, name)


def _percent_hint(share: Fraction) -> str:
    if 1 <= share < 100:
        return f"Did you mean {decimal_text(share)}%?"
    return "Write a share such as 10%."
