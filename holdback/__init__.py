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
    reports       results → words → pages, and every other form they take
    audit         logged against recomputed arms
    portfolio     finished experiments together, and what they teach the next
    planning      before a test: power, duration, the cheapest holdback
    economics     lift → incremental revenue and profit, costs, ROPI
    analysis      evidence → readouts, checks, looks, sections of the scorecard
    data          experiment + sources → evidence; the only place that queries
    results       what an analysis found, as frozen values; JSON and back
    experiments   what an experiment is: YAML, metrics, sources, expressions
    stats         numbers in, inferences out: intervals, posteriors, power
    assignment    unit id → arm, the same in Python and in SQL
    atomic_files  files appear whole or not at all
    registry      plug-ins: one file, one kind
    facts         what was found: a code with its numbers, no words
    errors        every error: where, what, why, how to fix it

Importing `holdback` loads none of these: each name below comes on first use.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
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
    from holdback.experiments.definition.experiment import Experiment
    from holdback.experiments.python_form import conversion, mean, metric, ratio
    from holdback.planning.plan import Plan
    from holdback.results.scorecard import Readout, Scorecard
    from holdback.workflow import (
        Analysis,
        analyze,
        assign,
        audit,
        compare,
        conversion_from_counts,
        experiment,
        load,
        lock,
        plan,
        portfolio,
        simulate,
        units,
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
    "compare",
    "conversion",
    "conversion_from_counts",
    "experiment",
    "load",
    "lock",
    "mean",
    "metric",
    "plan",
    "portfolio",
    "ratio",
    "simulate",
    "units",
]

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "workflow",
    "AssignmentError": "errors",
    "ConfigError": "errors",
    "DataError": "errors",
    "EnvironmentFault": "errors",
    "Experiment": "experiments.definition.experiment",
    "HoldbackError": "errors",
    "Plan": "planning.plan",
    "Problem": "errors",
    "Readout": "results.scorecard",
    "ReportError": "errors",
    "Scorecard": "results.scorecard",
    "Split": "assignment.split",
    "StatsError": "errors",
    "analyze": "workflow",
    "assign": "workflow",
    "audit": "workflow",
    "compare": "workflow",
    "conversion": "experiments.python_form",
    "conversion_from_counts": "workflow",
    "experiment": "workflow",
    "mean": "experiments.python_form",
    "metric": "experiments.python_form",
    "ratio": "experiments.python_form",
    "load": "workflow",
    "lock": "workflow",
    "simulate": "workflow",
    "plan": "workflow",
    "portfolio": "workflow",
    "units": "workflow",
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


class _Face(ModuleType):
    """The face of the package: its functions keep their names.

    Python binds a room to its name in the package when it is imported. `audit` and
    `portfolio` are rooms and functions, and who writes `hb.audit` means the function.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face
