"""The file with its defaults filled, as plain JSON values and without secrets."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from holdback.experiments.experiment import Cost, Experiment, Margin, Saving
from holdback.experiments.expression import Expression
from holdback.experiments.measure import Cap
from holdback.experiments.metrics import Metric
from holdback.experiments.quantities import written_duration, written_share
from holdback.experiments.sources import Source
from holdback.experiments.sources import kinds as source_kinds

__all__ = ["resolved_file"]

AMOUNTS = frozenset({"amount", "hours", "rate"})


def resolved_file(experiment: Experiment) -> dict[str, Any]:
    """What the experiment means, in the words of the file."""
    return _without_none(
        {
            "version": 1,
            "experiment": experiment.name,
            "hypothesis": experiment.hypothesis or None,
            "owner": experiment.owner or None,
            "currency": experiment.currency,
            "timezone": experiment.timezone,
            "locale": experiment.locale,
            "database": experiment.database,
            "sources": {n: _source(s) for n, s in experiment.sources.items()},
            "metrics": {n: _metric(m) for n, m in experiment.metrics.items()},
            "arms": {
                a.name: _plain(a, skip={"name"}) for a in experiment.arms
            },
            "assignment": _plain(experiment.assignment),
            "window": _plain(experiment.window) if experiment.window else None,
            "primary": experiment.primary,
            "secondary": list(experiment.secondary),
            "guardrails": {n: _margin(m) for n, m in experiment.guardrails.items()},
            "analysis": _analysis(experiment),
            "economics": _plain(experiment.economics) if experiment.economics else None,
            "decision": _plain(experiment.decision),
        }
    )


def _source(source: Source) -> dict[str, Any]:
    kind = next((n for n, cls in source_kinds.items() if cls is type(source)), "frame")
    values = _plain(source, skip={"name"})
    path = values.pop("path", None)
    return {kind: path, **values} if path is not None else values


def _metric(metric: Metric) -> dict[str, Any]:
    return {"kind": metric.kind, **_plain(metric, skip={"name", "digits"})}


def _margin(margin: Margin) -> str:
    if margin.scale == "relative":
        return written_share(margin.value)
    return f"{float(margin.value):g}"


def _analysis(experiment: Experiment) -> dict[str, Any]:
    analysis = experiment.analysis
    values = _plain(analysis, skip={"lookback", "covariates", "prior"})
    if analysis.lookback is not None:
        values["covariates"] = {"lookback": written_duration(analysis.lookback)}
    elif analysis.covariates:
        values["covariates"] = list(analysis.covariates)
    prior = analysis.prior
    values["prior"] = (
        prior.name if prior.lift_sd is None else {"lift_sd": written_share(prior.lift_sd)}
    )
    return values


def _plain(value: Any, skip: set[str] = frozenset()) -> Any:  # type: ignore[assignment]
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, Cap):
        part = written_share(value.share)
        return {"non_zero": part} if value.non_zero else part
    if isinstance(value, timedelta):
        return written_duration(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        return written_share(value)
    if isinstance(value, Path):
        return value.as_posix()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _without_none(
            {
                f.name: _field(value, f.name)
                for f in dataclasses.fields(value)
                if f.name not in skip
            }
        )
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _field(owner: Any, name: str) -> Any:
    value = getattr(owner, name)
    if isinstance(owner, Cost | Saving) and name in AMOUNTS:
        return float(value) if value.denominator != 1 else int(value)
    return _plain(value)


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: v for k, v in values.items() if v is not None and v != {} and v != [] and v != ""
    }
