"""Engines and loaders are plug-ins: one file each, and nothing else names them."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

import holdback
from holdback.data.engine import EmbeddedEngine, ServerEngine, Table
from holdback.data.engine.by_url import kinds as engines
from holdback.data.engine.connector import Connector
from holdback.data.engine.engines.duckdb import DuckDBDialect, Embedded
from holdback.data.engine.sql import quoted_name, quoted_text
from holdback.data.extraction.extract import extract
from holdback.data.loaders.loader import Loader
from holdback.data.loaders.loader import kinds as loaders
from holdback.data.loaders.store import Store, relation_of, row_of
from holdback.errors import ConfigError, DataError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.source import Source
from holdback.experiments.kinds.source import kinds as sources
from holdback.experiments.sources.table import TableSource
from tests.data.test_extract_against_rows import (
    HEADS,
    as_csv,
    columns_of,
    described,
    sample,
)

PACKAGE = Path(holdback.__file__).parent
ENGINES = PACKAGE / "data" / "engine" / "engines"
NAMES_AN_ENGINE = {
    "assignment": "SQL of the arms in the dialects of warehouses; ids are drawn by "
    "DuckDB's digests, below the rooms of data",
    "data/loaders/csv_text.py": "what a file is that is no text, and how to name it",
    "drafting": "whether a frame is a relation of DuckDB's, by its class",
    "workflow.py": "the same, before a frame is taken for a path",
    "cli/assign.py": "the help lists the dialects of `--sql`",
    "cli/sql.py": "the help shows an example of `--dialect`",
    "cli/doctor.py": "which drivers are installed, and whether the engine starts",
    "analysis/analyze.py": "the versions that a result was made with",
    "experiments/kinds/source.py": "the word of the YAML for the embedded engine",
    "experiments/definition/split.py": "overrides in a Parquet file, below data",
}


def spellings() -> re.Pattern[str]:
    """What engines are called: by their scheme, further schemes, and SQLGlot."""
    words = {
        word for name, cls in engines.items() for word in (name, cls.sql, *cls.aliases)
    }
    return re.compile("|".join(sorted(words)), re.IGNORECASE)


def words_of(file: Path) -> Iterator[str]:
    """Identifiers, imported names and texts of a module, but no docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in prose:
            yield str(node.value)
        for field in ("id", "attr", "arg", "name", "module", "asname"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                yield value


def test_no_other_module_names_an_engine() -> None:
    """Besides an engine's own file, only the listed modules know one by name."""
    engine = spellings()
    naming = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        if file.parent != ENGINES and any(map(engine.search, words_of(file)))
    }
    allowed = {
        place: {
            name for name in naming if name == place or name.startswith(f"{place}/")
        }
        for place in NAMES_AN_ENGINE
    }
    assert naming == set().union(*allowed.values())
    assert all(allowed.values()), "a place that names none needs no permission"


def test_engine_files_are_named_for_their_schemes() -> None:
    """What a URL may begin with is known from the files' names alone."""
    assert engines.files() == list(engines)


def test_each_kind_of_source_has_its_loader() -> None:
    """Every source of the YAML, and a frame in place of one, can be read."""
    assert set(loaders) == {*sources, "frame"}


@contextmanager
def registered(registry: Any, name: str, plugin: object) -> Iterator[None]:
    """A plug-in for the time of a test."""
    assert name not in registry
    registry.register(name)(plugin)
    try:
        yield
    finally:
        del registry._plugins[name]  # nobody else takes one out


class ToyServer(Embedded):
    """A database of CSV files, which runs the statement itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.files = folder

    def table(self, source: str, name: str) -> Table:
        """A file as a table of text."""
        return self.query(source, f"SELECT * FROM {self._rows(name)}")

    def query(self, source: str, sql: str) -> Table:
        """The result of a query as a table of text."""
        self.execute(f"CREATE TABLE {quoted_name(source)} AS {sql}")
        return Table(
            source=source,
            relation=relation_of(source),
            columns=self.types(f"SELECT * FROM {quoted_name(source)}"),
        )

    def _rows(self, name: str) -> str:
        path = quoted_text(str(self.files / f"{name}.csv"))
        return f"read_csv({path}, header = true, all_varchar = true)"


class ToyCursor(SimpleNamespace):
    """Rows of one CSV file, in the way of a driver."""

    def execute(self, text: str) -> None:
        """Open the file that the text selects from."""
        name = text.rpartition(" ")[2].strip('"')
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        self.description = [(column,) for column in head]
        self.left = rows

    def fetchmany(self, size: int) -> list[list[str]]:
        """The next rows."""
        batch, self.left = self.left[:size], self.left[size:]
        return batch

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy(Connector):
    """A folder of CSV files as a database: ``toy://folder``."""

    role = "server"
    sql = "duckdb"
    dialect = DuckDBDialect()
    example = "toy://folder"
    aliases = ("plaything",)

    def server(self) -> ServerEngine:
        """The statement runs inside."""
        return ToyServer(self.folder)

    @contextmanager
    def connection(self) -> Iterator[ToyCursor]:
        """The folder."""
        yield ToyCursor(folder=self.folder)

    def cursor(self, connection: Any) -> Any:
        """The rows of one file."""
        return connection

    def select_all(self, connection: Any, table: str) -> str:
        """The file of the table's name."""
        known = sorted(file.stem for file in connection.folder.glob("*.csv"))
        if table not in known:
            raise self.no_table(table, known)
        return f"SELECT * FROM {quoted_name(table)}"

    def is_own(self, error: Exception) -> bool:
        """There is no driver."""
        del error
        return False

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.root / urlsplit(self.revealed()).netloc


