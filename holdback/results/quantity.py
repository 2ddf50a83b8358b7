"""Numbers with their intervals: what results are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Quantity", "Return"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with its interval; without both sides it has none.

    One absent side is unbounded, as `unbounded` says.
    """

    value: float
    se: float | None = None
    lower: float | None = None
    upper: float | None = None
    unbounded: Literal["lower", "upper"] | None = None

    @property
    def has_interval(self) -> bool:
        """Whether at least one side of the interval is known."""
        return self.lower is not None or self.upper is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """ROPI with its interval and the probability that it is above 0."""

    value: float
    lower: float | None = None
    upper: float | None = None
    unbounded: Literal["lower", "upper"] | None = None
    p_positive: float | None = None

    @property
    def interval(self) -> Quantity:
        """The same without the probability."""
        return Quantity(
            value=self.value,
            lower=self.lower,
            upper=self.upper,
            unbounded=self.unbounded,
        )
