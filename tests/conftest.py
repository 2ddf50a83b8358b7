"""Fixtures that the whole suite shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

BESIDE = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the real data sets and their references; skips without it.

    It is named by HOLDBACK_REAL_DATA, or lies as `shared` beside the repository.
    """
    folder = Path(os.environ.get("HOLDBACK_REAL_DATA") or BESIDE)
    if not (folder / "reference").is_dir() or not (folder / "data").is_dir():
        pytest.skip(
            "the real data are not here: set HOLDBACK_REAL_DATA to a folder that "
            "holds `data` and `reference`"
        )
    return folder
