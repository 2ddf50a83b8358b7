"""GrowthBook, hash version 2."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))


@pytest.mark.parametrize(
    ("seed", "unit", "bucket"),
    [
        ("90850943850283058242805", "123", 7516),
        ("89123klj", "8952klfjas09ujkasdf", 1240),
        ("seed", "b", 2696),
        ("foo", "ab", 2575),
    ],
)
def test_hash_against_published_cases(seed: str, unit: str, bucket: int) -> None:
    """growthbook-python, tests/cases.json (specVersion 0.7.1), section hash."""
    split = Split("s", ARMS, scheme=scheme_of("growthbook_v2", {"seed": seed}))
    assert split.assign(unit).bucket == bucket


def test_holes_between_ranges_are_outside_the_traffic() -> None:
    """Ranges with a hole: who falls into it has no arm."""
    params = {"ranges": [[0, "0.1"], ["0.9", 1]]}
    split = Split("s", ARMS, scheme=scheme_of("growthbook_v2", params))
    got = [split.assign(f"u{n}") for n in range(2000)]
    outside = [one for one in got if one.reason == "outside_traffic"]
    assert all(1000 <= (one.bucket or 0) < 9000 for one in outside)
    assert len(outside) / len(got) == pytest.approx(0.8, abs=0.04)


def test_unknown_hash_version_is_rejected() -> None:
    """Filters have hash version 1 or 2."""
    params = {"filters": [{"seed": "s", "ranges": [[0, 1]], "hashVersion": 3}]}
    with pytest.raises(AssignmentError, match="hash version 3"):
        Split("s", ARMS, scheme=scheme_of("growthbook_v2", params))


def test_only_namespaces_are_weak() -> None:
    """Version 2 itself has no known weakness."""
    assert scheme_of("growthbook_v2").weaknesses() == ()
    weak = scheme_of("growthbook_v2", {"namespace": ["n", 0, 1]}).weaknesses()
    assert "version 1" in weak[0]
