"""Agreement of two labels beyond chance."""

from __future__ import annotations

import math

import pytest

from holdback.stats.srm.agreement import Agreement


def test_kappa_against_table() -> None:
    """Cohen's kappa of a table of 20, 5, 10 and 15: (0.7 - 0.5) / 0.5.

    Worked out by hand: shares 25/50 and 30/50 give chance 0.5*0.6 + 0.5*0.4.
    """
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    found = Agreement.of(pairs)
    assert (found.n, found.agreeing) == (50, 35)
    assert found.chance == pytest.approx(0.5)
    assert found.kappa == pytest.approx(0.4)


def test_p_value_against_closed_form() -> None:
    """All of 12 units with halves: one in 2**12; at least 11: thirteen in 2**12."""
    whole = Agreement(n=12, agreeing=12, chance=0.5)
    assert whole.p_value == pytest.approx(2**-12)
    tail = sum(math.comb(12, k) for k in (11, 12)) / 2**12
    assert Agreement(n=12, agreeing=11, chance=0.5).p_value == pytest.approx(tail)


def test_nothing_and_one_label_degenerate() -> None:
    """Without units or with one label everywhere, agreement says nothing."""
    nothing = Agreement.of([])
    assert (nothing.share, nothing.kappa, nothing.p_value) == (0.0, 0.0, 1.0)
    single = Agreement.of([("a", "a")] * 30)
    assert (single.share, single.kappa, single.p_value) == (1.0, 0.0, 1.0)
