"""Sources and metrics as written → the frozen values the experiment uses.

Only what an experiment uses is checked here: a project may define a metric of a kind
that this version does not read, as long as this experiment leaves it alone.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel

from holdback.errors import Problem
from holdback.experiments.config.kind_schemas import WrittenCap, value_field
from holdback.experiments.config.models import (
    ExperimentFile,
    ProjectFile,
    WrittenLookback,
)
from holdback.experiments.config.validation import ConfigPath, Issues
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Assignment,
    Experiment,
)
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.kinds.metric import kinds as metric_kinds
from holdback.experiments.kinds.source import (
    EMBEDDED,
    Columns,
    RefundFile,
    ReturnRule,
    Source,
)
from holdback.experiments.kinds.source import kinds as source_kinds
from holdback.experiments.language.expression import Expression, bare_name, parse
from holdback.experiments.language.measure import Cap, Measure
from holdback.experiments.language.number_forms import NUMBER_FORMS, Notation
from holdback.experiments.language.quantities import CODES, Unreadable, did_you_mean
from holdback.experiments.language.secrets import named, unset
from holdback.registry import Kinds

__all__ = [
    "check_attributes",
    "check_connection",
    "check_times",
    "counts_attention",
    "metric_from",
    "source_from",
    "sources_beside",
    "vanity",
]

Strictness = Literal["used", "unused", "project"]
SLIP = 0.88
MOST_TOLERANCE = timedelta(hours=1)
ENGINES: Kinds[object] = Kinds("holdback.data.engine.engines")
"""Asked for the names of its files alone, which are the schemes of their URLs.

The engines stand floors above and import drivers; a file is checked without them.
"""
NOT_COUNTED = frozenset({"sum", "mean", "max", "min", "last", "distinct"})
_URL = re.compile(r"(?i)[a-z][a-z0-9+.-]+://|file:|data:")
TAB = r"\t"
_REFERENCE = re.compile(r"\$\{[^}]*\}?")
_WHOLE_REFERENCE = re.compile(r"\$\{env:[A-Za-z_][A-Za-z0-9_]*\}")


def source_from(
    name: str,
    written: BaseModel,
    issues: Issues,
    environ: Mapping[str, str] | None,
    unit: str | None = None,
) -> Source | None:
    """One source, or None when it has problems.

    Without `environ`, variables are not asked for. `unit` is the column of ids of a
    source that need not name its columns.
    """
    path: ConfigPath = ("sources", name)
    kind, given = _kind_and_fields(written)
    cls = source_kinds[kind]
    field = value_field(cls)
    given[field] = given.pop(kind)
    if "columns" in given:
        given["columns"] = _columns(cls, given["columns"])
    elif unit is not None:
        given["columns"] = Columns(unit=unit)
    elif cls.__dataclass_fields__["columns"].default is dataclasses.MISSING:
        what = f"'{name}' has no 'columns'."
        issues.add(path, what, fix="Add `columns: …`.", key=True)
    if "returns" in given:
        given["returns"] = _return_rule(given["returns"])
    if "refunds" in given:
        given["refunds"] = _refund_file(path, given, issues)
    if field == "path":
        _check_path((*path, kind), given[field], issues)
    if given.get("database") is not None:
        check_connection((*path, "database"), given["database"], issues, environ)
    _check_form(path, given, issues)
    return None if issues.is_broken(*path) else cls(name=name, **given)


def _check_form(path: ConfigPath, given: Mapping[str, Any], issues: Issues) -> None:
    """What the file says of how its text is written."""
    if len(given.get("delimiter", ",")) != 1 and given["delimiter"] != TAB:
        issues.add(
            (*path, "delimiter"),
            "a delimiter is one character.",
            fix="A tab is written '\\t'.",
        )
    if given.get("decimal", ".") not in {".", ","}:
        issues.add((*path, "decimal"), "the decimal mark is '.' or ','.")
    if given.get("delimiter", ",") == given.get("decimal", "."):
        issues.add(
            (*path, "decimal"),
            "delimiter and decimal mark are the same character.",
            fix='A file with decimal commas usually has `delimiter: ";"`.',
        )
    if "numbers" in given and "decimal" in given:
        _check_notation((*path, "decimal"), given["numbers"], given["decimal"], issues)
    _check_rates((*path, "rates"), given.get("rates", {}), issues)
    if given.get("header") is not None and given["header"] < 1:
        issues.add((*path, "header"), "`header` is a line of the file, from 1.")
    _check_time_keys(path, given, issues)
    if "encoding" in given:
        _check_encoding((*path, "encoding"), given["encoding"], issues)


def _check_rates(
    path: ConfigPath, rates: Mapping[str, Fraction], issues: Issues
) -> None:
    for code, rate in rates.items():
        if code not in CODES:
            issues.add(
                (*path, code),
                f"'{code}' is not a currency of ISO 4217.",
                fix=did_you_mean(code, CODES) or "Write a code such as USD.",
                key=True,
            )
        elif rate <= 0:
            what = "a rate is what one of it is worth, more than 0."
            issues.add((*path, code), what)


def _return_rule(written: BaseModel) -> ReturnRule:
    rule = ReturnRule(**_written_only(written))
    return dataclasses.replace(rule, match=tuple(map(bare_name, rule.match)))


def _refund_file(
    path: ConfigPath, given: Mapping[str, Any], issues: Issues
) -> RefundFile:
    """Refunds of the source's rows; those are found by their `id`."""
    named = _written_only(given["refunds"])
    for role in {"id", "time"} & set(named):
        named[role] = bare_name(named[role])
    if getattr(given.get("columns"), "id", None) is None:
        what = "refunds are found by the order's id, and no column of it is named."
        fix = "Name it in the columns of the source: `id: column`."
        issues.add((*path, "refunds"), what, fix=fix, key=True)
    return RefundFile(**named)


