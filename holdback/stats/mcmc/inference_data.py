"""Draws in the container of ArviZ, and as a netCDF file."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

import numpy.typing as npt

__all__ = ["Groups", "container", "netcdf", "with_likelihood"]

Arrays = Mapping[str, npt.NDArray[Any]]
FIRST_TREE = 1
"""The version of ArviZ whose container is xarray's DataTree."""


class Groups(TypedDict):
    """The groups that ArviZ knows by these names."""

    posterior: Arrays
    sample_stats: Arrays
    observed_data: Arrays
    posterior_predictive: Arrays


def container(
    groups: Groups,
    *,
    labels: Mapping[str, Sequence[str]],
    dims: Mapping[str, list[str]],
) -> Any:
    """InferenceData of ArviZ 0, a DataTree of ArviZ 1; it says nothing of the clock."""
    coords = {name: list(values) for name, values in labels.items()}
    return _built(dict(groups), coords=coords, dims=dict(dims))


def with_likelihood(posterior: Arrays, density: npt.NDArray[Any]) -> Any:
    """A container of draws and the log-likelihood (chain, draw, k) of each datum."""
    return _built({"posterior": posterior, "log_likelihood": {"seen": density}})


def _built(groups: dict[str, Any], **named: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz

        if int(arviz.__version__.split(".")[0]) >= FIRST_TREE:
            found = arviz.from_dict(groups, **named)
            nodes = list(found.subtree)
        else:
            found = arviz.from_dict(**groups, **named)
            nodes = [found[name] for name in found.groups()]
    for node in nodes:
        node.attrs.clear()
    return found


def netcdf(data: Any) -> bytes:
    """A container as the bytes of a netCDF-4 file."""
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "posterior.nc"
        data.to_netcdf(str(path), engine="h5netcdf")
        return path.read_bytes()
