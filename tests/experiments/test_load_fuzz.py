"""Whatever the bytes, the loader gives an Experiment or a ConfigError."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdback.errors import ConfigError
from holdback.experiments.language.quantities import (
    Unreadable,
    duration,
    duration_text,
    share,
    share_text,
)
from holdback.experiments.load import load

GOOD = """\
version: 1
experiment: first
currency: EUR
arms: {control: {share: 1/3}, a: {share: 1/3}, b: {share: 1/3}}
window: {start: 2026-10-01, end: 2026-10-01}
primary: conversion
guardrails: {spend: 2 EUR}
analysis: {covariates: [x], prior: {lift_sd: 3%}, segments: [y]}
economics: {value: spend, costs: [{name: z, amount: 1e2, per: day}]}
sources:
  visits: {csv: visits.csv, columns: {unit: id, arm: arm, time: at}}
metrics:
  conversion: {kind: conversion, source: visits, value: bought, where: "a in (1, 'b')"}
  spend: {kind: mean, source: visits, value: (a - b) / 2, unit: money, cap: 99%}
"""
PIECES = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "-",
        "#",
        "&",
        "*",
        "!",
        "|",
        ">",
        "'",
        '"',
        "%",
        "@",
        "`",
        "~",
        "\n",
        "\t",
        "\\",
        ".",
        "null",
        "true",
        "1e999",
        "-1",
        "0",
        ".nan",
        "${env:X}",
        "<<:",
        "---",
        "...",
        "?",
        "2026-02-30",
        "10%",
        "«é»",
        "\u202e",
        "\x00",
        "\ud7ff",
        "orders",
        "arms",
    ]
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file that is written over and over."""
    return tmp_path_factory.mktemp("fuzz") / "experiment.yaml"


def read(file: Path, content: bytes) -> None:
    """Load, where only a ConfigError may be raised."""
    file.write_bytes(content)
    with suppress(ConfigError):
        load(file, environ={})


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=300))
def test_load_of_any_bytes(file: Path, content: bytes) -> None:
    """Random bytes."""
    read(file, content)


@settings(max_examples=80, deadline=None)
@given(text=st.text(max_size=300))
def test_load_of_any_text(file: Path, text: str) -> None:
    """Random text, lone surrogates aside."""
    read(file, text.encode("utf-8", "ignore"))


@settings(max_examples=200, deadline=None)
@given(
    at=st.integers(0, len(GOOD)),
    length=st.integers(0, 12),
    pieces=st.lists(PIECES, max_size=4),
)
def test_load_of_a_spoilt_file(
    file: Path, at: int, length: int, pieces: list[str]
) -> None:
    """A good file in which a few characters were replaced."""
    text = GOOD[:at] + "".join(pieces) + GOOD[at + length :]
    read(file, text.encode("utf-8", "ignore"))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_load_of_values_in_wrong_places(file: Path, data: st.DataObject) -> None:
    """A good file in which one value was replaced by another kind of value."""
    lines = GOOD.splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    key, _, _ = lines[number].partition(":")
    value = data.draw(
        st.sampled_from(
            ["[]", "{}", "[[1]]", "{a: {b: c}}", "''", "7", "false", "|\n  x"]
        )
    )
    lines[number] = f"{key}: {value}"
    read(file, "\n".join(lines).encode())


@given(st.fractions(min_value=0, max_value=10, max_denominator=10**6))
def test_share_round_trip(value: Fraction) -> None:
    """A share, written and read, is the same number."""
    assert share(share_text(value)) == value


@given(st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(36525)))
def test_duration_round_trip(value: timedelta) -> None:
    """A duration, written and read, is the same to the microsecond."""
    assert abs(duration(duration_text(value)) - value) <= timedelta(microseconds=1)


@given(st.text(max_size=20))
def test_quantities_reject_with_one_error(text: str) -> None:
    """Any text is a value or Unreadable."""
    for read_text in (share, duration):
        with suppress(Unreadable):
            read_text(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("28 days", timedelta(days=28)),
        ("2 weeks", timedelta(days=14)),
        ("12 hours", timedelta(hours=12)),
        ("1 month", timedelta(days=365.25) / 12),
        ("12 months", timedelta(days=365.25)),
        ("1.5 days", timedelta(hours=36)),
    ],
)
def test_duration_against_table(text: str, value: timedelta) -> None:
    """Durations mean what a calendar says; a month is 365.25/12 days."""
    assert duration(text) == value
