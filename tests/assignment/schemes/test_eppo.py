"""Eppo."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))

SALTS = {"split_salt": "checkout-reco-split", "traffic_salt": "checkout-reco-traffic"}


@pytest.mark.parametrize(
    ("unit", "shard"),
    [("user_1", 6498), ("user_123456", 6581), ("漢字ユーザー", 6818)],
)
def test_shard_against_the_sdk(unit: str, shard: int) -> None:
    """eppo-server-sdk 4.4.1: shards of 10 000 under salt checkout-reco-split."""
    split = Split("s", ARMS, scheme=scheme_of("eppo", SALTS))
    assert split.assign(unit).bucket == shard


@pytest.mark.parametrize(("unit", "arm"), [("123.0", "control"), ("-7", None)])
def test_both_shards_against_the_sdk(unit: str, arm: str | None) -> None:
    """eppo-server-sdk 4.4.1 with a traffic of 40 %."""
    split = Split("s", ARMS, traffic=Fraction(2, 5), scheme=scheme_of("eppo", SALTS))
    assert split.assign(unit).arm == arm


def test_ranges_are_taken_by_name() -> None:
    """An arm may have several ranges of shards, and shards may be nobody's."""
    params = SALTS | {
        "ranges": {"treatment": [[6400, 6500], [0, 10]], "control": [[10, 20]]}
    }
    split = Split("s", ARMS, scheme=scheme_of("eppo", params))
    assert split.assign("user_1").arm == "treatment"
    assert split.assign("user_123456").reason == "outside_traffic"


def test_traffic_without_its_salt_is_rejected() -> None:
    """The traffic shard has a salt of its own."""
    with pytest.raises(AssignmentError, match="traffic_salt"):
        Split("s", ARMS, traffic=HALF, scheme=scheme_of("eppo"))
