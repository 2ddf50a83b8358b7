"""How much hangs on one unit."""

from __future__ import annotations

from holdback.stats.evidence.moments import Moments

__all__ = ["without_largest"]


def without_largest(moments: Moments, column: str) -> Moments:
    """Moments of one column after its largest value (of one unit) is left out.

    `largest` of the result is unknown and given as 0. Raises ValueError when there
    is no value above 0 to leave out.
    """
    one = moments.select([column])
    (value,) = one.largest
    if value <= 0 or one.n < 1:
        raise ValueError(f"`{column}` has no value above 0 to leave out.")
    return Moments(
        columns=one.columns,
        digits=one.digits,
        n=one.n - 1,
        sums=(one.sums[0] - value,),
        products=(one.products[0] - value**2,),
        thirds=(one.thirds[0] - value**3,),
        nonzero=(one.nonzero[0] - 1,),
        largest=(0,),
    )