def _check_notation(
    path: ConfigPath, notation: Notation, decimal: str, issues: Issues
) -> None:
    mark = NUMBER_FORMS[notation].decimal
    if decimal != mark:
        issues.add(
            path,
            f"`numbers: {notation}` writes decimals with '{mark}', `decimal` says "
            f"'{decimal}'.",
            fix="Leave `decimal` out.",
        )


def _columns(cls: type[Source], written: BaseModel) -> Columns:
    """The roles as written; a kind that knows its columns fills the others."""
    given = {role: bare_name(name) for role, name in _written_only(written).items()}
    default = cls.__dataclass_fields__["columns"].default
    if isinstance(default, Columns):
        return dataclasses.replace(default, **given)
    return Columns(**given)


def metric_from(
    name: str,
    written: BaseModel,
    issues: Issues,
    *,
    known_sources: Iterable[str],
    money_digits: int,
    strictness: Strictness = "used",
) -> Metric | None:
    """One metric, or None when it has problems.

    A metric that is not `used` may name sources of other files and keys of later
    versions; in a `project` checked alone, only what looks like a slip is told.
    """
    path: ConfigPath = ("metrics", name)
    kind, given = _kind_and_fields(written, key="kind")
    names = tuple(known_sources)
    _check_sources(path, given, names, issues, strictness)
    if "margin_value" in given and not metric_kinds[kind].may_have_profit:
        issues.add(
            (*path, "margin_value"),
            f"a metric of kind {kind} has no profit of its own.",
            fix="Write it at the metric of kind mean that is the money.",
            key=True,
        )
    if "cap" in given:
        given["cap"] = _cap((*path, "cap"), given["cap"], issues)
    if isinstance(given.get("per"), str) and given["per"] not in names:
        given["per"] = _expression((*path, "per"), given["per"], issues)
    for part in ("numerator", "denominator"):
        if part in given:
            _check_aggregate((*path, part), _written_only(given[part]), issues)
            given[part] = _part(kind, part, given[part])
    if "steps" in given:
        given["steps"] = tuple(_part(kind, "steps", step) for step in given["steps"])
    _check_aggregate(path, given, issues)
    if issues.is_broken(*path):
        return None
    digits = money_digits if given.get("unit") == "money" else 6
    try:
        metric = metric_kinds[kind](name=name, digits=digits, **given)
    except ValueError as error:
        issues.add(path, f"metric '{name}': {error}.", key=True)
        return None
    if metric.cap is not None and metric.is_rate:
        issues.add((*path, "cap"), "a rate of units has nothing to cap.")
    return metric


