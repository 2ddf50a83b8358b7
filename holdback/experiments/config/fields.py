"""Types of single values in the YAML: how each is read and how its schema looks.

Each is an annotated type for pydantic: a reader of one `ScalarNode` that raises
`Unreadable`, and a JSON Schema for editors. The readers are exact: they see the
text as it stands in the file, so `0.1` is one tenth and `0123` never loses its zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Any, ClassVar, TypeAlias, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from holdback.experiments.config.yaml_document import (
    MappingNode,
    ScalarNode,
    SequenceNode,
    text_of,
)
from holdback.experiments.kinds.source import EMBEDDED
from holdback.experiments.language import quantities
from holdback.experiments.language.expression import Expression, parse
from holdback.experiments.language.quantities import Unreadable, did_you_mean
from holdback.registry import Kinds

__all__ = [
    "BY_SHAPE",
    "KEYS",
    "LIST",
    "MERGED_KEYS",
    "TAG",
    "VALUE",
    "Amount",
    "Day",
    "Duration",
    "Flag",
    "FormulaText",
    "NonEmptyText",
    "Share",
    "WholeNumber",
    "Written",
    "choice",
    "leaf",
]


@dataclass(frozen=True)
class Leaf:
    """How one kind of value is read and what its JSON Schema is, for pydantic.

    pydantic's own annotations for this also make a model of the Python type that
    comes out, which is never asked and costs a third of the start-up.
    """

    read: Callable[[ScalarNode], Any]
    schema: Callable[[], dict[str, Any]]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """How pydantic reads it."""
        return core_schema.no_info_plain_validator_function(self._value)

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What an editor is told of it."""
        return self.schema()

    def _value(self, node: Any) -> Any:
        if isinstance(node, ScalarNode):
            return self.read(node)
        kinds = {MappingNode: "a block of keys", SequenceNode: "a list"}
        raise Unreadable(
            f"one value is needed here, not {kinds.get(type(node), 'a structure')}."
        )


def leaf(read: Callable[[ScalarNode], Any], schema: dict[str, Any]) -> Leaf:
    """One kind of value by its reader and its JSON Schema."""
    return Leaf(read, schema.copy)


def choice(options: Collection[str] | Kinds[Any]) -> Leaf:
    """One of some words, or of the names of kinds.

    Raises Unreadable for any other word.
    """

    def read(node: ScalarNode) -> str:
        if node.text in options:
            return node.text
        listed = ", ".join(options)
        raise Unreadable(
            f"'{node.text}' is not one of: {listed}.",
            fix=did_you_mean(node.text, tuple(options)),
        )

    return Leaf(read, lambda: {"enum": list(options)})


def choice_of(literal: Any) -> Leaf:
    """One of the words of a `Literal`.

    Raises Unreadable for any other word.
    """
    return choice(get_args(literal))


def _whole(node: ScalarNode) -> int:
    value = quantities.amount(node.text)
    if node.means != "number" or value.denominator != 1:
        raise Unreadable(f"{node.text} is not a whole number.")
    return int(value)


def _version(node: ScalarNode) -> int:
    if node.text != "1":
        raise Unreadable(
            f"'{node.text}' is not one of: 1.",
            why="This program reads version 1 of the format.",
            fix="Write `version: 1`.",
        )
    return 1


def _flag(node: ScalarNode) -> bool:
    if node.means != "boolean":
        raise Unreadable(f"'{node.text}' is neither true nor false.")
    return node.text.lower() == "true"


def _text(node: ScalarNode) -> str:
    text = text_of(node)
    if not text.strip():
        raise Unreadable("the text is empty.", fix="Write it, or leave the key out.")
    if "${" in text:
        raise Unreadable(
            "${…} may stand only in `database`.",
            fix="Write the value itself; only connections hold secrets.",
        )
    return text


def _connection(node: ScalarNode) -> str:
    return text_of(node)


