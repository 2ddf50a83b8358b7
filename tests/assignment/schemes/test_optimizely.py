"""Optimizely."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))
pytest.importorskip("mmh3")


@pytest.mark.parametrize(
    ("unit", "bucket"), [("ppid1", 5254), ("ppid2", 4299), ("ppid3", 5439)]
)
def test_bucket_against_published_cases(unit: str, bucket: int) -> None:
    """optimizely/python-sdk, tests/test_bucketing.py, parent 1886780721."""
    scheme = scheme_of("optimizely", {"experiment_id": 1886780721})
    assert Split("s", ARMS, scheme=scheme).assign(unit).bucket == bucket


def test_empty_entity_is_outside_the_traffic() -> None:
    """Buckets of an unnamed entity belong to nobody; SDK 5.7.0 on user_123456."""
    allocation = [
        {"entityId": "control", "endOfRange": 3000},
        {"entityId": "", "endOfRange": 4000},
        {"entityId": "treatment", "endOfRange": 10000},
    ]
    params = {"experiment_id": "exp_a", "trafficAllocation": allocation}
    one = Split("s", ARMS, scheme=scheme_of("optimizely", params)).assign("user_123456")
    assert (one.bucket, one.reason) == (3725, "outside_traffic")


def test_group_comes_first() -> None:
    """An experiment without a part of its group gets nobody."""
    group = {"id": "g", "trafficAllocation": [{"entityId": "x", "endOfRange": 10000}]}
    params = {"experiment_id": "y", "group": group}
    split = Split("s", ARMS, scheme=scheme_of("optimizely", params))
    assert split.assign("u").reason == "outside_layer"


def test_traffic_and_strange_arms_are_rejected() -> None:
    """Where ranges end is known to the datafile only, and its entities are arms."""
    with pytest.raises(AssignmentError, match="trafficAllocation"):
        Split("s", ARMS, traffic=HALF, scheme=scheme_of("optimizely"))
    params = {"trafficAllocation": [{"entityId": "other", "endOfRange": 10000}]}
    with pytest.raises(AssignmentError, match="'other', which is no arm"):
        Split("s", ARMS, scheme=scheme_of("optimizely", params))


def test_weakness_is_told() -> None:
    """No separator: two pairs of id and experiment share a key."""
    (weak,) = scheme_of("optimizely").weaknesses()
    assert "nothing between" in weak
    one, other = (
        Split("s", ARMS, scheme=scheme_of("optimizely", {"experiment_id": e}))
        for e in ("23", "3")
    )
    assert one.assign("user1").bucket == other.assign("user12").bucket
