"""flagd, fractional version 2."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))
pytest.importorskip("mmh3")
QUARTERS = tuple((n, Fraction(1, 4)) for n in ("clubs", "diamonds", "hearts", "spades"))


@pytest.mark.parametrize(("unit", "arm"), [("queen", "spades"), ("ten", "clubs")])
def test_variant_against_published_cases(unit: str, arm: str) -> None:
    """flagd-testbed, fractional.feature @fractional-v2: fractional-flag."""
    scheme = scheme_of("flagd_v2", {"flagKey": "fractional-flag"})
    assert Split("s", QUARTERS, scheme=scheme).assign(unit).arm == arm


@pytest.mark.parametrize(
    ("unit", "arm"),
    [("ejOoVL", "control"), ("bY9fO-", "control"), ("ceQdGm", "treatment")],
)
def test_edges_against_published_cases(unit: str, arm: str) -> None:
    """The same file's ids whose hash lies at either end."""
    scheme = scheme_of("flagd_v2", {"flagKey": "", "weights": [50, 50]})
    assert Split("s", ARMS, scheme=scheme).assign(unit).arm == arm


def test_traffic_and_missing_weights_are_rejected() -> None:
    """A fractional operation has no traffic, and a weight for each variant."""
    with pytest.raises(AssignmentError, match="no traffic"):
        Split("s", ARMS, traffic=HALF, scheme=scheme_of("flagd_v2"))
    with pytest.raises(AssignmentError, match="one for each arm"):
        Split("s", ARMS, scheme=scheme_of("flagd_v2", {"weights": [1]}))
    assert "nothing between" in scheme_of("flagd_v2").weaknesses()[0]
