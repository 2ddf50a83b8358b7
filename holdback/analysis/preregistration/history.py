"""What the audit log tells of an experiment: its lock, earlier looks, its status."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from holdback.analysis.comparison.comparison import Group, formula_columns, moments_of
from holdback.analysis.preregistration.audit_log import (
    LogEntry,
    append,
    entries_of,
    log_path,
    read,
)
from holdback.analysis.preregistration.event_notes import (
    Exclusion,
    excluded_by,
    note_events,
)
from holdback.analysis.preregistration.log_end import (
    LOSS_KIND,
    LogLoss,
    looks_taken,
    loss_of,
    losses,
)
from holdback.analysis.preregistration.plan_hash import meaning_of, plan_hash
from holdback.analysis.preregistration.tier_cuts import cuts_told
from holdback.data.evidence.cells import Cells, Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import share
from holdback.experiments.resolve.snapshot import resolved_of
from holdback.facts import Fact, fact
from holdback.results.scorecard import AUDIT_LOG, Input, LookTaken

__all__ = [
    "History",
    "as_locked",
    "history_of",
    "look_key",
    "record",
    "settled",
    "settled_changes",
]

LookStatus = Literal["confirmatory", "amended", "exploratory"]

RAMP = "assignment.traffic"
"""What may change under a lock: raising the traffic moves nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What came before this reading.

    `looks`: information at earlier looks that could decide, rising. `planned_units`:
    matured units that the locked plan counts on. `restated`: sources whose rows have
    changed since the same moment was looked at, with the rows then. `settled`: what
    could no longer change at the last earlier look. `expected`: what the locked plan
    counted on. `taken`: the looks before this one, with those that the log has lost;
    `losses` says what it has lost, and `loss` is what it does not tell yet. `at_lock`
    and `at_look` are the exclusions of days that stood in the file by the lock and by
    the first look; None where there is no such thing yet.
    """

    status: LookStatus = "exploratory"
    amended: tuple[str, ...] = ()
    looks: tuple[float, ...] = ()
    planned_units: int | None = None
    restated: Mapping[str, int] = ()  # type: ignore[assignment]  # empty
    recorded: bool = False
    settled: Mapping[str, Any] | None = None
    expected: Mapping[str, Any] | None = None
    taken: tuple[LookTaken, ...] = ()
    losses: tuple[LogLoss, ...] = ()
    loss: LogLoss | None = None
    at_lock: frozenset[Exclusion] | None = None
    at_look: frozenset[Exclusion] | None = None


def as_locked(experiment: Experiment) -> Experiment:
    """The experiment under the defaults that were in force when its plan was locked.

    What the file does not say means what it meant then. Raises ConfigError where the
    log was changed.
    """
    path = log_path(experiment)
    own = [] if path is None else read(path)
    locks = _locks([e for e in own if e.experiment == experiment.name])
    plan = locks[-1].says["plan"] if locks else {}
    then = plan.get("defaults", experiment.defaults)
    if then >= experiment.defaults:
        return experiment
    assignment = experiment.assignment
    if assignment.crossovers_by_default:
        assignment = replace(assignment, crossovers=plan["assignment"]["crossovers"])
    locked = replace(experiment, assignment=assignment, defaults=then)
    return replace(locked, resolved=resolved_of(locked))


def _locks(own: Sequence[LogEntry]) -> list[LogEntry]:
    """Plans that were locked before the first look."""
    first_look = next((i for i, e in enumerate(own) if e.kind == "look"), len(own))
    return [e for e in own[:first_look] if e.kind == "lock"]


def history_of(
    experiment: Experiment, as_of: str | None, inputs: Sequence[Input]
) -> History:
    """What the log says that came before a reading of these inputs at `as_of`.

    A reading that stands in the log already sees what stood there before it, so that
    it comes out the same again. Raises ConfigError where the log was changed.
    """
    path = log_path(experiment)
    entries = [] if path is None else read(path)
    own = entries_of(experiment, entries)
    key = look_key(experiment, as_of, inputs)
    at = next((i for i, e in enumerate(own) if (e.kind, e.key) == ("look", key)), None)
    before = own if at is None else own[:at]
    looks = [e for e in before if e.kind == "look"]
    loss = loss_of(experiment, entries)
    taken = looks_taken(before)
    if loss is not None and at is None:
        taken += tuple(look for look in loss.looks if look.key != key)
    known = losses([e for e in entries if e.kind == LOSS_KIND])
    locks = _locks(own)
    status, amended = _status(experiment, locks)
    if loss is not None or known:
        status, amended = "amended", (*amended, AUDIT_LOG)
    return History(
        status=status,
        amended=amended,
        looks=tuple(
            sorted(
                {
                    look.information
                    for look in taken
                    if look.could_decide and look.as_of != as_of
                }
            )
        ),
        planned_units=locks[-1].says.get("planned_units") if locks else None,
        expected=locks[-1].says.get("expected") if locks else None,
        restated=_restated(looks, as_of, inputs),
        recorded=at is not None,
        settled=_settled(looks, as_of, plan_hash(experiment)),
        taken=taken,
        losses=known if loss is None else (*known, loss),
        loss=loss,
        at_lock=excluded_by(own, "lock"),
        at_look=excluded_by(own, "look"),
    )


def _status(
    experiment: Experiment, locks: Sequence[LogEntry]
) -> tuple[LookStatus, tuple[str, ...]]:
    """Confirmatory under the plan that was locked before the first look."""
    if not locks:
        return "exploratory", ()
    locked = locks[-1].says
    if locked["plan_hash"] == plan_hash(experiment):
        return "confirmatory", ()
    differing = _differing(locked["plan"], meaning_of(experiment))
    before = share(locked["plan"]["assignment"]["traffic"])
    rose = experiment.assignment.traffic >= before
    changed = tuple(name for name in differing if name != RAMP or not rose)
    return ("amended", changed) if changed else ("confirmatory", ())


def _differing(old: Any, new: Any, path: str = "") -> list[str]:
    """Dotted names of the fields that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            name
            for key in sorted(old.keys() | new.keys())
            for name in _differing(
                old.get(key), new.get(key), f"{path}.{key}" if path else str(key)
            )
        ]
    return [] if old == new else [path]


