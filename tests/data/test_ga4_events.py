"""Events of Google Analytics 4 are read as the plain table of their purchases is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from worlds.shop_exports import (
    experiment,
    in_time,
    orders,
    plain_orders,
    visitors,
)

from holdback.data.evidence.cells import Cell, Evidence
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError, DataError
from holdback.experiments.load import load

SOURCE = "ga4_events: events/*.parquet"
VALUE = "ecommerce_purchase_revenue - ecommerce_refund_value"
PURCHASES = (
    "events: [purchase]\n"
    "    columns: {unit: user_pseudo_id, time: event_time, "
    "id: ecommerce_transaction_id}\n    duplicates: first"
)
EXPOSURES = f"""{SOURCE}
    events: [experiment_impression]
    parameters: [variant_id]
    columns: {{unit: user_pseudo_id, arm: variant_id, time: event_time}}"""


def written(folder: Path, *, wrapped: bool, twice: int = 0) -> None:
    """Two tables of events, with lists as BigQuery writes them or as plain lists.

    The first `twice` purchases are sent again a moment later, as tags do.
    """
    rows = [
        ("experiment_impression", unit, time, [("variant_id", arm, None)], None, 0, 0)
        for unit, arm, time in visitors()
    ]
    for i, one in enumerate(orders()):
        parameters = [("currency", "EUR", None), ("session", None, one.number)]
        number, total, refunded = f"t{one.number}", one.total, one.refunded
        rows.append(
            ("purchase", one.unit, one.time, parameters, number, total, refunded)
        )
        rows += [rows[-1]] if i < twice else []
    engine = duckdb.connect()
    engine.execute(
        "CREATE TABLE e (name VARCHAR, unit VARCHAR, happened TIMESTAMP, "
        "ps STRUCT(k VARCHAR, s VARCHAR, i BIGINT)[], "
        "tx VARCHAR, total BIGINT, refunded BIGINT)"
    )
    engine.executemany("INSERT INTO e VALUES (?, ?, ?, ?, ?, ?, ?)", [
        (name, unit, at, [dict(zip("ksi", p, strict=True)) for p in ps], *rest)
        for name, unit, at, ps, *rest in rows
    ])  # fmt: skip
    one = (
        "{'key': p.k, 'value': {'string_value': p.s, 'int_value': p.i, "
        "'float_value': NULL::DOUBLE, 'double_value': NULL::DOUBLE}}"
    )
    listed = f"[{one} for p in ps]"
    if wrapped:
        listed = f"{{'list': [{{'element': {one}}} for p in ps]}}"
    (folder / "events").mkdir()
    for part in (0, 1):
        engine.execute(
            f"COPY (SELECT strftime(happened, '%Y%m%d') AS event_date, "
            "epoch_us(happened) + rowid % 1000 AS event_timestamp, name AS event_name, "
            f"unit AS user_pseudo_id, {listed} AS event_params, "
            "{'category': 'mobile', 'web_info': {'browser': 'x'}} AS device, "
            "{'transaction_id': tx, 'purchase_revenue': total / 100, "
            "'refund_value': refunded / 100} AS ecommerce "
            f"FROM e WHERE rowid % 2 = {part} ORDER BY rowid) "
            f"TO '{folder / 'events' / f'events_{part}.parquet'}' (FORMAT parquet)"
        )


@pytest.mark.parametrize("wrapped", [True, False], ids=["records", "lists"])
def test_purchases_and_exposures(tmp_path: Path, *, wrapped: bool) -> None:
    """Arms from a parameter, money from a record: the plain table's cells."""
    written(tmp_path, wrapped=wrapped)
    expected = extract(load(plain_orders(tmp_path / "plain", VALUE)))
    source = f"{SOURCE}\n    {PURCHASES}"
    found = extract(load(experiment(tmp_path, source, VALUE, EXPOSURES)))
    assert found.cells == expected.cells
    assert [one.rows for one in found.inputs] == [60, 40]


def test_a_purchase_that_is_sent_twice(tmp_path: Path) -> None:
    """By its transaction it counts once, at its first time, and is told."""
    written(tmp_path, wrapped=True, twice=6)
    expected = extract(load(plain_orders(tmp_path / "plain", VALUE)))
    source = f"{SOURCE}\n    {PURCHASES}"
    file = experiment(tmp_path, source, VALUE)
    found = extract(load(file))
    assert found.cells == expected.cells
    assert found.quality.duplicates == {"orders": 6}


