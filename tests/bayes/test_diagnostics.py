"""What the diagnostics must catch: each fault planted by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from holdback.errors import StatsError
from holdback.facts import fact
from holdback.stats.mcmc import Diagnostics
from holdback.stats.mcmc.sampling import Way, first_that_works, ways

pytest.importorskip("pymc", reason="PyMC is not installed: run `make test-bayes`")
pytestmark = pytest.mark.bayes
CHAINS, DRAWS = 2, 1_000
GROUPS = """
from holdback.stats.mcmc import pooled_groups
from holdback.stats.evidence.effect import LogRatio
groups = [LogRatio(value=0.02 * i, se=0.03) for i in range(4)]
found = pooled_groups(groups, list("abcd"), (1,))
assert found.diagnostics.faults == (), found.diagnostics
"""


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
    assert fault.code == "sampler.chains_disagree"


def test_draws_that_stick() -> None:
    """A random walk is worth few draws, in the middle and in the tails."""
    draws = sound()
    noise = np.random.default_rng(3).standard_normal((CHAINS, DRAWS))
    walk = np.zeros_like(noise)
    for at in range(1, DRAWS):
        walk[:, at] = 0.95 * walk[:, at - 1] + noise[:, at]
    draws["one"] = walk
    assert any(fault.code == "sampler.few_draws" for fault in diagnosed(draws).faults)


def test_divergences_and_energy() -> None:
    """A single divergence is a fault, and so is an energy that hardly moves."""
    diverged = fact("sampler.divergent", count=1, draws=2000)
    assert diagnosed(sound(), diverging=1).faults[0] == diverged
    slow = np.cumsum(np.random.default_rng(4).standard_normal((CHAINS, DRAWS)), axis=1)
    assert diagnosed(sound(), energy=slow).faults[0].code == "sampler.slow_energy"


def test_numbers_that_are_none() -> None:
    """A parameter that never moves has no R-hat: that is a fault, not a pass."""
    draws = sound()
    draws["one"] = np.full((CHAINS, DRAWS), np.nan)
    assert diagnosed(draws).faults


def drawn(**environment: str) -> subprocess.CompletedProcess[str]:
    """Four groups drawn in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", GROUPS],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_c_compiler() -> None:
    """PyTensor told of no compiler: the same model, compiled another way."""
    run = drawn(PYTENSOR_FLAGS="cxx=")
    assert run.returncode == 0, run.stderr


def test_no_compiler_on_the_path_is_nobodys_news(tmp_path: Path) -> None:
    """PyTensor finds none by itself: it works, and nothing is said of it."""
    run = drawn(PATH=str(tmp_path), PYTENSOR_FLAGS=f"base_compiledir={tmp_path}/c")
    assert run.returncode == 0, run.stderr
    assert "g++" not in run.stderr


def test_a_compiler_that_fails(tmp_path: Path) -> None:
    """One that is there and does not work: compiled another way as well."""
    run = drawn(PYTENSOR_FLAGS=f"cxx=/bin/false,base_compiledir={tmp_path}/c")
    assert run.returncode == 0, run.stderr


def test_whatever_a_sampler_raises_is_a_sentence() -> None:
    """The last of the ways, its first line only; a later way is tried before."""

    def run(options: Mapping[str, object]) -> str:
        if "good" in options:
            return "drawn"
        raise RuntimeError("No luck.\nAnd many lines of why.")

    bad, good = Way(options={}), Way(options={"good": True})
    assert first_that_works([bad, good], run) == "drawn"
    with pytest.raises(StatsError, match=r"the sampler stopped \(No luck\.\)"):
        first_that_works([bad, bad], run)


def test_nutpie_where_it_is_installed() -> None:
    """It is tried first, and its draws of the same model have no fault."""
    pytest.importorskip("nutpie", reason="nutpie is not installed")
    run = drawn()
    assert run.returncode == 0, run.stderr
    (first, *_) = ways([1, 2], None)
    assert first.options["nuts_sampler"] == "nutpie"
