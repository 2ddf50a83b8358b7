"""Events of Google Analytics 4, as BigQuery exports its daily tables to Parquet."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.experiments.kinds.source import Columns, Source, kinds

__all__ = ["Ga4EventsSource"]

GA4_COLUMNS = Columns(unit="user_pseudo_id", time="event_time")


@kinds.register("ga4_events")
@dataclass(frozen=True, slots=True, kw_only=True)
class Ga4EventsSource(Source):
    """Parquet files of the tables `events_YYYYMMDD`.

    Records become columns (``ecommerce.purchase_revenue`` is
    `ecommerce_purchase_revenue`), and `event_time` is the event's time. `parameters` of
    the event and `properties` of the user become columns of their names, as text.
    """

    path: str
    columns: Columns = GA4_COLUMNS
    events: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
