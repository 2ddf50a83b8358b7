"""Every error of the product: where it happened, what, why it matters, how to fix it.

The tree, with the exit code of the command line::

    HoldbackError
    ├── ConfigError        2   the YAML or the command line says something impossible
    │   └── AssignmentError    … about schemes, shares, salts or unit ids
    ├── DataError          3   the data cannot be used
    ├── StatsError         4   the experiment cannot be analyzed
    └── EnvironmentFault   5   file system, database, memory
        └── ReportError        … a stored scorecard cannot be rendered

An error carries *all* problems that were found, so that a file is mended in one go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "AssignmentError",
    "ConfigError",
    "DataError",
    "EnvironmentFault",
    "HoldbackError",
    "Problem",
    "ReportError",
    "StatsError",
    "printable",
]


SPACES = frozenset("\t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, told so that a reader can mend it.

    ``where`` is ``file:line:column`` or a row of a source, ``excerpt`` the
    offending line with a caret under it.

    >>> print(Problem(where="a.yaml:3:5", what="share is 0", fix="Write 10%."))
    a.yaml:3:5: share is 0
        Fix: Write 10%.
    """

    what: str
    where: str = ""
    why: str = ""
    fix: str = ""
    excerpt: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        lines = [head]
        lines += [f"    {line}" for line in self.excerpt.splitlines()]
        if self.why:
            lines.append(f"    Why: {self.why}")
        if self.fix:
            lines.append(f"    Fix: {self.fix}")
        return "\n".join(printable(line) for line in lines)


class HoldbackError(Exception):
    """Root of all errors that the product raises on purpose.

    `problems` holds all that was found, `exit_code` is what the command line ends with.

    For instance::

        try:
            hb.load("experiments/misspelt.yaml")
        except hb.HoldbackError as error:
            print(error.problems[0].what, "→", error.problems[0].fix)
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, problems: str | Problem | Iterable[Problem]) -> None:
        if isinstance(problems, str):
            problems = Problem(what=problems)
        if isinstance(problems, Problem):
            problems = (problems,)
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConfigError(HoldbackError):
    """The configuration or the command line asks for something impossible."""

    exit_code = 2


class AssignmentError(ConfigError):
    """A split, salt, scheme or unit id that cannot be used for assignment."""


class DataError(HoldbackError):
    """The data cannot be used as they are."""

    exit_code = 3


class StatsError(HoldbackError):
    """The experiment cannot be analyzed: no honest number exists."""

    exit_code = 4


class EnvironmentFault(HoldbackError):
    """File system, database or memory failed."""

    exit_code = 5


class ReportError(EnvironmentFault):
    """A stored scorecard cannot be read or rendered."""


def printable(text: str) -> str:
    r"""Text whose control and direction characters are shown as escapes.

    >>> printable("a\x1b[31m")
    'a\\x1b[31m'
    """
    return "".join(
        char
        if char.isprintable() or char in SPACES
        else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
