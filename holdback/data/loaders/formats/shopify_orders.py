"""A Shopify export of orders: lines of items → one row an order.

The fields of an order stand on the row of its first item; the rows of further items
repeat its name and leave the others empty. Columns are found by their names: exports
differ in which they have.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlglot import exp

from holdback.data.engine import PlaceOf, Table
from holdback.data.engine.sql import quoted_name, quoted_text
from holdback.data.loaders.csv_files import csv_table
from holdback.data.loaders.csv_text import CsvForm
from holdback.data.loaders.loader import Loader, kinds
from holdback.data.loaders.store import Store
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.sources.shopify_orders import ShopifyOrdersSource

__all__ = ["ShopifyOrdersLoader"]

ORDER_NAME, EMAIL, NOTE_ATTRIBUTES, CURRENCY = (
    "Name",
    "Email",
    "Note Attributes",
    "Currency",
)
OF_ITEMS = "Lineitem"
ON_FIRST_ROW = ("Total", "Subtotal", "Financial Status", CURRENCY)
HASHED = "email_sha256"
ROW_NUMBER = "holdback row"
SHOWN_ORDERS = 5


@kinds.register("shopify_orders")
class ShopifyOrdersLoader(Loader[ShopifyOrdersSource]):
    """A CSV export of orders, or a glob of them."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """One row an order, as text, in the order of the files.

        Raises DataError for files that are no such export and for items whose order is
        not there.
        """
        del wanted
        export = self.source
        form = CsvForm(
            source=export.name,
            root=store.root,
            delimiter=export.delimiter,
            encoding=export.encoding,
        )
        raw = csv_table(store, export.path, form, decimal=export.decimal, wanted=None)
        return _orders(store, raw, export)


def _orders(store: Store, raw: Table, export: ShopifyOrdersSource) -> Table:
    """The orders of an export that was read as it is."""
    source = raw.source
    first = _of_first_row(source, list(raw.columns))
    columns = _columns(source, list(raw.columns), export.note_attributes)
    table = quoted_name(f"{source} (orders)")
    listed = ", ".join(f"{sql} AS {quoted_name(n)}" for n, sql in columns.items())
    store.engine.execute(
        f"CREATE TEMP TABLE {table} AS SELECT {listed}, "
        f"rowid AS {quoted_name(ROW_NUMBER)} FROM {quoted_name(source)} "
        f"WHERE {first} ORDER BY rowid"
    )
    _refuse_lost_items(store, raw, first)
    store.engine.execute(f"DROP TABLE {quoted_name(source)}")
    return replace(
        raw,
        relation=exp.table_(f"{source} (orders)", quoted=True),
        columns=dict.fromkeys(columns, "text"),
        rows=None,
        place=_place(store, raw, table),
    )


def snake(name: str) -> str:
    """`Refunded Amount` → ``refunded_amount``."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _of_first_row(source: str, names: Sequence[str]) -> str:
    """SQL of whether a row is an order's first."""
    if ORDER_NAME not in names:
        raise DataError(
            Problem(
                where=f"source {source}",
                what=f"there is no column '{ORDER_NAME}', so this is no Shopify export "
                "of orders.",
                why=f"The columns are: {', '.join(names[:10])}.",
                fix="Export the orders as plain CSV, or write `csv:` and say in "
                "`columns` what is what.",
            )
        )
    filled = next((name for name in ON_FIRST_ROW if name in names), None)
    if filled is not None:
        return f"{quoted_name(filled)} <> ''"
    if any(name.startswith(OF_ITEMS) for name in names):
        raise DataError(
            Problem(
                where=f"source {source}",
                what="nothing tells an order's first row from those of its further "
                "items.",
                fix=f"Export the column '{ON_FIRST_ROW[0]}' as well.",
            )
        )
    return "true"


def _columns(
    source: str, names: Sequence[str], note_attributes: Sequence[str]
) -> dict[str, str]:
    """Names of an order's columns → SQL."""
    columns = {}
    for name in names:
        if name.startswith(OF_ITEMS):
            continue
        text = quoted_name(name)
        # `2026-10-02 17:09:34 -0300` is read as it is; a zip is kept from being a
        # number by an apostrophe.
        columns[snake(name)] = f"ltrim({text}, '''')" if "Zip" in name else text
    if EMAIL in names:
        email = f"lower(trim({quoted_name(EMAIL)}))"
        columns["email"] = email
        columns[HASHED] = f"CASE WHEN {email} <> '' THEN sha256({email}) END"
    for attribute in note_attributes:
        if NOTE_ATTRIBUTES not in names or attribute in columns:
            raise ConfigError(_no_attribute(source, attribute, names))
        pattern = rf"(?m)^\s*{re.escape(attribute)}\s*:\s*(.*?)\s*$"
        columns[attribute] = (
            f"regexp_extract({quoted_name(NOTE_ATTRIBUTES)}, {quoted_text(pattern)}, 1)"
        )
    return columns


def _no_attribute(source: str, attribute: str, names: Sequence[str]) -> Problem:
    if NOTE_ATTRIBUTES in names:
        return Problem(
            where=f"source {source}, note_attributes",
            what=f"'{attribute}' is a column of the orders already.",
            fix="Take it out of `note_attributes`.",
        )
    return Problem(
        where=f"source {source}, note_attributes",
        what=f"the export has no column '{NOTE_ATTRIBUTES}'.",
        fix="Export that column as well, or take `note_attributes` out.",
    )


def _refuse_lost_items(store: Store, raw: Table, first: str) -> None:
    """DataError for items whose order has no first row in the files."""
    table, name = quoted_name(raw.source), quoted_name(ORDER_NAME)
    rows = store.engine.execute(
        f"SELECT min(rowid), {name} FROM {table} WHERE {name} <> '' GROUP BY {name} "
        f"HAVING NOT bool_or(coalesce({first}, false)) ORDER BY 1"
    )
    if not rows:
        return
    listed = ", ".join(f"'{row[1]}'" for row in rows[:SHOWN_ORDERS])
    more = ", …" if len(rows) > SHOWN_ORDERS else ""
    noun = "order has" if len(rows) == 1 else "orders have"
    raise DataError(
        Problem(
            where=raw.place(int(rows[0][0]), ORDER_NAME),
            what=f"{len(rows):,} {noun} items, but no row with totals: {listed}{more}.",
            why="Such an order would be lost: what it cost stands on its first row.",
            fix="Add the file in which it begins; a large export comes in several.",
        )
    )


def _place(store: Store, raw: Table, table: str) -> PlaceOf:
    """Where an order stands in the files."""
    originals = {snake(name): name for name in raw.columns}

    def place(row: int, column: str | None) -> str:
        ((line,),) = store.engine.execute(
            f"SELECT {quoted_name(ROW_NUMBER)} FROM {table} WHERE rowid = ?", [row]
        )
        return raw.place(int(line), originals.get(column or ""))

    return place
