"""What rows call their arm: as it stands in a column, or in a part of one."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import col, when
from holdback.data.queries.units import Exposures, nested, select
from holdback.errors import DataError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.status_words import is_of_experiments
from holdback.experiments.language.trees import Name, written

__all__ = ["experiments_of", "refuse_unknown_arms", "with_variants"]

SHOWN_ARMS = 5
MOST_EXPERIMENTS = 50
MANY_LABELS, MOST_VARIANTS = 10, 8
NEARLY_EACH, MANY_LISTS = 0.9, 0.3
KEYED = re.compile(
    r"(?:^|[?&;,{\s\"'])([\w.\-]+)[\"']?\s*[:=]\s*[\"']?([^\"'&#;,}\s]+)"
)
BETWEEN_TAGS = re.compile(r"\s*[,;|]\s*")
ARM_WORDS = re.compile(r"hold|control|variant|treat|test|exp|arm|group", re.IGNORECASE)


def with_variants(engine: Engine, table: Table, source: Source) -> Table:
    """The table with a column of arms that stand in a part of another.

    The part is what follows a key: ``exp=b`` in a URL, ``"exp": "b"`` in JSON, or
    ``exp:b`` among tags. The column is called as the role is written.
    """
    key = source.columns.arm_key
    column = source.columns.arm_column
    if key is None or column is None or column not in table.columns:
        return table
    assert source.columns.arm is not None  # noqa: S101  # it holds the key
    text = exp.Cast(this=col(column), to=exp.DataType.build("TEXT"))
    start = rf"^(.*[?&;,{{\s\"'])?{re.escape(key)}[\"']?\s*[:=]\s*[\"']?"
    form = start + r"([^\"'&#;,}\s]+).*$"
    arms = exp.Anonymous(
        this="regexp_replace",
        expressions=[text, exp.Literal.string(form), exp.Literal.string(r"\2")],
    )
    names = exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(form))
    columns = {
        name: col(name)
        for name in table.columns
        if table.loaded is None or name in table.loaded
    }
    columns[source.columns.arm] = when(names, arms, None)
    relation = engine.kept(select(columns, table.relation.copy()))
    loaded = None if table.loaded is None else table.loaded | {source.columns.arm}
    kinds = {**table.columns, source.columns.arm: "text"}
    return replace(table, relation=relation, columns=kinds, loaded=loaded)


def experiments_of(
    engine: Engine, reader: Reader, filters: Sequence[Expression]
) -> dict[str, dict[str, int]]:
    """Columns that name several experiments and that no condition reads: their rows."""
    read = {name for formula in filters for name in formula.columns}
    table = reader.table
    columns = [
        name
        for name in table.columns
        if is_of_experiments(name)
        and name not in read
        and (table.loaded is None or name in table.loaded)
    ]
    kept = [reader.condition(formula.tree) for formula in filters]
    several = {}
    for column in columns:
        rows = select(
            {"name": reader.as_text(column)}, table.relation.copy(), where=kept
        )
        counts = {"name": col("name"), "n": exp.Count(this=exp.Star())}
        counted = engine.run(select(counts, nested(rows, "e"), group=["name"]))
        total = sum(int(n) for _, n in counted)
        many = {str(name): int(n) for name, n in counted if name and n > total / 100}
        if 2 <= len(many) <= MOST_EXPERIMENTS:
            several[column] = dict(sorted(many.items(), key=lambda one: -one[1]))
    return several


def refuse_unknown_arms(
    engine: Engine, experiment: Experiment, exposures: Exposures
) -> None:
    """Refuse labels that are no arm of the experiment.

    Raises DataError.
    """
    source = experiment.sources[experiment.assignment.source]
    column = source.columns.arm
    if column is None:
        return
    reader = exposures.reader
    rows = engine.run(
        select(
            {"label": col("label"), "n": exp.Count(this=exp.Star())},
            nested(
                select(
                    {"label": reader.as_text(column)},
                    reader.table.relation.copy(),
                    where=[condition.copy() for condition in exposures.where],
                ),
                "q",
            ),
            group=["label"],
        )
    )
    labels = {arm.logged_as or arm.name for arm in experiment.arms}
    counts = {str(r[0]): int(r[1]) for r in rows if r[0] is not None}
    unknown = {label: n for label, n in counts.items() if label not in labels}
    if not unknown:
        return
    inside = _inside(column, counts, labels) if source.columns.arm_key is None else ""
    if inside:
        raise DataError(_no_labels(reader, column, counts, inside))
    raise DataError(
        [
            _unknown_arm(reader, column, label, n, labels)
            for label, n in sorted(unknown.items())[:SHOWN_ARMS]
        ]
    )


def _inside(column: str, counts: Mapping[str, int], labels: Collection[str]) -> str:
    """How to name arms that stand inside of longer texts; empty where they do not."""
    texts = list(counts)
    key = _key(texts, labels)
    name = written(Name(column))
    if key is not None:
        said, values = key
        calls = [f"'{value}'" for value in sorted(values - set(labels))]
        logged = f", and `logged_as` ({', '.join(calls)}) at the arms" if calls else ""
        return (
            f"The arm seems to stand in it as {said}: write "
            f"`arm: \"variant_of({name}, '{said}')\"` in `columns`{logged}."
        )
    lists = [text for text in texts if BETWEEN_TAGS.search(text)]
    if len(texts) > len(labels) and len(lists) >= MANY_LISTS * len(texts):
        tag = _tag(texts, labels)
        return (
            "It holds lists, such as tags, of which one may name the arm. Make a "
            "column of the arm: in the file, or by `sql: select *, case when "
            f"{column} like '%{tag}%' then … else … end as arm from …`."
        )
    if len(texts) > MANY_LABELS:
        return (
            "That is hardly the arm. Name the column that holds it as `arm`, or make "
            "one in the file or by the source's `sql`."
        )
    return ""


def _key(texts: Iterable[str], labels: Collection[str]) -> tuple[str, set[str]] | None:
    """The key whose few values may be the arms, in nearly all texts."""
    pairs = [dict(KEYED.findall(text)) for text in texts]
    keys = Counter(key for found in pairs for key in found)
    likely = []
    for key, count in keys.items():
        values = {found[key] for found in pairs if key in found}
        if count >= NEARLY_EACH * len(pairs) and 2 <= len(values) <= MOST_VARIANTS:
            names_arms = len(values & set(labels))
            likely.append((-names_arms, abs(len(values) - len(labels)), key, values))
    if not likely:
        return None
    _, _, key, values = min(likely, key=lambda one: one[:3])
    return key, values


def _tag(texts: Iterable[str], labels: Collection[str]) -> str:
    """The tag that most looks like an arm's name."""
    tags = Counter(
        tag.strip() for text in texts for tag in BETWEEN_TAGS.split(text) if tag
    )
    return min(
        tags,
        key=lambda tag: (
            not any(label.lower() in tag.lower() for label in labels),
            ARM_WORDS.search(tag) is None,
            -tags[tag],
            tag,
        ),
    )


