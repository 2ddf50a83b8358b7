"""An experiment as plain JSON values: the file with its defaults filled.

Written back as YAML it means the same experiment. Secrets stay `${env:NAME}`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from holdback.experiments.config.kind_schemas import value_field
from holdback.experiments.definition.experiment import (
    Economics,
    Experiment,
    Margin,
    Prior,
    resolved_by,
)
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Cap
from holdback.experiments.language.quantities import (
    decimal_text,
    duration_text,
    share_text,
)

__all__ = ["resolved_of"]

PLAIN_NUMBERS = frozenset(
    {"amount", "dose", "hours", "last_year", "rate", "rates", "tiers"}
)
KEPT_EMPTY = frozenset({"window"})


def resolved_of(
    experiment: Experiment,
    *,
    expression: Callable[[Expression], str] = lambda formula: formula.text,
) -> dict[str, Any]:
    """The resolved file; `expression` says how formulas are written."""

    def plain(value: object, name: str = "") -> Any:
        return _plain(value, name, expression)

    filled: dict[str, Any] = {
        "version": 1,
        "experiment": experiment.name,
        "title": experiment.title,
        "hypothesis": experiment.hypothesis,
        "owner": experiment.owner,
        "tags": list(experiment.tags),
        "currency": experiment.currency,
        "timezone": experiment.timezone,
        "locale": experiment.locale,
        "unit_name": experiment.unit_name,
        "database": experiment.database,
        "sources": {name: _source(s, plain) for name, s in experiment.sources.items()},
        "metrics": {
            name: {
                "kind": metric.kind,
                **_fields(metric, plain, {"name", "digits", "hidden", "of"}),
            }
            for name, metric in experiment.metrics.items()
            if not metric.hidden
        },
        "holdouts": plain(experiment.holdouts),
        "layers": {name: {"salt": salt} for name, salt in experiment.layers.items()},
        "arms": {arm.name: _fields(arm, plain, {"name"}) for arm in experiment.arms},
        "assignment": _fields(experiment.assignment, plain, {"crossovers_by_default"}),
        "window": plain(experiment.window),
        "primary": experiment.primary,
        "secondary": list(experiment.secondary),
        "guardrails": plain(experiment.guardrails),
        "analysis": _analysis(experiment, plain),
        "economics": _economics(experiment.economics, plain),
        "decision": _fields(experiment.decision, plain),
        "identities": None
        if experiment.identities is None
        else _fields(experiment.identities, plain),
        "events": [event.written for event in experiment.events],
        "attribution": None
        if experiment.attribution is None
        else _fields(experiment.attribution, plain),
    }
    return {key: value for key, value in filled.items() if _is_said(value)}


def _source(source: Source, plain: Callable[..., Any]) -> dict[str, Any]:
    field = value_field(type(source))
    rest = _fields(source, plain, {"name", field})
    return {source.kind: getattr(source, field), **rest}


def _analysis(experiment: Experiment, plain: Callable[..., Any]) -> dict[str, Any]:
    analysis = experiment.analysis
    apart = {"lookback", "predict", "covariates", "prior", "derived", "segments"}
    filled = _fields(analysis, plain, apart)
    derived = {one.name: _fields(one, plain, {"cuts"}) for one in analysis.derived}
    if analysis.segments:
        filled["segments"] = [derived.get(name, name) for name in analysis.segments]
    if analysis.lookback is not None:
        filled["covariates"] = {"lookback": plain(analysis.lookback)}
        if analysis.predict:
            filled["covariates"]["predict"] = True
    elif analysis.covariates:
        filled["covariates"] = list(analysis.covariates)
    filled["prior"] = _prior(analysis.prior, plain)
    return filled


def _prior(prior: Prior, plain: Callable[..., Any]) -> Any:
    return {"lift_sd": plain(prior.lift_sd)} if prior.name == "custom" else prior.name


def _economics(
    economics: Economics | None, plain: Callable[..., Any]
) -> dict[str, Any] | None:
    if economics is None:
        return None
    filled = _fields(economics, plain, {"profit"})
    if economics.rollout is not None:
        filled["rollout"].setdefault("decay", "none")
    return filled


def _fields(
    value: Any, plain: Callable[..., Any], without: set[str] | None = None
) -> dict[str, Any]:
    names = [f.name for f in dataclasses.fields(value)]
    filled = {
        name.removesuffix("_"): plain(getattr(value, name), name)
        for name in names
        if name not in (without or set())
    }
    return {name: item for name, item in filled.items() if _is_said(item)}


def _is_said(value: object) -> bool:
    return value is not None and value not in ("", [], {}) and value is not False


def _plain(value: Any, name: str, expression: Callable[[Expression], str]) -> Any:
    def inner(item: object, key: str = "") -> Any:
        return _plain(item, key, expression)

    match value:
        case None | bool() | int() | float() | str():
            return value
        case Expression():
            return expression(value)
        case Fraction():
            return _number(value) if name in PLAIN_NUMBERS else share_text(value)
        case timedelta():
            return duration_text(value)
        case date():
            return value.isoformat()
        case Margin(value=size, scale=scale):
            return share_text(size) if scale == "relative" else _number(size)
        case Cap(share=share, non_zero=True):
            return {"non_zero": share_text(share)}
        case Cap(share=share):
            return share_text(share)
        case _:
            return _plain_group(value, inner, name)


def _plain_group(value: Any, plain: Callable[..., Any], name: str) -> Any:
    if isinstance(value, Mapping):
        inherited = name if name in PLAIN_NUMBERS else ""
        return {str(key): plain(item, inherited) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item, name) for item in value]
    return _fields(value, plain)


def _number(value: Fraction) -> int | float | str:
    text = decimal_text(value)
    return text if "/" in text else (int(text) if "." not in text else float(text))


resolved_by(resolved_of)
