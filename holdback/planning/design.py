"""The design around a plan's primary: weeks, looks, and the cheapest holdback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil

from holdback.analysis.comparison.posteriors import lift_prior
from holdback.experiments.definition.calendar import complete_on, elapsed
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import WEEKS_PER_YEAR
from holdback.planning.growth import Growth
from holdback.stats.design.optimal_holdback import best_test_size, cheapest_share
from holdback.stats.design.power import Baseline, PowerDesign
from holdback.stats.numeric import quantile, root
from holdback.stats.sequential.group_sequential import boundaries, drift_power

__all__ = [
    "Design",
    "IfNobodyNew",
    "LookPlan",
    "Shares",
    "Stepped",
    "Week",
    "design_of",
    "detectable",
    "forgone",
    "looks_of",
]

Shares = Callable[[float, float], PowerDesign]
"""Shares of control and of a treatment arm → the design with them."""
LEAST_WEEKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """Half of the units held back for some `weeks`, then the planned share."""

    weeks: int
    detectable_lift: float | None
    forgone: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IfNobodyNew:
    """The other end of a guess: units of a year, and weeks, without newcomers."""

    year_units: float
    weeks_needed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Weeks, looks and holdback for the primary metric; money as gross profit.

    `target_lift` is the decision's minimum lift; without one, what depends on it is
    absent. `units_needed` prove it at the planned shares; `weeks_needed` and
    `weeks_at_half` are whole weeks in which units join, at the planned shares and with
    even arms; absent above 52. `cheapest_share` proves the target with the planned
    units at the least cost, absent where even arms do not. `looks_factor` is what
    weekly looks cost in units. `answer_on` is the day on which the last unit has had
    its time. `test_and_roll` is the size of each arm that earns most where the winner
    is rolled out to a year's units whatever its p-value. Where units come back,
    `year_units` are the different ones of a year; `if_nobody_new` tells what follows
    where that lies far beyond the history and nobody comes for the first time.
    """

    metric: str
    weeks: tuple[Week, ...]
    units_per_week: float
    answer_on: str | None = None
    target_lift: float | None = None
    weeks_needed: int | None = None
    weeks_at_half: int | None = None
    cheapest_share: float | None = None
    forgone: float | None = None
    forgone_cheapest: float | None = None
    looks: tuple[LookPlan, ...] = ()
    looks_factor: float | None = None
    test_and_roll: int | None = None
    stepped: Stepped | None = None
    units_needed: int | None = None
    year_units: float | None = None
    if_nobody_new: IfNobodyNew | None = None

    @property
    def hopeless(self) -> bool:
        """Whether not even even arms prove the target within a year."""
        return self.target_lift is not None and self.weeks_at_half is None


def design_of(
    experiment: Experiment,
    design: Shares,
    baseline: Baseline,
    growth: Growth | None,
    *,
    power: float,
    joined: Sequence[int] = (),
) -> Design | None:
    """The design for the primary metric; None without a window of at least a day.

    `joined` are the units of each week where that is known; where it is not they join
    as in the history.
    """
    if growth is None:
        return None
    units = round(growth.units)
    by_week = _by_week(growth, joined)
    control, treated = _shares(experiment)
    actual, even = design(control, treated), design(0.5, 0.5)
    score = baseline.cv is None
    target = None if score else float(experiment.decision.minimum_lift) or None
    known = complete_on(experiment)
    planned = Design(
        metric=experiment.primary,
        weeks=tuple(
            Week(
                week=week,
                units=round(seen),
                **{
                    "detectable_points" if score else "detectable_lift": detectable(
                        actual, seen, power=power
                    )
                },
            )
            for week, seen in enumerate(by_week, start=1)
        ),
        units_per_week=7 * growth.units / growth.days,
        answer_on=None if known is None else known.isoformat(),
        target_lift=target,
        test_and_roll=_test_and_roll(experiment, baseline, growth),
        year_units=growth.after(WEEKS_PER_YEAR) if growth.comes_back else None,
    )
    if target is None:
        return planned
    needed = actual.units_needed(lift=target, power=power)
    at_half = even.units_needed(lift=target, power=power)
    cheapest = cheapest_share(
        lambda share: design(share, 1 - share).units_needed(lift=target, power=power),
        units,
    )
    stepped = _stepped(experiment, design, baseline, by_week, power)
    looks, factor = looks_of(
        experiment, planned.weeks, actual, target=target, power=power
    )
    return replace(
        planned,
        units_needed=needed,
        weeks_needed=_weeks(needed, growth),
        weeks_at_half=_weeks(at_half, growth),
        if_nobody_new=IfNobodyNew(
            year_units=growth.after(WEEKS_PER_YEAR, new=False),
            weeks_needed=_weeks(needed, growth, new=False),
        )
        if growth.is_guess(_weeks(needed, growth))
        else None,
        cheapest_share=cheapest,
        forgone=forgone(experiment, baseline, units, control),
        forgone_cheapest=None
        if cheapest is None
        else forgone(experiment, baseline, units, cheapest),
        looks=looks,
        looks_factor=factor,
        stepped=stepped,
    )


