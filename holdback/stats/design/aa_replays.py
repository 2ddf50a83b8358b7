"""Replays: the same units split again at random, and what each method says of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p
from typing import Literal

import numpy as np

from holdback.stats.evidence.delta_method import Formula, estimate_rows
from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.compare import compare_means, needs_rows
from holdback.stats.methods.difference import welch
from holdback.stats.methods.permutation import Reference
from holdback.stats.methods.proportion import compare_proportions

__all__ = ["Record", "Replayed", "replay"]

Family = Literal["proportion", "mean"]


DRAWS_OF_A_REPLAY = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Whether an interval lies above or below no effect, or without the true one."""

    above: bool
    below: bool
    missed: bool


@dataclass(slots=True, kw_only=True)
class Record:
    """How often a method was wrong, or right: counts of replays.

    `wins` and `losses` exclude no effect on that side where there is none; `found`
    excludes it on the true side where there is one, and `missed` does not hold the
    true effect. `silent` gave no interval.
    """

    wins: int = 0
    losses: int = 0
    found: int = 0
    missed: int = 0
    silent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Replays without an effect and with one, by the method chosen and by Welch.

    `methods` counts the methods that the rule chose.
    """

    without: int
    with_effect: int
    lift: float
    chosen: Record
    welch: Record
    methods: dict[str, int]


def replay(  # noqa: PLR0913  # whose units, and how they are split and read
    units: Sample,
    *,
    sizes: tuple[int, int],
    formula: Formula,
    family: Family,
    level: float,
    lift: float,
    replays: tuple[int, int],
    seed: tuple[int, ...],
) -> Replayed:
    """Split `units` into control and treatment of `sizes`, again and again.

    replays: how many without an effect, and how many in which the values of those
    that fall into the treatment arm are multiplied by 1 + `lift` (for shares of
    units, so many more of them are turned to 1). What is true is then known, whatever
    the units are like. Read by the product's own rule and by Welch's interval of the
    difference.

    Raises ValueError for sizes that are not those of the units.
    """
    if sum(sizes) != units.n or min(sizes) < 2:
        raise ValueError(f"{units.n} units cannot be split into arms of {sizes}.")
    generator = np.random.default_rng(list(seed))
    baseline = estimate_rows(units, formula).value
    chosen, plain = Record(), Record()
    methods: dict[str, int] = {}
    sides: Sides | None
    for number in range(sum(replays)):
        effect = lift if number >= replays[0] else 0.0
        samples = _split(units, sizes, generator)
        if effect:
            samples = samples[0], _changed(samples[1], effect, family, generator)
        control, treated = (estimate_rows(side, formula) for side in samples)
        if family == "mean" and needs_rows(control, treated):
            both = TwoSamples(control=samples[0], treatment=samples[1], formula=formula)
            method, sides = "permutation", _of_draws(both, effect, level)
        else:
            inference = _read(control, treated, family, level)
            method, sides = inference.method, _of_interval(inference, effect, baseline)
        methods[method] = methods.get(method, 0) + 1
        _count(chosen, sides, effect)
        welch_of = _welch(control, treated, level)
        _count(plain, _of_interval(welch_of, effect, baseline), effect)
    return Replayed(
        without=replays[0],
        with_effect=replays[1],
        lift=lift,
        chosen=chosen,
        welch=plain,
        methods=methods,
    )


def _split(
    units: Sample, sizes: tuple[int, int], generator: np.random.Generator
) -> tuple[Sample, Sample]:
    """Control and treatment, drawn without replacement."""
    k = len(units.rows)
    count = int(generator.hypergeometric(k, units.n - k, sizes[0]))
    order = generator.permutation(k)
    control, treated = (
        Sample(columns=units.columns, rows=units.rows[part], n=n)
        for part, n in zip((order[:count], order[count:]), sizes, strict=True)
    )
    return control, treated


def _changed(
    treated: Sample, lift: float, family: Family, generator: np.random.Generator
) -> Sample:
    """The treated units as an effect would have left them."""
    rows = treated.rows
    if family == "mean":
        rows = rows.copy()
        rows[:, 0] *= 1 + lift
        return Sample(columns=treated.columns, rows=rows, n=treated.n)
    wanted = min(round((1 + lift) * len(rows)), treated.n)
    if wanted <= len(rows):
        rows = rows[generator.permutation(len(rows))[:wanted]]
    else:
        rows = np.concatenate([rows, np.ones((wanted - len(rows), rows.shape[1]))])
    return Sample(columns=treated.columns, rows=rows, n=treated.n)


def _read(
    control: Estimate,
    treated: Estimate,
    family: Family,
    level: float,
) -> Inference:
    if family == "proportion":
        return compare_proportions(control, treated, level=level)
    return compare_means(control, treated, level=level)


def _welch(control: Estimate, treated: Estimate, level: float) -> Inference | None:
    if control.se == 0 and treated.se == 0:
        return None
    return welch(control, treated, level=level)


def _of_draws(samples: TwoSamples, lift: float, level: float) -> Sides:
    """What the permutation interval leaves out, without looking for its ends.

    It leaves out a ratio on a side exactly where its reference gives that side at
    most half of alpha.
    """
    tails = Reference.of(samples, draws=DRAWS_OF_A_REPLAY)
    least = (1 - level) / 2
    above, below = (share <= least for share in tails.at(0.0))
    missed = min(tails.at(log1p(lift))) <= least
    return Sides(above=above, below=below, missed=missed)


def _of_interval(
    inference: Inference | None, lift: float, baseline: float
) -> Sides | None:
    """What an interval leaves out; None without one. Welch's is of the difference."""
    if inference is None:
        return None
    relative = inference.relative
    contrast = inference.absolute if relative is None else relative
    if contrast is None or contrast.interval.lower is contrast.interval.upper is None:
        return None
    truth = lift * baseline if relative is None else lift
    lower, upper = contrast.interval.lower, contrast.interval.upper
    return Sides(
        above=lower is not None and lower > 0,
        below=upper is not None and upper < 0,
        missed=(lower is not None and lower > truth)
        or (upper is not None and upper < truth),
    )


def _count(record: Record, sides: Sides | None, lift: float) -> None:
    """Add one replay to a method's record."""
    if sides is None:
        record.silent += 1
    elif lift:
        record.found += sides.above if lift > 0 else sides.below
        record.missed += sides.missed
    else:
        record.wins += sides.above
        record.losses += sides.below
