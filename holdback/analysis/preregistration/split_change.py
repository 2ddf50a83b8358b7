"""A split that was changed after its plan was locked: what, and whom it would move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from holdback.analysis.preregistration.audit_log import LogEntry
from holdback.analysis.preregistration.plan_hash import meaning_of
from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Changes, HoldoutShare, LayerRange, Split, changes
from holdback.errors import Problem
from holdback.experiments.config.validation import ConfigPath
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import share, share_text

__all__ = ["SplitChange", "split_change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitChange:
    """A change that is refused; `path` leads to what was changed."""

    path: ConfigPath
    what: str
    why: str
    fix: str

    def problem(self, where: str) -> Problem:
        """The problem at a place."""
        return Problem(where=where, what=self.what, why=self.why, fix=self.fix)


def split_change(
    experiment: Experiment, entries: Iterable[LogEntry]
) -> SplitChange | None:
    """How the split differs from that of the last lock, where that moves units.

    A raised traffic that moves nobody is no change, and neither is a raised phase
    that draws all arms anew. `entries` are those of the audit log.
    """
    own = [e for e in entries if (e.kind, e.experiment) == ("lock", experiment.name)]
    if not own:
        return None
    before = _split_in(own[-1].says["plan"])
    after = _split_in(meaning_of(experiment))
    redrawn = before.recipe.draw != after.recipe.draw
    if before == after or (redrawn and after.phase > before.phase):
        return None
    change = changes(before, after)
    if change.moves_nobody and not redrawn and before.arms == after.arms:
        return None
    return SplitChange(
        path=_path(before, after),
        what="the split was changed since the plan was locked: "
        f"{'; '.join(change.causes)}.",
        why=_why(change),
        fix=_fix(before, after),
    )


def _split_in(plan: Mapping[str, Any]) -> Split:
    """The split of a plan as the log keeps it (`meaning_of`)."""
    said = plan["assignment"]
    shares = [(name, share(plan["arms"][name]["share"])) for name in plan["arm_order"]]
    total = sum(part for _, part in shares)
    holdout = layer = None
    if "holdout" in said:
        kept = plan["holdouts"][said["holdout"]]
        holdout = HoldoutShare(
            name=said["holdout"], share=share(kept["share"]), salt=kept["salt"]
        )
    if "layer" in said:
        start, end = map(share, said["layer"]["range"])
        name = said["layer"]["name"]
        salt = plan["layers"][name]["salt"]
        layer = LayerRange(name=name, salt=salt, start=start, end=end)
    return Split(
        salt=said["salt"],
        arms=tuple((name, part / total) for name, part in shares),
        traffic=share(said["traffic"]),
        phase=said["phase"],
        overrides=said.get("overrides", {}),
        scheme=scheme_of(said["scheme"], said.get("params", {})),
        holdout=holdout,
        layer=layer,
    )


def _path(before: Split, after: Split) -> ConfigPath:
    """The first key that differs, in the order of what it does."""
    if before.arms != after.arms:
        return ("arms",)
    if before.scheme != after.scheme:
        same = before.scheme.kind == after.scheme.kind
        return ("assignment", "params" if same else "scheme")
    keys = ("salt", "phase", "traffic", "holdout", "layer")
    differ = (k for k in keys if getattr(before, k) != getattr(after, k))
    return ("assignment", next(differ))


def _why(change: Changes) -> str:
    switched, dropped = (
        share_text(Fraction(round(1000 * part), 1000))
        for part in (change.switched, change.dropped)
    )
    return (
        f"{switched} of the units that have an arm would switch to another, and "
        f"{dropped} would lose theirs. Who switches carries the effect of the old arm "
        "into the new one, counts as seen in two arms, and the arms no longer have "
        "the planned shares."
    )


def _fix(before: Split, after: Split) -> str:
    if after.phase > before.phase:
        return (
            "Change the scheme's own seed or salt under `params` too: the raised phase "
            "does not reach it, so nobody is drawn anew."
        )
    return (
        f"Put it back, or write `phase: {before.phase + 1}`, which draws all arms "
        "anew, and read the phases apart. Only `traffic` may be raised in between."
    )
