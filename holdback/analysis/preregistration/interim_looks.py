"""Where a running test stands: which look this is, and how strict it must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import expm1

from holdback.analysis.preregistration.history import History
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.calendar import (
    complete_on,
    elapsed,
    is_final,
    last_day,
)
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Look
from holdback.stats.evidence.effect import Inference
from holdback.stats.multiplicity.dunnett import critical
from holdback.stats.numeric import two_sided
from holdback.stats.sequential.alpha_spending import obrien_fleming, pocock
from holdback.stats.sequential.always_valid import multiplier
from holdback.stats.sequential.group_sequential import boundaries, stagewise

__all__ = ["LEAST_VALUES", "Stage", "after_looks", "arm_sizes", "stage_of"]

LEAST_VALUES = 60
FARTHEST = 5.0
"""A look this strict (p below one in a million) cannot decide: a preview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How this reading is read.

    `nominal` is the file's level; `level`, that of the deciding intervals, is
    stricter at one of several looks, and so is `harm_level`, the guardrails'.
    `arms_level` is `level` for the primary of several treatment arms, which hold
    together (Dunnett). `look` is absent where nothing is paid for (one look, at the
    end) and where nothing may be decided (a preview, as `why_preview` says). `times`
    and `bounds` are the information and the boundary of every look so far.
    """

    nominal: float
    level: float
    harm_level: float
    arms_level: float
    information: float
    final: bool
    look: Look | None = None
    why_preview: Fact | None = None
    times: tuple[float, ...] = ()
    bounds: tuple[float, ...] = ()

    def level_of(self, role: str) -> float:
        """The level that a metric of this role is read at; segments at the file's."""
        if role == "segment":
            return self.nominal
        if role == "guardrail":
            return self.harm_level
        return self.arms_level if role in {"primary", "value"} else self.level

    @property
    def decides(self) -> bool:
        """Whether this reading may end the test."""
        return self.why_preview is None


def stage_of(
    experiment: Experiment, cells: Cells, as_of: datetime | None, history: History
) -> Stage:
    """The stage of a reading at `as_of`, after the looks in `history`."""
    stage = _of_looks(experiment, cells, as_of, history)
    return replace(stage, arms_level=_together(experiment, cells, stage.level))


def arm_sizes(experiment: Experiment, cells: Cells) -> tuple[list[int], int]:
    """Units matured for the primary: of each treatment arm, and of control."""
    within = experiment.metrics[experiment.primary].within
    treated = [cells.units(arm.name, within=within) for arm in experiment.treatments]
    return treated, cells.units(experiment.control.name, within=within)


def _together(experiment: Experiment, cells: Cells, level: float) -> float:
    """The level of each arm's interval so that all hold together at `level`."""
    sizes, control = arm_sizes(experiment, cells)
    alone = len(sizes) < 2 or experiment.analysis.multiplicity == "none"
    if alone or min(*sizes, control) < 1:
        return level
    return 1 - two_sided(critical(1 - level, sizes, control))


def _of_looks(
    experiment: Experiment, cells: Cells, as_of: datetime | None, history: History
) -> Stage:
    looks = experiment.analysis.looks
    if looks == "always_valid":
        return _always_valid(experiment, cells)
    final = is_final(experiment, as_of)
    information = 1.0 if final else _information(experiment, cells, as_of, history)
    level = float(experiment.analysis.level)
    plain = _plain(level, information, final=final)
    if looks == "end":
        return plain if final else _preview(plain, fact("preview.read_at_end"))
    if isinstance(looks, tuple):
        return _planned(experiment, plain, looks, as_of)
    earlier = [t for t in history.looks if t < information]
    if final and not earlier:
        return plain
    if not final and _fewest(experiment, cells) < LEAST_VALUES:
        return _preview(
            plain,
            fact("preview.few_values", least=LEAST_VALUES),
        )
    return _spent(experiment, plain, [*earlier, information], final=final)


def _preview(stage: Stage, why: Fact) -> Stage:
    return replace(stage, why_preview=why)


def _plain(level: float, information: float, *, final: bool) -> Stage:
    """One look, for which nothing is paid."""
    return Stage(
        nominal=level,
        level=level,
        harm_level=level,
        arms_level=level,
        information=information,
        final=final,
    )


