"""GrowthBook, hash version 1."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))


@pytest.mark.parametrize(
    ("seed", "unit", "bucket"),
    [("", "123", 11), ("", "b", 77), ("", '___)((*":&', 563)],
)
def test_hash_against_published_cases(seed: str, unit: str, bucket: int) -> None:
    """growthbook-python, tests/cases.json (specVersion 0.7.1), section hash."""
    split = Split("s", ARMS, scheme=scheme_of("growthbook_v1", {"seed": seed}))
    assert split.assign(unit).bucket == bucket


@pytest.mark.parametrize(
    ("unit", "arm"),
    [("3", "control"), ("4", "treatment"), ("5", "treatment"), ("7", "control")],
)
def test_arm_against_published_cases(unit: str, arm: str) -> None:
    """Cases "default weights - 3" to "- 7" of the same file: experiment my-test."""
    assert (
        Split("my-test", ARMS, scheme=scheme_of("growthbook_v1")).assign(unit).arm
        == arm
    )


def test_units_of_utf16_against_the_sdk() -> None:
    """SDK 4.0.0 gave 0.768 for "é": the hash runs over code units, not over bytes."""
    split = Split("checkout-reco", ARMS, scheme=scheme_of("growthbook_v1"))
    assert split.assign("e\u0301").bucket == 768 or split.assign("é").bucket == 768


def test_ramp_keeps_everybody() -> None:
    """Coverage grows inside each arm's own range."""
    low, full = (
        Split("s", ARMS, traffic=t, scheme=scheme_of("growthbook_v1"))
        for t in (Fraction(1, 5), Fraction(1))
    )
    ids = [f"user_{n}" for n in range(3000)]
    kept = [(low.assign(u).arm, full.assign(u).arm) for u in ids]
    assert all(a == b for a, b in kept if a is not None)
    inside = sum(a is not None for a, _ in kept)
    assert inside / len(ids) == pytest.approx(0.2, abs=0.03)


def test_namespace_comes_first() -> None:
    """A unit outside the namespace is outside of the layer."""
    params = {"namespace": ["namespace2", "0.4", 1]}
    split = Split("s", ARMS, scheme=scheme_of("growthbook_v1", params))
    assert split.assign("4").reason == "outside_layer"


def test_weaknesses_are_told() -> None:
    """Correlated buckets, and no separator."""
    first, second = scheme_of("growthbook_v1").weaknesses()
    assert "correlated" in first
    assert "nothing between" in second


def test_ranges_for_too_few_arms_are_rejected() -> None:
    """There is one range for each arm."""
    with pytest.raises(AssignmentError, match="one for each arm"):
        Split("s", ARMS, scheme=scheme_of("growthbook_v1", {"ranges": [[0, 1]]}))