def test_attributes_are_flat(tmp_path: Path) -> None:
    """Fields of records and whole numbers among parameters are columns."""
    written(tmp_path, wrapped=True)
    options = "events: [purchase]\n    parameters: [session]\n    where: "
    told = "device_web_info_browser = 'x' and session < 10"
    file = experiment(tmp_path, f"{SOURCE}\n    {options}{told}", VALUE)
    expected = extract(load(plain_orders(tmp_path / "plain", VALUE, orders()[:10])))
    assert shared(extract(load(file))) == shared(expected)


def shared(found: Evidence) -> list[Cell]:
    """All cells without the parts of the money.

    The file names the ids of its orders, so they are told apart there; these events
    name none.
    """
    return [
        replace(
            row, moments={k: v for k, v in row.moments.items() if k != "money: orders"}
        )
        for row in found.cells.rows
    ]


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ("events: [purchased]", DataError, "there is no event 'purchased'"),
        (
            "parameters: [event_name]",
            ConfigError,
            "'event_name' is a column of the events already",
        ),
        ("properties: [tier]", ConfigError, "no column 'user_properties'"),
        ("columns: {unit: client_id}", DataError, "there is no column 'client_id'"),
    ],
)
def test_names_that_are_not_there(
    tmp_path: Path, options: str, kind: type[DataError | ConfigError], words: str
) -> None:
    """Each says what there is instead."""
    written(tmp_path, wrapped=True)
    file = experiment(tmp_path, f"{SOURCE}\n    {options}", VALUE)
    with pytest.raises(kind, match=words):
        extract(load(file))


@pytest.mark.parametrize(
    "value",
    [
        "'{}'",
        "['a']",
        "{'list': 1}",
        "[{'key': 'variant_id'}]",
        "[{'key': 'variant_id', 'value': 'a'}]",
    ],
)
def test_parameters_that_are_no_list_of_keys(tmp_path: Path, value: str) -> None:
    """A column that was rewritten on its way is told, not stumbled over."""
    (tmp_path / "events").mkdir()
    target = tmp_path / "events" / "a.parquet"
    duckdb.execute(
        f"COPY (SELECT 'purchase' AS event_name, 1 AS event_timestamp, "
        f"'u' AS user_pseudo_id, {value} AS event_params) "
        f"TO '{target}' (FORMAT parquet)"
    )
    source = f"{SOURCE}\n    parameters: [variant_id]"
    with pytest.raises(DataError, match="no list of keys and values"):
        extract(load(experiment(tmp_path, source, VALUE)))


def test_tables_from_before_a_field(tmp_path: Path) -> None:
    """An older table has no refunds yet: none are what its purchases have."""
    written(tmp_path, wrapped=True)
    older = tmp_path / "events" / "events_0.parquet"
    duckdb.execute(
        f"COPY (SELECT * REPLACE ({{'transaction_id': ecommerce.transaction_id, "
        f"'purchase_revenue': ecommerce.purchase_revenue}} AS ecommerce) "
        f"FROM '{older}') TO '{tmp_path / 'older.parquet'}' (FORMAT parquet)"
    )
    (tmp_path / "older.parquet").replace(older)
    source = f"{SOURCE}\n    {PURCHASES}"
    value = "ecommerce_purchase_revenue"
    found = extract(load(experiment(tmp_path, source, value)))
    plain = "purchase - refund"
    expected = extract(load(plain_orders(tmp_path / "plain", plain)))
    arms = {"holdback", "personalized"}
    refunds = sum(one.refunded for one in in_time())
    ours = found.cells.total("revenue", arms).sums[0]
    assert ours == expected.cells.total("revenue", arms).sums[0] + refunds


def test_other_parquet_files_are_refused(tmp_path: Path) -> None:
    """Files without the columns of an event."""
    (tmp_path / "events").mkdir()
    target = tmp_path / "events" / "a.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS a) TO '{target}' (FORMAT parquet)")
    with pytest.raises(DataError, match="no events of Google Analytics 4"):
        extract(load(experiment(tmp_path, SOURCE, VALUE)))
