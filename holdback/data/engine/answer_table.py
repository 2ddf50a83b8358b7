"""Questions as one script for any warehouse, and the one table of its answers.

Each question is a query; its rows come back as text in four columns: the question's
key, the line and the number of lines, and the line's values. Nothing is cut off
unseen: a question without rows has one line that says so, and others count their own.
A header says what was asked, of which plan and when.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlglot import exp

from holdback.data.engine.protocol import EngineDialect, Query, Type
from holdback.data.engine.sql import cast, col, integer
from holdback.errors import DataError, EnvironmentFault, Problem

__all__ = [
    "FORMAT",
    "AnswerTable",
    "ScriptHeader",
    "WarehouseQuestion",
    "read_answers",
    "script",
]

FORMAT = 1
ANSWER_COLUMNS = ("question", "line", "lines", "answer")
HEADER, CLOCK, ROWS_OF = "header", "clock", "rows of "
SET_BY, SET_TO = "2000-01-01 00:00:00", 946_684_800_000_000
"""A text of a time and the microseconds that it is where the session is in UTC."""
BEFORE_VALUE, ESCAPE_SIGN, NULL_VALUE = "|", "~", "~0"
PARTS_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseQuestion:
    """A query in the warehouse's SQL; `key` stands for its text, `types` its columns'.

    The key is the same in every dialect.
    """

    key: str
    query: Query
    types: tuple[Type, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptHeader:
    """What a script asks: whose plan, as of when, of which columns, which questions."""

    experiment: str
    plan: str
    as_of: str
    dialect: str
    columns: Mapping[str, Mapping[str, Type]]
    questions: tuple[str, ...]
    rows: bool = False
    version: str = ""
    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """What a warehouse answered: lines by question, and rows by source."""

    header: ScriptHeader
    answers: Mapping[str, Sequence[str]]
    rows: Mapping[str, int]
    taken: str = ""

    def lines_of(self, key: str, types: Sequence[Type]) -> list[tuple[Any, ...]] | None:
        """Rows of a question, typed as its columns are; None where it was not asked.

        Raises DataError for a value that is none of its type.
        """
        lines = self.answers.get(key)
        if lines is None:
            return None
        return [_typed(line, types) for line in lines]


def script(
    header: ScriptHeader,
    questions: Sequence[WarehouseQuestion],
    relations: Mapping[str, Query],
    dialect: EngineDialect,
) -> str:
    """One SELECT in the header's dialect; `relations` are the sources' tables."""
    clock = dialect.stamp(_text(SET_BY))
    parts = [
        _header_line(header),
        _line(_text(CLOCK), integer(0), clock, _text(BEFORE_VALUE)),
    ]
    parts += [_rows_line(name, relation) for name, relation in relations.items()]
    parts += [_answer_lines(question) for question in questions]
    texts = [part.sql(dialect=header.dialect) for part in parts]
    first = f"-- holdback: {header.experiment} as of {header.as_of}"
    head = f"{first}, {header.dialect}; run it with the session's time zone UTC.\n"
    return head + "\nUNION ALL\n".join(texts) + ";\n"


def _header_line(header: ScriptHeader) -> exp.Select:
    says = {name: getattr(header, name) for name in ScriptHeader.__dataclass_fields__}
    text = json.dumps(says, ensure_ascii=True, separators=(",", ":"))
    return _line(_text(HEADER), integer(0), integer(0), _text(BEFORE_VALUE + text))


def _rows_line(name: str, relation: Query) -> exp.Select:
    now = exp.Coalesce(
        this=cast(exp.CurrentTimestamp(), "TEXT"), expressions=[_text("")]
    )
    line = _line(
        _text(ROWS_OF + name),
        integer(0),
        exp.Count(this=exp.Star()),
        _joined([_text(BEFORE_VALUE), now]),
    )
    return line.from_(relation.copy(), copy=False)


def _answer_lines(question: WarehouseQuestion) -> exp.Select:
    """A question's rows as text, or one empty line where there are none."""
    query = _with_names(question.query)
    names = _selected(query).named_selects
    encoded = [
        part
        for name, kind in zip(names, question.types, strict=True)
        for part in (_text(BEFORE_VALUE), _encoded(col(name, "x"), kind))
    ]
    ordered = query.args.get("order")
    orders = [] if ordered is None else [o.copy() for o in ordered.expressions]
    place = exp.Window(
        this=exp.RowNumber(),
        order=exp.Order(expressions=orders or [exp.Ordered(this=col("answer"))]),
    )
    answers = _named({"answer": _joined(encoded)})
    if orders:
        answers = [exp.Star(), *answers]
    inner = exp.Select(expressions=answers).from_(_nested(query, "x"), copy=False)
    counted = exp.Window(this=exp.Count(this=exp.Star()))
    lines = exp.Select(
        expressions=_named({"line": place, "lines": counted, "answer": col("answer")})
    ).from_(_nested(inner, "y"), copy=False)
    line = _line(
        _text(question.key),
        exp.Coalesce(this=col("line", "q"), expressions=[integer(0)]),
        exp.Coalesce(this=col("lines", "q"), expressions=[integer(0)]),
        col("answer", "q"),
    )
    always = exp.Select(expressions=_named({"one": integer(1)}))
    return line.from_(_nested(always, "o"), copy=False).join(
        _nested(lines, "q"),
        on=exp.EQ(this=col("one", "o"), expression=integer(1)),
        join_type="left",
        copy=False,
    )


