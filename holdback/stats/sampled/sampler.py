"""Draws from a PyMC model, and whether they may be believed."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.effect import Interval
from holdback.stats.sampled.diagnostics import Diagnostics
from holdback.stats.sampled.inference_data import Groups, container
from holdback.wording import say

__all__ = ["Advance", "Sampled", "draw", "is_installed"]

Vector = npt.NDArray[np.float64]
Advance = Callable[[float], None]
"""Told the share of the draws that are done."""
CHAINS, TUNE, DRAWS = 2, 1000, 1000
CAREFUL = (0.95, 0.99)
"""Target acceptance: the first is tried, the second where its draws have faults."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampled:
    """Draws of each parameter, (chain, draw, …), with their diagnostics.

    `observed` and `predicted` are what the model was told, and what it would have seen
    in its place, (chain, draw, …).
    """

    draws: Mapping[str, Vector]
    diagnostics: Diagnostics
    diverging: npt.NDArray[np.bool_]
    energy: Vector
    observed: Mapping[str, Vector]
    predicted: Mapping[str, Vector]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dims: Mapping[str, list[str]] = field(default_factory=dict)

    def mean(self, name: str) -> Vector:
        """Posterior mean of a parameter, in its own shape."""
        return np.asarray(self.draws[name].mean(axis=(0, 1)))

    def sd(self, name: str) -> Vector:
        """Posterior standard deviation."""
        return np.asarray(self.draws[name].std(axis=(0, 1)))

    def interval(self, name: str, level: float) -> list[Interval]:
        """Equal-tailed interval of each element of a parameter."""
        tails = [(1 - level) / 2, (1 + level) / 2]
        low, high = np.quantile(self.draws[name], tails, axis=(0, 1)).reshape(2, -1)
        return [
            Interval(lower=float(a), upper=float(b), level=level)
            for a, b in zip(low, high, strict=True)
        ]

    @property
    def inference_data(self) -> Any:
        """ArviZ InferenceData, or a DataTree from ArviZ 1 on."""
        return container(
            Groups(
                posterior=self.draws,
                sample_stats={"diverging": self.diverging, "energy": self.energy},
                observed_data=self.observed,
                posterior_predictive=self.predicted,
            ),
            labels=self.labels,
            dims=self.dims,
        )


def is_installed() -> bool:
    """Whether the extra `bayes` is there, without importing it."""
    return all(find_spec(name) for name in ("pymc", "arviz", "h5netcdf", "h5py"))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is kept of a model: parameters, data and the names of their elements."""

    parameters: tuple[str, ...]
    observed: tuple[str, ...]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dims: Mapping[str, list[str]] = field(default_factory=dict)


def draw(
    build: Callable[[Any], None],
    wanted: Wanted,
    seed: Sequence[int],
    advance: Advance | None = None,
) -> Sampled:
    """Draw from the model that `build` writes with PyMC.

    The same seed gives the same draws. Where they have faults, the model is drawn from
    once more with smaller steps; what is wrong even then stands in the diagnostics,
    and nobody may use such draws.
    """
    found = None
    for acceptance in CAREFUL:
        found = _drawn(build, wanted, seed, acceptance, advance)
        if not found.diagnostics.faults:
            break
    assert found is not None  # noqa: S101  # there is something to try
    return found


def _drawn(
    build: Callable[[Any], None],
    wanted: Wanted,
    seed: Sequence[int],
    acceptance: float,
    advance: Advance | None,
) -> Sampled:
    with _quietly() as pymc:
        numbers = np.random.SeedSequence(list(seed)).generate_state(CHAINS + 1)
        with pymc.Model(coords={k: list(v) for k, v in wanted.labels.items()}):
            build(pymc)
            try:
                found = pymc.sample(
                    draws=DRAWS,
                    tune=TUNE,
                    chains=CHAINS,
                    cores=1,
                    target_accept=acceptance,
                    random_seed=[int(one) for one in numbers[:CHAINS]],
                    progressbar=False,
                    compute_convergence_checks=False,
                    **_sampler(advance),
                )
            except (pymc.exceptions.SamplingError, ArithmeticError, ValueError) as why:
                raise StatsError(say("sampled.stopped", why=str(why))) from why
            again = (
                pymc.sample_posterior_predictive(
                    found, random_seed=int(numbers[CHAINS]), progressbar=False
                ).posterior_predictive
                if wanted.observed
                else {}
            )
    draws = {name: np.asarray(found.posterior[name]) for name in wanted.parameters}
    diverging = np.asarray(found.sample_stats["diverging"], dtype=bool)
    energy = np.asarray(found.sample_stats["energy"], dtype=float)
    return Sampled(
        draws=draws,
        diagnostics=Diagnostics.of(draws, diverging=diverging, energy=energy),
        diverging=diverging,
        energy=energy,
        observed={n: np.asarray(found.observed_data[n]) for n in wanted.observed},
        predicted={n: np.asarray(again[n]) for n in wanted.observed},
        labels=wanted.labels,
        dims=wanted.dims,
    )


def _sampler(advance: Advance | None) -> dict[str, Any]:
    """Nutpie where it is installed, which compiles by itself; else PyMC's own.

    Without a C compiler PyTensor would interpret the model in Python; Numba compiles
    it where it is there.
    """
    if find_spec("nutpie"):
        return {"nuts_sampler": "nutpie"}
    import pytensor

    chosen: dict[str, Any] = {}
    if not pytensor.config.cxx and find_spec("numba"):
        chosen["compile_kwargs"] = {"mode": "NUMBA"}
    if advance is not None:
        chosen["callback"] = _Counter(advance)
    return chosen


@dataclass(slots=True)
class _Counter:
    """Counts draws as PyMC reports them."""

    advance: Advance
    done: int = 0

    def __call__(self, *_: object, **__: object) -> None:
        self.done += 1
        self.advance(min(self.done / (CHAINS * (TUNE + DRAWS)), 1.0))


@contextmanager
def _quietly() -> Iterator[Any]:
    """PyMC without its chatter, and without ArviZ' news of its next version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pymc
    loggers = [logging.getLogger(name) for name in ("pymc", "pytensor")]
    levels = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield pymc
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
