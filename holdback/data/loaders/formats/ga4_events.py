"""Events of Google Analytics 4 in Parquet: nested records → flat columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlglot import exp

from holdback.data.engine import Table
from holdback.data.engine.sql import quoted_name, quoted_text
from holdback.data.loaders.loader import Loader, kinds
from holdback.data.loaders.store import Store
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.sources.ga4_events import Ga4EventsSource

__all__ = ["Ga4EventsLoader"]

EVENT_STAMP, EVENT_NAME, TIME = "event_timestamp", "event_name", "event_time"
CURRENCY_KEY = "currency"
LISTS = {"parameters": "event_params", "properties": "user_properties"}
VALUES = ("string_value", "int_value", "double_value", "float_value")


@kinds.register("ga4_events")
class Ga4EventsLoader(Loader[Ga4EventsSource]):
    """Parquet files of the tables `events_YYYYMMDD`."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """A view of the events with one flat column a field.

        Raises DataError for files that are no such export, ConfigError for names that
        are columns already.
        """
        del wanted
        return _events(store, self.source)


def _events(store: Store, export: Ga4EventsSource) -> Table:
    source = export.name
    raw = store.parquet(source, export.path, by_name=True)
    fields = store.engine.fields(f"SELECT * FROM {quoted_name(source)}")
    missing = [name for name in (EVENT_NAME, EVENT_STAMP) if name not in fields]
    if missing:
        raise DataError(
            Problem(
                where=f"source {source}",
                what=f"there is no column '{missing[0]}', so these are no events of "
                "Google Analytics 4.",
                why=f"The columns are: {', '.join(list(raw.columns)[:10])}.",
                fix="Export the tables `events_YYYYMMDD` to Parquet, or write "
                "`parquet:`.",
            )
        )
    columns = dict(_flat(fields))
    columns[TIME] = f"CAST(make_timestamp({quoted_name(EVENT_STAMP)}) AS TIMESTAMPTZ)"
    if CURRENCY_KEY not in columns and LISTS["parameters"] in fields:
        told = _listed(LISTS["parameters"], fields[LISTS["parameters"]], CURRENCY_KEY)
        columns |= {} if told is None else {CURRENCY_KEY: told}
    for key, names in (
        ("parameters", [n for n in export.parameters if n != CURRENCY_KEY]),
        ("properties", export.properties),
    ):
        for name in names:
            if name in columns or LISTS[key] not in fields:
                raise ConfigError(_not_taken(source, key, name, columns))
            sql = _listed(LISTS[key], fields[LISTS[key]], name)
            if sql is None:
                raise DataError(_no_list(source, LISTS[key]))
            columns[name] = sql
    chosen = ", ".join(quoted_text(name) for name in export.events)
    where = f" WHERE {quoted_name(EVENT_NAME)} IN ({chosen})" if chosen else ""
    listed = ", ".join(f"{sql} AS {quoted_name(n)}" for n, sql in columns.items())
    text = f"SELECT {listed} FROM {quoted_name(source)}{where}"
    _refuse_unseen(store, source, export.events)
    view = f"{source} (events)"
    store.engine.execute(f"CREATE TEMP VIEW {quoted_name(view)} AS {text}")
    return Table(
        source=source,
        relation=exp.table_(view, quoted=True),
        columns=store.engine.types(text),
    )


def _flat(
    fields: dict[str, Any], above: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """Fields that hold one value, records within records joined by underscores."""
    for name, kind in fields.items():
        path = (*above, name)
        if kind.id == "struct":
            yield from _flat(dict(kind.children), path)
        elif kind.id not in {"list", "map", "array"}:
            yield "_".join(path), ".".join(quoted_name(part) for part in path)


def _listed(column: str, kind: Any, key: str) -> str | None:
    """SQL of the value of a key in a list of keys and values, as text; else None.

    BigQuery writes a list as a record `list` of records `element`, unless it is read
    as one list.
    """
    rows, pair = quoted_name(column), "p"
    if kind.id == "struct":
        rows, kind = f"{rows}.list", _inside(kind, "list")
    kind = _inside(kind, "child")
    if "element" in _fields(kind):
        pair, kind = "p.element", _inside(kind, "element")
    held = _fields(_inside(kind, "value"))
    if "key" not in _fields(kind) or not held.keys() & set(VALUES):
        return None
    parts = ", ".join(
        f"CAST({pair}.value.{name} AS VARCHAR)" for name in VALUES if name in held
    )
    return f"[coalesce({parts}) FOR p IN {rows} IF {pair}.key = {quoted_text(key)}][1]"


def _inside(kind: Any, name: str) -> Any:
    """The type of what a record or a list holds; None where there is no such."""
    return _fields(kind).get(name)


def _fields(kind: Any) -> dict[str, Any]:
    nested = kind is not None and kind.id in {"struct", "list"}
    return dict(kind.children) if nested else {}


def _no_list(source: str, column: str) -> Problem:
    return Problem(
        where=f"source {source}, column {column}",
        what="this is no list of keys and values.",
        why="In Analytics' own tables it is one.",
        fix="Export the tables as they are, without rewriting their columns.",
    )


def _not_taken(source: str, key: str, name: str, columns: dict[str, str]) -> Problem:
    where = f"source {source}, {key}"
    if name in columns:
        return Problem(
            where=where,
            what=f"'{name}' is a column of the events already.",
            fix=f"Take it out of `{key}`.",
        )
    return Problem(
        where=where,
        what=f"the files have no column '{LISTS[key]}'.",
        fix=f"Export it as well, or take `{key}` out.",
    )


def _refuse_unseen(store: Store, source: str, wanted: Sequence[str]) -> None:
    """DataError for names of events that the files do not hold."""
    if not wanted:
        return
    rows = store.engine.execute(
        f"SELECT {quoted_name(EVENT_NAME)}, count(*) FROM {quoted_name(source)} "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    seen = [str(row[0]) for row in rows]
    unseen = [name for name in wanted if name not in seen]
    if unseen:
        raise DataError(
            Problem(
                where=f"source {source}, events",
                what=f"there is no event '{unseen[0]}'.",
                why=f"The events are: {', '.join(seen[:20])}.",
                fix="Correct the name, or take it out.",
            )
        )
