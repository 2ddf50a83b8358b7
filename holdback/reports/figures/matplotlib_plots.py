"""Pictures for a notebook's matplotlib: lifts with their ranges, and a plan's weeks."""

from __future__ import annotations

from typing import Any

from holdback.analysis.totals import TotalsCompared
from holdback.errors import EnvironmentFault, Problem
from holdback.planning.plan import Plan
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import withheld
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["forest", "one", "plan", "totals"]


def forest(scorecard: Scorecard, axes: Any = None) -> Any:
    """Lift and range of every metric, in percent, on matplotlib axes.

    Draws on `axes`, or on a new figure's, and returns them. Metrics without a lift
    are left out; of an invalid result all are. Raises EnvironmentFault without
    matplotlib.
    """
    if scorecard.validity.is_invalid:
        return _withheld(axes, scorecard.experiment)
    words = Words.of(scorecard)
    readouts = [
        r for r in scorecard.readouts if r.segment is None and r.relative is not None
    ]
    drawn = _new_axes(len(readouts)) if axes is None else axes
    for place, readout in enumerate(readouts):
        _row(drawn, place, readout)
    drawn.axvline(0, color="0.4", linestyle="--", linewidth=1)
    drawn.set_yticks(
        range(len(readouts)), [words.names(r.metric, r.arm) for r in readouts]
    )
    drawn.invert_yaxis()
    drawn.set_xlabel(
        say("plots.change_with_ranges", level=words.round_share(scorecard.level))
    )
    drawn.set_title(scorecard.experiment)
    return drawn


def one(readout: Readout, axes: Any = None) -> Any:
    """Lift and range of one metric; nothing but the axis where it has none.

    Raises EnvironmentFault without matplotlib.
    """
    if readout.withheld:
        return _withheld(axes, readout.metric)
    drawn = _new_axes(1) if axes is None else axes
    if readout.relative is not None:
        _row(drawn, 0, readout)
    drawn.axvline(0, color="0.4", linestyle="--", linewidth=1)
    drawn.set_yticks([0], [readout.metric])
    drawn.set_xlabel(say("plots.change"))
    return drawn


def totals(compared: TotalsCompared, axes: Any = None) -> Any:
    """Lift and range of two arms' totals; nothing but the axis where it has none.

    Raises EnvironmentFault without matplotlib.
    """
    drawn = _new_axes(1) if axes is None else axes
    if compared.lift is not None:
        ends = compared.lift.interval
        _bar(drawn, 0, compared.lift.value, (ends.lower, ends.upper))
    drawn.axvline(0, color="0.4", linestyle="--", linewidth=1)
    drawn.set_yticks([])
    drawn.set_xlabel(say("plots.change"))
    return drawn


def plan(made: Plan, axes: Any = None) -> Any:
    """The smallest lift that is found often enough, by week.

    Raises EnvironmentFault without matplotlib.
    """
    drawn = _new_axes(6) if axes is None else axes
    weeks = made.design.weeks if made.design else ()
    points = any(week.detectable_points is not None for week in weeks)
    sizes = [
        (week.week, week.detectable_points or 100 * (week.detectable_lift or 0.0))
        for week in weeks
        if week.detectable_points or week.detectable_lift
    ]
    drawn.plot([week for week, _ in sizes], [size for _, size in sizes], "o-")
    drawn.set_xlabel(say("plots.weeks"))
    drawn.set_ylabel(say("plots.points") if points else say("plots.lift"))
    drawn.set_title(made.experiment)
    return drawn


def _withheld(axes: Any, title: str) -> Any:
    """Axes that say why nothing is drawn on them."""
    drawn = _new_axes(1) if axes is None else axes
    drawn.text(0.5, 0.5, withheld(), ha="center", va="center", wrap=True)
    drawn.set_axis_off()
    drawn.set_title(title)
    return drawn


def _row(axes: Any, place: int, readout: Readout) -> None:
    assert readout.relative is not None  # noqa: S101  # the caller has looked
    lift = readout.relative
    _bar(axes, place, lift.value, (lift.lower, lift.upper))


def _bar(
    axes: Any, place: int, value: float, range_: tuple[float | None, float | None]
) -> None:
    """A lift as a dot on its range, in percent."""
    ends = [100 * (value if end is None else end) for end in range_]
    axes.plot(ends, [place, place], color="C0", linewidth=2)
    axes.plot([100 * value], [place], "o", color="C0")


def _new_axes(rows: int) -> Any:
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise EnvironmentFault(
            Problem(what="plot() needs matplotlib.", fix="pip install matplotlib")
        ) from error
    _, axes = plt.subplots(figsize=(7, 1 + 0.45 * rows), layout="constrained")
    return axes
