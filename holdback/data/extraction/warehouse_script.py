"""The script of an experiment's questions, for a warehouse that nobody connects to."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from holdback.data.engine import Engine, Query, Table, Type
from holdback.data.engine.answer_table import (
    AnswerTable,
    ScriptHeader,
    read_answers,
    script,
)
from holdback.data.engine.by_url import dialects, embedded, spelling
from holdback.data.engine.connector import only_select
from holdback.data.engine.sql import cast, col, quoted_text
from holdback.data.extraction.carried_answers import questions_of
from holdback.data.extraction.extract import Survey
from holdback.data.extraction.open_engine import (
    Opened,
    all_declared,
    used_sources,
)
from holdback.data.extraction.unit_rows import RowRequests
from holdback.data.queries.units import nested, select
from holdback.errors import ConfigError, DataError, EnvironmentFault, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.sources.csv import CsvSource
from holdback.experiments.sources.parquet import ParquetSource
from holdback.experiments.sources.sql import SqlSource
from holdback.experiments.sources.table import TableSource

__all__ = ["answers_in", "printed_script"]

TABLE_NAME, COLUMN_NAME, TYPE_NAME, SCHEMA_NAME = (
    "table_name",
    "column_name",
    "data_type",
    "table_schema",
)
NEEDED = f"{TABLE_NAME}, {COLUMN_NAME}, {TYPE_NAME}"
DATA_TYPE = exp.DataType.Type
UUID_TYPE = DATA_TYPE.UUID
INSTANTS = {DATA_TYPE.TIMESTAMPTZ, DATA_TYPE.TIMESTAMPLTZ}


def printed_script(  # all that a script hangs on
    experiment: Experiment,
    *,
    header: ScriptHeader,
    columns: str | None,
    moments: Sequence[date | datetime],
    rows: RowRequests,
    answers: AnswerTable | None = None,
) -> tuple[str, int]:
    """The script that asks a warehouse, and how many questions stand in it.

    `columns` is a CSV of the warehouse's catalogue; `header` says for whom it is.
    Raises ConfigError for what cannot be asked in that SQL, DataError for a table or
    column that the catalogue lacks, EnvironmentFault for one that cannot be read.
    """
    dialect = header.dialect
    if dialect not in dialects():
        raise ConfigError(
            Problem(
                where="--dialect",
                what=f"there is no script in the SQL of '{dialect}'.",
                fix=f"Write one of {', '.join(dialects())}.",
            )
        )
    names = used_sources(experiment)
    for name in names:
        _check_kind(experiment, name)
    if columns is None:
        raise ConfigError(_columns_wanted(experiment, names))
    described = _described(experiment, names, columns, dialect)
    kinds = {name: _kinds(types) for name, types in described.items()}
    relations = {
        name: _relation(experiment, name, described[name], dialect) for name in names
    }

    def read(
        engine: Engine, tables: Mapping[str, Table], as_of: date | datetime
    ) -> None:
        declared = all_declared(engine, experiment, tables)
        place = Opened(engine=engine, tables=declared, sha256=lambda _: None)
        Survey(experiment, place, rows=rows).evidence(as_of)

    questions = questions_of(
        read,
        experiment=experiment,
        relations=relations,
        kinds=kinds,
        dialect=dialect,
        moments=moments,
        answers=answers,
    )
    says = ScriptHeader(
        experiment=header.experiment,
        plan=header.plan,
        as_of=header.as_of,
        dialect=dialect,
        columns=kinds,
        questions=tuple(question.key for question in questions),
        rows=header.rows,
        version=header.version,
    )
    text = script(says, questions, relations, spelling(dialect))
    return text, len(questions)


def answers_in(files: Sequence[str]) -> AnswerTable:
    """The answers in files; raises what `read_answers` raises."""

    def lines(path: Path) -> list[tuple[object, ...]]:
        engine = embedded()
        try:
            text = f"SELECT question, line, lines, answer FROM {_parquet(path)}"
            return engine.execute(text)
        finally:
            engine.close()

    return read_answers(files, lines)


def _parquet(path: Path) -> str:
    return f"read_parquet({quoted_text(str(path))})"


def _check_kind(experiment: Experiment, name: str) -> None:
    source = experiment.sources[name]
    if not isinstance(source, TableSource | SqlSource | CsvSource | ParquetSource):
        raise ConfigError(
            Problem(
                where=f"source {name}",
                what=f"a source of the kind `{source.kind}` is no warehouse's table.",
                fix="Write `table: schema.name` or `sql: select …`.",
            )
        )


def _columns_wanted(experiment: Experiment, names: Sequence[str]) -> Problem:
    tables = [_table(experiment, name).rpartition(".")[2] for name in names]
    listed = ", ".join(quoted_text(table) for table in tables)
    return Problem(
        where="--columns",
        what="the script hangs on the types of the columns.",
        fix="Save as columns.csv what this gives in the warehouse, and write "
        f"`--columns columns.csv`: SELECT {SCHEMA_NAME}, {NEEDED} "
        f"FROM information_schema.columns WHERE {TABLE_NAME} IN ({listed});",
    )


def _table(experiment: Experiment, name: str) -> str:
    source = experiment.sources[name]
    return source.table if isinstance(source, TableSource) else name


def _described(
    experiment: Experiment, names: Sequence[str], file: str, dialect: str
) -> dict[str, dict[str, exp.DataType | None]]:
    """Columns and their types by source, as the catalogue's CSV has them."""
    rows = _catalogue(file)
    found: dict[str, dict[str, exp.DataType | None]] = {}
    for name in names:
        schema, _, table = _table(experiment, name).rpartition(".")
        schema = schema.rpartition(".")[2]
        mine = [
            row
            for row in rows
            if row[TABLE_NAME].lower() in {table.lower(), name.lower()}
            and (not schema or row.get(SCHEMA_NAME, schema).lower() == schema.lower())
        ]
        if not mine:
            raise DataError(
                Problem(
                    where=file,
                    what=f"no line describes the table '{_table(experiment, name)}'.",
                    why=f"The source '{name}' reads it.",
                    fix=f"Add a line for each of its columns: {NEEDED}. Those of a "
                    "`sql:` stand under the source's name.",
                )
            )
        found[name] = {
            row[COLUMN_NAME]: _data_type(row[TYPE_NAME], dialect) for row in mine
        }
    return found


