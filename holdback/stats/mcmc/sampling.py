"""Draws from a PyMC model, and whether they may be believed."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from holdback.errors import StatsError
from holdback.stats.evidence.effect import Interval
from holdback.stats.mcmc.diagnostics import Diagnostics, Groups, container

__all__ = [
    "Advance",
    "Sampled",
    "Way",
    "draw",
    "first_that_works",
    "is_installed",
    "quiet_pymc",
    "ways",
]

Vector = npt.NDArray[np.float64]
Advance = Callable[[float], None]
"""Told the share of the draws that are done."""
CHAINS, TUNE, CHAIN_DRAWS = 2, 1000, 1000
PRIOR_STREAM = 7
"""Of the streams of random numbers: that of draws from the priors."""
CAREFUL = (0.95, 0.99)
"""Target acceptance: the first is tried, the second where its draws have faults."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampled:
    """Draws of each parameter, (chain, draw, …), with their diagnostics.

    `observed` and `predicted` are what the model was told, and what it would have seen
    in its place, (chain, draw, …). `constants` are what it was told besides,
    `log_likelihood` that of each datum, (chain, draw, …), where data are independent;
    `prior` holds draws of what has a proper prior, (1, draw, …).
    """

    draws: Mapping[str, Vector]
    diagnostics: Diagnostics
    diverging: npt.NDArray[np.bool_]
    energy: Vector
    observed: Mapping[str, Vector]
    predicted: Mapping[str, Vector]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dims: Mapping[str, list[str]] = field(default_factory=dict)
    constants: Mapping[str, Vector] = field(default_factory=dict)
    log_likelihood: Mapping[str, Vector] = field(default_factory=dict)
    prior: Mapping[str, Vector] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)

    def mean(self, name: str) -> Vector:
        """Posterior mean of a parameter, in its own shape and unit: (…,)."""
        return np.asarray(self.draws[name].mean(axis=(0, 1)))

    def sd(self, name: str) -> Vector:
        """Posterior standard deviation of a parameter, in its own shape: (…,)."""
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
                constant_data=self.constants,
                log_likelihood=self.log_likelihood,
                prior=self.prior,
            ),
            labels=self.labels,
            dims=self.dims,
            attributes=self.attributes,
        )


