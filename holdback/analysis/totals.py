"""Two arms of which only totals are known: no frame, no file, no checks of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from numbers import Real
from typing import Any

from holdback.errors import ConfigError, Problem
from holdback.results.notebook_display import Shown, text_of
from holdback.stats.evidence.effect import Contrast, Estimate, Inference
from holdback.stats.methods.compare import compare_means
from holdback.stats.methods.proportion import compare_proportions

__all__ = ["TotalsCompared", "compare", "conversion_from_counts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsCompared(Shown):
    """Treatment against control: values, difference and lift, each with its range.

    `lift` is None where a ratio means nothing; `note` says so. Rates and lifts are
    fractions.
    """

    control: float
    treatment: float
    difference: Contrast
    lift: Contrast | None
    p_value: float | None
    level: float
    method: str
    note: str
    is_rate: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, by name."""
        return {
            "control": self.control,
            "treatment": self.treatment,
            **_flat("difference", self.difference),
            **_flat("lift", self.lift),
            "p_value": self.p_value,
            "level": self.level,
            "method": self.method,
        }

    def __str__(self) -> str:
        return text_of(self)


def _flat(name: str, contrast: Contrast | None) -> dict[str, float | None]:
    ends = contrast.interval if contrast else None
    return {
        name: contrast.value if contrast else None,
        f"{name}_lower": ends.lower if ends else None,
        f"{name}_upper": ends.upper if ends else None,
    }


def compare(
    control: Sequence[float], treatment: Sequence[float], *, level: float = 0.95
) -> TotalsCompared:
    """Two means from (number of units, mean, standard deviation) of each arm.

    Without the units' own values their skew is not known: with few units or a heavy
    tail (revenue), analyze the rows. Raises ConfigError for totals that cannot be.
    """
    estimates = [
        _of_mean(name, given)
        for name, given in (("control", control), ("treatment", treatment))
    ]
    _check_level(level)
    inference = compare_means(estimates[0], estimates[1], level=level)
    return _compared(inference, estimates, level, is_rate=False)


def conversion_from_counts(
    control: Sequence[int], treatment: Sequence[int], *, level: float = 0.95
) -> TotalsCompared:
    """Two rates from (units that converted, units) of each arm, by score intervals.

    Raises ConfigError for counts that cannot be.
    """
    arms = [
        _of_counts(name, given)
        for name, given in (("control", control), ("treatment", treatment))
    ]
    _check_level(level)
    inference = compare_proportions(*arms, level=level)
    return _compared(inference, arms, level, is_rate=True)


def _compared(
    inference: Inference, arms: Sequence[Estimate], level: float, *, is_rate: bool
) -> TotalsCompared:
    if inference.absolute is None:
        raise ConfigError(
            Problem(
                where="totals",
                what="no honest comparison exists: an arm is too small, or nothing in "
                "either differs.",
                fix="Give arms of two units and more, with some spread.",
            )
        )
    return TotalsCompared(
        control=arms[0].value,
        treatment=arms[1].value,
        difference=inference.absolute,
        lift=inference.relative,
        p_value=inference.p_value,
        level=level,
        method=inference.method,
        note=inference.note.code,
        is_rate=is_rate,
    )


def _numbers(name: str, given: object, form: str, size: int) -> list[float]:
    """The numbers of an arm; raises ConfigError for anything else."""
    fits = (
        isinstance(given, Sequence)
        and len(given) == size
        and all(isinstance(v, Real) and not isinstance(v, bool) for v in given)
    )
    if not fits or not isinstance(given, Sequence):
        raise ConfigError(
            Problem(
                where=name,
                what=f"a {type(given).__name__} in place of {form}.",
                fix=f"Write {name}=({form}).",
            )
        )
    if not all(isfinite(v) for v in given):
        raise ConfigError(Problem(where=name, what="a number is not finite."))
    return list(given)


def _of_mean(name: str, given: object) -> Estimate:
    n, mean, sd = _numbers(name, given, "units, mean, standard deviation", 3)
    if n < 2 or n != int(n) or sd < 0:
        raise ConfigError(
            Problem(
                where=name,
                what=f"{n:g} units with a standard deviation of {sd:g} cannot be.",
                fix="The first number is how many units (2 and more), the third their "
                "spread, 0 and more.",
            )
        )
    return Estimate(value=mean, se=sd / sqrt(n), n=int(n), third=0.0, nonzero=int(n))


def _of_counts(name: str, given: object) -> Estimate:
    x, n = _numbers(name, given, "conversions, units", 2)
    whole = x == int(x) and n == int(n)
    if not whole or not 0 <= x <= n or n < 2:
        raise ConfigError(
            Problem(
                where=name,
                what=f"{x:g} conversions of {n:g} units cannot be.",
                fix="Write how many converted first, then how many units there were.",
            )
        )
    rate = x / n
    error = sqrt(rate * (1 - rate) / n)
    return Estimate(value=rate, se=error, n=int(n), third=0.0, nonzero=int(x))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ConfigError(
            Problem(where="level", what=f"{level} is no level.", fix="Write 0.95.")
        )
