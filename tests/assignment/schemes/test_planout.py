"""PlanOut."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))

SALTS = {"experiment_salt": "exp_a", "param_salt": "x"}


def test_choices_against_the_package() -> None:
    """Planout 0.6.0: WeightedChoice 50/30/20 gives t1 and UniformChoice treatment."""
    three = (("control", HALF), ("t1", Fraction(3, 10)), ("t2", Fraction(1, 5)))
    split = Split("s", three, scheme=scheme_of("planout", SALTS))
    assert split.assign("user_1").arm == "t1"
    uniform = scheme_of("planout", SALTS | {"op": "UniformChoice"})
    assert Split("s", ARMS, scheme=uniform).assign("user_1").arm == "treatment"


def test_traffic_needs_its_own_trial() -> None:
    """A BernoulliTrial lets the traffic in; planout 0.6.0 gave 0 for user_1 at 0.3."""
    with pytest.raises(AssignmentError, match="gate_salt"):
        Split("s", ARMS, traffic=HALF, scheme=scheme_of("planout", SALTS))
    gated = scheme_of("planout", SALTS | {"gate_salt": "x"})
    split = Split("s", ARMS, traffic=Fraction(3, 10), scheme=gated)
    assert split.assign("user_1").reason == "outside_traffic"


def test_a_missing_parameter_is_rejected() -> None:
    """The parameter's name is part of every key."""
    with pytest.raises(AssignmentError, match="'param_salt' is missing"):
        scheme_of("planout")


def test_uneven_uniform_choice_is_rejected() -> None:
    """UniformChoice has equal shares only."""
    scheme = scheme_of("planout", SALTS | {"op": "UniformChoice"})
    arms = (("a", Fraction(1, 4)), ("b", Fraction(3, 4)))
    with pytest.raises(AssignmentError, match="UniformChoice"):
        Split("s", arms, scheme=scheme)