def check_connection(
    path: ConfigPath, text: str, issues: Issues, environ: Mapping[str, str] | None
) -> None:
    """Whether a `database` can be meant; no value of a variable is ever shown.

    Without `environ`, variables are not asked for.
    """
    odd = [r for r in _REFERENCE.findall(text) if not _WHOLE_REFERENCE.fullmatch(r)]
    if odd:
        issues.add(path, f"'{odd[0]}' is not a reference.", fix="Write ${env:NAME}.")
        return
    variables = named(text)
    whole = bool(variables) and _WHOLE_REFERENCE.fullmatch(text) is not None
    if environ is None and whole:
        return
    values = environ or {}
    missing = [n for n in variables if environ is not None and not values.get(n)]
    for name in missing:
        problem = unset(name)
        issues.add(path, problem.what, fix=problem.fix)
    if missing or text == EMBEDDED:
        return
    shown = values[variables[0]] if whole else text
    scheme = shown.partition("://")[0].partition("+")[0] if "://" in shown else ""
    schemes = list(dict.fromkeys(n.partition("_")[0] for n in ENGINES.files()))
    if scheme not in schemes:
        subject = f"the value of {variables[0]}" if whole else "this"
        hint = did_you_mean(scheme or shown, (EMBEDDED, *schemes)) if not whole else ""
        urls = " or ".join(f"{name}://" for name in schemes)
        issues.add(
            path,
            f"{subject} is not a database that this version connects to.",
            fix=hint or f"Write {EMBEDDED}, a {urls} URL, or ${{env:NAME}}.",
            masked=bool(scheme),
        )
    elif not whole and _has_literal_password(text):
        issues.add(
            path,
            "the connection URL holds a password.",
            why="Files like this one are shared and stored with the results.",
            fix=f"Put it into a variable: {scheme}://user:${{env:DB_PASSWORD}}@host/db.",
            masked=True,
        )


def _has_literal_password(url: str) -> bool:
    try:
        password = urlsplit(url).password
    except ValueError:
        return "@" in url
    return bool(password) and not _WHOLE_REFERENCE.fullmatch(password or "")


def _kind_and_fields(written: BaseModel, key: str | None = None) -> tuple[str, Any]:
    """The kind's name and the fields that were written."""
    given = _written_only(written)
    if key is not None:
        return str(_plain(given.pop(key))), given
    kinds = (key for key in given if key in source_kinds)
    return next(kinds, next(iter(given), "")), given


def _plain(value: Any) -> Any:
    return getattr(value, "text", value)


