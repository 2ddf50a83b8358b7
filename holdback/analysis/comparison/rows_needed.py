"""Which units' rows the comparisons of an experiment need beside its cells.

Handed to the extraction, which asks once it has the cells: only they tell whether a
mean is too skewed, or rests on too few units, for a plain interval.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from holdback.analysis.comparison.comparison import Comparison
from holdback.data.evidence.cells import Cells
from holdback.data.extraction.unit_rows import RowRequest, RowRequests
from holdback.experiments.definition.experiment import Experiment

__all__ = ["rows_needed"]


def rows_needed(experiment: Experiment, also: Collection[str] = ()) -> RowRequests:
    """Rows where a metric says that they make a better interval.

    All of them where the file asks for predictions to adjust by, and those of the
    metrics named in `also` in any case.
    """
    predict = experiment.analysis.predict

    def requests(cells: Cells) -> Sequence[RowRequest]:
        return [
            RowRequest(
                block=comparison.metric.name,
                columns=tuple(comparison.columns),
                covariates=()
                if comparison.adjusted is None
                else tuple(comparison.covariates),
                known_before=predict,
            )
            for comparison in _comparisons(experiment, cells)
            if predict or comparison.metric.name in also or _needs_rows(comparison)
        ]

    return requests


def _comparisons(experiment: Experiment, cells: Cells) -> Iterator[Comparison]:
    """Every function of means, of every treatment arm against control, also capped."""
    for metric in experiment.metrics.values():
        for arm in experiment.treatments:
            for capped in sorted({False, metric.cap is not None}):
                if metric.is_function_of_means:
                    yield Comparison.of(
                        experiment,
                        cells,
                        metric,
                        frozenset({arm.name}),
                        capped=capped,
                    )


def _needs_rows(comparison: Comparison) -> bool:
    metric = comparison.metric
    if not metric.is_amount:
        return False
    plain, net = comparison.estimates, comparison.adjusted
    return (plain is not None and metric.needs_rows(*plain)) or (
        net is not None
        and not net.rates
        and metric.needs_rows(net.control, net.treatment)
    )
