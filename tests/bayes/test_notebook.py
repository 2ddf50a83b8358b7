"""The notebook of posteriors runs, and is stored with what it shows."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

pytest.importorskip("pymc", reason="PyMC is not installed: run `make test-bayes`")
pytest.importorskip("matplotlib", reason="The pictures need matplotlib")
pytestmark = pytest.mark.bayes
FOLDER = Path(__file__).parents[2] / "notebooks"


@pytest.mark.filterwarnings("ignore")
def test_posteriors_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell, whatever the version of ArviZ; pictures are drawn."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    stored = json.loads((FOLDER / "posteriors.ipynb").read_text(encoding="utf-8"))
    executed = runpy.run_path(str(FOLDER / "run.py"))["executed"]
    cells = [c for c in executed(stored)["cells"] if c["cell_type"] == "code"]
    kept = [c for c in stored["cells"] if c["cell_type"] == "code"]
    assert all(cell["outputs"] for cell in kept)
    shown = json.dumps(cells, ensure_ascii=False)
    assert "All draws may be believed" in shown
    assert shown.count("image/png") == 2
    assert "posterior-1-" in shown
