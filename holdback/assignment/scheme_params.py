"""Plain values → a scheme: the keys and types of its dataclass, all faults at once."""

from __future__ import annotations

import dataclasses
import difflib
import types
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from holdback.assignment.scheme import Scheme, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["Fault", "keys_of", "scheme_of", "scheme_or_faults"]

_WRITE = {
    str: "text",
    int: "a whole number",
    Fraction: "a share",
    bool: "true or false",
}


class Fault(ValueError):
    """A value that cannot be used; `path` leads to it through keys and positions.

    `on_key` says that the last key is at fault, not its value.
    """

    def __init__(
        self,
        path: tuple[str | int, ...],
        what: str,
        fix: str = "",
        *,
        on_key: bool = False,
    ) -> None:
        super().__init__(what)
        self.path, self.what, self.fix, self.on_key = path, what, fix, on_key


def scheme_of(name: str, params: Mapping[str, Any] | None = None) -> Scheme:
    """The scheme of a name with its parameters, as plain values.

    Raises AssignmentError with every fault.

    >>> scheme_of("eppo", {"split_salt": "checkout"}).split_salt
    'checkout'
    """
    scheme, faults = scheme_or_faults(name, params or {})
    if scheme is None:
        raise AssignmentError(
            Problem(
                where=".".join(map(str, ("params", *fault.path))),
                what=fault.what,
                fix=fault.fix,
            )
            for fault in faults
        )
    return scheme


def scheme_or_faults(
    name: str, params: Mapping[str, Any]
) -> tuple[Scheme | None, list[Fault]]:
    """The scheme, or what is wrong with its name or parameters."""
    if name not in kinds:
        near = _did_you_mean(name, kinds)
        return None, [Fault((), f"there is no scheme '{name}'.", near or _known(kinds))]
    faults: list[Fault] = []
    scheme = _block(kinds[name], params, (), faults)
    return (scheme if not faults else None), faults


def keys_of(cls: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    """Fields of a dataclass by the keys that they have in the YAML."""
    return {f.metadata.get("key", f.name): f for f in dataclasses.fields(cls)}


def _block(
    cls: type[Any],
    given: object,
    path: tuple[str | int, ...],
    faults: list[Fault],
) -> Any:
    if not isinstance(given, Mapping):
        faults.append(Fault(path, "a block of keys is needed here."))
        return None
    keys, hints = keys_of(cls), get_type_hints(cls)
    before = len(faults)
    for word in given:
        if word not in keys:
            near = _did_you_mean(word, keys)
            what = f"'{word}' is not a key that is known here."
            fix = near or _known(keys)
            faults.append(Fault((*path, word), what, fix, on_key=True))
    values: dict[str, Any] = {}
    for word, item in keys.items():
        if word in given:
            try:
                values[item.name] = _read(
                    hints[item.name], given[word], (*path, word), faults
                )
            except Fault as fault:
                faults.append(fault)
        elif _is_required(item):
            what = f"'{word}' is missing."
            faults.append(Fault(path, what, f"Add `{word}: …`.", on_key=True))
    return cls(**values) if len(faults) == before else None


def _read(
    hint: Any, value: Any, path: tuple[str | int, ...], faults: list[Fault]
) -> Any:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _read(next(p for p in parts if p is not type(None)), value, path, faults)
    if origin is Literal:
        if value not in parts:
            raise Fault(
                path,
                f"'{value}' is not one of: {', '.join(map(str, parts))}.",
                _did_you_mean(str(value), map(str, parts)),
            )
        return value
    if origin is tuple:
        return _tuple(parts, value, path, faults)
    if origin is not None:
        if not isinstance(value, Mapping):
            raise Fault(path, "a block of keys is needed here.")
        return {
            key: _read(parts[1], item, (*path, key), faults)
            for key, item in value.items()
        }
    if dataclasses.is_dataclass(hint):
        return _block(hint, value, path, faults)  # type: ignore[arg-type]
    return _single(hint, value, path)


def _tuple(
    parts: tuple[Any, ...],
    value: Any,
    path: tuple[str | int, ...],
    faults: list[Fault],
) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise Fault(path, "a list is needed here.", "Write [one, two].")
    many = len(parts) == 2 and parts[1] is Ellipsis
    hints = [parts[0]] * len(value) if many else list(parts)
    if len(value) != len(hints):
        raise Fault(path, f"{len(hints)} values are needed here, not {len(value)}.")
    return tuple(
        _read(hint, item, (*path, i), faults)
        for i, (hint, item) in enumerate(zip(hints, value, strict=True))
    )


def _single(hint: Any, value: Any, path: tuple[str | int, ...]) -> Any:
    if hint is Fraction:
        share = _share(value)
        if share is not None:
            return share
    elif hint is str and isinstance(value, int | str) and not isinstance(value, bool):
        return str(value)
    elif isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    fix = f'Quote it: "{value}".' if hint is str and isinstance(value, float) else ""
    raise Fault(path, f"{value!r} is not {_WRITE[hint]}.", fix)


def _share(value: object) -> Fraction | None:
    """A share: a number, or a text such as ``10%``, ``0.1`` or ``1/10``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Fraction):
        return Fraction(value)
    text = str(value).strip()
    percent = text.endswith("%")
    try:
        return Fraction(text.removesuffix("%").strip()) / (100 if percent else 1)
    except (ValueError, ZeroDivisionError):
        return None


def _is_required(item: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return item.default is missing and item.default_factory is missing


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else ""


def _known(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"Known: {listed}." if listed else "It has no parameters."
