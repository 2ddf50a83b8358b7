"""What could no longer change when a look was taken: rows that came later show here.

A unit whose metric window had passed at a look has its final value. The counts and
values of those units stand in the audit log with the look; where they differ at a
later look, rows came late or were taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from holdback.analysis.comparison.comparison import Group, formula_columns, moments_of
from holdback.data.evidence.cells import Cells
from holdback.data.evidence.evidence import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.wording import say

__all__ = ["settled", "told_changes"]


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


def told_changes(
    experiment: Experiment, evidence: Evidence, before: Mapping[str, Any] | None
) -> Iterator[str]:
    """One sentence an arm whose settled units or value are not what they were.

    `before` is what an earlier look at the same plan recorded. Units that were left
    out since because they were seen in a second arm are no restated data.
    """
    if before is None:
        return
    left_out = {}
    if experiment.assignment.crossovers == "exclude":
        left_out = dict(evidence.quality.crossovers)
    title = experiment.metrics[before["metric"]].title
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
        joined = say("settled.that_joined_up_to", through=through) if through else ""
        was, now = (
            say("settled.units", then=f"{then['units']:,}", joined=joined),
            f"{units:,}",
        )
        if "total" in then:
            was += say(
                "settled.with_in_all_for", then=f"{then['total']:,.10g}", title=title
            )
            now += say("settled.with", total=f"{total:,.10g}")
        yield say("settled.arm_had_now_they", name=arm.title, was=was, now=now)


def _metric(experiment: Experiment) -> str:
    economics = experiment.economics
    return experiment.primary if economics is None else economics.value


def _counted(
    experiment: Experiment, cells: Cells, arm: str, through: date | None
) -> tuple[int, float]:
    """Units of an arm up to a day, and the sum of the metric's first column."""
    metric = experiment.metrics[_metric(experiment)]
    found = moments_of(cells, metric, {arm}, Group(through=through))
    (column, *_) = formula_columns(cells.blocks[metric.name], capped=False)
    return found.n, float(found.select([column]).total[0])


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
