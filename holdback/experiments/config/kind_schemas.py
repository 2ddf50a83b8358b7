"""Keys of metric and source kinds in the YAML, from the fields of their dataclasses.

A new kind is one file in `metrics/` or `sources/`: its fields are its keys here, and
their types say how each is read. A source's kind is itself a key, whose value is the
kind's first own field (`csv: path`).
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import cache, reduce
from operator import or_
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAlias,
    Union,
    get_args,
    get_origin,
)
from typing import get_type_hints as hints_of

from pydantic import (
    BaseModel,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    TypeAdapter,
    ValidationInfo,
    create_model,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from holdback.experiments.config.fields import (
    BY_SHAPE,
    KEYS,
    VALUE,
    Amount,
    Connection,
    Day,
    Duration,
    Flag,
    FormulaText,
    NonEmptyText,
    Share,
    WholeNumber,
    Written,
    choice,
    choice_of,
)
from holdback.experiments.config.yaml_document import MappingNode, ScalarNode
from holdback.experiments.kinds import metric, source
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Cap

__all__ = [
    "UNKNOWN_KIND",
    "WrittenCap",
    "WrittenMetric",
    "WrittenSource",
    "value_field",
]

UNKNOWN_KIND = "unknown_kind"
"""Type of the error about a block that names no kind which is known."""
FILLED = frozenset({"name", "digits", "hidden", "of"})
MEANINGS = {
    "aggregate": "How rows become one number. Default: sum; count without value.",
    "answers": "The lowest and the highest answer, such as [1, 5].",
    "arm": "Column of the logged arm.",
    "better": "Which direction is good. Default: higher.",
    "between": "Two times after the exposure, such as [30 days, 37 days].",
    "cap": "Percentile at which a unit's value is cut: 99.9%, or {non_zero: 99.9%}.",
    "columns": "Role: column name. Every other column is an attribute.",
    "currency": "Column of the currency of the row's amounts.",
    "daily_rates": "The source of rates by day: unit the currency, time the day, rate.",
    "dates": "How times are written, where not as 2026-10-04: d/m/y, m/d/y, excel …",
    "database": "Where the table is. Default: the project's database.",
    "decimal": "Decimal mark of the file's numbers.",
    "delimiter": "What stands between the fields.",
    "denominator": "What the numerator is divided by.",
    "duplicates": "What to do with rows of the same id that differ.",
    "discount": "What money a year later is worth less, such as 10%.",
    "encoding": "Text encoding of the file.",
    "events": "Names of the events whose rows count, such as [purchase].",
    "header": "Line of the header, from 1. Default: found by the columns' names.",
    "horizon": "Until when after the exposure value counts, such as 52 weeks.",
    "id": "Column that makes rows unique; exact duplicates are dropped and counted.",
    "inactive": "Without a row for so long at the end of `within`, a unit has left.",
    "label": "How reports call it.",
    "least": "How many rows it takes, such as 2.",
    "margin_value": "Column or expression of profit, in place of a flat margin.",
    "match": "Columns that a return shares with its purchase, such as [product].",
    "note_attributes": "Cart attributes that become columns, such as [visitor_id].",
    "numerator": "What is summed above the line.",
    "numbers": "How numbers in text are written: en 1,234.50, de 1.234,50, "
    "fr 1 234,50, ch 1'234.50, in 1,23,456.50.",
    "parameters": "Parameters of the event that become columns.",
    "per": "A source whose rows are counted, or an expression.",
    "properties": "Properties of the user that become columns.",
    "quantile": "The share of units at or below it, such as 75%.",
    "rates": "What one of another currency is worth in the project's: {USD: 0.92}.",
    "renews": "A subscription: how long until the next payment, such as 30 days.",
    "refunds": "Refunds in a source of their own, by the order's id: the column "
    "`refunded`.",
    "resolution": "Whether times are days or moments. Default: what is found.",
    "returns": "Which rows are returns; each counts when its purchase did.",
    "snapshots": "Whether amounts are totals up to each row: cumulative, or separate.",
    "source": "The source whose rows are measured.",
    "step": "How reports call the step.",
    "steps": "What has to happen, one after another: {step: Basket, source: baskets}.",
    "time": "Column of the time of the row.",
    "timezone": "Of times without an offset. Default: the project's.",
    "tolerance": "How long before its exposure an event may be logged.",
    "top": "The lowest answer that counts as satisfied, such as 4.",
    "unit": "In a metric: money, or a word such as ms. In columns: the unit's id.",
    "value": "Column or expression, such as total - refunded.",
    "where": "Which rows count, such as status = 'paid'.",
    "within": "How long after the exposure it counts, such as 14 days.",
}


class WrittenCap(Written):
    """A cap among the units that are not zero."""

    non_zero: Share = Field(description="Percentile among non-zero units.")


_SIMPLE: dict[Any, Any] = {
    str: NonEmptyText,
    int: WholeNumber,
    bool: Flag,
    Fraction: Share,
    date: Day,
    timedelta: Duration,
    Expression: FormulaText,
    Cap: Annotated[Annotated[Share, VALUE] | Annotated[WrittenCap, KEYS], BY_SHAPE],
}


def value_field(cls: type[source.Source]) -> str:
    """The field that a source's kind key fills: `path` for csv, `table` for table."""
    shared = {f.name for f in dataclasses.fields(source.Source)}
    return next(f.name for f in dataclasses.fields(cls) if f.name not in shared)


