"""A frame in memory in place of a table of data: pandas, polars or Arrow."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from holdback.experiments.kinds.source import Source

__all__ = ["FrameSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSource(Source):
    """Anything that gives an Arrow stream. It has no YAML form and no file hash."""

    frame: Any

    @classmethod
    def replacing(cls, source: Source, frame: object) -> FrameSource:
        """A frame with the roles and rules of the source that it replaces."""
        shared = {one.name: getattr(source, one.name) for one in fields(Source)}
        return cls(**shared, frame=frame)

    @property
    def kind(self) -> str:
        """No kind of the YAML."""
        return "frame"
