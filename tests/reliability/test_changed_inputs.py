"""Files that change while they are read: told as what happened, never half used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cli.test_bad_input import Case, project

from holdback.data.extraction.open_engine import opened
from holdback.errors import DataError
from holdback.experiments.load import load


def grown(path: Path) -> None:
    """An export that goes on writing."""
    with path.open("a", encoding="utf-8") as file:
        file.write("o999,u1,2025-03-09T10:00:00Z,10.00\n")


def replaced(path: Path) -> None:
    """Another file of the same size takes its place."""
    other = path.with_name("other.csv")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def emptied(path: Path) -> None:
    """The next export has just begun."""
    path.write_bytes(b"")


@pytest.mark.parametrize("change", [grown, replaced, emptied, Path.unlink])
def test_a_change_is_the_cause_that_is_named(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """Whether the reading went well or fell over it."""
    plan = load(project(tmp_path, Case()))
    orders = tmp_path / "orders.csv"
    content = orders.read_bytes()

    def read(*, falls_over: bool) -> None:
        with opened(plan, {}):
            change(orders)
            if falls_over:
                raise RuntimeError

    for falls_over in (False, True):
        with pytest.raises(DataError, match=r"orders\.csv: the file changed"):
            read(falls_over=falls_over)
        orders.write_bytes(content)


def test_a_file_that_rests_is_read(tmp_path: Path) -> None:
    """Nothing is said where nothing changed."""
    plan = load(project(tmp_path, Case()))
    with opened(plan, {}) as place:
        assert set(place.tables) == {"assignments", "orders"}
