"""`${env:NAME}`: secrets stay as written until a connection is opened."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from holdback.errors import ConfigError, Problem

__all__ = ["named", "revealed"]

_VARIABLE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


def named(text: str) -> tuple[str, ...]:
    """The variables that a text refers to, in order.

    >>> named("postgresql://${env:DB_USER}@host/db")
    ('DB_USER',)
    """
    return tuple(_VARIABLE.findall(text))


def revealed(text: str, environ: Mapping[str, str] | None = None) -> str:
    """The text with each `${env:NAME}` replaced by the variable's value.

    Call it where a connection is opened and nowhere else. Raises ConfigError that
    names the variable, never a value, when one is not set.
    """
    values = os.environ if environ is None else environ
    missing = [name for name in named(text) if not values.get(name)]
    if missing:
        raise ConfigError([unset(name) for name in missing])
    return _VARIABLE.sub(lambda match: values[match[1]], text)


def unset(name: str, where: str = "", excerpt: str = "") -> Problem:
    """The problem of a variable that is not set."""
    return Problem(
        where=where,
        what=f"the environment variable {name} is not set.",
        fix=f"Set it before the command: export {name}=…",
        excerpt=excerpt,
    )
