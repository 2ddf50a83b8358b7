"""What one unit weighs."""

from __future__ import annotations

import pytest

from holdback.stats.evidence.delta_method import without_largest
from holdback.stats.evidence.moments import Moments


def test_without_largest_against_rows() -> None:
    """Leaving out the largest unit equals the moments of the other rows."""
    rows = [[3.0], [0.0], [19.5], [2.25]]
    whole = Moments.of_rows(rows, ("x",), (2,))
    rest = Moments.of_rows([[3.0], [0.0], [2.25]], ("x",), (2,))
    found = without_largest(whole, "x")
    assert (found.n, found.sums, found.products, found.thirds, found.nonzero) == (
        rest.n,
        rest.sums,
        rest.products,
        rest.thirds,
        rest.nonzero,
    )
    with pytest.raises(ValueError, match="no value above 0"):
        without_largest(Moments.of_rows([[0.0]], ("x",), (2,)), "x")
