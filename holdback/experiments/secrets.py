"""`${env:NAME}`: secrets stand in the environment, never in a file or a result."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from holdback.errors import ConfigError, Problem

__all__ = ["REFERENCE", "names", "revealed"]

REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")


def names(text: str) -> list[str]:
    """Names of the environment variables that a text refers to."""
    return REFERENCE.findall(text)


def revealed(text: str, environ: Mapping[str, str] | None = None) -> str:
    """The text with its references filled in. To be used where a connection is made.

    Raises ConfigError, naming the variable and never a value, when one is not set.
    """
    known = os.environ if environ is None else environ
    missing = [name for name in names(text) if name not in known]
    if missing:
        raise ConfigError(
            [
                Problem(
                    what=f"the environment variable {name} is not set.",
                    fix=f"Set it before running, for instance: export {name}=…",
                )
                for name in missing
            ]
        )
    return REFERENCE.sub(lambda found: known[found[1]], text)
