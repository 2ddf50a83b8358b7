"""Split."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))
pytest.importorskip("mmh3")


@pytest.mark.parametrize(
    ("unit", "seed", "bucket"),
    [
        ("RcDwiFsCAn", -70964365, 61),
        ("vZYVpWSk", -1381293649, 34),
        ("82644e30-a7c6-0135-458d-0242ac112c08", 1798236110, 8),
    ],
)
def test_bucket_against_published_cases(unit: str, seed: int, bucket: int) -> None:
    """splitio/python-client, tests/engine/files: buckets 1 to 100; ours from 0."""
    split = Split("s", ARMS, scheme=scheme_of("split", {"seed": seed}))
    assert split.assign(unit).bucket == bucket - 1


@pytest.mark.parametrize(("unit", "bucket"), [("user_1", 67), ("漢字ユーザー", 79)])
def test_legacy_bucket_against_the_sdk(unit: str, bucket: int) -> None:
    """splitio_client 10.7.0, algorithm 1, seed 123."""
    scheme = scheme_of("split", {"seed": 123, "algo": 1})
    assert Split("s", ARMS, scheme=scheme).assign(unit).bucket == bucket - 1
    assert "Java" in scheme.weaknesses()[0]


def test_allocation_has_its_own_seed() -> None:
    """Raising the allocation keeps every arm."""
    params = {"seed": 1, "trafficAllocationSeed": 2}
    low, high = (
        Split("s", ARMS, traffic=Fraction(t, 100), scheme=scheme_of("split", params))
        for t in (20, 60)
    )
    pairs = [(low.assign(f"u{n}").arm, high.assign(f"u{n}").arm) for n in range(2000)]
    assert all(a == b for a, b in pairs if a is not None)


def test_what_split_cannot_do_is_rejected() -> None:
    """No seed for the allocation, an unknown algorithm, half a percent."""
    with pytest.raises(AssignmentError, match="trafficAllocationSeed"):
        Split("s", ARMS, traffic=HALF, scheme=scheme_of("split", {"seed": 1}))
    with pytest.raises(AssignmentError, match="algo 3"):
        Split("s", ARMS, scheme=scheme_of("split", {"seed": 1, "algo": 3}))
    arms = (("a", Fraction(5, 1000)), ("b", Fraction(995, 1000)))
    with pytest.raises(AssignmentError, match="whole percentage"):
        Split("s", arms, scheme=scheme_of("split", {"seed": 1}))
