"""holdback measures whether personalization pays.

The map of the package, from the top down; imports run this way only::

    holdback.cli           commands: the only place that prints
    holdback.workflow      load → plan, assign, analyze → report
    holdback.reports       scorecard → money → decision → words → page
    holdback.experiments   YAML → experiment → evidence → readouts → scorecard
    holdback.stats         moments → delta method → methods, posteriors, power
    holdback.assignment    unit id → arm
    holdback.errors        every error, with its exit code

>>> import holdback as hb
>>> experiment = hb.load("experiments/recs-holdback.yaml")  # doctest: +SKIP
>>> analysis = hb.analyze(experiment)  # doctest: +SKIP
>>> analysis.decision.outcome  # doctest: +SKIP
'ship'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from holdback.errors import (
    AssignmentError,
    ConfigError,
    DataError,
    EnvironmentFault,
    HoldbackError,
    ReportError,
    StatsError,
)

if TYPE_CHECKING:
    from holdback.experiments.experiment import Experiment
    from holdback.experiments.plan import Plan
    from holdback.experiments.scorecard import Readout, Scorecard
    from holdback.workflow import Analysis, analyze, assign, load, plan

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "AssignmentError",
    "ConfigError",
    "DataError",
    "EnvironmentFault",
    "Experiment",
    "HoldbackError",
    "Plan",
    "Readout",
    "ReportError",
    "Scorecard",
    "StatsError",
    "__version__",
    "analyze",
    "assign",
    "load",
    "plan",
]

HOMES = {
    "Analysis": "holdback.workflow",
    "Experiment": "holdback.experiments.experiment",
    "Plan": "holdback.experiments.plan",
    "Readout": "holdback.experiments.scorecard",
    "Scorecard": "holdback.experiments.scorecard",
    "analyze": "holdback.workflow",
    "assign": "holdback.workflow",
    "load": "holdback.workflow",
    "plan": "holdback.workflow",
}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is first asked for."""
    if name not in HOMES:
        raise AttributeError(f"module 'holdback' has no attribute {name!r}")
    return getattr(importlib.import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
