"""Frames in memory: pandas, polars or Arrow, by their Arrow stream."""

from __future__ import annotations

from collections.abc import Collection

from holdback.data.engine import Table
from holdback.data.engine.sql import quoted_name
from holdback.data.loaders.loader import Loader, kinds
from holdback.data.loaders.store import Store, relation_of, row_of
from holdback.errors import DataError, Problem
from holdback.experiments.sources.frame import FrameSource

__all__ = ["FrameLoader"]


@kinds.register("frame")
class FrameLoader(Loader[FrameSource]):
    """A frame that stands in place of a table of data."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """The frame's columns that are used, copied into the embedded engine.

        Raises DataError for what gives no Arrow stream.
        """
        source, frame, engine = self.source.name, self.source.frame, store.engine
        handle = f"frame {source}"
        try:
            engine.register(handle, _streamed(frame))
            all_types = engine.types(f"SELECT * FROM {quoted_name(handle)}")
            names = [n for n in all_types if wanted is None or n in wanted]
            listed = ", ".join(quoted_name(n) for n in names or list(all_types)[:1])
            engine.execute(
                f"CREATE TEMP TABLE {quoted_name(source)} AS "
                f"SELECT {listed} FROM {quoted_name(handle)}"
            )
        except (TypeError, ValueError) as error:
            raise DataError(
                Problem(
                    where=f"source {source}",
                    what=f"a {type(frame).__name__} cannot be read as a table.",
                    fix="Hand over a pandas, polars or Arrow frame.",
                )
            ) from error
        engine.unregister(handle)
        return Table(
            source=source,
            relation=relation_of(source),
            columns=all_types,
            numbered=True,
            place=row_of(source),
        )


def _streamed(frame: object) -> object:
    """A frame as the engine reads it; pandas goes the Arrow way where it can.

    The engine guesses the type of a pandas column of objects from a sample; an Arrow
    stream says it.
    """
    if hasattr(frame, "__arrow_c_stream__") and not hasattr(frame, "iloc"):
        return frame
    if hasattr(frame, "collect"):
        return frame.collect()
    return frame
