"""Jeffreys intervals of a share against statsmodels and their corners."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint

from holdback.stats.methods.proportion import share_interval


@pytest.mark.parametrize(("count", "n"), [(1, 12), (5, 12), (30, 41)])
def test_against_statsmodels(count: int, n: int) -> None:
    """The quantiles of the same beta distribution."""
    lower, upper = proportion_confint(count, n, method="jeffreys")
    found = share_interval(count, n)
    assert (found.lower, found.upper) == pytest.approx((lower, upper), rel=1e-10)


def test_none_and_all_reach_the_ends() -> None:
    """Nothing rules out 0 when there was none, nor 1 when all were."""
    assert share_interval(0, 9).lower == 0.0
    assert share_interval(9, 9).upper == 1.0


@pytest.mark.parametrize(("count", "n"), [(3, 2), (-1, 2), (0, 0)])
def test_rejects_what_is_no_share(count: int, n: int) -> None:
    """More than all, less than none, and none of none."""
    with pytest.raises(ValueError, match="is no share"):
        share_interval(count, n)
