"""A split that was changed after its plan was locked: what, and whom it would move.

What a hash decides is refused when it moves units; what a person decides (placements
by hand, who may take part, a new name of an arm) is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from holdback.analysis.preregistration.audit_log import LogEntry, entries_of
from holdback.analysis.preregistration.plan_hash import meaning_of
from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import HoldoutShare, LayerRange, Split
from holdback.assignment.split_changes import Changes, changes
from holdback.errors import Problem
from holdback.experiments.config.validation import ConfigPath
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import share

__all__ = ["SplitChange", "last_lock", "locked_split", "split_change", "split_remarks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitChange:
    """A change since the lock; `path` leads to what was changed."""

    path: ConfigPath
    what: str
    why: str = ""
    fix: str = ""

    def problem(self, where: str) -> Problem:
        """The problem at a place."""
        return Problem(where=where, what=self.what, why=self.why, fix=self.fix)


def split_change(
    experiment: Experiment, entries: Sequence[LogEntry]
) -> SplitChange | None:
    """How the split differs from that of the last lock, where hashes move units.

    A raised traffic that moves nobody is no change, and neither is a raised phase
    that draws all arms anew, nor a new name of an arm. `entries` are those of the
    audit log; the lock is found by the experiment's name and by its file.
    """
    lock = last_lock(experiment, entries)
    if lock is None:
        return None
    before, after = _split_in(lock.says["plan"]), _split_in(meaning_of(experiment))
    redrawn = before.recipe.draw != after.recipe.draw
    if before == after or (redrawn and after.phase > before.phase):
        return None
    change = changes(before, after)
    if not change.switched and not change.dropped and not redrawn:
        return None
    renamed = (before.salt, after.salt) == (lock.experiment, experiment.name)
    if renamed and lock.experiment != experiment.name:
        return _by_name(lock.experiment, change)
    return SplitChange(
        path=_path(before, after),
        what="the split was changed since the plan was locked: "
        f"{'; '.join(change.causes)}.",
        why=_why(change),
        fix=_fix(before, after),
    )


def split_remarks(
    experiment: Experiment, entries: Sequence[LogEntry]
) -> Iterator[SplitChange]:
    """What was changed since the last lock and is allowed, yet changes who is in.

    Placements by hand, an arm's new name, a holdout or layer that was taken away, the
    condition of eligibility, and arms that are no longer read but computed.
    """
    lock = last_lock(experiment, entries)
    if lock is None:
        return
    plan, now = lock.says["plan"], meaning_of(experiment)
    before, after = _split_in(plan), _split_in(now)
    change = changes(before, after)
    if change.renamed:
        names = ", ".join(f"'{a}' is now '{b}'" for a, b in change.renamed.items())
        yield SplitChange(
            path=("arms",),
            what=f"an arm was renamed since the plan was locked: {names}.",
            why="That moves nobody; logs must use the new name, or `logged_as`.",
        )
    if change.by_hand:
        yield SplitChange(
            path=("assignment", "overrides"),
            what=f"{change.by_hand:,} units change their arm by `overrides`.",
            why="They carry the old arm's effect into the new one, so keep this to "
            "people who test the page.",
        )
    for kind in ("holdout", "layer"):
        if getattr(before, kind) is not None and getattr(after, kind) is None:
            yield SplitChange(
                path=("assignment",),
                what=f"the {kind} was taken away since the plan was locked.",
                why=f"{_percent(change.joined)} of the units that had no arm would "
                "get one now.",
                fix="Put it back, unless these units may be in the test.",
            )
    yield from _who_may_take_part(plan, now)


def _who_may_take_part(
    plan: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[SplitChange]:
    """Changes whose units only the data can count."""
    old, new = (p["assignment"].get("where") for p in (plan, now))
    if old != new:
        yield SplitChange(
            path=("assignment", "where" if new else "source"),
            what=f"who may take part was changed since the plan was locked: {old} "
            f"became {new}."
            if old and new
            else "who may take part was changed since the plan was locked.",
            why="Units that no longer qualify lose their arm; `holdback assign` "
            "counts them in its file.",
        )
    old, new = (_arm_column(p) for p in (plan, now))
    if old and not new:
        yield SplitChange(
            path=("assignment", "source"),
            what=f"the arm was read from column '{old}' when the plan was locked, and "
            "is computed from the ids now.",
            why="Units whose logged arm was another one would move.",
            fix="Put the column back; `holdback audit` compares the two.",
        )


def _arm_column(plan: Mapping[str, Any]) -> str | None:
    source = plan["sources"].get(plan["assignment"]["source"], {})
    arm: str | None = source.get("columns", {}).get("arm")
    return arm


def last_lock(experiment: Experiment, entries: Sequence[LogEntry]) -> LogEntry | None:
    """The entry of the last lock of an experiment, None without one."""
    locks = [e for e in entries_of(experiment, entries) if e.kind == "lock"]
    return locks[-1] if locks else None


def locked_split(experiment: Experiment, entries: Sequence[LogEntry]) -> Split | None:
    """The split of the last lock, None without one."""
    lock = last_lock(experiment, entries)
    return None if lock is None else _split_in(lock.says["plan"])


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


def _by_name(old: str, change: Changes) -> SplitChange:
    return SplitChange(
        path=("experiment",),
        what=f"the experiment was called '{old}' when its plan was locked, and "
        "without a `salt` the name draws the arms.",
        why=_why(change),
        fix=f"Write `salt: {old}` under `assignment`, or put the name back. A new "
        "experiment gets a file of its own.",
    )


def _path(before: Split, after: Split) -> ConfigPath:
    """The first key that differs, in the order of what it does."""
    if before.arms != after.arms:
        return ("arms",)
    if before.scheme != after.scheme:
        same = before.scheme.kind == after.scheme.kind
        return ("assignment", "params" if same else "scheme")
    keys = ("salt", "phase", "traffic", "holdout", "layer", "overrides")
    differ = [k for k in keys if getattr(before, k) != getattr(after, k)]
    return ("assignment", *differ[:1])


def _why(change: Changes) -> str:
    return (
        f"{_percent(change.switched)} of the units that have an arm would switch to "
        f"another, and {_percent(change.dropped)} would lose theirs. Who switches "
        "carries the effect of the old arm into the new one, counts as seen in two "
        "arms, and the arms no longer have the planned shares."
    )


def _percent(part: Fraction) -> str:
    """A share in percent with three digits that count: 0.0105 % is not 0 %."""
    return f"{float(100 * part):.3g}%"


def _fix(before: Split, after: Split) -> str:
    if after.phase > before.phase:
        return (
            "Change the scheme's own seed or salt under `params` too: the raised phase "
            "does not reach it, so nobody is drawn anew."
        )
    return (
        f"Put it back, or write `phase: {before.phase + 1}`, which draws all arms "
        "anew, and read the phases apart. Only `traffic` may be raised in between. "
        "Where no unit has seen its arm yet, `holdback lock --again --because …` "
        "records the new split with the reason."
    )
