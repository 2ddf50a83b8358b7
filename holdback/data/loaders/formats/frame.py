"""Frames in memory: pandas, polars or Arrow, by their Arrow stream."""

from __future__ import annotations

from collections.abc import Collection

from holdback.data.engine import Table
from holdback.data.engine.sql import quoted_name
from holdback.data.loaders.frame_columns import frame_columns
from holdback.data.loaders.loader import Loader, kinds
from holdback.data.loaders.store import Store, relation_of, row_of
from holdback.experiments.sources.frame import FrameSource

__all__ = ["FrameLoader"]


@kinds.register("frame")
class FrameLoader(Loader[FrameSource]):
    """A frame that stands in place of a table of data."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """The frame's columns that are used, copied into the embedded engine.

        Raises DataError for what is no frame or has a column without one meaning,
        EnvironmentFault where Arrow is not installed.
        """
        source, engine = self.source.name, store.engine
        columns = frame_columns(self.source.frame, source, wanted)
        handle = f"frame {source}"
        engine.register(handle, columns.table)
        types = engine.types(f"SELECT * FROM {quoted_name(handle)}")
        engine.execute(
            f"CREATE TEMP TABLE {quoted_name(source)} AS "
            f"SELECT * FROM {quoted_name(handle)}"
        )
        engine.unregister(handle)
        return Table(
            source=source,
            relation=relation_of(source),
            columns={name: types.get(name, "other") for name in columns.names},
            loaded=frozenset(types),
            numbered=True,
            place=row_of(source),
        )