def is_installed() -> bool:
    """Whether the extra `bayes` is there, without importing it."""
    return all(find_spec(name) for name in ("pymc", "arviz", "h5netcdf", "h5py"))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is kept of a model: parameters, data and the names of their elements.

    `likelihood` gives the log-likelihood of each datum from the draws, `prior` a number
    of draws of what has a proper prior.
    """

    parameters: tuple[str, ...]
    observed: tuple[str, ...]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dims: Mapping[str, list[str]] = field(default_factory=dict)
    constants: Mapping[str, Vector] = field(default_factory=dict)
    likelihood: Callable[[Mapping[str, Vector]], Mapping[str, Vector]] | None = None
    prior: Callable[[np.random.Generator, int], Mapping[str, Vector]] | None = None


def draw(
    build: Callable[[Any], None],
    wanted: Wanted,
    seed: Sequence[int],
    advance: Advance | None = None,
) -> Sampled:
    """Draw from the model that `build` writes with PyMC.

    The same seed gives the same draws. Where they have faults, the model is drawn from
    once more with smaller steps; what is wrong even then stands in the diagnostics,
    and nobody may use such draws. Raises StatsError where no sampler works.
    """
    sampled = None
    for acceptance in CAREFUL:
        sampled = _drawn(build, wanted, seed, acceptance, advance)
        if not sampled.diagnostics.faults:
            break
    assert sampled is not None  # noqa: S101  # there is something to try
    return sampled


def _drawn(
    build: Callable[[Any], None],
    wanted: Wanted,
    seed: Sequence[int],
    acceptance: float,
    advance: Advance | None,
) -> Sampled:
    with quiet_pymc() as pymc:
        numbers = np.random.SeedSequence(list(seed)).generate_state(CHAINS + 1)
        with pymc.Model(coords={k: list(v) for k, v in wanted.labels.items()}):
            build(pymc)

            def run(options: Mapping[str, Any]) -> tuple[Any, Any]:
                drawn = pymc.sample(
                    draws=CHAIN_DRAWS,
                    tune=TUNE,
                    chains=CHAINS,
                    cores=1,
                    target_accept=acceptance,
                    progressbar=False,
                    compute_convergence_checks=False,
                    **options,
                )
                if not wanted.observed:
                    return drawn, {}
                predicted = pymc.sample_posterior_predictive(
                    drawn, random_seed=int(numbers[CHAINS]), progressbar=False
                )
                return drawn, predicted.posterior_predictive

            seeds = [int(number) for number in numbers[:CHAINS]]
            fitted, again = first_that_works(ways(seeds, _counted(advance)), run)
    draws = {name: np.asarray(fitted.posterior[name]) for name in wanted.parameters}
    diverging = np.asarray(fitted.sample_stats["diverging"], dtype=bool)
    energy = np.asarray(fitted.sample_stats["energy"], dtype=float)
    return Sampled(
        draws=draws,
        diagnostics=Diagnostics.of(draws, diverging=diverging, energy=energy),
        diverging=diverging,
        energy=energy,
        observed={n: np.asarray(fitted.observed_data[n]) for n in wanted.observed},
        predicted={n: np.asarray(again[n]) for n in wanted.observed},
        labels=wanted.labels,
        dims=wanted.dims,
        constants=wanted.constants,
        log_likelihood={} if wanted.likelihood is None else wanted.likelihood(draws),
        prior=_before(wanted, seed),
    )


def _before(wanted: Wanted, seed: Sequence[int]) -> Mapping[str, Vector]:
    """Draws from the priors, (1, draw, …)."""
    if wanted.prior is None:
        return {}
    generator = np.random.default_rng([*seed, PRIOR_STREAM])
    drawn = wanted.prior(generator, CHAINS * CHAIN_DRAWS)
    return {name: values[None] for name, values in drawn.items()}


def _counted(advance: Advance | None) -> Callable[..., None] | None:
    """Counts draws as PyMC reports them."""
    if advance is None:
        return None
    done = count(1)
    return lambda *_, **__: advance(
        min(next(done) / (CHAINS * (TUNE + CHAIN_DRAWS)), 1.0)
    )


CHATTER = ("pymc", "pytensor", "pytensor.configdefaults")
LONGEST_MESSAGE = 200
"""Characters of another library's message that are told."""
Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Way:
    """Options of `pymc.sample`, and PyTensor's settings while it runs."""

    options: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)


def ways(seeds: list[int], counter: Callable[..., None] | None) -> Iterator[Way]:
    """Nutpie where it is installed, which compiles by itself; else PyMC's own.

    Without a C compiler that works PyTensor would interpret the model in Python; Numba
    compiles it where it is there. Nutpie takes one seed and tells no progress.
    """
    if find_spec("nutpie"):
        yield Way(options={"nuts_sampler": "nutpie", "random_seed": seeds[0]})
    import pytensor

    own: dict[str, Any] = {"random_seed": seeds}
    if counter is not None:
        own["callback"] = counter
    numba = find_spec("numba") is not None
    if pytensor.config.cxx or not numba:
        yield Way(options=own)
    if numba:
        yield Way(options=own, settings={"mode": "NUMBA", "cxx": ""})


def first_that_works(
    tried: Iterable[Way], run: Callable[[Mapping[str, Any]], Found]
) -> Found:
    """What `run` gives of the first way that works; StatsError where none does.

    Whatever a compiler or a sampler raises, the exact results stand without it.
    """
    import pytensor

    stopped: Exception | None = None
    for way in tried:
        try:
            with pytensor.config.change_flags(**way.settings):
                return run(way.options)
        except Exception as why:  # noqa: BLE001  # see above
            stopped = why
    reason = str(stopped).strip().split("\n", 1)[0][:LONGEST_MESSAGE]
    raise StatsError(f"the sampler stopped ({reason})") from stopped


@contextmanager
def quiet_pymc() -> Iterator[Any]:
    """PyMC without its chatter, and without ArviZ' news of its next version.

    What PyTensor says of a missing compiler it says while it is imported, and then sets
    its own level: so ours is set before and after.
    """
    loggers = [logging.getLogger(name) for name in CHATTER]
    levels = [logger.level for logger in loggers]

    def hush() -> None:
        for logger in loggers:
            logger.setLevel(logging.ERROR)

    try:
        hush()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pymc

            hush()
            yield pymc
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
