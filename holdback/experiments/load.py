"""YAML → Experiment: reads both files, tells every problem at once with its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from holdback.errors import ConfigError, Problem
from holdback.experiments.document import Document, read
from holdback.experiments.experiment import Experiment
from holdback.experiments.expression import ExpressionError
from holdback.experiments.resolve import Draft, resolve
from holdback.experiments.written import File, metric_model, source_model

__all__ = ["load"]

PROJECT = "holdback.yaml"
MERGED = ("sources", "metrics", "holdouts", "layers")
SOURCE_KINDS = ("csv", "parquet", "table", "sql")
METRIC_KINDS = ("conversion", "mean", "ratio")
REQUIRED = ("experiment", "arms", "primary", "window")
LATER_SOURCES = frozenset({"shopify_orders", "ga4_events"})
LATER_METRICS = frozenset(
    "retention churn nps csat quantile clv count survival funnel rate time_to "
    "repeat_purchase".split()
)


def load(
    path: str | os.PathLike[str], environ: Mapping[str, str] | None = None
) -> Experiment:
    """The experiment of a file and of the project file above it.

    Raises ConfigError with every problem that was found in both.
    """
    file = Path(path)
    documents = [read(file, str(path))]
    project = _project_above(file)
    if project is not None:
        documents.append(read(project, _name_of(project, str(path))))
    problems: list[Problem] = []
    draft = Draft(
        documents=documents,
        root=(project or file).resolve().parent,
        file=_relative(file, (project or file).parent),
        environ=os.environ if environ is None else environ,
    )
    for document in documents:
        _collect(document, draft, problems)
    experiment = resolve(draft, problems)
    if problems or experiment is None:
        raise ConfigError(_in_order(problems, documents))
    return experiment


def _collect(document: Document, draft: Draft, problems: list[Problem]) -> None:
    """Validate one file and lay its keys into the draft; the first file wins."""
    values = _top_level(document, problems)
    for key, value in document.data.items():
        if key in MERGED and isinstance(value, dict):
            for name, item in value.items():
                draft.origin.setdefault((key, name), document)
                if (key, name) in draft.parts or not isinstance(item, dict):
                    continue
                draft.parts[key, name] = _part(key, name, item, document, problems)
        elif key not in draft.origin:
            draft.origin[key] = document
            if key in values:
                draft.values[key] = values[key]
            elif key not in File.model_fields:
                meant = get_close_matches(key, REQUIRED, 1, 0.6)
                draft.origin.update({name: document for name in meant})


def _top_level(document: Document, problems: list[Problem]) -> dict[str, Any]:
    """Every top-level value that is sound by itself, so that the rest is checked too."""
    written = _validated(File, document.data, (), document, problems)
    if written is not None:
        return {key: getattr(written, key) for key in document.data}
    sound: dict[str, Any] = {}
    for key, value in document.data.items():
        try:
            alone = File.model_validate({"version": 1, key: value})
        except ValidationError:
            continue
        sound[key] = getattr(alone, key)
    return sound


def _part(
    key: str,
    name: str,
    item: dict[str, Any],
    document: Document,
    problems: list[Problem],
) -> tuple[str, BaseModel | None]:
    """(kind, model) of one source or metric; the model is None when it is broken."""
    if key == "sources":
        return _source(name, item, document, problems)
    if key == "metrics":
        return _metric(name, item, document, problems)
    return key, None


def _source(
    name: str, item: dict[str, Any], document: Document, problems: list[Problem]
) -> tuple[str, BaseModel | None]:
    found = [kind for kind in SOURCE_KINDS if kind in item]
    later = [kind for kind in LATER_SOURCES if kind in item]
    path = ("sources", name)
    if later and not found:
        return f"later:{later[0]}", None
    if len(found) != 1:
        close = [m for k in item for m in get_close_matches(k, SOURCE_KINDS, 1)]
        what = (
            f"source '{name}' names several kinds: {', '.join(found)}."
            if found
            else f"source '{name}' does not say where its data are."
        )
        fix = (
            f"Did you mean `{close[0]}`?"
            if close and not found
            else f"Give exactly one of {', '.join(SOURCE_KINDS)}."
        )
        problems.append(document.problem(path, what, fix=fix, at_key=True))
        return "", None
    model = _validated(source_model(found[0]), item, path, document, problems)
    return found[0], model


def _metric(
    name: str, item: dict[str, Any], document: Document, problems: list[Problem]
) -> tuple[str, BaseModel | None]:
    path = ("metrics", name)
    kind = item.get("kind")
    if kind in LATER_METRICS:
        return f"later:{kind}", None
    if kind not in METRIC_KINDS:
        close = get_close_matches(str(kind), [*METRIC_KINDS, *sorted(LATER_METRICS)], 1)
        fix = f"Did you mean `{close[0]}`? " if close else ""
        what = (
            f"metric '{name}' has no `kind`."
            if kind is None
            else f"'{kind}' is not a kind of metric."
        )
        problems.append(
            document.problem(
                (*path, "kind") if kind is not None else path,
                what,
                fix=f"{fix}Kinds: {', '.join(METRIC_KINDS)}.",
                at_key=kind is None,
            )
        )
        return "", None
    return kind, _validated(metric_model(kind), item, path, document, problems)


def _validated(
    model: type[BaseModel],
    data: dict[str, Any],
    path: tuple[str | int, ...],
    document: Document,
    problems: list[Problem],
) -> Any:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems += _told(error.errors(include_url=False), model, path, document)
        return None


def _told(
    errors: list[ErrorDetails],
    model: type[BaseModel],
    path: tuple[str | int, ...],
    document: Document,
) -> list[Problem]:
    """Pydantic's errors in our words; a misspelt required key counts once."""
    missing = {
        e["loc"] for e in errors if e["type"] == "missing"
    }
    told: dict[tuple[str | int, ...], Problem] = {}
    for e in errors:
        here = (*path, *_real(e["loc"], document, path))
        if e["type"] == "extra_forbidden":
            known = _keys_at(model, e["loc"][:-1])
            close = get_close_matches(str(e["loc"][-1]), known, 1, 0.6)
            if close:
                missing.discard((*e["loc"][:-1], close[0]))
            told[here] = document.problem(
                here,
                f"`{e['loc'][-1]}` is not a setting known here.",
                fix=f"Did you mean `{close[0]}`?"
                if close
                else f"Known: {', '.join(known)}.",
                at_key=True,
            )
        elif e["type"] != "missing":
            told.setdefault(here, _one(e, here, document))
    for loc in missing:
        here = (*path, *loc)
        told[here] = document.problem(
            here[:-1],
            f"`{loc[-1]}` is missing" + (f" in '{here[-2]}'." if len(here) > 1 else "."),
            fix=f"Add `{loc[-1]}: …`.",
            at_key=True,
        )
    return list(told.values())


