"""Files that nobody has described yet: how they are written, what each column holds.

`holdback init` drafts an experiment from this. Files are read by the loaders that
read them later, so what is seen here is what will be analyzed; everything is counted
by the engine, in all rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from sqlglot import exp

from holdback.data.engine import EmbeddedEngine, Table, Type
from holdback.data.engine.by_url import embedded
from holdback.data.engine.expressions import NO, YES, Reader
from holdback.data.engine.placeholders import PLACEHOLDERS
from holdback.data.engine.sql import (
    all_of,
    cast,
    col,
    count_where,
    double,
    quoted_name,
    quoted_text,
    when,
)
from holdback.data.engine.times import NO_YEAR
from holdback.data.engine.written_dates import as_iso
from holdback.data.loaders.csv_files import csv_table
from holdback.data.loaders.csv_text import CsvForm, opened, records
from holdback.data.loaders.files import head
from holdback.data.loaders.store import Store, relation_of
from holdback.data.profiling.date_reading import fitting_dates
from holdback.data.profiling.number_advice import fitting_notations
from holdback.data.queries.units import select
from holdback.errors import DataError
from holdback.experiments.kinds.source import EMBEDDED
from holdback.experiments.language.date_forms import (
    DATE_FORMS,
    NUMBER_DATES,
    DateForm,
)
from holdback.experiments.language.number_forms import NUMBER_FORMS, Notation
from holdback.experiments.language.quantities import CODES

__all__ = ["ColumnLook", "FileForm", "FileLook", "NumberWriting", "looked_into"]

NumberWriting = Literal["plain", "comma"] | Notation
"""How numbers are written: as programs do, with a decimal comma, or a notation."""
SAMPLED_VALUES = 300
MOST_LEVELS_SEEN = 60
PEEKED_RECORDS = 40
ZEROS = ("0", "0.0", "0.00", "0,00", "false", "no", "f", "n")
LIKELY_DELIMITERS = (",", ";", "\t", "|")
TIME_NAME = re.compile(r"(?i)(^|_|\b)(date|time|timestamp|ts|dt|day|when)(\b|_|$)|_at$")
CYRILLIC_BYTES = re.compile(rb"[\xc0-\xff]{4,}")
WESTERN, CYRILLIC = "cp1252", "cp1251"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileForm:
    """How a file is written: its kind of source, and of text how it is encoded."""

    kind: Literal["csv", "parquet"]
    delimiter: str = ","
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLook:
    """What a column holds. Rows that are blank or hold a placeholder are not `filled`.

    `levels` are the most frequent values as text, all where there are few. `writings`
    are the ways to read every filled row as a number, `low` to `decimals` of those
    numbers by the first of them. `forms` are the ways to read all as times (``iso`` is
    as they stand); `first` and `last` are microseconds since 1970 by the first form.
    """

    name: str
    kind: Type
    rows: int
    filled: int
    distinct: int
    levels: tuple[tuple[str, int], ...] = ()
    blanks: tuple[str, ...] = ()
    writings: tuple[NumberWriting, ...] = ()
    marks: frozenset[str] = frozenset()
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    coins: bool = False
    zeros: int = 0
    forms: tuple[str, ...] = ()
    first: int = 0
    last: int = 0

    @property
    def is_number(self) -> bool:
        """Whether every filled row is a number."""
        return bool(self.writings)

    @property
    def is_time(self) -> bool:
        """Whether every filled row is a time."""
        return bool(self.forms)

    @property
    def is_truth(self) -> bool:
        """Whether it says yes or no, in whatever words; blank counts as no."""
        words = {text.strip().lower() for text, _ in self.levels}
        pairs = zip(YES, NO, strict=True)
        return bool(words) and (
            any(words <= {yes, no} for yes, no in pairs)
            or words in ({"1.0", "0.0"}, {"1.0"}, {"0.0"})
        )


class FileLook:
    """One source's table in the engine, and what was seen of each of its columns.

    `path` is as it was given, a glob where several files are parts of one table.
    """

    def __init__(
        self, engine: EmbeddedEngine, table: Table, path: str, form: FileForm
    ) -> None:
        self.engine = engine
        self.table = table
        self.path = path
        self.form = form

    @cached_property
    def reader(self) -> Reader:
        """Reads columns as they stand."""
        return Reader(self.table, self.engine.dialect)

    @cached_property
    def rows(self) -> int:
        """Number of rows."""
        ((rows,),) = self._run(f"SELECT COUNT(*) FROM {self.relation}")
        return int(rows)

    @cached_property
    def columns(self) -> Mapping[str, ColumnLook]:
        """Every column that a value can be read from, in the file's order."""
        return {
            name: _column(self, name)
            for name, kind in self.table.columns.items()
            if kind != "other"
        }

    @property
    def relation(self) -> str:
        """The table in the engine's SQL."""
        return str(self.table.relation.sql(dialect=self.reader.dialect.name))

    def text(self, column: str) -> str:
        """SQL of a column as text, null where it is blank."""
        return str(self.reader.as_text(column).sql(dialect=self.reader.dialect.name))

    def having(self, column: str, value: str) -> FileLook:
        """The rows in which a column has a value."""
        name = f"{self.table.source} of one test"
        self._run(
            f"CREATE TEMP VIEW {quoted_name(name)} AS SELECT * FROM {self.relation} "
            f"WHERE {self.text(column)} = {quoted_text(value)}"
        )
        rows = replace(self.table, relation=relation_of(name))
        return FileLook(self.engine, rows, self.path, self.form)

    def constant(self, unit: str, column: str) -> float:
        """The share of units in all of whose rows a column is the same.

        Only units with several rows that are not all zero tell; 0 where there is none.
        """
        zeros = ", ".join(map(quoted_text, ZEROS))
        ((units, alike),) = self._run(
            "SELECT COUNT(*), COUNT(*) FILTER (n <= 1) FROM (SELECT COUNT(DISTINCT v) "
            f"AS n FROM (SELECT {self.text(unit)} AS u, {self.text(column)} AS v FROM "
            f"{self.relation}) WHERE u IS NOT NULL GROUP BY u HAVING COUNT(*) > 1 AND "
            f"BOOL_OR(lower(v) NOT IN ({zeros})))"
        )
        return alike / units if units else 0.0

    def crossing(self, unit: str, arm: str) -> float:
        """The share of units that stand in more than one arm."""
        ((units, crossed),) = self._run(
            "SELECT COUNT(*), COUNT(*) FILTER (n > 1) FROM (SELECT COUNT(DISTINCT "
            f"{self.text(arm)}) AS n FROM {self.relation} WHERE {self.text(unit)} IS "
            f"NOT NULL GROUP BY {self.text(unit)})"
        )
        return crossed / units if units else 0.0

    def units_by_arm(self, unit: str | None, arm: str) -> dict[str, int]:
        """Units of each arm; rows where nothing tells units apart."""
        counted = "*" if unit is None else f"DISTINCT {self.text(unit)}"
        rows = self._run(
            f"SELECT {self.text(arm)} AS a, COUNT({counted}) FROM {self.relation} "
            "WHERE a IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        return {str(text): int(n) for text, n in rows}

    def pairs(self, one: str, other: str) -> dict[tuple[str, str], int]:
        """Rows by the values of two columns."""
        rows = self._run(
            f"SELECT {self.text(one)} AS a, {self.text(other)} AS b, COUNT(*) FROM "
            f"{self.relation} WHERE a IS NOT NULL AND b IS NOT NULL GROUP BY 1, 2 "
            "ORDER BY 1, 2"
        )
        return {(str(a), str(b)): int(n) for a, b, n in rows}

    def shared(self, own: str, other: FileLook, theirs: str) -> tuple[float, float]:
        """Share of own values that the other has, and of the other's that are here."""
        mine = f"SELECT DISTINCT {self.text(own)} AS v FROM {self.relation}"
        others = f"SELECT DISTINCT {other.text(theirs)} AS v FROM {other.relation}"
        ((here, there, both),) = self._run(
            f"WITH a AS ({mine}), b AS ({others}) SELECT (SELECT COUNT(v) FROM a), "
            "(SELECT COUNT(v) FROM b), (SELECT COUNT(*) FROM a JOIN b USING (v))"
        )
        return both / max(here, 1), both / max(there, 1)

    def _run(self, text: str) -> list[tuple[Any, ...]]:
        return self.engine.execute(text)


@contextmanager
def looked_into(paths: Mapping[str, str]) -> Iterator[dict[str, FileLook]]:
    """Files by the name of their source, read into an engine of their own.

    Raises DataError for a file that cannot be read as a table, EnvironmentFault for
    one that is not there.
    """
    with (
        closing(embedded()) as engine,
        closing(Store(engine, Path(), EMBEDDED)) as store,
    ):
        yield {name: _looked_at(store, name, path) for name, path in paths.items()}


def _looked_at(store: Store, name: str, path: str) -> FileLook:
    files = store.files(name, path)
    if head(files[0], 4) == b"PAR1":
        table = store.parquet(name, path)
        return FileLook(store.engine, table, path, FileForm(kind="parquet"))
    encoding = _encoding(files[0], name)
    form = CsvForm(source=name, root=Path(), delimiter=",", encoding=encoding)
    form.delimiter = _delimiter(files[0], form)
    table = csv_table(store, path, form, decimal=".", wanted=None)
    written = FileForm(kind="csv", delimiter=form.delimiter, encoding=encoding)
    return FileLook(store.engine, table, path, written)


def _encoding(path: Path, source: str) -> str:
    """UTF-8 where the whole file is; else what its bytes are likely to be."""
    form = CsvForm(source=source, root=Path(), delimiter=",", encoding="utf-8")
    try:
        with opened(path, form, "strict") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError as error:
        around = error.object
        letters = sum(map(len, CYRILLIC_BYTES.findall(around)))
        high = sum(byte > 0x7F for byte in around)
        return CYRILLIC if letters > high / 2 else WESTERN
    except (OSError, EOFError):
        pass  # told by the loader, with its place
    return "utf-8"


def _delimiter(path: Path, form: CsvForm) -> str:
    """The mark that cuts most lines into the same number of parts, two at least."""

    def fitness(mark: str) -> tuple[float, int]:
        widths: list[int] = []
        header: list[str] = []
        try:
            with opened(path, form, "replace") as file:
                for _, cells in records(file, path, form, delimiter=mark):
                    if any(map(str.strip, cells)):
                        widths.append(len(cells))
                        header = header or (cells if len(cells) > 1 else [])
                    if len(widths) >= PEEKED_RECORDS:
                        break
        except (DataError, OSError, EOFError, UnicodeError):
            return 0.0, 0
        usual = max(widths, key=widths.count, default=0)
        if usual < 2:
            return 0.0, 0
        numeric = sum(any(c.isdigit() for c in cell[:1]) for cell in header)
        share = widths.count(usual) / len(widths)
        return round(share - 0.5 * (numeric > len(header) / 2), 2), usual

    return max(LIKELY_DELIMITERS, key=fitness)


def _column(look: FileLook, name: str) -> ColumnLook:
    """One column, counted."""
    text = look.text(name)
    counted = look.engine.execute(
        f"SELECT v, n, COUNT(*) OVER (), SUM(n) OVER () FROM (SELECT {text} AS v, "
        f"COUNT(*) AS n FROM {look.relation} GROUP BY 1) WHERE v IS NOT NULL "
        f"ORDER BY n DESC, v LIMIT {SAMPLED_VALUES}"
    )
    kind = look.table.columns[name]
    distinct = int(counted[0][2]) if counted else 0
    filled = int(counted[0][3]) if counted else 0
    values = [(str(v), int(n)) for v, n, _, _ in counted]
    plain = ColumnLook(
        name=name,
        kind=kind,
        rows=look.rows,
        filled=filled,
        distinct=distinct,
        levels=tuple(values) if distinct <= MOST_LEVELS_SEEN else (),
    )
    if kind in {"date", "local", "instant"}:
        return _with_times(look, plain, ("iso",))
    sample = [v for v, _ in values if v.strip().lower() not in PLACEHOLDERS]
    if kind == "text" and sample and len(sample) < len(values):
        blanks = tuple(v for v, _ in values if v.strip().lower() in PLACEHOLDERS)
        plain = replace(plain, blanks=blanks)
    if kind == "boolean" or not sample:
        return plain
    writings = _writings(look, plain, sample)
    if writings:
        plain = _with_numbers(look, plain, writings)
    return _with_times(look, plain, _forms(look, plain, sample))


def _kept(column: ColumnLook) -> exp.Expression:
    """Rows that are no placeholder."""
    if not column.blanks:
        return exp.true()
    listed = [exp.Literal.string(word) for word in column.blanks]
    return exp.Not(this=exp.In(this=col(column.name), expressions=listed))


def _writings(
    look: FileLook, column: ColumnLook, sample: Sequence[str]
) -> tuple[NumberWriting, ...]:
    """How every filled row reads as a number; the plainest first."""
    if column.kind != "text":
        return ("plain",)
    if not any(c.isdigit() for v in sample[:3] for c in v):
        return ()
    fitting: list[NumberWriting] = []
    for writing in ("plain", "comma"):
        unread = exp.Is(this=_number(look, column.name, writing), expression=exp.null())
        filled = exp.NEQ(
            this=exp.Trim(this=col(column.name)), expression=exp.Literal.string("")
        )
        query = select(
            {"n": count_where(all_of([_kept(column), filled, unread]))},
            look.table.relation.copy(),
        )
        ((n,),) = look.engine.run(query)
        if not int(n):
            fitting.append(writing)
    if "plain" in fitting:
        dotted = any("." in value for value in sample)
        others: tuple[NumberWriting, ...] = () if dotted else ("comma", "de", "fr")
        return ("plain", "en", "ch", "in", *others)
    if any(_signed(value) is None for value in sample):
        return tuple(fitting)
    notations = fitting_notations(look.engine, look.reader, column.name, _kept(column))
    return (*fitting, *notations)


def _number(look: FileLook, column: str, writing: NumberWriting) -> exp.Expression:
    if look.table.columns[column] != "text":
        return cast(col(column), "DOUBLE")
    table = replace(
        look.table,
        decimal_comma=writing == "comma",
        numbers=next((f for name, f in NUMBER_FORMS.items() if name == writing), None),
    )
    return exp.Paren(this=Reader(table, look.engine.dialect).text_number(column))


def _signed(text: str) -> str | None:
    """The sign beside a number; None where letters beside it are no currency."""
    for form in NUMBER_FORMS.values():
        match = re.match(form.pattern, text, re.ASCII)
        if match is not None:
            mark = (match[3] or match[7]).upper()
            return mark if not mark.isalpha() or mark in CODES else None
    return None


def _with_numbers(
    look: FileLook, column: ColumnLook, writings: tuple[NumberWriting, ...]
) -> ColumnLook:
    """With the range and the grain of its numbers."""
    value = when(_kept(column), _number(look, column.name, writings[0]), None)
    hundred = exp.Mul(this=exp.Paren(this=value.copy()), expression=double("100"))
    cents = exp.Sub(this=exp.func("ROUND", hundred), expression=hundred.copy())
    apart = exp.Abs(this=exp.Paren(this=cents))
    whole = exp.EQ(this=exp.Floor(this=value.copy()), expression=value.copy())
    query = select(
        {
            "low": exp.Min(this=value.copy()),
            "high": exp.Max(this=value.copy()),
            "broken": count_where(exp.Not(this=exp.Paren(this=whole))),
            "fine": count_where(exp.GT(this=apart, expression=double("0.000001"))),
            "zeros": count_where(exp.EQ(this=value.copy(), expression=double("0"))),
        },
        look.table.relation.copy(),
    )
    ((low, high, broken, fine, zeros),) = look.engine.run(query)
    return replace(
        column,
        writings=writings,
        marks=frozenset(_signed(v) or "" for v, _ in column.levels[:SAMPLED_VALUES])
        | frozenset(_signs(look, column.name)),
        low=float(low),
        high=float(high),
        whole=not int(broken),
        coins=not int(fine),
        zeros=int(zeros),
    )


def _signs(look: FileLook, column: str) -> list[str]:
    """Signs beside the first numbers of a column of text."""
    if look.table.columns[column] != "text":
        return []
    rows = look.engine.execute(
        f"SELECT {quoted_name(column)} FROM {look.relation} WHERE "
        f"{look.text(column)} IS NOT NULL LIMIT {SAMPLED_VALUES}"
    )
    return [mark for mark in (_signed(str(v)) for (v,) in rows) if mark]


def _forms(
    look: FileLook, column: ColumnLook, sample: Sequence[str]
) -> tuple[str, ...]:
    """How every filled row reads as a time; numbers only where the name says so."""
    named = TIME_NAME.search(re.sub(r"([a-z])([A-Z])", r"\1_\2", column.name))
    if column.is_number and not named:
        return ()
    if column.kind == "text" and not column.is_number:
        if not all(re.search(r"\d", v) and len(v) >= 6 for v in sample[:20]):
            return ()
        unread = exp.Is(
            this=exp.Paren(this=look.engine.dialect.stamp(col(column.name))),
            expression=exp.null(),
        )
        filled = exp.NEQ(
            this=exp.Trim(this=col(column.name)), expression=exp.Literal.string("")
        )
        query = select(
            {"n": count_where(all_of([_kept(column), filled, unread]))},
            look.table.relation.copy(),
        )
        ((n,),) = look.engine.run(query)
        if not int(n):
            return ("iso",)
    tried: Sequence[DateForm] = DATE_FORMS if column.kind == "text" else [*NUMBER_DATES]
    return tuple(
        fitting_dates(
            look.engine, look.reader, column.name, tried, _kept(column), mixed=False
        )
    )


def _with_times(
    look: FileLook, column: ColumnLook, forms: tuple[str, ...]
) -> ColumnLook:
    """With the first and the last of its times, by each form's reading."""
    spans = []
    for form in forms:
        low, high = _span(look, column, form)
        if low is not None and high is not None:
            spans.append((int(high) - int(low), form, int(low), int(high)))
    if not spans:
        return column
    spans.sort(key=lambda span: span[0])
    return replace(
        column,
        forms=tuple(form for _, form, _, _ in spans),
        first=spans[0][2],
        last=spans[0][3],
    )


def _span(look: FileLook, column: ColumnLook, form: str) -> tuple[Any, Any]:
    dialect = look.engine.dialect
    if column.kind in {"date", "local", "instant"}:
        raw = dialect.microseconds(col(column.name), column.kind)
    elif form == "iso":
        raw = dialect.stamp(col(column.name))
    else:
        (known,) = (name for name in DATE_FORMS if name == form)
        text = (
            col(column.name)
            if column.kind == "text"
            else cast(col(column.name), "TEXT")
        )
        raw = dialect.stamp(as_iso(dialect, text, known))
    sane = exp.LT(this=exp.Paren(this=raw.copy()), expression=double(str(NO_YEAR)))
    late = exp.GT(this=exp.Paren(this=raw.copy()), expression=double("86400000000"))
    value = when(all_of([_kept(column), sane, late]), raw, None)
    query = select(
        {"low": exp.Min(this=value), "high": exp.Max(this=value.copy())},
        look.table.relation.copy(),
    )
    ((low, high),) = look.engine.run(query)
    return low, high