def in_toy(here: Experiment, *, project: str, **of_source: Any) -> Experiment:
    """The experiment with its CSV files as tables of the toy database."""
    return replace(
        here,
        database=project,
        sources={
            name: TableSource(
                name=name, table=name, columns=columns_of(name), **of_source
            )
            for name in here.sources
        },
    )


@pytest.mark.parametrize(
    ("place", "scheme"), [("inside", "toy"), ("fetched", "plaything")]
)
def test_a_new_engine_against_files(tmp_path: Path, place: str, scheme: str) -> None:
    """An engine that only a file registers gives the evidence of the same CSV files."""
    (tmp_path / "shop").mkdir()
    here = described(tmp_path / "shop", sample(30), as_csv, zone="Europe/Berlin")
    url = f"{scheme}://shop"
    there = replace(
        in_toy(here, project=url)
        if place == "inside"
        else in_toy(here, project="duckdb", database=url),
        root=tmp_path,
    )
    with registered(engines, "toy", Toy):
        seen = extract(there)
    expected = extract(here)
    assert seen.cells == expected.cells
    assert seen.accounting == expected.accounting
    assert seen.quality == expected.quality
    assert seen.assigned == expected.assigned


def test_missing_tables_of_a_new_engine_are_told(tmp_path: Path) -> None:
    """The nearest name is given, as for any database; without the engine, its kind."""
    here = described(tmp_path, sample(5), as_csv)
    there = in_toy(here, project="duckdb", database="toy://.")
    odd = TableSource(
        name="orders", table="order", database="toy://.", columns=columns_of("orders")
    )
    there = replace(there, sources={**there.sources, "orders": odd})
    with registered(engines, "toy", Toy), pytest.raises(DataError, match="'orders'"):
        extract(there)
    with pytest.raises(ConfigError) as caught:
        extract(there)
    (problem,) = caught.value.problems
    assert problem.what == "databases of the kind 'toy' are not read."
    assert problem.fix == (
        "Use sqlite:///file.db or duckdb:///file.duckdb or "
        "postgresql://user@host/name, and keep passwords in ${env:…}."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralSource(Source):
    """Rows that stand in the source itself."""

    rows: tuple[Mapping[str, str], ...]


class LiteralLoader(Loader[LiteralSource]):
    """Inserts them."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """A table of text."""
        del wanted
        name, engine = self.source.name, store.engine
        head = HEADS[name]
        columns = ", ".join(f"{quoted_name(column)} VARCHAR" for column in head)
        engine.execute(f"CREATE TABLE {quoted_name(name)} ({columns})")
        for row in self.source.rows:
            insert(engine, name, [row[column] for column in head])
        return Table(
            source=name,
            relation=relation_of(name),
            columns=dict.fromkeys(head, "text"),
            numbered=True,
            place=row_of(name),
        )


def insert(engine: EmbeddedEngine, table: str, values: list[str]) -> None:
    """One row; empty text is null, as in a CSV file."""
    marks = ", ".join("nullif(?, '')" for _ in values)
    engine.execute(f"INSERT INTO {quoted_name(table)} VALUES ({marks})", values)


def test_a_new_loader_against_files(tmp_path: Path) -> None:
    """A kind of source that only two files register gives the evidence of CSV files."""
    here = described(tmp_path, sample(20), as_csv)
    literal = {}
    for name in here.sources:
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = tuple(csv.DictReader(file))
        literal[name] = LiteralSource(name=name, rows=rows, columns=columns_of(name))
    there = replace(here, sources=literal)
    with (
        registered(sources, "literal", LiteralSource),
        registered(loaders, "literal", LiteralLoader),
    ):
        seen = extract(there)
    expected = extract(here)
    assert seen.cells == expected.cells
    assert seen.accounting == expected.accounting
    assert seen.quality == expected.quality
