"""Conversions that rules credit, beside what the holdback says was added."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["Attributed", "ChannelCredit", "RuleCredit"]


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


@sections.register("attributed", after="money", order=100, single=True)
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
