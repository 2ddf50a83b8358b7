"""PostHog."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))


@pytest.mark.parametrize(
    ("unit", "rollout", "variant"),
    [("00042", 0.6817624792527925, 0.15206359489442656), ("123.0", 0.40792, 0.41651)],
)
def test_hashes_against_the_formula(unit: str, rollout: float, variant: float) -> None:
    """Flag checkout-reco; posthog-python, posthog/feature_flags.py, `_hash`."""
    just = Fraction(rollout + 0.00002)
    scheme = scheme_of("posthog", {"flag_key": "checkout-reco"})
    one = Split("s", ARMS, traffic=just, scheme=scheme).assign(unit)
    assert one.reason == "assigned"
    assert one.bucket == int(variant * 10_000)
    less = Split("s", ARMS, traffic=Fraction(rollout - 0.00002), scheme=scheme)
    assert less.assign(unit).reason == "outside_traffic"


def test_unknown_parameter_is_rejected() -> None:
    """A misspelt key is answered with the right one."""
    with pytest.raises(AssignmentError, match="Did you mean 'flag_key'"):
        scheme_of("posthog", {"flagkey": "x"})