def _one(e: ErrorDetails, here: tuple[str | int, ...], document: Document) -> Problem:
    value = e["input"]
    shown = f"'{str(value)[:40]}'"
    kind = e["type"]
    if kind == "literal_error":
        options = [o.strip(" '") for o in str(e.get("ctx", {}).get("expected", "")).replace(" or ", ", ").split(",")]
        close = get_close_matches(str(value), options, 1, 0.5)
        return document.problem(
            here,
            f"{shown} is not one of {', '.join(options)}.",
            fix=f"Did you mean `{close[0]}`?" if close else "",
        )
    if kind == "string_type" and isinstance(value, bool | int) or _is_number(value) and kind == "string_type":
        return document.problem(
            here,
            f"`{here[-1]}` must be text, and {shown} is read as a number or true/false.",
            why="Unquoted, YAML may read it in another way than it is written.",
            fix=f'Quote it: "{value}".',
        )
    if kind == "value_error":
        error = e.get("ctx", {}).get("error")
        offset = error.column - 1 if isinstance(error, ExpressionError) else 0
        if offset and document.is_quoted(here):
            offset += 1
        return document.problem(here, f"{error}.", offset=offset)
    wanted = {
        "string_type": "text",
        "bool_type": "true or false",
        "int_type": "a whole number",
        "dict_type": "a list of `key: value`",
        "model_type": "a list of `key: value`",
        "list_type": "a list such as [a, b]",
    }.get(kind, e["msg"].lower())
    return document.problem(here, f"`{here[-1]}` must be {wanted}, got {shown}.")


def _is_number(value: object) -> bool:
    return not isinstance(value, str | dict | list) and value is not None


def _real(
    loc: tuple[str | int, ...], document: Document, path: tuple[str | int, ...]
) -> tuple[str | int, ...]:
    """The part of pydantic's location that is a place in the file."""
    real: tuple[str | int, ...] = ()
    for step in loc:
        trial = (*path, *real, step)
        if trial in document.values or trial in document.keys:
            real = (*real, step)
    return real


def _keys_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at a place, found by walking the JSON schema."""
    schema = model.model_json_schema(by_alias=True)
    node: Any = schema
    for step in loc:
        node = _resolved(node, schema)
        properties = node.get("properties", {})
        if step in properties:
            node = properties[step]
        elif isinstance(node.get("additionalProperties"), dict):
            node = node["additionalProperties"]
        elif "items" in node:
            node = node["items"]
    return list(_resolved(node, schema).get("properties", {}))


def _resolved(node: Any, schema: dict[str, Any]) -> Any:
    for option in node.get("anyOf", []):
        if "$ref" in option or option.get("type") in {"object", "array"}:
            return _resolved(option, schema)
    reference = node.get("$ref")
    if reference is not None:
        return _resolved(schema["$defs"][reference.rsplit("/", 1)[1]], schema)
    return node


def _project_above(file: Path) -> Path | None:
    """The project file nearest above the experiment file, unless it is that file."""
    for folder in file.resolve().parents:
        candidate = folder / PROJECT
        if candidate.is_file():
            return None if candidate == file.resolve() else candidate
    return None


def _name_of(project: Path, written: str) -> str:
    """The project file's name as seen from where the user named the experiment."""
    if Path(written).is_absolute():
        return str(project)
    return os.path.relpath(project, Path.cwd())


def _relative(file: Path, root: Path) -> str:
    return Path(os.path.relpath(file.resolve(), root.resolve())).as_posix()


def _in_order(problems: list[Problem], documents: list[Document]) -> list[Problem]:
    names = [document.name for document in documents]

    def place(problem: Problem) -> tuple[int, int, int]:
        name, _, rest = problem.where.rpartition(":")
        name, _, line = name.rpartition(":")
        rank = names.index(name) if name in names else len(names)
        return (
            rank,
            int(line) if line.isdigit() else 0,
            int(rest) if rest.isdigit() else 0,
        )

    return sorted(problems, key=place)