def _model(
    cls: type[Any], name: str, first: dict[str, Any], *, without: frozenset[str]
) -> type[BaseModel]:
    """The model of a dataclass's fields, after the keys of `first`.

    The `columns` of a source may be told elsewhere, as those of a map of ids are.
    """
    hints = hints_of(cls)
    keys = dict(first)
    for item in dataclasses.fields(cls):
        if item.name in without or item.name in first:
            continue
        meaning = item.metadata.get("meaning", MEANINGS.get(item.name))
        kind = _readable(hints[item.name], item.name)
        if item.default is dataclasses.MISSING and item.name != "columns":
            keys[item.name] = (kind, Field(description=meaning))
        else:
            keys[item.name] = (kind | None, Field(None, description=meaning))
    doc = (cls.__doc__ or "").strip().split("\n")[0]
    model: type[BaseModel] = create_model(name, __base__=Written, __doc__=doc, **keys)
    return model


def _readable(hint: Any, name: str) -> Any:
    """How a field of a type is read from the YAML."""
    if get_origin(hint) in {Union, types.UnionType}:
        options = [arg for arg in get_args(hint) if arg is not type(None)]
        # A text or an expression: which of them it is needs the other names.
        return NonEmptyText if len(options) > 1 else _readable(options[0], name)
    if get_origin(hint) is Literal:
        return Annotated[hint, choice_of(hint)]
    if get_origin(hint) is tuple:
        # How many there must be is the kind's to say, in its own words.
        return tuple[_readable(get_args(hint)[0], name), ...]  # type: ignore[misc]
    if get_origin(hint) is Mapping:
        return dict[str, Amount]
    if name == "database":
        return Connection
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    return _model(hint, f"{hint.__name__}Keys", {}, without=FILLED)


@cache
def _metric_model(kind: str) -> type[BaseModel]:
    cls = metric.kinds[kind]
    key = {"kind": (Annotated[str, choice([kind])], Field(description="The kind."))}
    return _model(cls, f"{cls.__name__}Metric", key, without=FILLED)


@cache
def _source_model(kind: str) -> type[BaseModel]:
    cls = source.kinds[kind]
    field = value_field(cls)
    doc = (cls.__doc__ or "").strip().split("\n")[0]
    key = {kind: (_readable(hints_of(cls)[field], kind), Field(description=doc))}
    return _model(cls, cls.__name__, key, without=FILLED | {field})


def _metric_kind(node: Any) -> str | None:
    kind = node.get("kind") if isinstance(node, MappingNode) else None
    if not isinstance(kind, ScalarNode):
        return None
    return kind.text if kind.text in metric.kinds else None


def _source_kind(node: Any) -> str | None:
    if not isinstance(node, MappingNode):
        return None
    return next((key for key in node.key_places if key in source.kinds), None)


@dataclasses.dataclass(frozen=True)
class _OfKind:
    """A block whose keys depend on its kind, as an annotation for pydantic.

    A union of all kinds would say the same; here a kind that no file names is neither
    imported nor made a model of.
    """

    kinds: Iterable[str]
    kind_of: Callable[[Any], str | None]
    model: Callable[[str], type[BaseModel]]

    def read(self, node: Any, info: ValidationInfo) -> BaseModel:
        """The model of a block. Raises what pydantic raises."""
        kind = self.kind_of(node)
        if kind is None:
            raise PydanticCustomError(UNKNOWN_KIND, "no kind is known")
        return self.model(kind).model_validate(node, context=info.context)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """How pydantic reads it."""
        return core_schema.with_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema of every kind."""
        tagged = reduce(or_, map(self._tagged, self.kinds))
        union: Any = Annotated[tagged, Discriminator(self.kind_of)]
        return handler(TypeAdapter(union).core_schema)

    def _tagged(self, kind: str) -> Any:
        return Annotated[self.model(kind), Tag(kind)]


WrittenMetric: TypeAlias = Annotated[
    Any, _OfKind(metric.kinds, _metric_kind, _metric_model)
]
WrittenSource: TypeAlias = Annotated[
    Any, _OfKind(source.kinds, _source_kind, _source_model)
]
