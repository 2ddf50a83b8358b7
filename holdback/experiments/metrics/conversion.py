"""Share of units that did something at least once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from holdback.experiments.metrics import ShareOfUnits, kinds

__all__ = ["Conversion"]


@kinds.register("conversion")
@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion(ShareOfUnits):
    """Units with at least one row (or one row whose `value` is not 0) / units."""

    credits_channels: ClassVar[bool] = True
