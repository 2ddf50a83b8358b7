"""A scheme of one's own."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))


def test_one_hash_for_exposure_and_arm_against_a_package() -> None:
    """Abtestify 0.3.1, experiment checkout-reco: 50 % treatment of 40 % exposed."""
    params = {"hex_digits": 16, "reduce": "scale", "arm_buckets": 100}
    arms = (("treatment", HALF), ("control", HALF))
    split = Split(
        "checkout-reco",
        arms,
        traffic=Fraction(2, 5),
        scheme=scheme_of("custom", params),
    )
    assert split.assign("00042").arm == "treatment"
    assert split.assign("f47ac10b-58cc-4372-a567-0e02b2c3d479").arm == "control"
    assert split.assign("漢字ユーザー").reason == "outside_traffic"


def test_custom_can_be_the_house_scheme() -> None:
    """The default's own key, digits and buckets give the default's arms."""
    params = {"key": "{salt}:{purpose}:{id}"}
    custom = Split("s", ARMS, traffic=HALF, scheme=scheme_of("custom", params))
    house = Split("s", ARMS, traffic=HALF)
    for n in range(500):
        assert custom.assign(f"u{n}") == house.assign(f"u{n}")
    assert scheme_of("custom", params).weaknesses() == ()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"key": "{salt}"}, "does not hold {id} once"),
        ({"key": "{id}{name}"}, "does not hold {id} once"),
        ({"hash": "md5", "hex_digits": 33}, "md5 has 32"),
        ({"buckets": 1}, "buckets is 1"),
        ({"arm_buckets": 1}, "arm_buckets is 1"),
        ({"hash": "crc32"}, "'crc32' is not one of"),
        ({"hex_digits": "13"}, "is not a whole number"),
        ({"buckets": 5, "arms": 2}, "'arms' is not a key"),
    ],
)
def test_bad_parameters_are_rejected(params: dict[str, object], words: str) -> None:
    """One clear error for each."""
    with pytest.raises(AssignmentError) as caught:
        Split("s", ARMS, scheme=scheme_of("custom", params))
    assert words in str(caught.value)


def test_weaknesses_are_told() -> None:
    """What the template leaves out, and a hash that ties salts together."""
    weak = " ".join(scheme_of("custom", {"key": "{id}", "hash": "fnv1a"}).weaknesses())
    assert "no {salt}" in weak
    assert "no {purpose}" in weak
    assert "FNV-1a" in weak
    joined = scheme_of("custom", {"key": "{salt}{id}", "arm_buckets": 10})
    assert "nothing between" in joined.weaknesses()[0]


def test_unknown_scheme_is_rejected() -> None:
    """A misspelt scheme is answered with the right one."""
    with pytest.raises(AssignmentError, match="Did you mean 'planout'"):
        scheme_of("plan_out")
