"""holdback measures whether personalization pays.

A YAML file and raw tables go in; lift, incremental revenue and ROPI come out, each
with its range, as a report that can be sent::

    import holdback as hb

    analysis = hb.analyze("experiments/recs-holdback.yaml")
    print(analysis)
    analysis.write("results")

Map of the package, from the top floor down; imports run downward only::

    cli           the commands; the only place that prints
    workflow      load → plan, assign, analyze → report, as plain functions
    reports       scorecard → money → decision → one self-contained page
    experiments   YAML, sources, one query, metrics, checks → scorecard
    stats         evidence that adds, effects, intervals, posteriors, power
    assignment    unit id → arm, the same in Python and in SQL
    atomic        files appear whole or not at all
    kinds         the registry of plug-ins: one file, one kind
    errors        every error: where, what, why, how to fix it

Importing `holdback` loads none of these: each name below comes on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdback.assignment.split import Split
    from holdback.errors import (
        AssignmentError,
        ConfigError,
        DataError,
        EnvironmentFault,
        HoldbackError,
        Problem,
        ReportError,
        StatsError,
    )
    from holdback.experiments.experiment import Experiment
    from holdback.experiments.plan import Plan
    from holdback.experiments.scorecard import Readout, Scorecard
    from holdback.workflow import (
        Analysis,
        analyze,
        assign,
        audit,
        load,
        lock,
        plan,
        portfolio,
        simulate,
    )

__all__ = [
    "Analysis",
    "AssignmentError",
    "ConfigError",
    "DataError",
    "EnvironmentFault",
    "Experiment",
    "HoldbackError",
    "Plan",
    "Problem",
    "Readout",
    "ReportError",
    "Scorecard",
    "Split",
    "StatsError",
    "__version__",
    "analyze",
    "assign",
    "audit",
    "load",
    "lock",
    "plan",
    "portfolio",
    "simulate",
]

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "workflow",
    "AssignmentError": "errors",
    "ConfigError": "errors",
    "DataError": "errors",
    "EnvironmentFault": "errors",
    "Experiment": "experiments.experiment",
    "HoldbackError": "errors",
    "Plan": "experiments.plan",
    "Problem": "errors",
    "Readout": "experiments.scorecard",
    "ReportError": "errors",
    "Scorecard": "experiments.scorecard",
    "Split": "assignment.split",
    "StatsError": "errors",
    "analyze": "workflow",
    "assign": "workflow",
    "audit": "workflow",
    "load": "workflow",
    "lock": "workflow",
    "simulate": "workflow",
    "plan": "workflow",
    "portfolio": "workflow",
}


def __getattr__(name: str) -> Any:
    """A public name, imported from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'holdback' has no attribute {name!r}")
    value = getattr(import_module(f"holdback.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Names that completion offers."""
    return sorted({*globals(), *__all__})
