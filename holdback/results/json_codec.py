"""Frozen values ↔ JSON, with stable keys and no number that is none."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from math import isfinite
from typing import Any

from holdback.errors import Problem, ReportError
from holdback.facts import Fact, Value
from holdback.results.scorecard import SCHEMA, Scorecard
from holdback.results.section import Records, sections

__all__ = ["from_json", "to_json"]

OLDER = ("holdback/scorecard/1",)
"""Schemas that are still read; what has changed since is seen from the keys."""


def to_json(value: object) -> str:
    """A frozen dataclass as JSON text: keys in the fields' order, absent not null.

    The parts of a field marked `flat` stand among the keys of its record, and the
    sections of a scorecard where each of them says.

    Raises ValueError for NaN or infinity, which no result may hold.
    """
    plain = _plain(value)
    if isinstance(value, Scorecard):
        validity = _plain(value.validity)
        plain = {"schema": plain.pop("schema"), "validity": validity, **plain}
        if value.withheld is not None:
            plain["withheld"] = _kept_apart(value.withheld)
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Scorecard:
    """The scorecard that `to_json` wrote, in this schema or an older one.

    Raises ReportError for anything that is not a scorecard.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ReportError(
            Problem(
                where=f"line {error.lineno}, column {error.colno}",
                what="the scorecard is not valid JSON.",
                fix="Name a scorecard.json that `holdback analyze` wrote.",
            )
        ) from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if _newer(schema):
        raise ReportError(
            Problem(
                what=f"the scorecard has the schema {schema!r}, which is newer than "
                f"{SCHEMA!r}.",
                why="A newer holdback wrote it.",
                fix="Upgrade holdback, then run the command again.",
            )
        )
    if schema not in (SCHEMA, *OLDER):
        raise ReportError(
            Problem(
                what=f"the file's schema is {schema!r}, not {SCHEMA!r}.",
                fix="Name a scorecard.json that `holdback analyze` wrote.",
            )
        )
    scorecard: Scorecard = _built(Scorecard, data | {"schema": SCHEMA}, "scorecard")
    return scorecard


def _newer(schema: object) -> bool:
    name, _, version = str(schema).rpartition("/")
    known, _, ours = SCHEMA.rpartition("/")
    return name == known and version.isdecimal() and int(version) > int(ours)


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain: dict[str, Any] = {}
        for f in _stored(value):
            item = getattr(value, f.name)
            if f.metadata.get("flat", False):
                plain |= _plain(item)
            elif not _absent(item):
                plain[_key(f)] = _plain(item)
            if isinstance(value, Scorecard):
                plain |= _sections_behind(f.name, value)
        return plain
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"A result holds {value}, which is no number.")
    return value


def _sections_behind(key: str, scorecard: Scorecard) -> dict[str, Any]:
    """The sections that stand behind a key: a list each, or its single record."""
    return {
        section.name: _plain(records[0] if section.single else records)
        for section in sections.behind(key)
        if (records := scorecard.sections.get(section.name))
    }


def _kept_apart(withheld: Mapping[str, Any]) -> dict[str, Any]:
    """What is withheld of an invalid result: fields, then sections by their names."""
    core = {name: part for name, part in withheld.items() if name not in sections}
    rest = {
        name: withheld[name][0] if sections[name].single else withheld[name]
        for name in sorted(withheld.keys() - core.keys())
    }
    return {name: _plain(part) for name, part in (core | rest).items()}


def _stored(kind: Any) -> list[dataclasses.Field[Any]]:
    """The fields that a scorecard keeps: all but those that say otherwise."""
    return [f for f in dataclasses.fields(kind) if f.metadata.get("stored", True)]


def _key(field: dataclasses.Field[Any]) -> str:
    """The key of a field: its name, without what keeps it from being a keyword."""
    return field.name.removesuffix("_")


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, str | tuple) and not value)


def _built(kind: Any, data: Any, where: str) -> Any:
    """A value of the annotated type from plain JSON."""
    if kind is Fact:
        return _fact(data, where)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        options = [o for o in typing.get_args(kind) if o is not type(None)]
        return _built(options[0], data, where)
    if origin is tuple:
        (item, *_) = typing.get_args(kind)
        if not isinstance(data, list):
            raise _broken(where, "a list")
        return tuple(_built(item, d, f"{where}[{i}]") for i, d in enumerate(data))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise _broken(where, "an object")
        return data
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, data, where)
    return _leaf(kind, data, where)


