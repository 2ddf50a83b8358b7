"""The same lift, computed in other ways."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.quantity import Quantity
from holdback.results.scorecard import Verdict
from holdback.results.section import sections

__all__ = ["WITHIN", "Sensitivity"]

WITHIN = "within "
"""Begins the variant that compares within levels of the dimension named after it."""


@sections.register("sensitivity", after="interactions", order=20)
@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """The same lift under another way of computing it."""

    metric: str
    arm: str
    variant: str
    relative: Quantity
    verdict: Verdict