def _catalogue(file: str) -> list[dict[str, str]]:
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as lines:
            rows = [
                {str(key).strip().lower(): value or "" for key, value in row.items()}
                for row in csv.DictReader(lines)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFault(
            Problem(where=file, what=f"the columns cannot be read: {told}.")
        ) from error
    lacking = {TABLE_NAME, COLUMN_NAME, TYPE_NAME} - set(rows[0] if rows else ())
    if lacking:
        raise DataError(
            Problem(
                where=file,
                what=f"the column {min(lacking)} is missing."
                if rows
                else "it has no lines.",
                fix=f"It needs the columns {NEEDED}, as "
                "information_schema.columns has them, parted by commas.",
            )
        )
    return rows


def _data_type(text: str, dialect: str) -> exp.DataType | None:
    try:
        return exp.DataType.build(text, dialect=dialect)
    except (SqlglotError, ValueError):
        return None


def _kinds(types: Mapping[str, exp.DataType | None]) -> dict[str, Type]:
    return {column: _kind(data_type) for column, data_type in types.items()}


def _kind(data_type: exp.DataType | None) -> Type:
    """Which of the nine kinds a type of a warehouse is."""
    if data_type is None:
        return "other"
    of = data_type.this
    if of in exp.DataType.TEXT_TYPES or of in {
        UUID_TYPE,
        DATA_TYPE.ENUM,
        DATA_TYPE.NAME,
    }:
        return "text"
    if of in exp.DataType.INTEGER_TYPES:
        return "integer"
    plain: dict[exp.DataType.Type, Type] = {
        DATA_TYPE.BOOLEAN: "boolean",
        DATA_TYPE.DATE: "date",
        DATA_TYPE.DATE32: "date",
        DATA_TYPE.FLOAT: "float",
        DATA_TYPE.DOUBLE: "float",
    }
    if of in plain:
        return plain[of]
    if of in exp.DataType.NUMERIC_TYPES:
        return "decimal"
    if of in INSTANTS:
        return "instant"
    return "local" if of in exp.DataType.TEMPORAL_TYPES else "other"


def _relation(
    experiment: Experiment,
    name: str,
    types: Mapping[str, exp.DataType | None],
    dialect: str,
) -> Query:
    """A source in the warehouse's own SQL; ids of the type uuid become text."""
    source = experiment.sources[name]
    if isinstance(source, SqlSource):
        only_select(source.sql, name, dialect)
        found: Query = nested(parse_one(source.sql, read=dialect), "src")
    else:
        found = exp.to_table(_table(experiment, name), dialect=dialect)
    uuids = {
        c for c, data_type in types.items() if data_type and data_type.this == UUID_TYPE
    }
    if not uuids:
        return found
    columns = {c: cast(col(c), "TEXT") if c in uuids else col(c) for c in types}
    return nested(select(columns, found), "src")
