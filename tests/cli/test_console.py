"""Colour on a terminal, and none elsewhere."""

from __future__ import annotations

import sys

import pytest

from holdback.cli.console import coloured

TOLD = "shop: Keep it\n  WARN crossovers: 3 units"


@pytest.mark.parametrize(
    ("terminal", "no_color", "term", "painted"),
    [
        (True, None, "xterm", True),
        (True, "1", "xterm", False),
        (True, None, "dumb", False),
        (False, None, "xterm", False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,  # noqa: FBT001  # a table of cases
    no_color: str | None,
    term: str,
    painted: bool,  # noqa: FBT001  # a table of cases
) -> None:
    """The decision and the checks are coloured; the words stay the same."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    text = coloured(TOLD, "good")
    assert ("\033[" in text) is painted
    for code in ("\033[1;32m", "\033[1;33m", "\033[0m"):
        text = text.replace(code, "")
    assert text == TOLD
