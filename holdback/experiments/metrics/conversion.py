"""Share of units that did something at least once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from holdback.experiments.kinds.metric import kinds
from holdback.experiments.kinds.share_of_units import ShareOfUnits

__all__ = ["Conversion"]


@kinds.register("conversion")
@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion(ShareOfUnits):
    """Units with at least one row (or one row whose `value` is not 0) / units."""

    credits_channels: ClassVar[bool] = True