def _restated(
    looks: Sequence[LogEntry], as_of: str | None, inputs: Sequence[Input]
) -> dict[str, int]:
    """Sources that hold other rows than when this moment was last looked at."""
    same = [e for e in looks if e.says["as_of"] == as_of]
    if not same:
        return {}
    old = same[-1].says["inputs"]
    return {
        used.source: int(old[used.source]["rows"])
        for used in inputs
        if used.source in old and old[used.source] != _told(used)
    }


def _settled(
    looks: Sequence[LogEntry], as_of: str | None, digest: str
) -> Mapping[str, Any] | None:
    """What the last look of this plan recorded that read no later than this one."""
    settled = [
        entry.says["settled"]
        for entry in looks
        if entry.says.get("settled")
        and entry.says["plan_hash"] == digest
        and (as_of is None or not _later(entry, as_of))
    ]
    return settled[-1] if settled else None


def _later(entry: LogEntry, as_of: str) -> bool:
    then = entry.says["as_of"]
    return then is not None and datetime.fromisoformat(then) > datetime.fromisoformat(
        as_of
    )


def _told(used: Input) -> dict[str, Any]:
    hashed = {} if used.sha256 is None else {"sha256": used.sha256}
    return {"rows": used.rows} | hashed


def look_key(experiment: Experiment, as_of: str | None, inputs: Sequence[Input]) -> str:
    """The same for the same plan, moment and data."""
    digests = {used.source: _told(used) for used in inputs}
    text = json.dumps([plan_hash(experiment), as_of, digests], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def record(
    experiment: Experiment,
    evidence: Evidence,
    look: LookTaken,
    *,
    engine: str,
    loss: LogLoss | None = None,
) -> None:
    """Append a look to the log, once; nothing for an experiment without a file.

    A `loss` that the log was found to have is written before it. Raises ConfigError or
    EnvironmentFault as the log does.
    """
    path = log_path(experiment)
    if path is None:
        return
    if loss is not None:
        append(path, loss.entry(experiment))
    note_events(path, experiment)
    append(
        path,
        LogEntry(
            kind="look",
            experiment=experiment.name,
            key=look.key,
            says={
                "file": Path(experiment.file).name,
                "plan_hash": plan_hash(experiment),
                "as_of": look.as_of,
                "information": look.information,
                "could_decide": look.could_decide,
                "inputs": {used.source: _told(used) for used in evidence.inputs},
                "units": {
                    arm.name: evidence.cells.units(arm.name) for arm in experiment.arms
                },
                "engine": engine,
                "settled": settled(experiment, evidence.cells, evidence.as_of),
            }
            | cuts_told(experiment, evidence.tiers),
        ),
    )


def settled(experiment: Experiment, cells: Cells, as_of: datetime | None) -> Any:
    """Units and value of each arm whose time had passed, for the audit log.

    The value is that of the money's metric, else of the primary. Without times all
    units are settled. None where no unit is.
    """
    through = _last_day(experiment, as_of)
    final = _is_final(experiment, as_of)
    arms = {}
    for arm in experiment.arms:
        units, total = _counted(experiment, cells, arm.name, through)
        arms[arm.name] = {"units": units} | ({"total": total} if final else {})
    if not any(arm["units"] for arm in arms.values()):
        return None
    return {
        "metric": _metric(experiment),
        "through": through.isoformat() if through else None,
        "arms": arms,
    }


def settled_changes(
    experiment: Experiment, evidence: Evidence, before: Mapping[str, Any] | None
) -> Iterator[Fact]:
    """One fact an arm whose settled units or value are not what they were.

    `before` is what an earlier look at the same plan recorded. Units that were left
    out since because they were seen in a second arm are no restated data.
    """
    if before is None:
        return
    left_out = {}
    if experiment.assignment.crossovers == "exclude":
        left_out = dict(evidence.quality.crossovers)
    through = before["through"] and date.fromisoformat(before["through"])
    for arm in experiment.arms:
        then = before["arms"].get(arm.name)
        if then is None:
            continue
        units, total = _counted(experiment, evidence.cells, arm.name, through or None)
        if (units, total) == (then["units"], then.get("total", total)):
            continue
        if 0 < then["units"] - units <= left_out.get(arm.name, 0):
            continue
        yield fact(
            "restated.arm",
            arm=arm.name,
            metric=before["metric"],
            units_then=then["units"],
            units_now=units,
            total_then=then.get("total"),
            total_now=total if "total" in then else None,
            through=before["through"],
        )


def _metric(experiment: Experiment) -> str:
    economics = experiment.economics
    return experiment.primary if economics is None else economics.value


def _counted(
    experiment: Experiment, cells: Cells, arm: str, through: date | None
) -> tuple[int, float]:
    """Units of an arm up to a day, and the sum of the metric's first column."""
    metric = experiment.metrics[_metric(experiment)]
    moments = moments_of(cells.pooled, metric, {arm}, Group(through=through))
    (column, *_) = formula_columns(cells.blocks[metric.name], capped=False)
    return moments.n, float(moments.select([column]).total[0])


def _is_final(experiment: Experiment, as_of: datetime | None) -> bool:
    """Whether values of settled units stay; without `within` only after the window."""
    metric, window = experiment.metrics[_metric(experiment)], experiment.window
    if as_of is None or metric.within is not None or window is None:
        return True
    zone = ZoneInfo(experiment.timezone)
    return as_of.astimezone(zone).date() > window.end


def _last_day(experiment: Experiment, as_of: datetime | None) -> date | None:
    """The last day of first exposure whose units had their full time at `as_of`."""
    if as_of is None:
        return None
    within = experiment.metrics[_metric(experiment)].within or timedelta(0)
    moment = (as_of - within).astimezone(ZoneInfo(experiment.timezone))
    return moment.date() - timedelta(days=1)
