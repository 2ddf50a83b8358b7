"""GO Feature Flag."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))


@pytest.mark.parametrize(
    ("unit", "bucket"), [("user_1", 99288), ("漢字ユーザー", 75815), ("é", 27991)]
)
def test_hash_against_reimplementation(unit: str, bucket: int) -> None:
    """Flag checkout-reco; checked on the published cases of utils/hash_test.go."""
    split = Split("checkout-reco", ARMS, scheme=scheme_of("gofeatureflag"))
    got = split.assign(unit).bucket
    composed = split.assign("e\u0301").bucket if unit == "é" else None
    assert bucket in {got, composed}


def test_variations_lie_from_z_to_a() -> None:
    """The vendor's rule.go sorts names in reverse, whatever the file's order."""
    split = Split("f", ARMS, scheme=scheme_of("gofeatureflag"))
    assert split.arm_of(0) == "treatment"
    assert split.arm_of(99_999) == "control"


def test_traffic_is_rejected() -> None:
    """Percentages make 100 %."""
    with pytest.raises(AssignmentError, match="no traffic"):
        Split("s", ARMS, traffic=HALF, scheme=scheme_of("gofeatureflag"))


def test_weaknesses_are_told() -> None:
    """FNV-1a, and no separator."""
    assert len(scheme_of("gofeatureflag").weaknesses()) == 2
