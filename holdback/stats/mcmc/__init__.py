"""Models that are sampled with PyMC: where no closed form exists, and as its check.

A sampler sees a handful of numbers (effects with their errors, sufficient statistics),
never rows. Every model is non-centred where a scale is learned. Nothing here imports
PyMC before a model is drawn from.
"""

from __future__ import annotations

from holdback.stats.mcmc.diagnostics import Diagnostics
from holdback.stats.mcmc.hurdle import hurdle_drawn
from holdback.stats.mcmc.inference_data import netcdf
from holdback.stats.mcmc.model import Sampled, is_installed
from holdback.stats.mcmc.partial_pooling import pooled_arms, pooled_groups
from holdback.stats.mcmc.spend_laws import Law, laws_compared
from holdback.stats.mcmc.weeks import pooled_weeks

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