def _formula(node: ScalarNode) -> Expression:
    return parse(node.text)


_SHARE_SCHEMA = {
    "anyOf": [
        {"type": "number"},
        {"type": "string", "pattern": r"^\s*[-+]?[0-9.]+([eE][-+]?\d+)?\s*%?\s*$"},
        {"type": "string", "pattern": r"^\s*\d+\s*/\s*\d+\s*$"},
    ],
    "examples": ["10%", 0.1, "1/3"],
}
_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^\s*\d+(\.\d+)?\s*"
    r"([Ss]econd|[Mm]inute|[Hh]our|[Dd]ay|[Ww]eek|[Mm]onth|[Yy]ear)s?\s*$",
    "examples": ["28 days", "2 weeks", "12 hours"],
}

_TEXT_LEAF = leaf(_text, {"type": "string", "minLength": 1})
_CONNECTION_LEAF = leaf(
    _connection,
    {"type": "string", "examples": [EMBEDDED, "${env:WAREHOUSE_URL}"]},
)
_SHARE_LEAF = leaf(lambda node: quantities.share(node.text), _SHARE_SCHEMA)
_AMOUNT_LEAF = leaf(lambda node: quantities.amount(node.text), {"type": "number"})
_DURATION_LEAF = leaf(lambda node: quantities.duration(node.text), _DURATION_SCHEMA)
_DAY_LEAF = leaf(
    lambda node: quantities.day(node.text),
    {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
)
_WHOLE_LEAF = leaf(_whole, {"type": "integer"})
_FLAG_LEAF = leaf(_flag, {"type": "boolean"})
_VERSION_LEAF = leaf(_version, {"const": 1})
_FORMULA_LEAF = leaf(_formula, {"type": ["string", "number"]})

NonEmptyText: TypeAlias = Annotated[str, _TEXT_LEAF]
Connection: TypeAlias = Annotated[str, _CONNECTION_LEAF]
Share: TypeAlias = Annotated[Fraction, _SHARE_LEAF]
Amount: TypeAlias = Annotated[Fraction, _AMOUNT_LEAF]
Duration: TypeAlias = Annotated[timedelta, _DURATION_LEAF]
Day: TypeAlias = Annotated[date, _DAY_LEAF]
WholeNumber: TypeAlias = Annotated[int, _WHOLE_LEAF]
Flag: TypeAlias = Annotated[bool, _FLAG_LEAF]
FormulaText: TypeAlias = Annotated[Expression, _FORMULA_LEAF]
Version: TypeAlias = Annotated[int, _VERSION_LEAF]


class Written(BaseModel):
    """A block of known keys.

    A validation with a dictionary as context fills it with block id → model, so that
    an unknown key can be answered with the keys that the block does know. `required`
    names the keys whose absence is found by the loader instead of pydantic.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True
    )
    required: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _remember(cls, data: Any, info: ValidationInfo) -> Any:
        if info.context is not None and isinstance(data, MappingNode):
            info.context[id(data)] = cls
        return data

    @classmethod
    def known(cls) -> tuple[str, ...]:
        """The keys as they are written."""
        return tuple(info.alias or key for key, info in cls.model_fields.items())


MERGED_KEYS = frozenset({"sources", "metrics", "holdouts", "layers"})
"""Keys of both files whose parts are put together by name; of others one file wins."""
TAG = "\0"
"""Starts the tags of unions, so that they cannot be mistaken for keys of the file."""
KEYS, LIST, VALUE = Tag(f"{TAG}keys"), Tag(f"{TAG}list"), Tag(f"{TAG}value")


def _shape(node: Any) -> str:
    if isinstance(node, MappingNode):
        return KEYS.tag
    return LIST.tag if isinstance(node, SequenceNode) else VALUE.tag


BY_SHAPE = Discriminator(_shape)
"""Tells the members of a union by their tag: KEYS, LIST or VALUE."""