def _information(
    experiment: Experiment, cells: Cells, as_of: datetime | None, history: History
) -> float:
    """Matured units of those planned, or the share of the time that has passed."""
    if history.planned_units:
        treated, control = arm_sizes(experiment, cells)
        return max(sum(treated) + control, 1) / history.planned_units
    complete = complete_on(experiment)
    assert experiment.window is not None  # noqa: S101  # else the reading is final
    assert complete is not None  # noqa: S101
    assert as_of is not None  # noqa: S101
    return elapsed(experiment.window.start, complete, last_day(experiment, as_of))


def _fewest(experiment: Experiment, cells: Cells) -> int:
    """Units with a value in the primary's first measure, in the smallest arm."""
    primary = experiment.metrics[experiment.primary]
    return min(
        cells.total(primary.name, {arm.name}, within=primary.within).nonzero[0]
        for arm in experiment.arms
    )


def _planned(
    experiment: Experiment,
    plain: Stage,
    days: Sequence[date],
    as_of: datetime | None,
) -> Stage:
    """The last planned look that has come; between two of them a preview."""
    complete = complete_on(experiment)
    if experiment.window is None or complete is None or as_of is None:
        return plain
    start, today = experiment.window.start, last_day(experiment, as_of)
    times = [elapsed(start, complete, day) for day in days if day < complete]
    if plain.final:
        return _spent(experiment, plain, [*times, 1.0], final=True)
    come = [day for day in days if day <= today]
    if not come or come[-1] != today:
        return _preview(plain, fact("preview.no_planned_look"))
    return _spent(experiment, plain, times[: len(come)], final=False)


def _spent(
    experiment: Experiment, plain: Stage, times: Sequence[float], *, final: bool
) -> Stage:
    alpha = 1 - float(experiment.analysis.level)
    bounds = boundaries(times, alpha=alpha, spending=obrien_fleming, last=final)
    bound = bounds[-1]
    if bound > FARTHEST:
        return _preview(plain, fact("preview.too_strict"))
    harm = boundaries(times, alpha=alpha, spending=pocock, last=final)[-1]
    spent = alpha if final else 2 * obrien_fleming(min(times[-1], 1.0), alpha / 2)
    return replace(
        plain,
        level=1 - two_sided(bound),
        harm_level=1 - two_sided(harm),
        times=tuple(times),
        bounds=tuple(bounds),
        look=Look(
            number=len(times),
            information=times[-1],
            boundary=bound,
            decision_alpha=two_sided(bound),
            alpha_spent=spent,
            rule="spending",
        ),
    )


def _always_valid(experiment: Experiment, cells: Cells) -> Stage:
    alpha = 1 - float(experiment.analysis.level)
    treated, control = arm_sizes(experiment, cells)
    level = float(experiment.analysis.level)
    plain = _plain(level, 1.0, final=False)
    if _fewest(experiment, cells) < LEAST_VALUES:
        return _preview(
            plain,
            fact("preview.few_values_always_valid", least=LEAST_VALUES),
        )
    bound = multiplier(max(sum(treated) + control, 1), alpha=alpha)
    strict = 1 - two_sided(bound)
    return replace(
        plain,
        level=strict,
        harm_level=strict,
        look=Look(
            information=1.0,
            boundary=bound,
            decision_alpha=1 - strict,
            rule="always_valid",
        ),
    )


def after_looks(stage: Stage, inference: Inference) -> Quantity | None:
    """The median-unbiased lift with its range at the file's own level.

    Read off the logarithm of the ratio and the standard error that its interval stands
    for; in half of all tests such an estimate is too large, wherever they stop. None
    at a first look, where it is the lift itself, and without a lift.
    """
    ratio = inference.log_ratio
    if len(stage.times) < 2 or ratio is None or ratio.se <= 0:
        return None
    median = stagewise(
        stage.times,
        stage.bounds,
        ratio.value / ratio.se,
        total=1 / (ratio.se**2 * stage.times[-1]),
        level=stage.nominal,
    )
    return Quantity(
        value=expm1(median.value), lower=expm1(median.lower), upper=expm1(median.upper)
    )
