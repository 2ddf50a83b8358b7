"""Where every row and unit went, and what was odd about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdback.data.evidence.cells import Quality, Returned, SourceProfile
from holdback.data.queries.cells_query import Cube
from holdback.data.queries.cells_result import Row
from holdback.data.queries.exclusions import ExposureCounts
from holdback.data.queries.unit_columns import ROW_COUNTS
from holdback.data.queries.units import (
    CROSSED,
    KEPT_CROSSED,
    OVERRIDDEN,
    USED,
)
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Accounting, Excluded

__all__ = [
    "accounting",
    "quality",
    "repeated_exposures",
    "units_of",
]

NO_ARM = frozenset({"where", "not_eligible"})


def accounting(
    experiment: Experiment,
    everyone: Sequence[Row],
    seen: Mapping[str, SourceProfile],
    exposure_counts: ExposureCounts,
    copies: Mapping[str, int],
) -> Accounting:
    """Where every exposure row went: used, or left out for a reason."""
    arms = [arm.name for arm in experiment.arms]
    excluded = [
        Excluded(
            reason=reason,
            arm=None if arm is None else arms[arm],
            count=count,
            what="rows",
        )
        for (reason, arm), count in _summed(exposure_counts).items()
        if reason != "kept" and reason not in exposure_counts.units
    ]
    excluded += [
        Excluded(reason=reason, count=count)
        for reason, count in sorted(exposure_counts.units.items())
    ]
    for status, reason in ((CROSSED, "crossover"), (OVERRIDDEN, "override")):
        for i, arm in enumerate(arms):
            count = units_of(everyone, i, {status})
            if count:
                excluded.append(Excluded(reason=reason, arm=arm, count=count))
    own = copies.get(experiment.assignment.source, 0)
    if own:
        excluded.append(Excluded(reason="duplicate", count=own, what="rows"))
    repeated = repeated_exposures(everyone, exposure_counts)
    if repeated:
        excluded.append(
            Excluded(reason="repeated_exposure", count=repeated, what="rows")
        )
    return Accounting(
        rows_read=seen[experiment.assignment.source].rows,
        units_used=sum(
            units_of(everyone, i, {USED, KEPT_CROSSED}) for i in range(len(arms))
        ),
        excluded=tuple(excluded),
    )


def quality(
    experiment: Experiment,
    cube: Cube,
    everyone: Sequence[Row],
    seen: Mapping[str, SourceProfile],
    exposure_counts: ExposureCounts,
    returns: Mapping[str, Returned],
) -> Quality:
    """What was odd in the rows: counts for the checks."""
    arms = [arm.name for arm in experiment.arms]
    sources = list(cube.events)
    counts = {
        kind: {
            name: sum(row.row_counts[f"{kind}_{i}"] for row in everyone)
            for i, name in enumerate(sources)
        }
        for kind in ROW_COUNTS
    }
    crossed = {
        arm: units_of(everyone, i, {CROSSED, KEPT_CROSSED})
        for i, arm in enumerate(arms)
    }
    return Quality(
        crossovers={arm: n for arm, n in crossed.items() if n},
        repeated_exposures=repeated_exposures(everyone, exposure_counts),
        missing_ids={n: s.missing_ids for n, s in seen.items() if s.missing_ids},
        unassigned={
            name: seen[name].kept
            - seen[name].missing_ids
            - seen[name].placeholders
            - seen[name].missing_times
            - (returns[name].unmatched if name in returns else 0)
            - counts["rows"][name]
            for name in sources
        },
        before=counts["before"],
        late=counts["late"],
        earlier=counts["earlier"],
        skewed=counts["skewed"],
        nearby=counts["nearby"],
        own_day=counts["own_day"],
        half_day=counts["half_day"],
        day_before=counts["day_before"],
        missing_times={n: s.missing_times for n, s in seen.items() if s.missing_times},
        null_values={n: s.null_values for n, s in seen.items() if s.null_values},
        float_ids={n: s.float_ids for n, s in seen.items() if s.float_ids},
        overdrawn={n: s.overdrawn for n, s in seen.items() if s.overdrawn},
        damaged_ids={n: s.damaged_ids for n, s in seen.items() if s.damaged_ids},
        two_readings={n: s.two_readings for n, s in seen.items() if s.two_readings},
        held_out=_held_out(experiment, cube, exposure_counts),
        returns=returns,
        exposure_rows=_exposure_rows(arms, exposure_counts),
    )


def _exposure_rows(
    arms: Sequence[str], exposure_counts: ExposureCounts
) -> dict[str, dict[str, int]]:
    """Rows of exposures by what became of them and by arm."""
    rows: dict[str, dict[str, int]] = {}
    for (reason, arm), count in exposure_counts.rows.items():
        name = "" if arm is None else arms[arm]
        by_arm = rows.setdefault(reason, {})
        by_arm[name] = by_arm.get(name, 0) + count
    return rows


def _held_out(
    experiment: Experiment, cube: Cube, exposure_counts: ExposureCounts
) -> int | None:
    """Units that the named holdout kept out; None where arms are logged."""
    named = experiment.assignment.holdout is not None
    computed = cube.exposures.reason is not None
    return exposure_counts.units.get("holdout", 0) if named and computed else None


def repeated_exposures(everyone: Sequence[Row], exposure_counts: ExposureCounts) -> int:
    """Exposure rows beyond each unit's first."""
    kept = sum(
        count for (reason, _), count in exposure_counts.rows.items() if reason == "kept"
    )
    return kept - sum(row.n or 0 for row in everyone)


def units_of(rows: Sequence[Row], arm: int, statuses: set[int]) -> int:
    """Units of an arm (by number) whose status is one of `statuses`."""
    return sum(row.n or 0 for row in rows if row.arm == arm and row.status in statuses)


def _summed(
    exposure_counts: ExposureCounts,
) -> dict[tuple[str, int | None], int]:
    """Counts by reason and arm; rows that a condition left out belong to no arm."""
    counts: dict[tuple[str, int | None], int] = {}
    for (reason, arm), count in sorted(
        exposure_counts.rows.items(),
        key=lambda i: (i[0][0], -1 if i[0][1] is None else i[0][1]),
    ):
        key = (reason, None if reason in NO_ARM else arm)
        counts[key] = counts.get(key, 0) + count
    return counts