def _with_names(query: Query) -> Query:
    """The query with a name for each of its columns."""
    query = query.copy()
    select = _selected(query)
    select.set(
        "expressions",
        [
            part if part.alias_or_name else exp.alias_(part, f"c{i}", quoted=True)
            for i, part in enumerate(select.expressions)
        ],
    )
    return query


def _selected(query: Query) -> exp.Select:
    """The SELECT that names a query's columns: of a UNION the first."""
    while isinstance(query, exp.Union):
        query = query.this
    assert isinstance(query, exp.Select)  # noqa: S101  # our own trees
    return query


def _line(
    question: exp.Expression,
    line: exp.Expression,
    lines: exp.Expression,
    answer: exp.Expression,
) -> exp.Select:
    values = (
        cast(question, "TEXT"),
        cast(line, "BIGINT"),
        cast(lines, "BIGINT"),
        cast(answer, "TEXT"),
    )
    named = _named(dict(zip(ANSWER_COLUMNS, values, strict=True)))
    return exp.Select(expressions=named)


def _named(columns: Mapping[str, exp.Expression]) -> list[exp.Expression]:
    return [exp.alias_(value, name, quoted=True) for name, value in columns.items()]


def _nested(query: Query, name: str) -> exp.Subquery:
    alias = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    return exp.Subquery(this=query, alias=alias)


def _text(value: str) -> exp.Expression:
    return exp.Literal.string(value)


def _joined(parts: Sequence[exp.Expression]) -> exp.Expression:
    """Texts one after the other, by calls of few arguments each."""
    if len(parts) > PARTS_AT_ONCE:
        groups = [
            _joined(parts[i : i + PARTS_AT_ONCE])
            for i in range(0, len(parts), PARTS_AT_ONCE)
        ]
        return _joined(groups)
    return exp.Concat(expressions=list(parts), safe=False, coalesce=False)


def _encoded(value: exp.Expression, kind: Type) -> exp.Expression:
    """A value as text without the signs that part values from each other."""
    if kind == "boolean":
        false = exp.Not(this=value.copy())
        text: exp.Expression = (
            exp.Case().when(value, _text("1")).when(false, _text("0"))
        )
    else:
        text = cast(value, "TEXT")
    if kind == "text":
        for sign, instead in (
            (ESCAPE_SIGN, ESCAPE_SIGN * 2),
            (BEFORE_VALUE, f"{ESCAPE_SIGN}p"),
        ):
            text = exp.Replace(
                this=text, expression=_text(sign), replacement=_text(instead)
            )
    return exp.Coalesce(this=text, expressions=[_text(NULL_VALUE)])


def _typed(line: str, types: Sequence[Type]) -> tuple[Any, ...]:
    parts = line.split(BEFORE_VALUE)[1:]
    if len(parts) != len(types):
        raise _broken(f"a line has {len(parts)} values where {len(types)} are due.")
    return tuple(_value(text, kind) for text, kind in zip(parts, types, strict=True))


def _value(text: str, kind: Type) -> Any:
    if text == NULL_VALUE:
        return None
    if kind == "text":
        parts = (
            part.replace(f"{ESCAPE_SIGN}p", BEFORE_VALUE)
            for part in text.split(ESCAPE_SIGN * 2)
        )
        return ESCAPE_SIGN.join(parts)
    try:
        if kind == "boolean":
            return bool(int(text))
        if kind == "integer":
            whole, _, rest = text.partition(".")
            return int(whole if not rest.strip("0") else text)
        return float(text) if kind == "float" else Decimal(text)
    except (ValueError, ArithmeticError) as error:
        raise _broken(f"'{text}' is not the exact number that is due.") from error


