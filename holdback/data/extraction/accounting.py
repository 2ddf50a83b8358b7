"""Where every row and unit went, and what was odd about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdback.data.evidence.evidence import Quality
from holdback.data.extraction.exclusions import Fates
from holdback.data.extraction.source_profile import Seen
from holdback.data.queries.cells_result import Row
from holdback.data.queries.cube import Cube
from holdback.data.queries.returns import Returned
from holdback.data.queries.unit_columns import TOLD
from holdback.data.queries.units import (
    CROSSED,
    KEPT_CROSSED,
    OVERRIDDEN,
    USED,
)
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Accounting, Excluded

NO_ARM = frozenset({"where", "not_eligible"})

__all__ = ["accounting", "quality", "repeated_exposures", "units_of"]


def accounting(
    experiment: Experiment,
    everyone: Sequence[Row],
    seen: Mapping[str, Seen],
    told: Fates,
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
        for (reason, arm), count in _summed(told).items()
        if reason != "kept" and reason not in told.units
    ]
    excluded += [
        Excluded(reason=reason, count=count)
        for reason, count in sorted(told.units.items())
    ]
    for status, reason in ((CROSSED, "crossover"), (OVERRIDDEN, "override")):
        for i, arm in enumerate(arms):
            count = units_of(everyone, i, {status})
            if count:
                excluded.append(Excluded(reason=reason, arm=arm, count=count))
    own = copies.get(experiment.assignment.source, 0)
    if own:
        excluded.append(Excluded(reason="duplicate", count=own, what="rows"))
    repeated = repeated_exposures(everyone, told)
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
    seen: Mapping[str, Seen],
    told: Fates,
    returns: Mapping[str, Returned],
) -> Quality:
    """What was odd in the rows: counts for the checks."""
    arms = [arm.name for arm in experiment.arms]
    sources = list(cube.events)
    counts = {
        kind: {
            name: sum(row.told[f"{kind}_{i}"] for row in everyone)
            for i, name in enumerate(sources)
        }
        for kind in TOLD
    }
    crossed = {
        arm: units_of(everyone, i, {CROSSED, KEPT_CROSSED})
        for i, arm in enumerate(arms)
    }
    return Quality(
        crossovers={arm: n for arm, n in crossed.items() if n},
        repeated_exposures=repeated_exposures(everyone, told),
        missing_ids={n: s.missing_ids for n, s in seen.items() if s.missing_ids},
        unassigned={
            name: seen[name].kept
            - seen[name].missing_ids
            - (returns[name].unmatched if name in returns else 0)
            - counts["rows"][name]
            for name in sources
        },
        before=counts["before"],
        late=counts["late"],
        earlier=counts["earlier"],
        null_values={n: s.null_values for n, s in seen.items() if s.null_values},
        float_ids={n: s.float_ids for n, s in seen.items() if s.float_ids},
        held_out=_held_out(experiment, cube, told),
        returns=returns,
    )


def _held_out(experiment: Experiment, cube: Cube, told: Fates) -> int | None:
    """Units that the named holdout kept out; None where arms are logged."""
    named = experiment.assignment.holdout is not None
    computed = cube.exposures.reason is not None
    return told.units.get("holdout", 0) if named and computed else None


def repeated_exposures(everyone: Sequence[Row], told: Fates) -> int:
    """Exposure rows beyond each unit's first."""
    kept = sum(count for (reason, _), count in told.rows.items() if reason == "kept")
    return kept - sum(row.n or 0 for row in everyone)


def units_of(rows: Sequence[Row], arm: int, statuses: set[int]) -> int:
    """Units of an arm (by number) whose status is one of `statuses`."""
    return sum(row.n or 0 for row in rows if row.arm == arm and row.status in statuses)


def _summed(
    told: Fates,
) -> dict[tuple[str, int | None], int]:
    """Counts by reason and arm; rows that a condition left out belong to no arm."""
    found: dict[tuple[str, int | None], int] = {}
    for (reason, arm), count in sorted(
        told.rows.items(), key=lambda i: (i[0][0], -1 if i[0][1] is None else i[0][1])
    ):
        key = (reason, None if reason in NO_ARM else arm)
        found[key] = found.get(key, 0) + count
    return found