def _no_labels(
    reader: Reader, column: str, counts: Mapping[str, int], fix: str
) -> Problem:
    example = min(counts)
    shown = example if len(example) <= 60 else f"{example[:60]}…"
    return Problem(
        where=f"source {reader.table.source}, column {column}",
        what=f"the column has {len(counts):,} different texts, such as '{shown}', and "
        "an arm is one of a few names.",
        fix=fix,
    )


def _unknown_arm(
    reader: Reader, column: str, label: str, count: int, labels: set[str]
) -> Problem:
    near = difflib.get_close_matches(label.strip(), labels, n=1, cutoff=0.6)
    several = [n for n in reader.table.columns if is_of_experiments(n) and n != column]
    which = (
        f" If the file holds several experiments, choose one: "
        f"`where: {written(Name(several[0]))} = '…'`."
        if several
        else ""
    )
    fix = (
        f"Did you mean '{near[0]}'? Set `logged_as: '{label}'` at the arm."
        if near
        else "Set `logged_as` at the arm, or leave such rows out with `where`."
    )
    return Problem(
        where=f"source {reader.table.source}, column {column}",
        what=f"'{label}' is no arm of the experiment ({count:,} rows).",
        why=f"The arms are: {', '.join(sorted(labels))}.",
        fix=fix + which,
    )
