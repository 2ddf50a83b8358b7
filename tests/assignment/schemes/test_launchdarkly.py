"""LaunchDarkly."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))


@pytest.mark.parametrize(
    ("seed", "unit", "bucket"),
    [(61, "00042", 97871), (61, "漢字ユーザー", 74794), (None, "漢字ユーザー", 35407)],
)
def test_bucket_against_the_sdk(seed: int | None, unit: str, bucket: int) -> None:
    """launchdarkly-server-sdk 9.18.2: flag checkout-reco, salt saltyA, of 100 000."""
    params = {"flag_key": "checkout-reco", "salt": "saltyA"}
    params |= {"seed": seed} if seed is not None else {}
    split = Split("s", ARMS, scheme=scheme_of("launchdarkly", params))
    one = split.assign(unit)
    assert one.bucket == bucket
    assert one.arm == ("control" if bucket < 50_000 else "treatment")


def test_untracked_units_are_outside_the_traffic() -> None:
    """Only tracked variations belong to the experiment."""
    parts = [
        {"variation": "control", "weight": 10_000},
        {"variation": "treatment", "weight": 10_000},
        {"variation": "control", "weight": 80_000, "untracked": True},
    ]
    scheme = scheme_of("launchdarkly", {"seed": 61, "variations": parts})
    got = [Split("s", ARMS, scheme=scheme).assign(f"u{n}") for n in range(3000)]
    assert all((o.arm is None) is ((o.bucket or 0) >= 20_000) for o in got)


def test_what_the_hash_needs_is_rejected_without() -> None:
    """Either the flag's salt or the rollout's seed, and weights below full traffic."""
    with pytest.raises(AssignmentError, match="salt"):
        Split("s", ARMS, scheme=scheme_of("launchdarkly"))
    with pytest.raises(AssignmentError, match="variations"):
        Split("s", ARMS, traffic=HALF, scheme=scheme_of("launchdarkly", {"seed": 1}))
