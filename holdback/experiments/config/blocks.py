"""The base of every block of known keys in the YAML, and unions told by shape."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Tag,
    ValidationInfo,
    model_validator,
)

from holdback.experiments.config.document import Block, Items

__all__ = ["BY_SHAPE", "KEYS", "LIST", "TAG", "VALUE", "Written"]


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
        if info.context is not None and isinstance(data, Block):
            info.context[id(data)] = cls
        return data

    @classmethod
    def known(cls) -> tuple[str, ...]:
        """The keys as they are written."""
        return tuple(info.alias or key for key, info in cls.model_fields.items())


TAG = "\0"
"""Starts the tags of unions, so that they cannot be mistaken for keys of the file."""
KEYS, LIST, VALUE = Tag(f"{TAG}keys"), Tag(f"{TAG}list"), Tag(f"{TAG}value")


def _shape(node: Any) -> str:
    if isinstance(node, Block):
        return KEYS.tag
    return LIST.tag if isinstance(node, Items) else VALUE.tag


BY_SHAPE = Discriminator(_shape)
"""Tells the members of a union by their tag: KEYS, LIST or VALUE."""