def _leaf(kind: Any, data: Any, where: str) -> Any:
    """A number, a text, or one of a few words."""
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind in (float, int, str, bool) and not isinstance(data, kind):
        raise _broken(where, kind.__name__)
    if typing.get_origin(kind) is typing.Literal:
        options = typing.get_args(kind)
        if not isinstance(data, str) or data not in options:
            raise _broken(where, " or ".join(map(repr, options)))
    return data


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """The types of a record's fields, worked out once: it takes most of the reading."""
    return typing.get_type_hints(kind)


def _record(kind: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise _broken(where, "an object")
    hints = _hints(kind)
    values = {}
    for f in _stored(kind):
        if f.metadata.get("flat", False):
            values[f.name] = _built(hints[f.name], data, where)
        elif (key := _key(f)) in data:
            values[f.name] = _built(hints[f.name], data[key], f"{where}.{key}")
        elif (
            f.default is dataclasses.MISSING
            and f.default_factory is dataclasses.MISSING
        ):
            values[f.name] = _empty(hints[f.name], f"{where}.{f.name}")
    if kind is Scorecard:
        values["sections"] = _sections(data, where)
        if "withheld" in data:
            values["withheld"] = _withheld(hints, data["withheld"], f"{where}.withheld")
    return kind(**values)


def _sections(data: Mapping[str, Any], where: str) -> Records:
    """The records of the sections that stand among a scorecard's keys."""
    records = {}
    for name, section in sections.items():
        if name in data:
            plain = [data[name]] if section.single else data[name]
            if not isinstance(plain, list):
                raise _broken(f"{where}.{name}", "a list")
            records[name] = tuple(
                _built(section.record, one, f"{where}.{name}[{at}]")
                for at, one in enumerate(plain)
            )
    return records


def _withheld(hints: Mapping[str, Any], data: Any, where: str) -> dict[str, Any]:
    """Parts of an invalid result by the name of the field or section they are from."""
    if not isinstance(data, dict):
        raise _broken(where, "an object")
    parts = {
        name: _built(hints[name], part, f"{where}.{name}")
        for name, part in data.items()
        if name in hints
    }
    return {**parts, **_sections(data, where)}


def _fact(data: Any, where: str) -> Fact:
    """A fact from its parts, or from the sentence that stood there before."""
    if isinstance(data, str):
        return Fact("facts.text", {"text": data}, data)
    if not isinstance(data, dict):
        raise _broken(where, "an object")
    numbers = data.get("numbers", {})
    if not isinstance(numbers, dict):
        raise _broken(f"{where}.numbers", "an object")
    return Fact(
        _leaf(str, data.get("code", ""), f"{where}.code"),
        {
            name: _number(one, f"{where}.numbers.{name}")
            for name, one in numbers.items()
        },
        _leaf(str, data.get("message", ""), f"{where}.message"),
    )


def _number(data: Any, where: str) -> Value:
    """A number of a fact: plain, several, by name, or a fact of its own."""
    if isinstance(data, list):
        return tuple(_number(one, f"{where}[{i}]") for i, one in enumerate(data))
    if not isinstance(data, dict):
        number: str | float = data
        return number
    if isinstance(data.get("code"), str) and isinstance(data.get("numbers"), dict):
        return _fact(data, where)
    return {name: _number(one, f"{where}.{name}") for name, one in data.items()}


def _empty(kind: Any, where: str) -> Any:
    """What an absent key stands for: no text, no rows, none."""
    if kind is str:
        return ""
    if typing.get_origin(kind) is tuple:
        return ()
    if type(None) in typing.get_args(kind):
        return None
    raise _broken(where, "there")


def _broken(where: str, wanted: str) -> ReportError:
    return ReportError(
        Problem(
            where=where,
            what=f"is not {wanted}, so the scorecard is damaged.",
            fix="Run `holdback analyze` again.",
        )
    )