def read_answers(files: Sequence[str], lines_of_parquet: Any) -> AnswerTable:
    """The answers in CSV or Parquet files, which belong to each other.

    `lines_of_parquet` reads the four columns of a Parquet file. Raises DataError for
    what is no such table, or is cut short, and where two files do not belong together;
    EnvironmentFault for a file that cannot be read.
    """
    tables = [_read(file, lines_of_parquet) for file in files]
    first = tables[0]
    for file, other in zip(files[1:], tables[1:], strict=True):
        _check_same(file, first, other)
    answers: dict[str, Sequence[str]] = {}
    for table in tables:
        answers |= table.answers
    return AnswerTable(
        header=first.header, answers=answers, rows=first.rows, taken=first.taken
    )


def _check_same(file: str, first: AnswerTable, other: AnswerTable) -> None:
    for name in ("experiment", "plan", "as_of", "columns", "dialect", "rows"):
        mine, its = getattr(first.header, name), getattr(other.header, name)
        if mine != its:
            raise _broken(
                f"its `{name}` is {its}, that of the first file {mine}.",
                file,
                fix="Give the answers of one experiment's scripts.",
            )
    if first.rows != other.rows:
        counts = ", ".join(
            f"{name}: {first.rows.get(name)} then, {n} now"
            for name, n in other.rows.items()
            if first.rows.get(name) != n
        )
        raise _broken(
            f"the data changed between the scripts ({counts} rows).",
            file,
            fix="Run the scripts again, one after the other.",
        )


def _read(file: str, lines_of_parquet: Any) -> AnswerTable:
    path = Path(file)
    try:
        if path.suffix == ".parquet":
            lines = [tuple(map(str, row)) for row in lines_of_parquet(path)]
        else:
            lines = list(_csv_lines(path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFault(
            Problem(where=file, what=f"the answers cannot be read: {told}.")
        ) from error
    return _table(file, lines)


def _csv_lines(path: Path) -> Iterator[tuple[str, ...]]:
    with path.open(encoding="utf-8-sig", newline="") as rows:
        first = rows.readline().strip().lower().replace('"', "")
        sign = first[len(ANSWER_COLUMNS[0]) : len(ANSWER_COLUMNS[0]) + 1]
        if not sign or first.split(sign) != list(ANSWER_COLUMNS):
            raise _broken(
                f"its first line is '{first[:60]}' where the columns "
                f"{', '.join(ANSWER_COLUMNS)} are due.",
                str(path),
                fix="Save what the script of `holdback sql` gives, as CSV with a "
                "header or as Parquet.",
            )
        for row in csv.reader(rows, delimiter=sign):
            if row:
                yield tuple(row)


def _table(file: str, lines: Iterable[tuple[str, ...]]) -> AnswerTable:
    found: dict[str, dict[int, str]] = {}
    counts: dict[str, int] = {}
    for line in lines:
        if len(line) != len(ANSWER_COLUMNS):
            raise _broken("a line has another number of columns.", file)
        question, place, count, answer = line
        known = found.setdefault(question, {})
        if int(place) in known:
            raise _broken(f"line {place} of question {question} comes twice.", file)
        known[int(place)] = answer
        counts[question] = int(count)
    if HEADER not in found:
        raise _broken("it has no header line.", file)
    header = _header(file, found[HEADER][0])
    if counts.get(CLOCK) != SET_TO:
        raise _broken(
            "the session of the warehouse was not in UTC.",
            file,
            fix="Set its time zone to UTC (SET TIME ZONE 'UTC'), and run the script.",
        )
    missing = [key for key in header.questions if key not in found]
    short = [
        key
        for key in header.questions
        if key in found and len(found[key]) != max(1, counts[key])
    ]
    if missing or short:
        raise _broken(
            f"it is cut short: {len(missing)} of {len(header.questions)} answers are "
            f"missing, {len(short)} are incomplete.",
            file,
            fix="Save all lines that the script gives; some tools show the first "
            "thousand alone.",
        )
    sources = [key for key in found if key.startswith(ROWS_OF)]
    return AnswerTable(
        header=header,
        answers={
            key: [found[key][i] for i in sorted(found[key])] if counts[key] else []
            for key in header.questions
        },
        rows={key.removeprefix(ROWS_OF): counts[key] for key in sources},
        taken=next((found[key][0].strip(BEFORE_VALUE) for key in sources), ""),
    )


def _header(file: str, text: str) -> ScriptHeader:
    try:
        says = json.loads(text.removeprefix(BEFORE_VALUE))
        if says.get("format") != FORMAT:
            raise _broken(
                f"it is of format {says.get('format')}, this version reads {FORMAT}.",
                file,
                fix="Print the script again with `holdback sql`, and run it.",
            )
        return ScriptHeader(**says | {"questions": tuple(says["questions"])})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _broken("its header cannot be read.", file) from error


def _broken(what: str, file: str = "", fix: str = "") -> DataError:
    return DataError(
        Problem(
            where=file or "--cells",
            what=what,
            fix=fix or "Run the script of `holdback sql` again, and save all of it.",
        )
    )
