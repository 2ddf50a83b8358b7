"""Several lines in one picture: where they lie, and which is the strong one."""

import re

import pytest

from holdback.reports.figures.charts import Axis, curves_picture

LINES = [[0.0, 1.0, 4.0], [0.0, 2.0, 2.0], [0.0, 0.0, -1.0]]


def test_lines_stand_over_their_places_and_grow_stronger() -> None:
    """Positions are recomputed here from the values: percent right, percent down."""
    at, axis = (0, 7, 28), Axis(low=-1.0, high=4.0)
    drawn = str(curves_picture(LINES, at, axis, "a <b>"))
    found = re.findall(r'stroke-opacity="([\d.]+)" points="([^"]+)"', drawn)
    assert [float(o) for o, _ in found] == sorted(float(o) for o, _ in found)
    assert float(found[-1][0]) == 1.0
    for line, (_, points) in zip(LINES, found, strict=True):
        places = [tuple(map(float, p.split(","))) for p in points.split()]
        assert places == [
            (pytest.approx(100 * day / 28), pytest.approx(100 - 20 * (value + 1)))
            for day, value in zip(at, line, strict=True)
        ]
    assert 'y1="80"' in drawn  # the line of nothing
    assert "<b>" not in drawn


def test_one_line_alone_is_drawn() -> None:
    """One arm in one cohort is still a picture with one line."""
    drawn = str(curves_picture([[0.0, 3.0]], (0, 14), Axis(low=0.0, high=3.0), "one"))
    assert drawn.count("<polyline") == 1
