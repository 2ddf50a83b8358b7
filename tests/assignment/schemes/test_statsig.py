"""Statsig."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))


@pytest.mark.parametrize(
    ("unit", "bucket", "arm"),
    [("user_1", 1650, "control"), ("00042", 8230, "treatment")],
)
def test_gate_against_the_sdk(unit: str, bucket: int, arm: str) -> None:
    """Statsig 0.72.1, config salt exp_salt, rule salt rule_salt."""
    params = {"config_salt": "exp_salt", "rule_salt": "rule_salt"}
    one = Split("s", ARMS, scheme=scheme_of("statsig", params)).assign(unit)
    assert (one.bucket, one.arm) == (bucket, arm)


@pytest.mark.parametrize(("unit", "bucket"), [("0", 485), ("1", 372), ("00042", 272)])
def test_user_bucket_against_the_sdk(unit: str, bucket: int) -> None:
    """Statsig 0.72.1, condition USER_BUCKET with salt alloc_salt."""
    scheme = scheme_of("statsig", {"config_salt": "alloc_salt"})
    assert Split("s", ARMS, scheme=scheme).assign(unit).bucket == bucket


def test_allocation_lets_listed_buckets_in() -> None:
    """The layer's allocation is a list of buckets of its own salt."""
    params = {"allocation_salt": "alloc_salt", "allocation": [485, 372]}
    split = Split("s", ARMS, scheme=scheme_of("statsig", params))
    assert split.assign("0").reason == "assigned"
    assert split.assign("1").reason == "assigned"
    assert split.assign("00042").reason == "outside_traffic"


def test_traffic_without_allocation_is_rejected() -> None:
    """Traffic is drawn by the layer's salt."""
    with pytest.raises(AssignmentError, match="allocation_salt"):
        Split("s", ARMS, traffic=HALF, scheme=scheme_of("statsig"))
