"""What the scorecard holds beside the comparison: doses, uplift, attribution."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity, Return

__all__ = [
    "Attributed",
    "ChannelCredit",
    "Concentration",
    "DoseStep",
    "DoseTrend",
    "RuleCredit",
    "Uplift",
    "UpliftPoint",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """Share of the money that the `top` share of buyers brought, in all arms."""

    metric: str
    top: float
    buyers: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseTrend:
    """Change of a metric per unit of dose, over all arms: one ordered contrast."""

    metric: str
    slope: Quantity
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseStep:
    """From one arm to the next more intense: what more it brings, and at what cost.

    Money is for the units of `to_arm`, costs those of `to_arm` less what its units
    would have cost in `from_arm`. Intervals hold for all steps at once (Bonferroni).
    """

    metric: str
    from_arm: str
    to_arm: str
    from_dose: float
    to_dose: float
    relative: Quantity | None = None
    absolute: Quantity | None = None
    incremental_profit: Quantity | None = None
    extra_cost: float | None = None
    extra_savings: float = 0.0
    ropi: Return | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpliftPoint:
    """Gain per unit of all from treating only the top `share` by the score.

    `random` is what the same share without a score would gain.
    """

    share: float
    gain: Quantity
    random: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplift:
    """Whether a score finds the units that the treatment moves.

    `area` is between the curve and the line of a useless score. Where the holdback is
    too small, `refused` says so, and `units_needed` how large it has to be.
    """

    score: str
    metric: str
    arm: str
    area: Quantity | None = None
    p_value: float | None = None
    curve: tuple[UpliftPoint, ...] = ()
    refused: str = ""
    units_needed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCredit:
    """Conversions that each rule credits a channel with; `treatment`: it is ours."""

    channel: str
    first: float
    last: float
    linear: float
    markov: float
    treatment: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCredit:
    """What a rule credits the treatment's channels with, and the factor to correct it.

    `factor` is incremental / credited conversions.
    """

    rule: str
    credited: float
    factor: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """Rules of attribution in the treated arms, beside what the holdback says.

    Descriptive: the rules hand out every conversion, also those that would have come
    anyway. `incremental` are the conversions that the treatment added.
    """

    metric: str
    conversions: int
    untouched: int
    channels: tuple[ChannelCredit, ...]
    rules: tuple[RuleCredit, ...]
    incremental: Quantity | None = None
