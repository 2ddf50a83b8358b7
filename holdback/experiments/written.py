"""What an author writes, as pydantic models: the shape of both files.

Metrics and sources are described by their own classes, so a new kind needs no change
here: its model is made from the fields of its class.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic import create_model as make_model

from holdback.experiments.expression import Expression, parse
from holdback.experiments.measure import Cap
from holdback.experiments.metrics import Metric
from holdback.experiments.metrics import kinds as metric_kinds
from holdback.experiments.quantities import amount, day, duration, share
from holdback.experiments.sources import Source
from holdback.experiments.sources import kinds as source_kinds

__all__ = ["File", "metric_model", "source_model"]


class Strict(BaseModel):
    """No unknown key, no conversion behind the author's back."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)


def _expression(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool) or value is None:
        raise ValueError("an expression is text such as: total - refunded")
    return parse(str(value))


def _text_schema(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "number"], "examples": [example]})


Share = Annotated[Fraction, BeforeValidator(share), _text_schema("10%")]
Amount = Annotated[Fraction, BeforeValidator(amount), _text_schema("12.5")]
Duration = Annotated[timedelta, BeforeValidator(duration), _text_schema("28 days")]
Day = Annotated[date, BeforeValidator(day), _text_schema("2026-10-01")]
Formula = Annotated[Expression, BeforeValidator(_expression), _text_schema("total")]
Period = Literal["day", "week", "month", "year"]


class ArmIn(Strict):
    """One arm."""

    share: Share
    control: bool = False
    label: str = ""
    logged_as: str = ""


class LayerIn(Strict):
    """A range of a layer's buckets."""

    name: str
    range: list[Share]


class AssignmentIn(Strict):
    """How units came into arms."""

    source: str | None = None
    scheme: str = "holdback"
    salt: str | None = None
    traffic: Share = Fraction(1)
    phase: int = Field(default=1, ge=1)
    holdout: str | None = None
    layer: LayerIn | None = None
    overrides: dict[str, str] = Field(default_factory=dict)
    overrides_file: str | None = None
    crossovers: Literal["exclude", "first", "stop"] = "exclude"
    where: Formula | None = None
    params: dict[str, Any] = Field(default_factory=dict)


class WindowIn(Strict):
    """The days on which units may join, inclusive."""

    start: Day
    end: Day


class LookbackIn(Strict):
    """Covariates: the same measures from before exposure."""

    lookback: Duration


class PriorIn(Strict):
    """A prior of one's own."""

    lift_sd: Share


class AnalysisIn(Strict):
    """How the numbers are read."""

    level: Share = Fraction(95, 100)
    looks: str | list[Day] = "spending"
    covariates: LookbackIn | list[str] | None = None
    multiplicity: Literal["holm", "bh", "none"] = "holm"
    prior: str | PriorIn = "weak"
    segments: list[str] = Field(default_factory=list)


class CostIn(Strict):
    """A cost."""

    name: str
    amount: Amount
    per: Literal["day", "week", "month", "year", "treated unit"] | None = None
    spread: Duration | None = None


class SavingIn(Strict):
    """Work saved."""

    name: str
    hours: Amount
    per: Period
    rate: Amount


class RolloutIn(Strict):
    """What comes after the test."""

    units: int
    per: Period
    horizon: Duration
    decay: str | None = None


class EconomicsIn(Strict):
    """What a gain is worth and what it costs."""

    value: str | None = None
    margin: Share = Fraction(1)
    costs: list[CostIn] = Field(default_factory=list)
    savings: list[SavingIn] = Field(default_factory=list)
    rollout: RolloutIn | None = None


class DecisionIn(Strict):
    """The rule that turns results into an outcome."""

    rule: Literal["lift", "profit", "not_worse"] | None = None
    minimum_lift: Share = Fraction(0)
    margin: Share | None = None


class HoldoutIn(Strict):
    """A global holdout."""

    share: Share
    salt: str | None = None
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None


class LayerDefinitionIn(Strict):
    """A layer's salt."""

    salt: str


class File(Strict):
    """Either file: whatever the project may say may stand in the experiment."""

    version: Literal[1]
    currency: str | None = None
    timezone: str | None = None
    locale: str | None = None
    database: str | None = None
    sources: dict[str, dict[str, Any]] = Field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)
    holdouts: dict[str, HoldoutIn] = Field(default_factory=dict)
    layers: dict[str, LayerDefinitionIn] = Field(default_factory=dict)
    experiment: str | None = None
    hypothesis: str = ""
    owner: str = ""
    arms: dict[str, ArmIn] | None = None
    assignment: AssignmentIn | None = None
    window: WindowIn | None = None
    primary: str | None = None
    secondary: list[str] = Field(default_factory=list)
    guardrails: dict[str, str | int | Amount] = Field(default_factory=dict)
    analysis: AnalysisIn | None = None
    economics: EconomicsIn | None = None
    decision: DecisionIn | None = None


def metric_model(kind: str) -> type[BaseModel]:
    """The model of a metric kind, from the fields of its class."""
    return _model(metric_kinds[kind], skip={"name", "digits"}, extra={"kind": (str, ...)})


def source_model(kind: str) -> type[BaseModel]:
    """The model of a source kind: its first own field is the kind's key."""
    cls = source_kinds[kind]
    first = main_field(cls)
    return _model(cls, skip={"name", first}, extra={kind: (str, ...)})


def main_field(cls: type[Source]) -> str:
    """The field that the kind's key fills: the first that the kind itself adds."""
    common = {f.name for f in dataclasses.fields(Source)}
    return next(f.name for f in dataclasses.fields(cls) if f.name not in common)


def _model(
    cls: type[Metric | Source] | type, *, skip: set[str], extra: Mapping[str, Any]
) -> type[BaseModel]:
    hints = typing.get_type_hints(cls)
    fields: dict[str, Any] = dict(extra)
    for f in dataclasses.fields(cls):
        if f.name not in skip:
            default = ... if f.default is dataclasses.MISSING else f.default
            fields[f.name] = (_written(hints[f.name]), default)
    model: type[BaseModel] = make_model(f"{cls.__name__}In", __base__=Strict, **fields)
    return model


def _written(hint: Any) -> Any:
    """The type that an author writes for a field of this type."""
    known = {timedelta: Duration, Expression: Formula, Fraction: Share, date: Day}
    if hint in known:
        return known[hint]
    if hint is Cap:
        return CapIn | str | int | Share
    if dataclasses.is_dataclass(hint):
        return _model(typing.cast(type, hint), skip=set(), extra={})
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        options = typing.get_args(hint)
        if str in options and Expression in options:
            options = tuple(o for o in options if o is not Expression)
        return typing.Union[tuple(_written(o) for o in options)]  # noqa: UP007
    return hint


class CapIn(Strict):
    """A cap at a percentile of the units that are not zero."""

    non_zero: Share

