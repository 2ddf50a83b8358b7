"""Data → Evidence: the one place that runs queries.

Look at each source, settle the moments that bound the reading, check how units are
exposed, and run the one statement whose rows are the cells. After it, everything is
arithmetic.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from holdback.data.evidence.evidence import Evidence
from holdback.experiments.definition.experiment import Experiment

__all__ = ["extract"]


def extract(
    experiment: Experiment,
    *,
    as_of: date | datetime | None = None,
    frames: Mapping[str, object] | None = None,
    history: timedelta | None = None,
    rows_of: Collection[str] = (),
) -> Evidence:
    """The evidence that the experiment's sources hold.

    `as_of` defaults to just after the last time found in the data; a date means the
    end of that day in the project's timezone, and a datetime without offset is in
    that timezone. `frames` replaces sources by name. `history` adds each measure as it
    was over so long a time before exposure, for planning. `rows_of` names metrics whose
    units' rows are wanted in any case.

    Raises ConfigError, DataError, StatsError (crossovers under `stop`, a cap at 0)
    or EnvironmentFault.
    """
    from holdback.data.extraction.extraction import Survey
    from holdback.data.extraction.open_engine import opened

    with opened(experiment, frames or {}) as place:
        return Survey(experiment, place, history, rows_of).evidence(as_of)
