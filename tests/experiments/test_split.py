"""From an experiment to its split, and arms in the container of the ids."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from holdback.assignment import split as reserved
from holdback.assignment.schemes.eppo import Eppo
from holdback.assignment.split import Split
from holdback.errors import AssignmentError
from holdback.experiments.definition.experiment import (
    Arm,
    Assignment,
    Experiment,
    Holdout,
    Layer,
)
from holdback.experiments.definition.split import assign, shares_of, split_of
from holdback.experiments.language.expression import parse

TENTH = Fraction(1, 10)
EXPERIMENT = Experiment(
    name="recs",
    arms=(
        Arm(name="holdback", share=TENTH, control=True),
        Arm(name="personalized", share=1 - TENTH),
    ),
    assignment=Assignment(
        source="assignments",
        salt="recs",
        traffic=Fraction(1, 2),
        phase=2,
        overrides={"u-42": "holdback"},
    ),
    metrics={},
    sources={},
    primary="conversion",
)
PLAIN = Assignment(source="assignments", salt="recs")
SPLIT = Split(
    "recs",
    (("holdback", TENTH), ("personalized", 1 - TENTH)),
    traffic=Fraction(1, 2),
    phase=2,
    overrides={"u-42": "holdback"},
)
IDS = ["u-42", "00123", "é", "", "user_9", "user_10"]
ARMS = [SPLIT.assign(unit).arm for unit in IDS]


def changed(**parts: object) -> Experiment:
    """The experiment with another assignment."""
    return replace(EXPERIMENT, assignment=replace(EXPERIMENT.assignment, **parts))


def test_split_of_takes_every_part() -> None:
    """Salt, arms in order, traffic, phase and overrides reach the split."""
    assert split_of(EXPERIMENT) == SPLIT


def test_split_of_takes_scheme_holdout_and_layer() -> None:
    """What is named is looked up among the experiment's own."""
    planned = replace(
        changed(
            scheme="eppo",
            params={"split_salt": "recs", "traffic_salt": "in"},
            holdout="always-on",
            layer=Layer(name="home", range=(Fraction(0), TENTH)),
        ),
        holdouts={"always-on": Holdout(share=TENTH, salt="off-2026")},
        layers={"home": "home-2026"},
    )
    assert split_of(planned) == replace(
        SPLIT,
        scheme=Eppo(split_salt="recs", traffic_salt="in"),
        holdout=reserved.HoldoutShare(name="always-on", share=TENTH, salt="off-2026"),
        layer=reserved.LayerRange(
            name="home", salt="home-2026", start=Fraction(0), end=TENTH
        ),
    )


def test_split_of_rejects_overrides_of_no_arm() -> None:
    """An override into an arm that is none is refused."""
    with pytest.raises(AssignmentError, match="nobody"):
        split_of(changed(overrides={"u": "nobody"}))


def test_shares_as_decimals_sum_to_one() -> None:
    """Thirds that were written with ten digits are a split."""
    third = Fraction("0.3333333333")
    arms = tuple(Arm(name=name, share=third) for name in "abc")
    assert sum(share for _, share in shares_of(arms)) == 1
    assert set(split_of(replace(EXPERIMENT, arms=arms, assignment=PLAIN)).names) == {
        *"abc"
    }


def test_assign_rejects_ids_without_attributes() -> None:
    """Ids alone cannot say who is eligible, and nobody is let in by mistake."""
    with pytest.raises(AssignmentError, match="country = 'IE'"):
        assign(changed(where=parse("country = 'IE'")), ["u-1"])


@pytest.mark.parametrize(
    ("container", "values"),
    [
        (list, list),
        (tuple, list),
        (np.array, lambda got: got.tolist()),
        (pd.Series, lambda got: got.tolist()),
        (pl.Series, lambda got: got.to_list()),
        (pa.array, lambda got: got.to_pylist()),
    ],
)
def test_arms_come_in_the_container_of_the_ids(
    container: Callable[[list[str]], object], values: Callable[[object], list[object]]
) -> None:
    """A list gives a list, an array an array, a Series a Series."""
    ids = container(IDS)
    with pytest.warns(UserWarning, match=f"1 of {len(IDS)} ids are missing"):
        got = assign(EXPERIMENT, ids)
    assert isinstance(got, type(ids))
    assert values(got) == ARMS


def test_one_id_gives_one_arm() -> None:
    """A single id, text or number, gives its arm; no id gives None."""
    assert assign(EXPERIMENT, "u-42") == "holdback"
    assert assign(EXPERIMENT, 7) == SPLIT.assign("7").arm
    assert assign(EXPERIMENT, None) is None


def test_whole_floats_are_told() -> None:
    """Floats read as integers, and what is no id, are counted in warnings."""
    ids = pd.Series([1, 2, None])
    with (
        pytest.warns(UserWarning, match="2 ids were floats"),
        pytest.warns(UserWarning, match="1 of 3 ids are missing"),
    ):
        got = assign(EXPERIMENT, ids)
    assert got.tolist() == [SPLIT.assign("1").arm, SPLIT.assign("2").arm, None]
