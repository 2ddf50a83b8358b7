"""What must hold for every split: ramps, salts, order, shares, kinds of ids."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdback.assignment.split import Split

IDS = [f"user_{n}" for n in range(20_000)]
FEW = IDS[:400]
SALT = st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True)


@st.composite
def arms(draw: st.DrawFn) -> tuple[tuple[str, Fraction], ...]:
    """Two to five arms whose shares sum to 1."""
    weights = draw(st.lists(st.integers(1, 100), min_size=2, max_size=5))
    names = ["holdback", "a", "b", "c", "d"]
    return tuple(
        (name, Fraction(weight, sum(weights)))
        for name, weight in zip(names, weights, strict=False)
    )


@given(SALT, arms(), st.integers(0, 10_000), st.integers(0, 10_000))
def test_ramp_invariance(
    salt: str, shares: tuple[tuple[str, Fraction], ...], one: int, other: int
) -> None:
    """More traffic brings units in; nobody leaves and nobody changes the arm."""
    low, high = sorted((one, other))
    before = Split(salt, shares, traffic=Fraction(low, 10_000)).assign_many(FEW).arm
    after = Split(salt, shares, traffic=Fraction(high, 10_000)).assign_many(FEW).arm
    assert all(new == old for old, new in zip(before, after, strict=True) if old)


@given(SALT, arms(), st.permutations(FEW[:60]))
def test_order_invariance(
    salt: str, shares: tuple[tuple[str, Fraction], ...], shuffled: list[str]
) -> None:
    """A unit's arm depends neither on its place nor on the other units."""
    split = Split(salt, shares)
    together = dict(zip(shuffled, split.assign_many(shuffled).arm, strict=True))
    assert together == {unit: split.assign(unit).arm for unit in FEW[:60]}


@given(SALT, arms(), st.integers(-(10**19), 10**19))
def test_number_and_text_invariance(
    salt: str, shares: tuple[tuple[str, Fraction], ...], number: int
) -> None:
    """A whole number and its text are one id."""
    split = Split(salt, shares)
    assert split.assign(number) == split.assign(str(number))


def test_normal_forms_are_different_ids() -> None:
    """Composed and decomposed letters are different texts and are not merged."""
    split = Split("s", (("a", Fraction(1, 2)), ("b", Fraction(1, 2))))
    assert split.assign("é").bucket != split.assign("e\u0301").bucket


@pytest.mark.parametrize(
    "shares",
    [
        (Fraction(1, 10), Fraction(9, 10)),
        (Fraction(1, 3), Fraction(1, 3), Fraction(1, 3)),
        (Fraction(1, 100), Fraction(49, 100), Fraction(1, 2)),
    ],
)
def test_shares_against_binomial(shares: tuple[Fraction, ...]) -> None:
    """Arms of 20 000 units have the planned shares within 4 standard errors."""
    split = Split("accuracy", tuple((f"arm{i}", s) for i, s in enumerate(shares)))
    got = split.assign_many(IDS).arm
    for name, width in split.widths.items():
        p = width / 10_000
        error = 4 * np.sqrt(p * (1 - p) / len(IDS))
        assert got.count(name) / len(IDS) == pytest.approx(p, abs=error)


@pytest.mark.parametrize("other", [{"salt": "other"}, {"phase": 2}])
def test_new_salt_moves_units_against_closed_form(other: dict[str, object]) -> None:
    """A fresh draw changes the arm of 1 - sum of squared shares of the units."""
    shares = (("a", Fraction(1, 10)), ("b", Fraction(3, 10)), ("c", Fraction(6, 10)))
    before = Split("salt", shares).assign_many(IDS).arm
    fresh: dict[str, object] = {"salt": "salt", "arms": shares} | other
    after = Split(**fresh).assign_many(IDS).arm  # type: ignore[arg-type]
    moved = np.mean([a != b for a, b in zip(before, after, strict=True)])
    expected = 1 - (0.01 + 0.09 + 0.36)
    error = 4 * np.sqrt(expected * (1 - expected) / len(IDS))
    assert moved == pytest.approx(expected, abs=error)
