"""Evidence: all that the data engine hands over. After it, everything is arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from holdback.data.evidence.cells import Cells
from holdback.data.queries.returns import Returned
from holdback.results.scorecard import Accounting, Input
from holdback.stats.causal.attribution import Path

__all__ = ["Evidence", "Quality"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Counts of what was odd in the data; the checks turn them into findings.

    `crossovers`: units seen in two arms, by arm of first exposure. `missing_ids`,
    `duplicates` (dropped exact duplicates), `unassigned` (rows of units that were
    never exposed), `before` (rows before exposure that are in no lookback), `late`
    (rows at or after as-of), `earlier` (all rows before exposure), `null_values`
    (rows whose value could not be computed: null or divided by zero),
    `nonexistent_times` (local times skipped by daylight
    saving): rows by source. `repeated_exposures`: exposure rows beyond each unit's
    first. `similar_ids`: pairs that differ only by case, spaces, Unicode
    normalization or a trailing ``.0``. `float_ids`: integral floats used as ids.
    `held_out`: units that the global holdout kept out, where arms are computed;
    `exposed_holdout`: units of it with a logged arm; None where it does not apply.
    `returns`: by source with a rule for them, how many found their purchase.
    `former`: units of an earlier phase by the arm they have now and the one they had
    then; None where there was no earlier phase.
    """

    crossovers: Mapping[str, int] = field(default_factory=dict)
    repeated_exposures: int = 0
    missing_ids: Mapping[str, int] = field(default_factory=dict)
    duplicates: Mapping[str, int] = field(default_factory=dict)
    unassigned: Mapping[str, int] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)
    late: Mapping[str, int] = field(default_factory=dict)
    earlier: Mapping[str, int] = field(default_factory=dict)
    null_values: Mapping[str, int] = field(default_factory=dict)
    nonexistent_times: Mapping[str, int] = field(default_factory=dict)
    float_ids: Mapping[str, int] = field(default_factory=dict)
    similar_ids: int = 0
    held_out: int | None = None
    exposed_holdout: int | None = None
    returns: Mapping[str, Returned] = field(default_factory=dict)
    former: Mapping[str, Mapping[str, int]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Cells, accounting and quality of one reading of the data.

    `assigned`: units per arm inside the window, crossovers included by their first
    arm, before anything else is left out: what the sample-ratio check counts.
    `as_of` is in UTC and absent when no source has a time. `paths`: by arm, how many
    units which channels touched, where attribution is asked for.
    """

    cells: Cells
    accounting: Accounting
    inputs: tuple[Input, ...]
    assigned: Mapping[str, int]
    quality: Quality
    as_of: datetime | None = None
    paths: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
