"""Share of units that left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.experiments.metrics import ShareOfUnits, kinds

__all__ = ["Churn"]


@kinds.register("churn")
@dataclass(frozen=True, slots=True, kw_only=True)
class Churn(ShareOfUnits):
    """Units with at least one row (a cancellation, say) / units; lower is better."""

    better: Literal["higher", "lower"] = "lower"
