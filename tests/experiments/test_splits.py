"""From an experiment to its split, and arms in the container of the ids."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from holdback.assignment.split import Split
from holdback.errors import AssignmentError, EnvironmentFault
from holdback.experiments.experiment import Arm, Assignment, Experiment, Layer
from holdback.experiments.splits import assign, split_of

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


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"scheme": "planout"}, "planout"),
        ({"holdout": "always-on"}, "always-on"),
        ({"layer": Layer(name="home", range=(Fraction(0), TENTH))}, "layer"),
        ({"overrides": {"u": "nobody"}}, "nobody"),
    ],
)
def test_split_of_rejects(parts: dict[str, object], word: str) -> None:
    """Arms that would differ from the ones units saw are not computed."""
    with pytest.raises(AssignmentError, match=word):
        split_of(changed(**parts))


def test_overrides_file_is_read(tmp_path: Path) -> None:
    """Overrides may stand in a file; those of the experiment win."""
    (tmp_path / "o.csv").write_text("unit,arm\nu-42,personalized\n007,holdback\n")
    read = replace(changed(overrides_file="o.csv"), root=tmp_path)
    assert split_of(read).overrides == {"u-42": "holdback", "007": "holdback"}
    (tmp_path / "o.csv").write_text("id,arm\nu-42,personalized\n")
    with pytest.raises(AssignmentError, match="unit and arm"):
        split_of(read)
    (tmp_path / "o.csv").unlink()
    with pytest.raises(EnvironmentFault, match=r"o\.csv"):
        split_of(read)


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
    got = assign(EXPERIMENT, ids)
    assert isinstance(got, type(ids))
    assert values(got) == ARMS


def test_one_id_gives_one_arm() -> None:
    """A single id, text or number, gives its arm; no id gives None."""
    assert assign(EXPERIMENT, "u-42") == "holdback"
    assert assign(EXPERIMENT, 7) == SPLIT.assign("7").arm
    assert assign(EXPERIMENT, None) is None


def test_whole_floats_are_told() -> None:
    """Floats that are read as integers are counted in a warning."""
    ids = pd.Series([1, 2, None])
    with pytest.warns(UserWarning, match="2 ids were floats"):
        got = assign(EXPERIMENT, ids)
    assert got.tolist() == [SPLIT.assign("1").arm, SPLIT.assign("2").arm, None]
