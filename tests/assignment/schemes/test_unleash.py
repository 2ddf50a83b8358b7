"""Unleash."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))
pytest.importorskip("mmh3")


def test_numbers_against_the_engine() -> None:
    """yggdrasil-engine 2.0.0, checkout-reco: user_1 has 48 of 100, 359 of 1000."""
    scheme = scheme_of("unleash", {"groupId": "checkout-reco", "rollout": 47})
    split = Split("s", ARMS, scheme=scheme)
    one = split.assign("user_1")
    assert (one.reason, one.bucket) == ("outside_traffic", 358)
    scheme = scheme_of("unleash", {"groupId": "checkout-reco", "rollout": 48})
    assert Split("s", ARMS, scheme=scheme).assign("user_1").arm == "control"


def test_rollout_and_variant_are_independent() -> None:
    """A tenth of the users leaves all variant buckets in play (node-sdk 533)."""
    split = Split("s", ARMS, traffic=Fraction(1, 10), scheme=scheme_of("unleash"))
    got = [split.assign(f"user_{n}") for n in range(10_000)]
    inside = [one.bucket or 0 for one in got if one.arm is not None]
    assert len({bucket // 100 for bucket in inside}) == 10


def test_odd_traffic_and_weights_are_rejected() -> None:
    """A rollout is a whole percentage, and each arm has a weight."""
    with pytest.raises(AssignmentError, match="whole percentage"):
        Split("s", ARMS, traffic=Fraction(1, 3), scheme=scheme_of("unleash"))
    with pytest.raises(AssignmentError, match="one for each arm"):
        Split("s", ARMS, scheme=scheme_of("unleash", {"weights": [1]}))
