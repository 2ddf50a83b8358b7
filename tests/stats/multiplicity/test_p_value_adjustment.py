"""Adjusted p-values against statsmodels and a table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from holdback.stats.multiplicity.p_value_adjustment import benjamini_hochberg, holm

P_VALUES = (0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")]
)
def test_multiplicity_against_statsmodels(ours, theirs: str) -> None:  # noqa: ANN001
    """Adjusted p-values agree with statsmodels, in any order."""
    shuffled = list(np.random.default_rng(1).permutation(P_VALUES))
    expected = multipletests(shuffled, method=theirs)[1]
    assert ours(shuffled) == pytest.approx(tuple(expected), rel=1e-12)


def test_holm_against_table() -> None:
    """The published adjusted values of the worked example."""
    expected = (0.01, 0.072, 0.312, 0.312, 0.312, 0.312, 0.312, 0.615, 0.615, 0.615)
    assert holm(P_VALUES) == pytest.approx(expected, abs=5e-4)


def test_benjamini_hochberg_against_table() -> None:
    """The published adjusted values of the worked example."""
    expected = (0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057, 0.216, 0.216, 0.216)
    assert benjamini_hochberg(P_VALUES) == pytest.approx(expected, abs=5e-5)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_adjusted_values_keep_order_and_never_shrink(p_values: list[float]) -> None:
    """A smaller p stays the smaller; Holm is at least as strict as BH."""
    strict, loose = holm(p_values), benjamini_hochberg(p_values)
    assert all(
        p <= b <= h <= 1 for p, b, h in zip(p_values, loose, strict, strict=True)
    )
    order = np.argsort(p_values, kind="stable")
    assert list(np.array(strict)[order]) == sorted(strict)
    assert list(np.array(loose)[order]) == sorted(loose)
