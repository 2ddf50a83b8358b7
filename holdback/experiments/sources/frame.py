"""A frame in memory in place of a table of data: pandas, polars or Arrow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdback.experiments.sources import Source

if TYPE_CHECKING:
    from holdback.data.engine import Table
    from holdback.data.loaders.loader import Store

__all__ = ["FrameSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSource(Source):
    """Anything that gives an Arrow stream. It has no YAML form and no file hash."""

    frame: Any

    @classmethod
    def replacing(cls, source: Source, frame: object) -> FrameSource:
        """A frame with the roles and rules of the source that it replaces."""
        return cls(
            name=source.name,
            columns=source.columns,
            where=source.where,
            duplicates=source.duplicates,
            returns=source.returns,
            frame=frame,
        )

    def attach(self, store: Store, wanted: Collection[str] | None) -> Table:
        """The frame's columns, copied into the embedded engine."""
        return store.frame(self.name, self.frame, wanted=wanted)
