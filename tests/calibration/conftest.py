"""Long simulations run only when asked for: `pytest -m calibration`.

Each file has a short run of the same simulation in the default suite.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what is marked `calibration` unless the command names the marker."""
    if "calibration" in str(config.getoption("markexpr")):
        return
    long = [item for item in items if item.get_closest_marker("calibration")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
