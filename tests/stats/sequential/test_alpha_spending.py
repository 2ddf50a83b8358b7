"""Spending functions against their closed forms, published values and shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from holdback.stats.sequential.alpha_spending import Spending, obrien_fleming, pocock
from holdback.stats.sequential.group_sequential import boundaries


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9, 1.0])
def test_closed_forms(share: float) -> None:
    """Lan & DeMets 1983: 2 − 2Φ(z/√t) and α ln(1 + (e − 1) t), by scipy."""
    z = stats.norm.isf(0.0125)
    assert obrien_fleming(share, 0.025) == pytest.approx(
        2 * stats.norm.sf(z / math.sqrt(share))
    )
    assert pocock(share, 0.025) == pytest.approx(
        0.025 * math.log1p((math.e - 1) * share)
    )


@pytest.mark.parametrize("spending", [obrien_fleming, pocock])
def test_everything_is_spent_at_the_end(spending: Spending) -> None:
    """Spending rises from nearly nothing to the whole."""
    spent = [spending(t, 0.025) for t in np.linspace(0.01, 1.0, 50)]
    assert spent[-1] == pytest.approx(0.025)
    assert np.all(np.diff(spent) >= 0)
    assert spent[0] < 0.001


def test_one_look_at_the_end_is_the_usual_test() -> None:
    """Without earlier looks nothing is paid: 2.5 % of the normal by the table."""
    assert boundaries([1.0]) == pytest.approx([1.959964], abs=1e-6)
    assert boundaries([1.0], spending=pocock) == pytest.approx([1.959964], abs=1e-6)


def test_many_looks_fall_steadily() -> None:
    """Forty daily looks have falling boundaries, all above the single look's."""
    found = boundaries([k / 40 for k in range(1, 41)])
    assert found == sorted(found, reverse=True)
    assert min(found) > 1.96