def _by_week(growth: Growth, joined: Sequence[int]) -> list[float]:
    """Units that have joined by the end of each week of the window."""
    weeks = min(ceil(growth.days / 7), WEEKS_PER_YEAR)
    usual = [growth.after(min(week, growth.days / 7)) for week in range(1, weeks + 1)]
    if not joined:
        return usual
    known = [float(total) for total in accumulate(joined[:weeks])]
    more = [total - usual[len(known) - 1] for total in usual[len(known) :]]
    return [*known, *(known[-1] + further for further in more)]


def _stepped(
    experiment: Experiment,
    design: Shares,
    baseline: Baseline,
    by_week: Sequence[float],
    power: float,
) -> Stepped | None:
    """Half held back in the first weeks, then the planned share, read by strata.

    Strata of n units with a share h held back add n h (1 − h) each to the precision,
    so the whole is worth as many units with even arms as 4 Σ n h (1 − h).
    """
    share = float(experiment.control.share)
    if len(by_week) <= LEAST_WEEKS or len(experiment.treatments) > 1 or share >= 0.5:
        return None
    early = by_week[LEAST_WEEKS - 1]
    late = by_week[-1] - early
    worth = early + 4 * late * share * (1 - share)
    held = 0.5 * early + share * late
    return Stepped(
        weeks=LEAST_WEEKS,
        detectable_lift=detectable(design(0.5, 0.5), worth, power=power),
        forgone=forgone(experiment, baseline, held, 1.0),
    )


def detectable(design: PowerDesign, units: float, *, power: float) -> float | None:
    """The smallest lift found with this power; None where none would be."""
    try:
        return design.detectable_lift(units=units, power=power)
    except ValueError:
        return None


def forgone(
    experiment: Experiment, baseline: Baseline, units: float, share: float
) -> float | None:
    """Gross profit that a share of units held back does not earn, at the target lift.

    None where the primary is not the money of the file's economics.
    """
    economics, lift = experiment.economics, experiment.decision.minimum_lift
    if economics is None or economics.value != experiment.primary or not lift:
        return None
    if economics.profit is not None:  # its baseline is another
        return None
    return units * share * baseline.mean * float(lift) * float(economics.margin)


def _shares(experiment: Experiment) -> tuple[float, float]:
    treated = min(arm.share for arm in experiment.treatments)
    return float(experiment.control.share), float(treated)


def _weeks(units: float, growth: Growth, *, new: bool = True) -> int | None:
    weeks = growth.weeks_for(units, new=new)
    return None if weeks is None else max(weeks, LEAST_WEEKS)


def _test_and_roll(
    experiment: Experiment, baseline: Baseline, growth: Growth
) -> int | None:
    """Each arm's units where a year's units follow the winner; None for a flat prior.

    Lifts of the prior's width are differences of two means that vary independently.
    """
    primary = experiment.metrics[experiment.primary]
    width = lift_prior(experiment.analysis.prior, primary).sd
    if len(experiment.treatments) > 1 or width is None or baseline.cv is None:
        return None
    return round(
        best_test_size(
            growth.after(WEEKS_PER_YEAR), sd=baseline.cv, prior_sd=width / 2**0.5
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What the test could show if units joined up to the end of a week.

    A score has `detectable_points` in place of a lift.
    """

    week: int
    units: int
    detectable_lift: float | None = None
    detectable_points: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """A look: how strict it is, and the chance to stop by it at the target.

    `week` is the week of a weekly look, `on` the day of a planned one.
    """

    information: float
    boundary: float
    chance: float
    week: int | None = None
    on: str | None = None


def looks_of(
    experiment: Experiment,
    weeks: Sequence[Week],
    design: PowerDesign,
    *,
    target: float,
    power: float,
) -> tuple[tuple[LookPlan, ...], float | None]:
    """Looks under alpha spending: boundaries, chances to stop, and the price.

    Those that are planned, or one a week where the file lets them be taken freely.
    """
    when = _times(experiment, weeks)
    if len(when) < 2:
        return (), None
    alpha = 1 - float(experiment.analysis.level)
    times = [time for _, _, time in when]
    bounds = boundaries(times, alpha=alpha)
    fixed = quantile(1 - alpha / 2) + quantile(power)

    def missing(drift: float) -> float:
        return sum(drift_power(times, bounds, drift).upper) - power

    factor = (root(missing, fixed, 2 * fixed) / fixed) ** 2
    needed = design.units_needed(lift=target, power=power)
    drift = fixed * (weeks[-1].units / needed) ** 0.5
    chances = accumulate(drift_power(times, bounds, drift).upper)
    looks = tuple(
        LookPlan(information=time, boundary=bound, chance=chance, week=week, on=on)
        for (week, on, time), bound, chance in zip(when, bounds, chances, strict=True)
    )
    return looks, factor


def _times(
    experiment: Experiment, weeks: Sequence[Week]
) -> list[tuple[int | None, str | None, float]]:
    """Week or day of each look, and the part of the information that it sees."""
    looks, window = experiment.analysis.looks, experiment.window
    if looks == "spending":
        last = weeks[-1].units
        return [(week.week, None, week.units / last) for week in weeks]
    complete = complete_on(experiment)
    if isinstance(looks, str) or window is None or complete is None:
        return []
    before = [day for day in looks if day < complete]
    return [
        *(
            (None, day.isoformat(), elapsed(window.start, complete, day))
            for day in before
        ),
        (None, complete.isoformat(), 1.0),
    ]
