"""Events of Google Analytics 4, as BigQuery exports its daily tables to Parquet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdback.experiments.sources import Columns, Source, kinds

if TYPE_CHECKING:
    from holdback.data.engine import Table
    from holdback.data.loaders.loader import Store

__all__ = ["Ga4EventsSource"]

COLUMNS = Columns(unit="user_pseudo_id", time="event_time")


@kinds.register("ga4_events")
@dataclass(frozen=True, slots=True, kw_only=True)
class Ga4EventsSource(Source):
    """Parquet files of the tables `events_YYYYMMDD`.

    Records become columns (``ecommerce.purchase_revenue`` is
    `ecommerce_purchase_revenue`), and `event_time` is the event's time. `parameters` of
    the event and `properties` of the user become columns of their names, as text.
    """

    path: str
    columns: Columns = COLUMNS
    events: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()

    def attach(self, store: Store, wanted: Collection[str] | None) -> Table:
        """A view on the files: columns are read when they are asked for."""
        from holdback.data.loaders.ga4_export import Taken, events

        del wanted
        taken = Taken(
            events=self.events, parameters=self.parameters, properties=self.properties
        )
        return events(store, self.name, self.path, taken)
