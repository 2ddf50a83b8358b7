"""What the diagnostics must catch: each fault planted by hand."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from holdback.stats.sampled import Diagnostics

pytest.importorskip("pymc", reason="PyMC is not installed: run `make test-bayes`")
pytestmark = pytest.mark.bayes
CHAINS, DRAWS = 2, 1_000


def sound(seed: int = 1) -> dict[str, np.ndarray]:
    """Independent draws of two parameters, one of them of three elements."""
    rng = np.random.default_rng(seed)
    return {
        "one": rng.standard_normal((CHAINS, DRAWS)),
        "three": rng.standard_normal((CHAINS, DRAWS, 3)),
    }


def diagnosed(
    draws: dict[str, np.ndarray],
    *,
    diverging: int = 0,
    energy: np.ndarray | None = None,
) -> Diagnostics:
    """With so many divergent draws, and an energy that mixes unless given."""
    stopped = np.zeros((CHAINS, DRAWS), dtype=bool)
    stopped[0, :diverging] = True
    mixing = np.random.default_rng(2).standard_normal((CHAINS, DRAWS))
    return Diagnostics.of(
        draws, diverging=stopped, energy=mixing if energy is None else energy
    )


def test_sound_draws_have_no_fault() -> None:
    """Independent draws: all of them effective, BFMI about 2."""
    found = diagnosed(sound())
    assert found.faults == ()
    assert found.ess_bulk > 1_500
    assert found.bfmi == pytest.approx(2, abs=0.2)


def test_chains_that_disagree() -> None:
    """One chain a tenth of a deviation away in one element of one parameter."""
    draws = sound()
    draws["three"][1, :, 2] += 0.5
    (fault, *_) = diagnosed(draws).faults
    assert "chains disagree" in fault


def test_draws_that_stick() -> None:
    """A random walk is worth few draws, in the middle and in the tails."""
    draws = sound()
    noise = np.random.default_rng(3).standard_normal((CHAINS, DRAWS))
    walk = np.zeros_like(noise)
    for at in range(1, DRAWS):
        walk[:, at] = 0.95 * walk[:, at - 1] + noise[:, at]
    draws["one"] = walk
    assert any("effective draws" in fault for fault in diagnosed(draws).faults)


def test_divergences_and_energy() -> None:
    """A single divergence is a fault, and so is an energy that hardly moves."""
    assert "1 of 2,000 draws diverged" in diagnosed(sound(), diverging=1).faults[0]
    slow = np.cumsum(np.random.default_rng(4).standard_normal((CHAINS, DRAWS)), axis=1)
    assert "BFMI" in diagnosed(sound(), energy=slow).faults[0]


def test_numbers_that_are_none() -> None:
    """A parameter that never moves has no R-hat: that is a fault, not a pass."""
    draws = sound()
    draws["one"] = np.full((CHAINS, DRAWS), np.nan)
    assert diagnosed(draws).faults


def test_without_a_c_compiler() -> None:
    """PyTensor told of no compiler: the same model, compiled another way."""
    code = (
        "from holdback.stats.sampled import pooled_groups\n"
        "from holdback.stats.effect import LogRatio\n"
        "groups = [LogRatio(value=0.02 * i, se=0.03) for i in range(4)]\n"
        "found = pooled_groups(groups, list('abcd'), (1,))\n"
        "assert found.diagnostics.faults == (), found.diagnostics\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTENSOR_FLAGS": "cxx="},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
