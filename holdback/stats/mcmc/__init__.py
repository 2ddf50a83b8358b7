"""Models that are sampled with PyMC: where no closed form exists, and as its check.

A sampler sees a handful of numbers (effects with their errors, sufficient statistics),
never rows. Every model is non-centred where a scale is learned. Nothing here imports
PyMC before a model is drawn from.
"""

from __future__ import annotations

from holdback.stats.mcmc.diagnostics import Diagnostics, netcdf
from holdback.stats.mcmc.partial_pooling import pooled_arms, pooled_groups, pooled_weeks
from holdback.stats.mcmc.sampling import Sampled, is_installed
from holdback.stats.mcmc.spend import Law, hurdle_drawn, laws_compared

__all__ = [
    "Diagnostics",
    "Law",
    "Sampled",
    "hurdle_drawn",
    "is_installed",
    "laws_compared",
    "netcdf",
    "pooled_arms",
    "pooled_groups",
    "pooled_weeks",
]
