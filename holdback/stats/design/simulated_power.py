"""Power by simulation: a shop's own buyers, drawn again, with a lift put in.

A formula takes a spread that a few large orders have not shown yet. Here units are
drawn with replacement from those that were seen, the treated ones' amounts are
multiplied, and the two samples are read by the product's own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log1p, sqrt
from typing import Literal

import numpy as np

from holdback.stats.evidence.delta_method import Formula, estimate_rows
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.compare import compare_means, needs_rows
from holdback.stats.methods.permutation import Reference
from holdback.stats.methods.proportion import compare_proportions

__all__ = ["SimulatedPower", "power_by", "simulated_power"]

ALL_DRAWS, FEWER_DRAWS = 999, 399
ROWS_FOR_ALL_DRAWS = 2_000
"""Rows up to which a simulated test takes all draws."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPower:
    """How often a true `lift` was found, of so many `runs`, with the error of that.

    `wrong` is how often the reading lay on the other side of no change.
    """

    lift: float
    power: float
    wrong: float
    runs: int

    @property
    def se(self) -> float:
        """Monte-Carlo standard error of `power`, above 0 where all runs agree.

        With two more runs found and two missed (Agresti & Coull 1998, The American
        Statistician 52: 119–126).
        """
        runs = self.runs + 4
        near = (self.power * self.runs + 2) / runs
        return sqrt(near * (1 - near) / runs)


def simulated_power(  # noqa: PLR0913  # whose units, how many, and how they are read
    units: Sample,
    *,
    sizes: tuple[int, int],
    formula: Formula,
    family: Literal["proportion", "mean"],
    level: float,
    lifts: Sequence[float],
    runs: int,
    seed: tuple[int, ...],
) -> tuple[SimulatedPower, ...]:
    """Power at each of `lifts` for arms of `sizes` (control, treatment).

    The same draws serve every lift. Raises ValueError where no unit has a value or
    an arm has fewer than 2 units.
    """

    def sides(control: Sample, treated: Sample, run: int) -> Iterable[int]:
        del run
        pair = TwoSamples(control=control, treatment=treated, formula=formula)
        return _sides(pair, family, level, lifts, generator)

    generator = np.random.default_rng(list(seed))
    return _counted(
        sides, units, sizes=sizes, lifts=lifts, runs=runs, generator=generator
    )


def power_by(  # how they are read, whose units, and how many
    read: Callable[[Sample, Sample], int],
    units: Sample,
    *,
    sizes: tuple[int, int],
    lifts: Sequence[float],
    runs: int,
    seed: tuple[int, ...],
) -> tuple[SimulatedPower, ...]:
    """As `simulated_power`, for amounts that a metric reads by a test of its own.

    `read` tells of control's and the treated units' values on which side of no change
    the interval lies: 1 above, -1 below, 0 where it holds it. Raises ValueError where
    no unit has a value or an arm has fewer than 2 units.
    """
    generator = np.random.default_rng(list(seed))

    def sides(control: Sample, treated: Sample, run: int) -> Iterable[int]:
        del run
        return [
            read(control, _lifted(treated, lift, "mean", generator)) for lift in lifts
        ]

    return _counted(
        sides, units, sizes=sizes, lifts=lifts, runs=runs, generator=generator
    )


def _counted(  # as above
    sides: Callable[[Sample, Sample, int], Iterable[int]],
    units: Sample,
    *,
    sizes: tuple[int, int],
    lifts: Sequence[float],
    runs: int,
    generator: np.random.Generator,
) -> tuple[SimulatedPower, ...]:
    """How often the readings of drawn tests lie on the right side, and on the wrong."""
    if not len(units.rows) or min(sizes) < 2:
        raise ValueError("there is nothing to draw, or an arm has fewer than 2 units.")
    counts = np.zeros((len(lifts), 2), dtype=int)
    for run in range(runs):
        control = _drawn(units, sizes[0], generator)
        treated = _drawn(units, sizes[1], generator)
        for i, side in enumerate(sides(control, treated, run)):
            if side:
                counts[i, 0 if (side > 0) == (lifts[i] > 0) else 1] += 1
    return tuple(
        SimulatedPower(
            lift=lift, power=int(hit) / runs, wrong=int(miss) / runs, runs=runs
        )
        for lift, (hit, miss) in zip(lifts, counts, strict=True)
    )


def _drawn(units: Sample, n: int, generator: np.random.Generator) -> Sample:
    """`n` units drawn with replacement; those without a value are only counted."""
    with_value = int(generator.binomial(n, len(units.rows) / units.n))
    rows = units.rows[generator.integers(0, len(units.rows), with_value)]
    return Sample(columns=units.columns, rows=rows, n=n)


def _sides(
    pair: TwoSamples,
    family: str,
    level: float,
    lifts: Sequence[float],
    generator: np.random.Generator,
) -> Iterator[int]:
    """1 where the interval would lie above no change, -1 below, 0 where it holds it.

    A permutation interval of amounts multiplied by 1 + lift leaves out no change on a
    side exactly where the re-splits of the amounts as they were, divided by 1/(1 +
    lift), leave that side at most half of alpha: so one draw serves every lift.
    """
    tails: Reference | None = None
    for lift in lifts:
        treated = _lifted(pair.treatment, lift, family, generator)
        try:
            first, second = (
                estimate_rows(arm, pair.formula) for arm in (pair.control, treated)
            )
        except (ValueError, ZeroDivisionError):
            yield 0
            continue
        if family == "proportion":
            yield _outside(compare_proportions(first, second, level=level))
        elif not needs_rows(first, second):
            yield _outside(compare_means(first, second, level=level))
        else:
            rows = len(pair.control.rows) + len(pair.treatment.rows)
            draws = ALL_DRAWS if rows <= ROWS_FOR_ALL_DRAWS else FEWER_DRAWS
            tails = tails or Reference.of(pair, draws=draws)
            yield _by_draws(tails, -log1p(lift), (1 - level) / 2)


def _by_draws(tails: Reference, log_ratio: float, least: float) -> int:
    upper, lower = tails.at(log_ratio)
    return int(upper <= least) - int(lower <= least)


def _outside(inference: Inference) -> int:
    effect = inference.relative or inference.absolute
    if effect is None:
        return 0
    lower, upper = effect.interval.lower, effect.interval.upper
    return int(lower is not None and lower > 0) - int(upper is not None and upper < 0)


def _lifted(
    treated: Sample, lift: float, family: str, generator: np.random.Generator
) -> Sample:
    rows = treated.rows.copy()
    if family == "mean":
        rows[:, 0] *= 1 + lift
        return Sample(columns=treated.columns, rows=rows, n=treated.n)
    share = min(1.0, (1 + lift) * len(rows) / treated.n)
    wanted = int(generator.binomial(treated.n, share))
    return Sample(
        columns=treated.columns, rows=np.ones((wanted, rows.shape[1])), n=treated.n
    )
