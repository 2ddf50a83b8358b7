"""Whether draws may be believed: R-hat, effective sizes, divergences, energy."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypedDict

import numpy as np
import numpy.typing as npt

from holdback.facts import Fact, fact

__all__ = ["Diagnostics", "Groups", "container", "netcdf", "with_likelihood"]

Vector = npt.NDArray[np.float64]
MOST_R_HAT = 1.01
LEAST_ESS = 400
LEAST_BFMI = 0.3
TAILS = (0.05, 0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """The worst of each over all parameters.

    Rank-normalized split R-hat, bulk and tail effective sample size (Vehtari, Gelman,
    Simpson, Carpenter & Bürkner 2021, Bayesian Analysis 16: 667–718, whose limits 1.01
    and 400 are used), divergent transitions, and the energy's Bayesian fraction of
    missing information (Betancourt 2016, arXiv 1604.00695; limit 0.3).
    """

    r_hat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    bfmi: float
    draws: int

    @classmethod
    def of(
        cls,
        draws: Mapping[str, Vector],
        *,
        diverging: npt.NDArray[np.bool_],
        energy: Vector,
    ) -> Self:
        """From draws (chain, draw, …); `diverging` and `energy` are (chain, draw)."""
        from arviz import ess, rhat

        columns = [
            values.reshape(*values.shape[:2], -1)[:, :, i]
            for values in draws.values()
            for i in range(int(np.prod(values.shape[2:], dtype=int)))
        ]
        step = np.square(np.diff(energy, axis=1)).mean(axis=1)
        return cls(
            r_hat=max(float(rhat(column)) for column in columns),
            ess_bulk=min(float(ess(column, method="bulk")) for column in columns),
            ess_tail=min(
                float(ess(column, method="tail", prob=TAILS)) for column in columns
            ),
            divergences=int(diverging.sum()),
            bfmi=float(np.min(step / energy.var(axis=1))),
            draws=int(energy.size),
        )

    @property
    def faults(self) -> tuple[Fact, ...]:
        """What is wrong; nothing where the draws may be used.

        A number that could not be computed is a fault.
        """
        faults = []
        if not self.r_hat <= MOST_R_HAT:
            faults.append(fact("sampler.chains_disagree", r_hat=self.r_hat))
        fewest = min(self.ess_bulk, self.ess_tail)
        if not fewest >= LEAST_ESS:
            faults.append(fact("sampler.few_draws", ess=fewest, least=LEAST_ESS))
        if self.divergences:
            faults.append(
                fact("sampler.divergent", count=self.divergences, draws=self.draws)
            )
        if not self.bfmi >= LEAST_BFMI:
            faults.append(fact("sampler.slow_energy", bfmi=self.bfmi))
        return tuple(faults)


Arrays = Mapping[str, npt.NDArray[Any]]
FIRST_TREE = 1
"""The version of ArviZ whose container is xarray's DataTree."""


class Groups(TypedDict):
    """The groups that ArviZ knows by these names."""

    posterior: Arrays
    sample_stats: Arrays
    observed_data: Arrays
    posterior_predictive: Arrays
    constant_data: Arrays
    log_likelihood: Arrays
    prior: Arrays


def container(
    groups: Groups,
    *,
    labels: Mapping[str, Sequence[str]],
    dims: Mapping[str, list[str]],
    attributes: Mapping[str, str],
) -> Any:
    """InferenceData of ArviZ 0, a DataTree of ArviZ 1; it says nothing of the clock.

    Groups without anything are left out; `attributes` stand at the whole and at each.
    """
    coords = {name: list(values) for name, values in labels.items()}
    kept = {name: arrays for name, arrays in groups.items() if arrays}
    data = _built(kept, coords=coords, dims=dict(dims))
    for node in (data, *(data[name] for name in kept)):
        node.attrs.update(attributes)
    return data


def with_likelihood(posterior: Arrays, density: npt.NDArray[Any]) -> Any:
    """A container of draws and the log-likelihood of each datum.

    density: (chain, draw, k), natural logs.
    """
    return _built({"posterior": posterior, "log_likelihood": {"seen": density}})


def _built(groups: dict[str, Any], **named: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz

        if int(arviz.__version__.split(".")[0]) >= FIRST_TREE:
            data = arviz.from_dict(groups, **named)
            nodes = list(data.subtree)
        else:
            data = arviz.from_dict(**groups, **named)
            nodes = [data[name] for name in data.groups()]
    for node in nodes:
        node.attrs.clear()
    return data


def netcdf(data: Any) -> bytes:
    """A container as the bytes of a netCDF-4 file."""
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "posterior.nc"
        data.to_netcdf(str(path), engine="h5netcdf")
        return path.read_bytes()
