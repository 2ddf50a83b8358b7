"""The base of every block of known keys in the YAML, and unions told by shape."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    ValidationInfo,
    model_validator,
)

from holdback.experiments.document import Block, Items

__all__ = ["BY_SHAPE", "Written"]


class Written(BaseModel):
    """A block of known keys.

    A validation with a dictionary as context fills it with block id → model, so that
    an unknown key can be answered with the keys that the block does know. `required`
    names the keys whose absence is found by the loader instead of pydantic.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
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


def _shape(node: Any) -> str:
    if isinstance(node, Block):
        return "keys"
    return "list" if isinstance(node, Items) else "value"


BY_SHAPE = Discriminator(_shape)
"""Tags: `keys` for a block, `list` for a list, `value` for a single value."""