def _written_only(written: BaseModel) -> dict[str, Any]:
    names = [*type(written).model_fields, *(written.model_extra or {})]
    values = {name: getattr(written, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _part(kind: str, field: str, written: BaseModel) -> Any:
    """The dataclass that a field of a metric kind holds, from its block."""
    hint = get_type_hints(metric_kinds[kind])[field]
    part: Any = next(arg for arg in get_args(hint) if dataclasses.is_dataclass(arg))
    return part(**_written_only(written))


def _check_sources(
    path: ConfigPath,
    given: Mapping[str, Any],
    names: tuple[str, ...],
    issues: Issues,
    strictness: Strictness,
) -> None:
    places = {(*path, "source"): given.get("source")}
    for part in ("numerator", "denominator"):
        if part in given:
            places[*path, part, "source"] = given[part].source
    for at, step in enumerate(given.get("steps", ())):
        places[*path, "steps", at, "source"] = step.source
    for place, source in places.items():
        if source is None or source in names or strictness == "unused":
            continue
        if strictness == "project" and not did_you_mean(source, names, cutoff=SLIP):
            continue
        listed = f"Sources: {', '.join(names)}." if names else "Define it in `sources`."
        issues.add(
            place,
            f"there is no source '{source}'.",
            fix=did_you_mean(source, names) or listed,
        )


def _check_aggregate(
    path: ConfigPath, given: Mapping[str, Any], issues: Issues
) -> None:
    aggregate = given.get("aggregate")
    if aggregate in NOT_COUNTED and "value" not in given:
        issues.add(
            (*path, "aggregate"),
            f"'{aggregate}' needs a 'value'.",
            fix="Add `value: column`, or write `aggregate: count`.",
        )


def _cap(path: ConfigPath, written: Fraction | WrittenCap, issues: Issues) -> Cap:
    share = written.non_zero if isinstance(written, WrittenCap) else written
    if not 0 < share < 1:
        issues.add(path, "a cap lies between 0% and 100%.", fix="Write 99.9%.")
    return Cap(share=share, non_zero=isinstance(written, WrittenCap))


def _expression(path: ConfigPath, text: str, issues: Issues) -> Expression | None:
    try:
        return parse(text)
    except Unreadable as error:
        issues.unreadable(path, error)
        return None


def _check_path(path: ConfigPath, text: str, issues: Issues) -> None:
    if _URL.match(text):
        issues.add(
            path,
            "a data path is a local file, not a URL.",
            why="Nothing is fetched from the network but from the databases named.",
            fix="Download the file, or use `table`/`sql` with `database`.",
        )


def _check_time_keys(
    path: ConfigPath, given: Mapping[str, Any], issues: Issues
) -> None:
    """Whether a source's timezone is known and its tolerance is one."""
    zone = given.get("timezone")
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            issues.add(
                (*path, "timezone"),
                f"'{zone}' is not a timezone.",
                fix="Write a name such as America/New_York, or UTC.",
            )
    tolerance = given.get("tolerance")
    if tolerance is not None and tolerance > MOST_TOLERANCE:
        issues.add(
            (*path, "tolerance"),
            "a tolerance beyond an hour is no clock that runs apart.",
            why="What happened so long before its exposure was not caused by it.",
            fix="Write for instance 5 minutes; for clocks of another timezone, set "
            "`timezone` at the source.",
        )


def _check_encoding(path: ConfigPath, text: str, issues: Issues) -> None:
    import codecs

    try:
        codecs.lookup(text)
    except (LookupError, ValueError):
        issues.add(path, f"'{text}' is not a text encoding.", fix="Write utf-8.")


def check_times(
    written: ExperimentFile,
    assignment: Assignment,
    metrics: Mapping[str, Metric],
    sources: Mapping[str, Source],
    issues: Issues,
) -> None:
    """Windows need times; rows that are their own units join with nothing."""
    exposures = sources.get(assignment.source)
    if exposures is None:
        return
    columns = exposures.columns
    if columns.unit == "row":
        _check_rows(assignment, columns, issues)
    absent = written.window is None and not issues.is_broken("window")
    if columns.time is not None and absent:
        what = "'window' is missing, and the exposures have times."
        issues.add(("window",), what, fix="window: {start: 2026-10-01, end: …}")
    covariates = written.analysis.covariates if written.analysis else None
    if columns.time is None and isinstance(covariates, WrittenLookback):
        what = "a lookback needs the time of each exposure."
        fix = f"Name it: `time: column` in source '{assignment.source}'."
        issues.add(("analysis", "covariates"), what, fix=fix)
    beside = set(sources_beside(written))
    for name, source in sources.items():
        if name not in {assignment.source, *beside}:
            _check_events(name, source, issues)
    _check_exposures(assignment.source, exposures, issues)
    for name, metric in metrics.items():
        _check_metric_times(name, metric, columns, assignment.source, issues)


def sources_beside(written: ProjectFile) -> dict[str, str]:
    """Sources of no unit, with the column that stands for one: ids, and refunds."""
    ids = written.identities
    beside = {} if ids is None else {ids.source: bare_name(ids.columns.to)}
    refunds = (getattr(model, "refunds", None) for model in written.sources.values())
    return beside | {rule.source: "row" for rule in refunds if rule is not None}


def _check_exposures(name: str, source: Source, issues: Issues) -> None:
    """Exposures are neither returned nor refunded, nor do they run on."""
    for key, what, fix in (
        (
            "snapshots",
            f"'{name}' says who was exposed, and no total runs on there.",
            "Name the file a second time, as a source of events with times.",
        ),
        (
            "returns",
            f"'{name}' says who was exposed, and an exposure is not returned.",
            "Write `returns` at the source of purchases.",
        ),
        (
            "refunds",
            f"'{name}' says who was exposed, and an exposure is not refunded.",
            "Write `refunds` at the source of orders.",
        ),
    ):
        if getattr(source, key) is not None:
            issues.add(("sources", name, key), what, fix=fix, key=True)


def _check_rows(assignment: Assignment, columns: Columns, issues: Issues) -> None:
    """Rows that are their own units have no id to draw anything by."""
    if columns.arm is None:
        what = "rows that are their own units have no id to compute an arm from."
        where = ("sources", assignment.source, "columns")
        issues.add(where, what, fix="Name the column of the logged arm: `arm: column`.")
    for key in ("holdout", "layer"):
        if getattr(assignment, key) is not None:
            what = "rows that are their own units have no id to draw by."
            fix = "Leave it out, or name the column of the unit's id."
            issues.add(("assignment", key), what, fix=fix, key=True)


def _check_metric_times(
    name: str,
    metric: Metric,
    columns: Columns,
    exposures: str,
    issues: Issues,
) -> None:
    name = metric.of or name
    path = ("metrics", name)
    others = {m.source for m in metric.measures()} - {exposures}
    if columns.unit == "row" and others:
        what = f"metric '{name}' reads '{min(others)}', but the units are rows."
        fix = f"Use columns of '{exposures}', or name the unit's id."
        issues.add(path, what, fix=fix, key=True)
        return
    if metric.needs_events and not others:
        what = f"metric '{name}' waits for rows, and '{exposures}' has one per unit."
        fix = "Name a source of events with times."
        issues.add((*path, "source"), what, fix=fix)
        return
    if not metric.hidden and any(
        late.source == exposures != before.source for late, before in _order(metric)
    ):
        what = f"a step of '{exposures}' stands after one of another source."
        issues.add(
            (*path, "steps"),
            what,
            why=f"What stands in '{exposures}' is known when a unit joins, so no row "
            "of events lies before it.",
            fix=f"Put the steps of '{exposures}' first, or write `order: any`.",
        )
        return
    if columns.time is None and metric.timed_by is not None:
        what = f"'{metric.timed_by}' needs the time of each exposure."
        fix = f"Name it: `time: column` in source '{exposures}'."
        issues.add((*path, metric.timed_by), what, fix=fix)


def _order(metric: Metric) -> Iterator[tuple[Measure, Measure]]:
    """What comes after what."""
    for measure in metric.measures():
        late = measure
        while late.after is not None:
            yield late, late.after
            late = late.after


def _check_events(name: str, source: Source, issues: Issues) -> None:
    """Rows beside the exposures need a unit to belong to, and a time."""
    path = ("sources", name, "columns")
    if source.columns.unit == "row":
        what = "`unit: row` is for the source of exposures only."
        issues.add((*path, "unit"), what, fix="Name the column of the unit's id.")
    if source.columns.time is None:
        issues.add(
            path,
            f"source '{name}' names no column for 'time'.",
            why="Only what happened after a unit joined may count.",
            fix="Add `time: column` to its columns.",
            key=True,
        )


def check_attributes(
    assignment: Assignment,
    analysis: AnalysisSettings,
    sources: Mapping[str, Source],
    issues: Issues,
) -> None:
    """Segments and covariates are attributes: neither roles nor listed twice."""
    exposures = sources.get(assignment.source)
    if exposures is None:
        return
    columns = exposures.columns
    roles = {columns.unit, columns.arm, columns.time, columns.id} - {None}
    for section in ("segments", "covariates"):
        listed: tuple[str, ...] = getattr(analysis, section)
        for at, name in enumerate(listed):
            path = ("analysis", section, at)
            column = section == "covariates" or name in analysis.logged
            if (column and name in roles) or (section == "segments" and name == "all"):
                issues.add(path, f"'{name}' is not an attribute of the unit.")
            elif name in listed[:at]:
                issues.add(path, f"'{name}' is listed twice.")


ATTENTION_WORDS = frozenset(
    {
        "click",
        "clicks",
        "clicked",
        "clickthrough",
        "ctr",
        "follower",
        "followers",
        "impression",
        "impressions",
        "likes",
        "open",
        "opened",
        "opens",
        "pageview",
        "pageviews",
        "traffic",
        "view",
        "viewed",
        "views",
    }
)

ATTENTION_EVENTS = ATTENTION_WORDS - {
    "followers",
    "follower",
    "open",
    "opened",
    "traffic",
}
"""Of these, the words that no state of an order or channel is called by."""


def vanity(experiment: Experiment, issues: Issues) -> Iterator[Problem]:
    """A warning where attention decides instead of what it is meant to bring."""
    if not counts_attention(experiment):
        return
    yield Problem(
        where=issues.place(("primary",)).where,
        what=f"'{experiment.primary}' counts attention, and it decides.",
        why="Opens, views and clicks can rise while nobody buys more; mail programs "
        "open messages by themselves.",
        fix="Let a conversion or the revenue per unit decide, and keep this one under "
        "`secondary`.",
    )


def counts_attention(experiment: Experiment) -> bool:
    """Whether the primary is called, or reads, what is a word for attention.

    Its name and label, its sources and the column that it counts; of a condition only
    a value that is an event of attention, as ``event = 'page_view'`` has it. Money is
    never attention.
    """
    metric = experiment.metrics[experiment.primary]
    if metric.unit == "money":
        return False
    read = {experiment.primary, metric.label}
    events = set()
    for measure in metric.measures():
        read.add(measure.source)
        if measure.value is not None:
            read |= measure.value.columns
        if measure.where is not None:
            events |= _words(re.findall(r"'([^']*)'", measure.where.text))
    return not ATTENTION_WORDS.isdisjoint(
        _words(read)
    ) or not ATTENTION_EVENTS.isdisjoint(events)


def _words(names: Iterable[str]) -> set[str]:
    return {word for name in names for word in re.split(r"[^a-z]+", name.lower())}
