"""Ratios of what the treatment added."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.facts import Fact
from holdback.results.quantity import Quantity
from holdback.results.section import sections

__all__ = ["IncrementalRatio"]


@sections.register("incremental", after="money", order=10)
@dataclass(frozen=True, slots=True, kw_only=True)
class IncrementalRatio:
    """A ratio of what the treatment added: extra revenue per extra spend, say.

    `control` and `treatment` are the plain ratios of the arms (ROAS, CAC), `added` is
    the difference of the numerators over that of the denominators (iROAS, the cost of
    an extra customer); absent, with a `note`, where the denominators hardly differ.
    """

    metric: str
    arm: str
    control: float | None = None
    treatment: float | None = None
    added: Quantity | None = None
    note: Fact | None = None
