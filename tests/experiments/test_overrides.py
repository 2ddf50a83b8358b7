"""Overrides from a file: read, checked row by row, and merged."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from holdback.errors import AssignmentError, EnvironmentFault
from holdback.experiments.definition.experiment import Arm, Assignment, Experiment
from holdback.experiments.definition.split import overrides_of, split_of

HALF = Fraction(1, 2)
ARMS = (
    Arm(name="holdback", share=HALF, control=True),
    Arm(name="personalized", share=HALF),
)


def planned(folder: Path, file: str = "o.csv") -> Experiment:
    """An experiment whose overrides stand in a file, and one in its own."""
    return Experiment(
        name="recs",
        arms=ARMS,
        assignment=Assignment(
            source="a",
            salt="recs",
            overrides={"u-42": "holdback"},
            overrides_file=file,
        ),
        metrics={},
        sources={},
        primary="conversion",
        root=folder,
    )


@pytest.mark.parametrize("unit", ["unit", "id"])
def test_csv_is_read(tmp_path: Path, unit: str) -> None:
    """Ids are text; the experiment's own overrides win, other columns do not matter."""
    (tmp_path / "o.csv").write_text(
        f"why,{unit},arm\ntest,u-42,personalized\n,007,holdback\n\n,007,holdback\n"
    )
    found = overrides_of(planned(tmp_path))
    assert found == {"u-42": "holdback", "007": "holdback"}
    assert split_of(planned(tmp_path)).assign("007").reason == "override"


def test_parquet_is_read(tmp_path: Path) -> None:
    """Whole numbers are ids by their decimal text."""
    frame = pl.DataFrame({"unit": [7, 8], "arm": ["holdback", "personalized"]})
    frame.write_parquet(tmp_path / "o.parquet")
    found = overrides_of(planned(tmp_path, "o.parquet"))
    assert found == {"u-42": "holdback", "7": "holdback", "8": "personalized"}


def test_rejects_every_bad_row(tmp_path: Path) -> None:
    """Each row that cannot be used is told with its line, all at once."""
    (tmp_path / "o.csv").write_text(
        "unit,arm\nu1,personalised\n,holdback\nu2,holdback\nu2,personalized\nu3,\n"
    )
    with pytest.raises(AssignmentError) as caught:
        overrides_of(planned(tmp_path))
    told = [(one.where, one.what) for one in caught.value.problems]
    assert told == [
        ("o.csv:2", "there is no arm 'personalised'."),
        ("o.csv:3", "the row has no usable unit id."),
        ("o.csv:5", "this unit stands above already, with arm 'holdback'."),
        ("o.csv:6", "the row has no arm."),
    ]
    assert caught.value.problems[0].fix == "Did you mean 'personalized'?"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"customer,arm\nu1,holdback\n", "columns unit and arm"),
        (b"", "columns unit and arm"),
        (b"unit,arm\nu1\n", "1 values, the header 2"),
        (b'unit,arm\n"u1,holdback\n', "unexpected end of data"),
        (b"unit,arm\n\xe9,holdback\n", "not UTF-8"),
    ],
)
def test_rejects_what_is_no_table(tmp_path: Path, content: bytes, words: str) -> None:
    """A file of another form is refused with one problem."""
    (tmp_path / "o.csv").write_bytes(content)
    with pytest.raises(AssignmentError, match=words) as caught:
        overrides_of(planned(tmp_path))
    assert len(caught.value.problems) == 1


def test_rejects_parquet_by_row(tmp_path: Path) -> None:
    """Rows of a Parquet file have numbers; what is no Parquet is refused."""
    file = tmp_path / "o.parquet"
    pl.DataFrame({"unit": [1.5, 2.0], "arm": ["holdback", "b"]}).write_parquet(file)
    with pytest.raises(AssignmentError) as caught:
        overrides_of(planned(tmp_path, "o.parquet"))
    places = [one.where for one in caught.value.problems]
    assert places == ["o.parquet: row 1", "o.parquet: row 2"]
    file.write_text("unit,arm\n")
    with pytest.raises(AssignmentError, match=r"o\.parquet"):
        overrides_of(planned(tmp_path, "o.parquet"))


@pytest.mark.parametrize("name", ["o.csv", "o.parquet"])
def test_rejects_a_missing_file(tmp_path: Path, name: str) -> None:
    """A file that is not there is a fault of the environment."""
    with pytest.raises(EnvironmentFault, match=name):
        overrides_of(planned(tmp_path, name))


def test_without_a_file(tmp_path: Path) -> None:
    """The experiment's own overrides are enough."""
    alone = planned(tmp_path)
    alone = replace(alone, assignment=replace(alone.assignment, overrides_file=None))
    assert overrides_of(alone) == {"u-42": "holdback"}
